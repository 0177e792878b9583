//! What is drawn before the rush begins: who comes when, who is early, and what each of them will do. It knows no server.

use std::time::Duration;

use super::dice::Dice;
use crate::cli::{RehearseArgs, Shape};
use crate::demo::{SESSIONS, SLOTS_PER_SESSION};

/// Places are scarcer than people, as on a real opening day: so many for 100 residents.
const PLACES_PERCENT: u32 = 60;
/// Fewer places than this in a slot would make more sessions than a small city has.
const SLOT_PLACES_MIN: u32 = 8;

/// Of an opening's people, those who wait with a finger on the button.
const FIRST_SECONDS_SHARE: f64 = 0.3;
/// They come, on average, after this part of the time; all others after the next one.
const FIRST_SECONDS_MEAN: f64 = 1.0 / 60.0;
const LATER_MEAN: f64 = 1.0 / 4.0;

/// Shares of people who keep a place while they read the confirmation, who look at their bookings, who change their mind.
const HOLDS_SHARE: f64 = 0.5;
const LOOKS_SHARE: f64 = 0.3;
const REBOOKS_SHARE: f64 = 0.03;

/// The whole plan; the same for the same seed and options.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) shape: Shape,
    /// Over how long people come.
    pub(super) time: Duration,
    /// By resident.
    pub(super) people: Vec<Person>,
    pub(super) city: CityPlan,
}

/// What one resident will do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Person {
    /// When they come, counted from the opening.
    pub(super) arrives: Duration,
    /// Whether they had logged in before the opening.
    pub(super) early: bool,
    pub(super) habits: Habits,
    /// For what they choose on the way.
    pub(super) seed: u64,
}

/// What not everybody does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Habits {
    /// Keeps a place while reading the confirmation.
    pub(super) holds: bool,
    /// Looks at their bookings afterwards.
    pub(super) looks: bool,
    /// Cancels and books again.
    pub(super) rebooks: bool,
}

/// How many sessions the throw-away city has, and how large they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CityPlan {
    pub(super) residents: u32,
    pub(super) sessions: u32,
    pub(super) slot_places: u32,
}

impl Plan {
    /// Draws the plan for `args`.
    pub(super) fn draw(args: &RehearseArgs, seed: u64) -> Self {
        let mut dice = Dice::seeded(seed);
        let time = Duration::from_secs_f64(args.minutes * 60.0);
        let early = early_ones(args, &mut dice);
        let person = |early| {
            let arrives = time.mul_f64(arrival(args.shape, &mut dice));
            let habits = Habits {
                holds: dice.happens(HOLDS_SHARE),
                looks: dice.happens(LOOKS_SHARE),
                rebooks: dice.happens(REBOOKS_SHARE),
            };
            Person { arrives, early, habits, seed: dice.roll() }
        };
        let people = early.into_iter().map(person).collect();
        Self { seed, shape: args.shape, time, people, city: CityPlan::of(args.residents) }
    }

    /// How many are early.
    pub(super) fn early(&self) -> usize {
        self.people.iter().filter(|person| person.early).count()
    }

    /// Residents in the order in which they come.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.people.len()).collect();
        order.sort_by_key(|number| self.people[*number].arrives);
        order
    }
}

impl CityPlan {
    fn of(residents: u32) -> Self {
        let places = (residents * PLACES_PERCENT / 100).max(1);
        let sessions = (places / (SLOTS_PER_SESSION * SLOT_PLACES_MIN)).clamp(1, SESSIONS);
        let slots = sessions * SLOTS_PER_SESSION;
        Self { residents, sessions, slot_places: ((places + slots / 2) / slots).max(1) }
    }

    pub(super) const fn places(self) -> u32 {
        self.sessions * SLOTS_PER_SESSION * self.slot_places
    }
}

/// For each resident whether they are early: exactly the share asked for, drawn by lot.
fn early_ones(args: &RehearseArgs, dice: &mut Dice) -> Vec<bool> {
    let count = args.residents as usize;
    let wanted = (args.early_share * count as f64).round() as usize;
    let mut early: Vec<bool> = (0..count).map(|number| number < wanted).collect();
    for last in (1..count).rev() {
        early.swap(last, dice.below(last + 1));
    }
    early
}

/// When somebody comes, as a part of the whole time.
fn arrival(shape: Shape, dice: &mut Dice) -> f64 {
    match shape {
        Shape::Flat => dice.unit(),
        Shape::Opening if dice.happens(FIRST_SECONDS_SHARE) => dice.exponential(FIRST_SECONDS_MEAN, 1.0),
        Shape::Opening => dice.exponential(LATER_MEAN, 1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(residents: u32, early_share: f64, shape: Shape) -> RehearseArgs {
        RehearseArgs { residents, minutes: 3.0, shape, early_share, seed: None, report: "report.html".into() }
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
        let args = args(500, 0.8, Shape::Opening);
        assert_eq!(Plan::draw(&args, 7), Plan::draw(&args, 7));
        assert_ne!(Plan::draw(&args, 7), Plan::draw(&args, 8));
    }

    #[test]
    fn the_early_share_is_exact() {
        for (residents, share, early) in
            [(1_000, 0.8, 800), (1_000, 0.0, 0), (1_000, 1.0, 1_000), (3, 0.5, 2), (1, 0.4, 0)]
        {
            assert_eq!(Plan::draw(&args(residents, share, Shape::Flat), 1).early(), early, "{share} of {residents}");
        }
    }

    #[test]
    fn everybody_comes_once_and_within_the_time() {
        for shape in [Shape::Opening, Shape::Flat] {
            let plan = Plan::draw(&args(5_000, 0.8, shape), 3);
            assert_eq!(plan.people.len(), 5_000);
            assert!(plan.people.iter().all(|person| person.arrives <= plan.time));
            let mut order = plan.in_order();
            assert!(order.is_sorted_by_key(|number| plan.people[*number].arrives));
            order.sort_unstable();
            assert!(order.into_iter().eq(0..5_000));
        }
    }

    #[test]
    fn an_opening_peaks_in_its_first_seconds_and_a_flat_rush_does_not() {
        let came = |shape, until_s| {
            let plan = Plan::draw(&args(20_000, 0.8, shape), 5);
            plan.people.iter().filter(|person| person.arrives < Duration::from_secs(until_s)).count()
        };
        assert!(came(Shape::Opening, 3) > 3_500 && came(Shape::Opening, 60) > 14_000);
        assert!((250..420).contains(&came(Shape::Flat, 3)) && (6_200..7_200).contains(&came(Shape::Flat, 60)));
    }

    #[test]
    fn places_are_scarcer_than_people_in_small_and_large_cities() {
        for residents in [50, 200, 1_000, 20_000, 105_000, 200_000] {
            let percent = f64::from(CityPlan::of(residents).places()) / f64::from(residents) * 100.0;
            assert!((45.0..75.0).contains(&percent), "{residents}: {percent} %");
        }
        assert_eq!(CityPlan::of(1).places(), SLOTS_PER_SESSION);
    }
}
