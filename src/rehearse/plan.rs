//! What is drawn before the rush begins: who comes when, who is early, and what each of them will do. It knows no server.

use std::time::Duration;

use super::city_plan::{CityPlan, Model};
use super::dice::Dice;
use crate::cli::{Attack, RehearseArgs, Shape};

/// Shares of people who keep a place while they read the confirmation, who look at their bookings, who change their mind.
const HOLDS_SHARE: f64 = 0.5;
const LOOKS_SHARE: f64 = 0.3;
const REBOOKS_SHARE: f64 = 0.03;
/// In a wave of cancellations, the share of those with a place who give it back.
const GIVES_BACK_SHARE: f64 = 0.3;

/// The whole plan; the same for the same seed and options.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Plan {
    pub(super) seed: u64,
    pub(super) shape: Shape,
    /// Over how long people come.
    pub(super) time: Duration,
    /// How long they wait before they give up.
    pub(super) patience: Duration,
    /// By resident.
    pub(super) people: Vec<Person>,
    pub(super) city: CityPlan,
    pub(super) operators: u32,
    /// How long an operator talks with a caller.
    pub(super) talk: Duration,
    /// Each once, in order.
    pub(super) attacks: Vec<Attack>,
}

/// What one resident will do.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Person {
    /// When they come, counted from the first opening.
    pub(super) arrives: Duration,
    /// Whether they had logged in before the opening.
    pub(super) early: bool,
    /// Whether they call instead.
    pub(super) calls: bool,
    pub(super) errand: Errand,
    pub(super) habits: Habits,
    /// For what they choose on the way.
    pub(super) seed: u64,
}

/// What somebody comes for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errand {
    /// To book.
    Book,
    /// To book what others give back: they look again while there is nothing.
    Hope,
    /// To cancel the booking that they have.
    GiveBack,
    /// To look at the booking that they have.
    Keep,
}

impl Errand {
    /// Whether they have a booking when they come.
    pub(super) const fn has_place(self) -> bool {
        matches!(self, Self::GiveBack | Self::Keep)
    }
}

/// What not everybody does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Habits {
    /// Keeps a place while reading the confirmation.
    pub(super) holds: bool,
    /// Looks at their bookings afterwards.
    pub(super) looks: bool,
    /// Cancels and books again.
    pub(super) rebooks: bool,
    /// On how many devices they try at once: one or two.
    pub(super) devices: u8,
    /// Asks again by themselves, so often, whatever they are told; none waits as told.
    pub(super) asks_every: Option<Duration>,
}

impl Plan {
    /// Draws the plan for `args`, in the likeness of `model` if there is one.
    pub(super) fn draw(args: &RehearseArgs, model: Option<Model>, seed: u64) -> Self {
        let mut dice = Dice::seeded(seed);
        let minutes = args.minutes.unwrap_or(args.shape.minutes());
        let time = Duration::from_secs_f64(minutes * 60.0);
        let city = CityPlan::of(args, model, time);
        let count = city.people as usize;
        let errands = errands(args.shape, city, &mut dice);
        let mut calls = by_lot(count, args.phone_share, &mut dice);
        // Whoever calls wants to book.
        calls.iter_mut().zip(&errands).for_each(|(calls, errand)| *calls &= !errand.has_place());
        let of_web = calls.iter().filter(|calls| !**calls).count();
        let mut early_of_web = by_lot(of_web, args.early_share, &mut dice).into_iter();
        let asks_every =
            Duration::from_secs_f64(60.0 / args.retries_per_minute.unwrap_or(args.shape.retries_per_minute()));
        let reload_share = if args.shape.never_rests() { 1.0 } else { args.reload_share };
        let person = |number: usize| {
            let opens = city.wave_every * city.wave_of(number as u32);
            let arrives =
                opens + city.wave_every.mul_f64(args.shape.arrival(minutes / f64::from(city.waves), &mut dice));
            let two_devices = dice.happens(args.two_devices_share);
            let habits = Habits {
                holds: dice.happens(HOLDS_SHARE),
                looks: dice.happens(LOOKS_SHARE),
                rebooks: dice.happens(REBOOKS_SHARE) && !two_devices,
                devices: if two_devices { 2 } else { 1 },
                asks_every: dice.happens(reload_share).then_some(asks_every),
            };
            let early = !calls[number] && early_of_web.next().unwrap_or(false);
            let (calls, errand) = (calls[number], errands[number]);
            Person { arrives, early, calls, errand, habits, seed: dice.roll() }
        };
        let people = (0..count).map(person).collect();
        let mut attacks = args.attack.clone();
        attacks.sort_unstable();
        attacks.dedup();
        Self {
            seed,
            shape: args.shape,
            time,
            patience: Duration::from_secs_f64(args.patience * 60.0),
            people,
            city,
            operators: args.operators,
            talk: Duration::from_secs_f64(args.call_seconds),
            attacks,
        }
    }

