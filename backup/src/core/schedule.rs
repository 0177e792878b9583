//! When the daily backup is due. A backup day begins at the daily time, so that a backup that is late still belongs to the day for
//! which it was due.

use std::time::Duration;

use sesshu_engine::core::time::{ClockTime, Day, Instant};

/// After so much steady time without a good daily generation one is due, whatever the wall clock says.
const DAY: Duration = Duration::from_hours(24);

/// The daily time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    daily_at: ClockTime,
}

/// Why a daily backup is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The backup day has no good generation yet: its time has come, or was missed while nothing ran.
    Day,
    /// The day has one by the wall clock, but a whole day has passed since: the clock was set back.
    ClockSet,
}

impl Schedule {
    /// Backups at `daily_at` in the city's zone. 24:00 is 00:00.
    #[must_use]
    pub const fn at(daily_at: ClockTime) -> Self {
        Self { daily_at: ClockTime(daily_at.0 % (24 * 60)) }
    }

    /// The daily time.
    #[must_use]
    pub const fn daily_at(self) -> ClockTime {
        self.daily_at
    }

    /// The backup day of `at`: it is named after the date on which it begins.
    #[must_use]
    pub fn backup_day(self, at: Instant) -> Day {
        let date = at.city_day();
        if at < date.at(self.daily_at) { date.plus_days(-1) } else { date }
    }

    /// When the next backup day after that of `now` begins.
    #[must_use]
    pub fn next_after(self, now: Instant) -> Instant {
        self.backup_day(now).plus_days(1).at(self.daily_at)
    }

    /// Whether a daily backup is due at `now`, by the instants of the good daily generations (`good`), and by how much steady time
    /// has passed since the last one was taken, where that is known. One from the future was taken by a clock that was wrong, and
    /// is no reason to take none today.
    #[must_use]
    pub fn due(
        self,
        now: Instant,
        good: impl IntoIterator<Item = Instant>,
        since_last: Option<Duration>,
    ) -> Option<Due> {
        let today = self.backup_day(now);
        let has_today = good.into_iter().any(|taken| taken <= now && self.backup_day(taken) == today);
        if !has_today {
            return Some(Due::Day);
        }
        since_last.is_some_and(|since| since >= DAY).then_some(Due::ClockSet)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_MS: i64 = 3_600_000;

    /// Now, the good ones, steady time since the last one, and what is due.
    type Case = (&'static str, &'static [&'static str], Option<Duration>, Option<Due>);

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    fn schedule() -> Schedule {
        Schedule::at("03:00".parse().expect("a time"))
    }

    #[test]
    fn a_backup_day_begins_at_the_daily_time() {
        let days = [
            ("2026-12-02 02:59:59", "2026-12-01", "2026-12-02 03:00"),
            ("2026-12-02 03:00", "2026-12-02", "2026-12-03 03:00"),
            ("2026-12-31 23:59", "2026-12-31", "2027-01-01 03:00"),
        ];
        for (now, day, next) in days {
            assert_eq!(schedule().backup_day(at(now)).to_string(), day, "{now}");
            assert_eq!(schedule().next_after(at(now)), at(next), "{now}");
        }
        let midnight = Schedule::at("24:00".parse().expect("a time"));
        assert_eq!(midnight.backup_day(at("2026-12-02 00:00")).to_string(), "2026-12-02");
    }

    #[test]
    fn a_daily_backup_is_due_once_a_day_after_downtime_and_after_a_clock_that_was_set() {
        let hours = |hours| Some(Duration::from_hours(hours));
        let cases: [Case; 9] = [
            ("2026-12-02 12:00", &[], None, Some(Due::Day)),
            ("2026-12-02 12:00", &["2026-12-02 03:00"], hours(9), None),
            ("2026-12-03 02:59", &["2026-12-02 03:00"], None, None),
            ("2026-12-03 03:00", &["2026-12-02 03:00"], hours(24), Some(Due::Day)),
            // Nothing ran at three: it is made up for as soon as something runs.
            ("2026-12-05 17:00", &["2026-12-02 03:00"], None, Some(Due::Day)),
            // A late one belongs to the day before, and that of the new day is due on time.
            ("2026-12-03 03:00", &["2026-12-03 02:50"], hours(0), Some(Due::Day)),
            // The clock was a day ahead and was set right.
            ("2026-12-03 03:00", &["2026-12-02 03:00", "2026-12-03 12:00"], hours(15), Some(Due::Day)),
            // The clock was set back by a day.
            ("2026-12-02 03:00", &["2026-12-02 03:00"], hours(24), Some(Due::ClockSet)),
            ("2026-12-02 03:01", &["2026-12-02 03:00"], hours(0), None),
        ];
        for (now, good, since, due) in cases {
            assert_eq!(schedule().due(at(now), good.iter().map(|taken| at(taken)), since), due, "{now} {good:?}");
        }
    }

    proptest! {
        #[test]
        fn no_more_than_a_day_passes_without_a_backup_however_the_clock_is_set(
            jumps in prop::collection::vec((1_i64..40, -72_i64..72), 1..40),
        ) {
            // One who looks every hour; between looks the clock may be set.
            let (mut wall, mut steady) = (at("2026-12-01 12:00"), 0_i64);
            let (mut taken, mut last) = (Vec::new(), None::<i64>);
            for (hours, jump) in jumps {
                for _ in 0..hours {
                    let since = last.map(|last| Duration::from_hours((steady - last) as u64));
                    if schedule().due(wall, taken.iter().copied(), since).is_some() {
                        taken.push(wall);
                        last = Some(steady);
                    }
                    prop_assert!(steady - last.expect("one is due at once") < 24);
                    (wall, steady) = (wall.plus_ms(HOUR_MS), steady + 1);
                }
                wall = wall.plus_ms(jump * HOUR_MS);
            }
        }
    }
}
