//! A store in a few numbers, read-only: how large a city is, for whoever rehearses its opening day. It names no person.

use std::collections::BTreeSet;
use std::path::Path;

use super::LoadError;
use super::recover::load;
use super::snapshot::Snapshot;
use crate::core::session::SessionPhase;

/// How large a city is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outline {
    /// People on the roll now.
    pub residents: u64,
    /// Sessions that take bookings, or will: drafts too.
    pub sessions: u64,
    /// Places in all of their slots.
    pub places: u64,
    /// Different openings of its waves; 1 without waves.
    pub waves: u64,
}

/// Reads the store in `folder`, which no process may have open for writing.
pub fn outline(folder: &Path) -> Result<Outline, LoadError> {
    let index = load(&Snapshot::open(folder)?, None)?.0.index;
    let mut outline = Outline::default();
    index.for_each_resident(|_, resident| outline.residents += u64::from(!resident.record.left_roll));
    for session in index.sessions() {
        let session = session.definition();
        if matches!(session.phase, SessionPhase::Draft | SessionPhase::Published { .. }) {
            outline.sessions += 1;
            outline.places += session.slots.iter().map(|slot| u64::from(slot.capacity)).sum::<u64>();
        }
    }
    let openings: BTreeSet<_> = index.setup().waves.iter().map(|wave| wave.opens_at).collect();
    outline.waves = openings.len().max(1) as u64;
    Ok(outline)
}
