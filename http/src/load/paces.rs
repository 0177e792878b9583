//! How fast each resident asks, while there is too much to do. A person with a browser is far below the bound; a program with its own
//! login that asks without a pause is worth no more than a stranger. The table has a fixed size and takes no lock: people who fall on
//! the same entry share a pace, which is far above what several people ask.

use std::sync::atomic::{AtomicU64, Ordering};

use sesshu_engine::core::ids::ResidentNo;

/// Requests a second of one resident, lasting.
const PER_S: u64 = 8;
/// Requests at once, after a while without any: a page with all that belongs to it, for a family.
const BURST: u64 = 40;
const ENTRIES: usize = 1 << 16;

const EACH_US: u64 = 1_000_000 / PER_S;

/// The table: for each entry, when its requests so far would be over if they came evenly.
#[derive(Debug)]
pub(super) struct Paces(Box<[AtomicU64]>);

impl Paces {
    pub(super) fn new() -> Self {
        Self((0..ENTRIES).map(|_| AtomicU64::new(0)).collect())
    }

    /// Counts a request of `resident` at `now_us`; tells whether it is within the pace. One over it is not counted.
    pub(super) fn is_within(&self, resident: ResidentNo, now_us: u64) -> bool {
        let entry = &self.0[resident.0 as usize % ENTRIES];
        let counted = entry.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |due_us| {
            let due_us = due_us.max(now_us);
            (due_us - now_us <= EACH_US * (BURST - 1)).then_some(due_us + EACH_US)
        });
        counted.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_never_too_fast_and_a_program_that_does_not_pause_is() {
        let paces = Paces::new();
        let within = |who: u32, every_us: u64, from_us: u64| {
            (0..1_000).filter(|nth| paces.is_within(ResidentNo(who), from_us + nth * every_us)).count()
        };
        assert_eq!(within(1, 500_000, 0), 1_000, "two a second");
        let fast = within(2, 1_000, 0);
        assert!((47..=49).contains(&fast), "a burst and eight in the second after it: {fast}");
        assert_eq!(within(3, 500_000, 0), 1_000, "nobody else hears of it");
        assert!(paces.is_within(ResidentNo(2), 10_000_000), "and it is forgotten after a pause");
    }
}
