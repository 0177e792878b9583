//! The pure rule of overload control: from how late everything is, which classes are sent away and how many requests may be in flight.
//!
//! The measure is age, not length: how late the serving threads are when a request's turn comes, and how long the oldest entry has
//! waited for the disk. Two things follow. The *level* sends requests away by class: it is what helps when processors are short, since
//! a request that only reads is never in flight for longer than its own work. The *bound* on requests in flight is what helps when
//! something is waited for. Both give way quickly and come back within seconds by themselves, whatever was: nothing that the rule
//! orders makes things later, so there is no state that keeps itself up.
//!
//! It reads no clock: time is an argument.

use super::LoadLimits;
use super::class::Class;

/// The level at which only a tenth of those is let in who see or cancel their own.
pub(super) const LEVEL_MILLI_MAX: u32 = Class::Own.rank() * 1_000 + 900;

/// How fast the level rises, in classes a second, for each multiple of the lateness that is allowed.
const RISE_PER_S: f32 = 2.0;
/// Lateness beyond so many multiples makes it rise no faster.
const LATE_TIMES_MAX: f32 = 4.0;
/// How fast the level falls, in classes a second, when nothing is late.
const FALL_PER_S: f32 = 1.5;
/// The level falls while lateness is below this part of what is allowed; between the two it stays, as long as there is much to do.
const CALM_PART: f32 = 0.5;
/// Whoever answers fewer requests a second than this is not late because of them: something else has the processors, and sending people
/// away would not help.
const BUSY_PER_S: f32 = 250.0;
/// So many answers a second are a rush, and it is over when there are fewer than the second figure.
const RUSH_PER_S: f32 = 1_000.0;
const RUSH_OVER_PER_S: f32 = 500.0;
/// One measurement stands for at most so long.
const STEP_MS_MAX: u64 = 1_000;
/// How often the bound is thought over.
const BOUND_EVERY_MS: u64 = 100;
/// In how many steps the bound comes back from its least to its most.
const BOUND_STEPS: usize = 40;

const _: () = assert!(LEVEL_MILLI_MAX as f32 / 1_000.0 / FALL_PER_S < 5.0, "normal again within five seconds");
const _: () = assert!(BOUND_STEPS as u64 * BOUND_EVERY_MS <= 5_000, "and so is the bound");

/// What was measured at a moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    /// When, in milliseconds since any fixed moment.
    pub(super) at_ms: u64,
    /// How late a serving thread was.
    pub(super) late_ms: u32,
    /// How long the oldest entry has waited for the disk.
    pub(super) ledger_age_ms: u64,
    /// How many requests are in flight.
    pub(super) in_flight: usize,
    /// How many requests were answered since the measurement before.
    pub(super) answered: u64,
}

/// What follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Orders {
    /// A class is sent away as far as this, in thousandths, is above its rank.
    pub(super) level_milli: u32,
    /// How many requests may be in flight.
    pub(super) bound: usize,
    /// How late the serving threads are.
    pub(super) late_ms: u32,
    /// Whether it is their own work that makes them late.
    pub(super) overworked: bool,
    /// Whether so many requests come that they are better served in bulk.
    pub(super) rush: bool,
}

/// The rule, with what it remembers.
#[derive(Debug)]
pub(super) struct Rule {
    limits: LoadLimits,
    level: f32,
    bound: usize,
    bound_at_ms: u64,
    rush: bool,
    before: Measured,
}

impl Rule {
    pub(super) const fn new(limits: LoadLimits, at_ms: u64) -> Self {
        let before = Measured { at_ms, late_ms: 0, ledger_age_ms: 0, in_flight: 0, answered: 0 };
        Self { limits, level: 0.0, bound: limits.requests_in_flight_max, bound_at_ms: at_ms, rush: false, before }
    }

    /// Thinks everything over after a measurement.
    pub(super) fn measured(&mut self, now: Measured) -> Orders {
        // One late moment is a hiccup; two in succession are not.
        let late_ms = now.late_ms.min(self.before.late_ms);
        let ledger_age_ms = now.ledger_age_ms.min(self.before.ledger_age_ms);
        let step_s = now.at_ms.saturating_sub(self.before.at_ms).min(STEP_MS_MAX) as f32 / 1_000.0;
        let late_times = late_ms as f32 / self.limits.late_ms.max(1) as f32;
        let busy = now.answered as f32 >= BUSY_PER_S * step_s;
        self.rush = now.answered as f32 >= step_s * if self.rush { RUSH_OVER_PER_S } else { RUSH_PER_S };
        let overworked = busy && late_times > 1.0;
        if overworked {
            self.level += RISE_PER_S * late_times.min(LATE_TIMES_MAX) * step_s;
        } else if !busy || late_times < CALM_PART {
            self.level -= FALL_PER_S * step_s;
        }
        self.level = self.level.clamp(0.0, LEVEL_MILLI_MAX as f32 / 1_000.0);
        if now.at_ms >= self.bound_at_ms + BOUND_EVERY_MS {
            self.bound_at_ms = now.at_ms;
            self.move_bound(overworked || ledger_age_ms > u64::from(self.limits.ledger_late_ms), now.in_flight);
        }
        self.before = now;
        Orders { level_milli: (self.level * 1_000.0) as u32, bound: self.bound, late_ms, overworked, rush: self.rush }
    }

