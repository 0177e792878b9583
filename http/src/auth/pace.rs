//! How much one resident may do: holds and changes take an actor's time, and a script with credentials of its own must not take more of
//! it than a person would. Nobody who chooses with their own hands ever comes near.
//!
//! One atomic number for each resident, and no lock: residents' numbers are dense, so that those of a city do not share one.

use std::sync::atomic::{AtomicI64, Ordering};

use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::time::Instant;

/// Holds and changes of one person in a minute, which may come at once.
const PER_MINUTE: i64 = 120;
const APART_MS: i64 = 60_000 / PER_MINUTE;
const RESIDENTS: usize = 1 << 17;

/// What everybody has done lately, as the time until which it is used up.
#[derive(Debug)]
pub(crate) struct ResidentPace(Box<[AtomicI64]>);

impl ResidentPace {
    pub(crate) fn new() -> Self {
        Self((0..RESIDENTS).map(|_| AtomicI64::new(0)).collect())
    }

    /// Lets one more hold or change begin, or says how many milliseconds to wait.
    pub(crate) fn begin(&self, resident: ResidentNo, now: Instant) -> Result<(), i64> {
        let used_until = &self.0[resident.0 as usize % RESIDENTS];
        let used = |used: i64| used.max(now.0) + APART_MS;
        let fits = |until: i64| (until - now.0 <= PER_MINUTE * APART_MS).then_some(until);
        let before = used_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |until| fits(used(until)));
        before.map(|_| ()).map_err(|until| used(until) - now.0 - PER_MINUTE * APART_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_800_000_000_000);

    #[test]
    fn a_script_is_slowed_to_two_a_second_and_hinders_nobody_else() {
        let pace = ResidentPace::new();
        let done = (0..120_000_i64).filter(|ms| pace.begin(ResidentNo(5), NOW.plus_ms(*ms)).is_ok()).count();
        assert!((355..=361).contains(&done), "{done}");
        let _ = pace.begin(ResidentNo(5), NOW.plus_ms(120_000));
        assert_eq!(
            pace.begin(ResidentNo(5), NOW.plus_ms(120_000)).map_err(|ms| (1..=APART_MS).contains(&ms)),
            Err(true)
        );
        assert_eq!(pace.begin(ResidentNo(6), NOW), Ok(()));
        assert_eq!(pace.begin(ResidentNo(5), NOW.plus_minutes(3)), Ok(()));
    }
}
