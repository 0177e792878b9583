//! How many people a second are admitted: a burst at first, then as many as the ledger keeps up with, between fixed bounds.

/// The rules of the waiting room that are configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitingRules {
    /// How long before an opening people take part in its draw by logging in, in minutes.
    pub draw_minutes: u16,
    /// How many people are admitted.
    pub pace: PaceRules,
}

impl Default for WaitingRules {
    fn default() -> Self {
        Self { draw_minutes: 60, pace: PaceRules::default() }
    }
}

/// The bounds, from the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaceRules {
    /// How many people are admitted at once at an opening. With no more people than this nobody waits at all.
    pub first_people: u32,
    /// People a second to begin with.
    pub start_per_second: u32,
    /// Never fewer people a second, however much there is to do: a line that stands still helps nobody.
    pub per_second_min: u32,
    /// Never more people a second.
    pub per_second_max: u32,
}

impl Default for PaceRules {
    fn default() -> Self {
        Self { first_people: 2_000, start_per_second: 1_000, per_second_min: 50, per_second_max: 20_000 }
    }
}

/// What the engine and its callers feel at one instant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pressure {
    /// How long the oldest entry has been on its way to the disk, in milliseconds.
    pub queue_age_ms: u64,
    /// How much of the residents' bounded way to the disk is in use, in percent.
    pub permits_used_percent: u64,
    /// How many people heard "busy" since the last look because that way was full.
    pub busy_answers: u64,
    /// How late the threads are that serve residents, in milliseconds.
    pub serving_late_ms: u64,
}

impl Pressure {
    /// Whether fewer people should come.
    #[must_use]
    pub const fn is_high(&self) -> bool {
        self.queue_age_ms >= 500
            || self.permits_used_percent >= 50
            || self.busy_answers > 0
            || self.serving_late_ms >= 300
    }

    /// Whether more people could come.
    #[must_use]
    pub const fn is_low(&self) -> bool {
        self.queue_age_ms < 100
            && self.permits_used_percent < 25
            && self.busy_answers == 0
            && self.serving_late_ms < 100
    }
}

/// The pace of now, and how many people it has still to admit.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    rules: PaceRules,
    per_second: u32,
    /// Thousandths of people who may be admitted; below zero after more came in than that.
    credit_milli: i64,
    /// Milliseconds since the pace was last changed.
    since_change_ms: u64,
}

impl Pace {
    /// How often the pace is changed at most, in milliseconds: what an admission does must be felt before the next change.
    pub const CHANGE_EVERY_MS: u64 = 250;
    /// A tick after a long pause admits no more people than one of so many milliseconds.
    const TICK_MS_MAX: u64 = 1_000;

    /// The pace at an opening.
    #[must_use]
    pub const fn at_opening(rules: PaceRules) -> Self {
        let credit_milli = rules.first_people as i64 * 1_000;
        Self { credit_milli, ..Self::under_way(rules) }
    }

    /// The pace of a line that has had its burst.
    #[must_use]
    pub const fn under_way(rules: PaceRules) -> Self {
        Self { rules, per_second: rules.start_per_second, credit_milli: 0, since_change_ms: 0 }
    }

    /// People a second.
    #[must_use]
    pub const fn per_second(&self) -> u32 {
        self.per_second
    }

    /// How many people may be admitted now.
    #[must_use]
    pub const fn people(&self) -> usize {
        if self.credit_milli > 0 { (self.credit_milli / 1_000) as usize } else { 0 }
    }

    /// Lets `ms` milliseconds pass under `pressure`: fewer people a second at once when it is high, slowly more when it is low.
    pub fn pass(&mut self, ms: u64, pressure: Pressure) {
        let ms = ms.min(Self::TICK_MS_MAX);
        self.since_change_ms += ms;
        if self.since_change_ms >= Self::CHANGE_EVERY_MS {
            self.since_change_ms = 0;
            let per_second = self.per_second;
            let wanted = if pressure.is_high() {
                per_second - per_second.div_ceil(4)
            } else if pressure.is_low() {
                per_second.saturating_add(per_second.div_ceil(20))
            } else {
                per_second
            };
            self.per_second = wanted.clamp(self.rules.per_second_min, self.rules.per_second_max);
        }
        // What nobody used is kept for a second only: it must not become a second burst.
        let kept_max = self.second_milli().max(self.credit_milli);
        self.credit_milli = (self.credit_milli + i64::from(self.per_second) * ms as i64).min(kept_max);
    }

    /// Notes that so many people were admitted. Those who came back after they had been passed over count too: whoever comes next waits
    /// for them, for a second at most.
    pub fn admitted(&mut self, people: usize) {
        let people_milli = i64::try_from(people).unwrap_or(i64::MAX).saturating_mul(1_000);
        self.credit_milli = self.credit_milli.saturating_sub(people_milli).max(-self.second_milli());
    }

    fn second_milli(&self) -> i64 {
        i64::from(self.per_second) * 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HIGH: Pressure = Pressure { queue_age_ms: 900, permits_used_percent: 0, busy_answers: 0, serving_late_ms: 0 };
    const MIDDLE: Pressure =
        Pressure { queue_age_ms: 200, permits_used_percent: 0, busy_answers: 0, serving_late_ms: 0 };

    #[test]
    fn a_burst_comes_first_and_then_so_many_people_a_second() {
        let mut pace = Pace::at_opening(PaceRules::default());
        assert_eq!(pace.people(), 2_000);
        pace.admitted(2_000);
        for _ in 0..10 {
            pace.pass(100, MIDDLE);
        }
        assert_eq!(pace.people(), 1_000);
        for _ in 0..100 {
            pace.pass(1_000, MIDDLE);
        }
        assert_eq!(pace.people(), 1_000, "what nobody used is no burst");
        pace.admitted(50_000);
        pace.pass(1_000, MIDDLE);
        assert_eq!(pace.people(), 0, "many came back at once");
        pace.pass(500, MIDDLE);
        assert_eq!(pace.people(), 500);
    }

    #[test]
    fn the_pace_grows_slowly_shrinks_fast_and_stays_within_its_bounds() {
        let mut pace = Pace::at_opening(PaceRules::default());
        let mut ticks_to_double = 0;
        while pace.per_second() < 2_000 {
            pace.pass(250, Pressure::default());
            ticks_to_double += 1;
        }
        assert!((10..=20).contains(&ticks_to_double), "{ticks_to_double}");
        for _ in 0..3 {
            pace.pass(250, HIGH);
        }
        assert!(pace.per_second() < 1_000, "{}", pace.per_second());
        for _ in 0..1_000 {
            pace.pass(250, HIGH);
        }
        assert_eq!(pace.per_second(), 50);
        for _ in 0..1_000 {
            pace.pass(250, Pressure::default());
        }
        assert_eq!(pace.per_second(), 20_000);
        pace.pass(250, MIDDLE);
        assert_eq!(pace.per_second(), 20_000);
    }

    #[test]
    fn each_sign_of_pressure_counts() {
        let none = Pressure::default();
        assert!(none.is_low() && !none.is_high());
        let high = [
            HIGH,
            Pressure { permits_used_percent: 50, ..none },
            Pressure { busy_answers: 1, ..none },
            Pressure { serving_late_ms: 300, ..none },
        ];
        for pressure in high {
            assert!(pressure.is_high() && !pressure.is_low(), "{pressure:?}");
        }
        assert!(!MIDDLE.is_high() && !MIDDLE.is_low());
    }
}