    /// Down by a quarter of what is really in flight, up by even steps.
    fn move_bound(&mut self, is_late: bool, in_flight: usize) {
        let LoadLimits { requests_in_flight_min: least, requests_in_flight_max: most, .. } = self.limits;
        self.bound = if is_late {
            (self.bound.min(in_flight) * 3 / 4).max(least).min(most)
        } else {
            (self.bound + most.saturating_sub(least).div_ceil(BOUND_STEPS)).min(most)
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TICK_MS: u64 = 20;

    const CALM: Orders = Orders { level_milli: 0, bound: 8_192, late_ms: 0, overworked: false, rush: false };

    /// Many come, and nothing is late.
    const BUSY: Orders = Orders { rush: true, ..CALM };

    /// Threads that can do so much, and people who want more or less of it, class by class, each second.
    struct Rush {
        rule: Rule,
        at_ms: u64,
        backlog_ms: f32,
        orders: Orders,
    }

    impl Rush {
        fn new() -> Self {
            let orders = CALM;
            Self { rule: Rule::new(LoadLimits::default(), 0), at_ms: 0, backlog_ms: 0.0, orders }
        }

        /// Lets `seconds` pass in which each class asks for its `demand`, in milliseconds of work a millisecond.
        fn pass(&mut self, seconds: u64, demand: [f32; 7]) -> u32 {
            let mut worst_ms = 0;
            for _ in 0..seconds * 1_000 / TICK_MS {
                self.at_ms += TICK_MS;
                let wanted: f32 = Class::ALL.iter().zip(demand).map(|(class, demand)| self.cost(*class, demand)).sum();
                self.backlog_ms = (self.backlog_ms + (wanted - 1.0) * TICK_MS as f32).max(0.0);
                let late_ms = self.backlog_ms as u32;
                worst_ms = worst_ms.max(late_ms);
                let measured = Measured { at_ms: self.at_ms, late_ms, ledger_age_ms: 0, in_flight: 100, answered: 400 };
                self.orders = self.rule.measured(measured);
            }
            worst_ms
        }

        /// What a class costs: whoever is sent away costs a fiftieth.
        fn cost(&self, class: Class, demand: f32) -> f32 {
            let sent_away = (self.orders.level_milli as f32 / 1_000.0 - class.rank() as f32).clamp(0.0, 1.0);
            demand * (1.0 - sent_away * 0.98)
        }
    }

    #[test]
    fn ten_times_too_much_is_served_in_time_and_is_normal_again_within_five_seconds() {
        let mut rush = Rush::new();
        rush.pass(10, [0.0, 2.0, 3.0, 4.0, 0.5, 0.3, 0.2]);
        let worst_ms = rush.pass(30, [0.0, 2.0, 3.0, 4.0, 0.5, 0.3, 0.2]);
        assert!(worst_ms < 1_000, "{worst_ms}");
        let level = rush.orders.level_milli;
        assert!((2_000..5_000).contains(&level), "newcomers and logins wait, bookings go on: {level}");
        rush.pass(5, [0.01; 7]);
        assert_eq!(rush.orders, BUSY);
    }

    #[test]
    fn a_flood_of_the_most_valuable_is_bounded_too_and_leaves_nothing_behind() {
        let mut rush = Rush::new();
        rush.pass(60, [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 20.0]);
        assert_eq!(rush.orders.level_milli, LEVEL_MILLI_MAX);
        rush.backlog_ms = 0.0;
        rush.pass(5, [0.0; 7]);
        assert_eq!(rush.orders.level_milli, 0);
    }

    #[test]
    fn within_what_can_be_done_nobody_is_sent_away_and_a_hiccup_is_none() {
        let mut rush = Rush::new();
        rush.pass(10, [0.1; 7]);
        assert_eq!(rush.orders.level_milli, 0);
        let hiccup =
            Measured { at_ms: rush.at_ms + 400, late_ms: 380, ledger_age_ms: 5_000, in_flight: 10, answered: 400 };
        assert_eq!(rush.rule.measured(hiccup), BUSY);
    }

    #[test]
    fn a_rush_begins_with_many_answers_and_ends_with_few() {
        let mut rule = Rule::new(LoadLimits::default(), 0);
        let mut at_ms = 0;
        let mut rush = |answered| {
            at_ms += TICK_MS;
            rule.measured(Measured { at_ms, late_ms: 0, ledger_age_ms: 0, in_flight: 0, answered }).rush
        };
        assert_eq!([19, 20, 10, 9, 19].map(&mut rush), [false, true, true, false, false]);
    }

    #[test]
    fn where_something_else_has_the_processors_nobody_is_sent_away() {
        let mut rule = Rule::new(LoadLimits::default(), 0);
        let late = |at_ms| Measured { at_ms, late_ms: 400, ledger_age_ms: 0, in_flight: 3, answered: 20 };
        let orders = (1..=20).map(|step| rule.measured(late(step * 420))).last().expect("orders");
        assert_eq!(orders, Orders { late_ms: 400, ..CALM });
        rule.level = 6.0;
        let orders = (21..=33).map(|step| rule.measured(late(step * 420))).last().expect("orders");
        assert_eq!(orders, Orders { late_ms: 400, ..CALM }, "and nobody is any more once the flood is over");
    }

    #[test]
    fn a_disk_that_stalls_lowers_the_bound_to_its_least_and_sends_no_reader_away() {
        let mut rule = Rule::new(LoadLimits::default(), 0);
        let stalled = |at_ms| Measured { at_ms, late_ms: 1, ledger_age_ms: 3_000, in_flight: 6_000, answered: 0 };
        let orders = (1..=50).map(|step| rule.measured(stalled(step * 100))).last().expect("orders");
        assert_eq!((orders.level_milli, orders.bound), (0, LoadLimits::default().requests_in_flight_min));
        let calm = |at_ms| Measured { at_ms, late_ms: 1, ledger_age_ms: 2, in_flight: 600, answered: 900 };
        let orders = (51..=100).map(|step| rule.measured(calm(step * 100))).last().expect("orders");
        assert_eq!(orders.bound, LoadLimits::default().requests_in_flight_max, "five seconds later");
    }
}
