//! What a restore would do, without doing it.

use sesshu_engine::ledger::{StoreHead, read_export};

use super::{Reached, Restore, journal, room_for, staging};
use crate::core::manifest::Manifest;
use crate::error::BackupError;
use crate::generation::Reading;
use crate::progress::Progress;
use crate::status::Work;

/// What a restore would give.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The generation. What it holds is counted in its proof, if it was proven.
    pub manifest: Manifest,
    /// The last entry of the journal that would be restored, and when it was made. With a chosen instant, a little more than that.
    pub head: StoreHead,
    /// How far the journal leads that was shipped after the generation; none if none was asked for.
    pub journal: Option<Reached>,
}

/// Does everything of a restore that changes nothing: looks at the goal and its disk, reads the generation whole, and follows the journal.
/// What fails here would have failed there.
pub fn plan(restore: &Restore<'_>, progress: &Progress) -> Result<Plan, BackupError> {
    let planned = || {
        let (_, beside) = staging::goal(restore.to)?;
        let manifest = restore.folder.manifest(restore.generation)?;
        room_for(&manifest, &beside)?;
        let reading = Reading::new(restore.folder, &manifest, restore.identity, restore.throttle, progress);
        reading.needs_key()?;
        reading.digest()?;
        let (_, exported) =
            reading.contents(Work::Reading, |_, export| read_export(export).map_err(|error| reading.export(error)))?;
        let (head, journal) = journal::reach(restore, &manifest, &exported.head, progress)?;
        Ok(Plan { manifest, head, journal })
    };
    planned().map_err(|error| progress.or_stopped(error))
}
