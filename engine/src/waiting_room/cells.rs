//! Where everybody stands in one opening, by pseudonym: read and written without a lock, by every request of everybody at once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::core::draw::Place;
use crate::core::ids::ResidentNo;
use crate::core::time::Instant;

const PEOPLE_PER_CHUNK: usize = 16_384;
const CHUNKS_MAX: usize = 1_024;

/// Nobody who waits is lost for want of a cell: Japan's largest city has 3.8 million people.
const _: () = assert!(PEOPLE_PER_CHUNK * CHUNKS_MAX >= 16_000_000);

/// One person's place, and until when they count as being there.
pub(super) struct Cell {
    place: AtomicU64,
    there_until: AtomicI64,
}

impl Cell {
    const fn empty() -> Self {
        Self { place: AtomicU64::new(Place::NOWHERE.0), there_until: AtomicI64::new(i64::MIN) }
    }

    /// Where the person stands; [`Place::NOWHERE`] before they arrived.
    pub(super) fn place(&self) -> Place {
        Place(self.place.load(Ordering::Acquire))
    }

    /// Gives the person `place` unless they have a better one; tells the one before. A person has one place, however many browsers.
    pub(super) fn improve(&self, place: Place) -> Place {
        Place(self.place.fetch_min(place.0, Ordering::AcqRel))
    }

    /// The person is there now, and counts as there at least until `until`; tells whether they had been away.
    pub(super) fn is_there(&self, now: Instant, until: Instant) -> bool {
        let before = self.there_until.load(Ordering::Relaxed);
        // Whoever asks often is there already: reading first spares others the write.
        before < until.0 && self.there_until.fetch_max(until.0, Ordering::Relaxed) < now.0 && before != i64::MIN
    }
}

/// The cells of everybody; memory is taken by chunks, once somebody in them arrives.
pub(super) struct Cells(Box<[OnceLock<Box<[Cell]>>]>);

impl Cells {
    pub(super) fn new() -> Self {
        Self((0..CHUNKS_MAX).map(|_| OnceLock::new()).collect())
    }

    /// The cell of a person who may not have arrived yet; none beyond the most people that there can be.
    pub(super) fn cell(&self, resident: ResidentNo) -> Option<&Cell> {
        let at = resident.0 as usize;
        let chunk = self.0.get(at / PEOPLE_PER_CHUNK)?;
        chunk.get_or_init(|| (0..PEOPLE_PER_CHUNK).map(|_| Cell::empty()).collect()).get(at % PEOPLE_PER_CHUNK)
    }

    /// Everybody who has arrived, with their place and until when they are there.
    pub(super) fn arrived(&self) -> impl Iterator<Item = (ResidentNo, Place, Instant)> + '_ {
        let chunks = self.0.iter().enumerate().filter_map(|(n, chunk)| Some((n, chunk.get()?)));
        chunks.flat_map(|(n, chunk)| {
            chunk.iter().enumerate().filter_map(move |(index, cell)| {
                let place = cell.place();
                let resident = ResidentNo((n * PEOPLE_PER_CHUNK + index) as u32);
                let until = Instant(cell.there_until.load(Ordering::Relaxed));
                (place != Place::NOWHERE).then_some((resident, place, until))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_one_place_and_only_a_better_one_replaces_it() {
        let cells = Cells::new();
        let (one, far) = (ResidentNo(3), ResidentNo((PEOPLE_PER_CHUNK * 2) as u32));
        for (resident, places) in [(one, [50, 70, 40]), (far, [9, 9, 10])] {
            let cell = cells.cell(resident).expect("a cell");
            assert_eq!(cell.place(), Place::NOWHERE);
            for place in places {
                cell.improve(Place(place));
            }
        }
        let cell = cells.cell(one).expect("a cell");
        let were_away =
            [(1, 4), (2, 5), (2, 3), (6, 9)].map(|(now, until)| cell.is_there(Instant(now), Instant(until)));
        assert_eq!(were_away, [false, false, false, true]);
        let arrived: Vec<_> = cells.arrived().collect();
        assert_eq!(arrived, [(one, Place(40), Instant(9)), (far, Place(9), Instant(i64::MIN))]);
        assert!(cells.cell(ResidentNo(u32::MAX)).is_none());
    }
}