    /// How many are early.
    pub(super) fn early(&self) -> usize {
        self.people.iter().filter(|person| person.early).count()
    }

    /// How many call.
    pub(super) fn callers(&self) -> usize {
        self.people.iter().filter(|person| person.calls).count()
    }

    /// How many use two devices.
    pub(super) fn with_two_devices(&self) -> usize {
        self.people.iter().filter(|person| person.habits.devices > 1 && !person.calls).count()
    }

    /// Residents in the order in which they come.
    pub(super) fn in_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.people.len()).collect();
        order.sort_by_key(|number| self.people[*number].arrives);
        order
    }
}

/// What each of the people comes for: to book, unless all places are taken already.
fn errands(shape: Shape, city: CityPlan, dice: &mut Dice) -> Vec<Errand> {
    let count = city.people as usize;
    if shape != Shape::CancelWave {
        return vec![Errand::Book; count];
    }
    let has_place = by_lot(count, f64::from(city.places()) / f64::from(city.people), dice);
    let errand = |has_place| match has_place {
        true if dice.happens(GIVES_BACK_SHARE) => Errand::GiveBack,
        true => Errand::Keep,
        false => Errand::Hope,
    };
    has_place.into_iter().map(errand).collect()
}

/// For each of `count` people yes or no: exactly the share asked for, drawn by lot.
fn by_lot(count: usize, share: f64, dice: &mut Dice) -> Vec<bool> {
    let wanted = (share * count as f64).round() as usize;
    let mut lots: Vec<bool> = (0..count).map(|number| number < wanted).collect();
    for last in (1..count).rev() {
        lots.swap(last, dice.below(last + 1));
    }
    lots
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::rehearse_args;

    fn plan(options: &str, seed: u64) -> Plan {
        let options: Vec<&str> = options.split_whitespace().collect();
        Plan::draw(&rehearse_args(&options), None, seed)
    }

    #[test]
    fn the_same_seed_gives_the_same_plan_and_another_seed_another() {
        let options = "--residents 500 --phone-share 0.1 --attack bot,churn,bot";
        assert_eq!(plan(options, 7), plan(options, 7));
        assert_ne!(plan(options, 7), plan(options, 8));
        assert_eq!(plan(options, 7).attacks, [Attack::Churn, Attack::Bot]);
    }

    #[test]
    fn the_early_share_is_exact_and_of_those_who_do_not_call() {
        for (residents, share, early) in
            [(1_000, 0.8, 800), (1_000, 0.0, 0), (1_000, 1.0, 1_000), (3, 0.5, 2), (1, 0.4, 0)]
        {
            let drawn = plan(&format!("--residents {residents} --early-share {share}"), 1);
            assert_eq!(drawn.early(), early, "{share} of {residents}");
        }
        let mixed = plan("--residents 1000 --phone-share 0.2 --early-share 0.5", 1);
        assert_eq!((mixed.callers(), mixed.early()), (200, 400));
        assert!(mixed.people.iter().all(|person| !(person.calls && person.early)));
    }

    #[test]
    fn everybody_comes_once_and_within_the_time_of_their_wave() {
        for shape in ["opening", "flat", "worst", "neighbour"] {
            let plan = plan(&format!("--residents 5000 --waves 3 --minutes 3 --shape {shape}"), 3);
            assert_eq!(plan.people.len(), plan.city.people as usize);
            for (number, person) in plan.people.iter().enumerate() {
                let opens = Duration::from_mins(1) * plan.city.wave_of(number as u32);
                assert!((opens..=opens + Duration::from_mins(1)).contains(&person.arrives), "{number}: {person:?}");
            }
            let mut order = plan.in_order();
            assert!(order.is_sorted_by_key(|number| plan.people[*number].arrives));
            order.sort_unstable();
            assert!(order.into_iter().eq(0..plan.people.len()));
        }
    }

    #[test]
    fn in_the_worst_rush_everybody_asks_by_themselves_as_often_as_was_recorded() {
        let worst = plan("--residents 300 --shape worst", 1);
        let every = Duration::from_secs_f64(60.0 / 5.9);
        assert!(worst.people.iter().all(|person| person.habits.asks_every == Some(every)));
        let told = plan("--residents 300 --reload-share 0", 1);
        assert!(told.people.iter().all(|person| person.habits.asks_every.is_none()));
    }

    #[test]
    fn in_a_wave_of_cancellations_every_place_is_somebodys() {
        let plan = plan("--residents 2000 --shape cancel-wave", 4);
        let with_place = plan.people.iter().filter(|person| person.errand.has_place()).count();
        assert_eq!(with_place, plan.city.places() as usize);
        let given_back = plan.people.iter().filter(|person| person.errand == Errand::GiveBack).count();
        assert!((with_place / 5..with_place * 2 / 5).contains(&given_back), "{given_back}");
    }
}
