//! What the city should do, from what was measured on its machine. Pure arithmetic.

use serde::Serialize;

/// Of the power to check passwords, so much is left for people who book; the rest is kept for those who look, change or cancel.
const SHARE_FOR_BOOKING: f64 = 0.8;
/// People do not come evenly while the login is open: it should be open for so many times as long as hashing alone takes.
const UNEVEN: f64 = 2.0;
/// Minutes before an opening are said in steps of this many.
const STEP_MINUTES: u32 = 5;
/// Waves that every report speaks of, beside its own.
const COMMON_WAVES: [u32; 3] = [10_000, 25_000, 105_000];

/// What was measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Measured {
    /// While nothing else is asked of the server.
    pub(super) logins_per_second: f64,
    /// While nothing else is asked of it, or in the best second of the rush: the machine can do at least this.
    pub(super) bookings_per_second: f64,
    /// The share of people who had logged in before the opening.
    pub(super) early_share: f64,
}

/// How a wave goes on this machine, if all its people come at once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(super) struct Wave {
    pub(super) people: u32,
    /// Until everybody had their turn: with the share of early logins that was rehearsed, if all had logged in early, if nobody had.
    pub(super) minutes: f64,
    pub(super) minutes_all_early: f64,
    pub(super) minutes_none_early: f64,
    /// How long before the opening the login should be open.
    pub(super) open_login_minutes_earlier: u32,
}

impl Measured {
    /// How a wave of so many people goes; nothing if no login or no booking was seen.
    pub(super) fn wave(self, people: u32) -> Option<Wave> {
        if self.logins_per_second <= 0.0 || self.bookings_per_second <= 0.0 {
            return None;
        }
        let count = f64::from(people);
        let through = |early_share: f64| {
            let logins = count * (1.0 - early_share) / self.logins_per_second;
            (count / self.bookings_per_second).max(logins) / 60.0
        };
        let hashing = count / (self.logins_per_second * SHARE_FOR_BOOKING) / 60.0 * UNEVEN;
        let steps = (hashing / f64::from(STEP_MINUTES)).ceil().max(1.0) as u32;
        Some(Wave {
            people,
            minutes: through(self.early_share),
            minutes_all_early: through(1.0),
            minutes_none_early: through(0.0),
            open_login_minutes_earlier: steps * STEP_MINUTES,
        })
    }

    /// The rehearsed wave first, then those that every report speaks of.
    pub(super) fn waves(self, rehearsed: u32) -> Vec<Wave> {
        let others = COMMON_WAVES.into_iter().filter(|people| *people != rehearsed);
        std::iter::once(rehearsed).chain(others).filter_map(|people| self.wave(people)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEASURED: Measured = Measured { logins_per_second: 80.0, bookings_per_second: 2_000.0, early_share: 0.8 };

    #[test]
    fn the_slower_of_logins_and_bookings_says_how_long_a_wave_takes() {
        let wave = MEASURED.wave(25_000).expect("a wave");
        // 5,000 logins at 80 a second, all of them, or 25,000 bookings at 2,000 a second.
        assert!((wave.minutes - 5_000.0 / 80.0 / 60.0).abs() < 1e-9);
        assert!((wave.minutes_none_early - 25_000.0 / 80.0 / 60.0).abs() < 1e-9);
        assert!((wave.minutes_all_early - 12.5 / 60.0).abs() < 1e-9);
    }

    #[test]
    fn the_login_opens_early_enough_for_twice_the_hashing() {
        // 25,000 at 64 a second are 6.5 minutes, twice that is 13.
        assert_eq!(MEASURED.wave(25_000).map(|wave| wave.open_login_minutes_earlier), Some(15));
        assert_eq!(MEASURED.wave(10).map(|wave| wave.open_login_minutes_earlier), Some(5));
        assert_eq!(MEASURED.wave(105_000).map(|wave| wave.open_login_minutes_earlier), Some(55));
    }

    #[test]
    fn nothing_is_promised_of_what_was_not_seen() {
        assert_eq!(Measured { logins_per_second: 0.0, ..MEASURED }.waves(100), []);
        let people: Vec<u32> = MEASURED.waves(25_000).iter().map(|wave| wave.people).collect();
        assert_eq!(people, [25_000, 10_000, 105_000]);
    }
}
