//! The journal that was shipped after a generation, applied to the store that was restored from it.

use std::io::Read;
use std::path::Path;

use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::{ExportError, Replay, StoreHead, read_delta_heads};

use super::Restore;
use crate::core::manifest::Manifest;
use crate::error::{BackupError, io_error};
use crate::keys::Identity;
use crate::progress::Progress;
use crate::status::Work;
use crate::throttle::Paced;

/// Where the journal was shipped that followed a generation.
pub trait JournalSource {
    /// The deltas that lead on from `head` to the newest head that they reach, in order. `identity` opens them, if they are encrypted.
    fn deltas(&self, head: &StoreHead, identity: Option<&Identity>) -> Result<Box<dyn Deltas + '_>, BackupError>;
}

/// Deltas, one after the other.
pub trait Deltas {
    /// The next one, as the engine wrote it; none after the last.
    fn next_delta(&mut self) -> Result<Option<Box<dyn Read + '_>>, BackupError>;
}

/// How far the journal leads on from a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reached {
    /// How many entries it adds.
    pub entries: u64,
    /// The instant up to which nothing is missing.
    pub complete_at: Instant,
    /// Why it leads no further although there is more of it.
    pub trouble: Option<String>,
}

/// The way along the deltas, as far as it goes.
struct Way<'a> {
    restore: &'a Restore<'a>,
    progress: &'a Progress,
    done_bytes: u64,
    reached_at: bool,
    trouble: Option<String>,
}

/// What became of one delta.
enum Step {
    /// It led on.
    On {
        /// Whether the instant that was asked for is in it.
        reached_at: bool,
    },
    /// It belongs to another history or store.
    Elsewhere,
    /// It does not fit, or is not what was written; nothing was changed by it.
    Ends(String),
}

/// Applies the journal of `restore` to the store in `folder`, up to the instant that is asked for.
pub(super) fn replay(
    restore: &Restore<'_>,
    manifest: &Manifest,
    folder: &Path,
    progress: &Progress,
) -> Result<Option<Reached>, BackupError> {
    let built = |error| not_applied(restore, folder, error);
    let mut replay = Replay::open(folder).map_err(built)?;
    let begin = replay.head();
    restore.reaches(begin.at)?;
    let mut way = Way::new(restore, progress);
    way.walk(&begin, &mut |delta| match replay.apply(delta, restore.at) {
        Ok(applied) => Ok(Step::On { reached_at: applied.reached_until }),
        Err(error @ (ExportError::Gap { .. } | ExportError::NewerFormat { .. })) => Ok(Step::Ends(error.to_string())),
        Err(ExportError::OtherHistory { .. } | ExportError::OtherStore) => Ok(Step::Elsewhere),
        Err(error) => Err(built(error)),
    })?;
    let head = replay.finish().map_err(built)?;
    way.arrived(manifest, &begin, &head)
}

/// How far the journal of `restore` would lead on from `begin`, without a store.
pub(super) fn reach(
    restore: &Restore<'_>,
    manifest: &Manifest,
    begin: &StoreHead,
    progress: &Progress,
) -> Result<(StoreHead, Option<Reached>), BackupError> {
    restore.reaches(begin.at)?;
    let mut way = Way::new(restore, progress);
    let mut head = *begin;
    way.walk(begin, &mut |delta| match read_delta_heads(delta) {
        Ok(delta) if delta.from.store != head.store => Ok(Step::Elsewhere),
        Ok(delta) if delta.from.seq > head.seq => Ok(Step::Ends("something before it is missing".into())),
        Ok(delta) => {
            let reached_at = restore.at.is_some_and(|at| delta.to.at > at);
            if delta.to.seq > head.seq {
                head = delta.to;
            }
            Ok(Step::On { reached_at })
        }
        Err(error) => Ok(Step::Ends(error.to_string())),
    })?;
    let reached = way.arrived(manifest, begin, &head)?;
    Ok((head, reached))
}

impl<'a> Way<'a> {
    const fn new(restore: &'a Restore<'a>, progress: &'a Progress) -> Self {
        Self { restore, progress, done_bytes: 0, reached_at: false, trouble: None }
    }

    /// Takes delta after delta, until the instant that was asked for is reached, or there is no more.
    fn walk(
        &mut self,
        begin: &StoreHead,
        step: &mut dyn FnMut(&mut dyn Read) -> Result<Step, BackupError>,
    ) -> Result<(), BackupError> {
        let Restore { journal, identity, throttle, .. } = *self.restore;
        let Some(journal) = journal else { return Ok(()) };
        self.progress.at(Work::Replaying, 0, 0)?;
        let mut deltas = journal.deltas(begin, identity)?;
        while !self.reached_at {
            let delta = match deltas.next_delta() {
                Ok(None) => return Ok(()),
                Ok(Some(delta)) => delta,
                // What is before it is as good as ever: it is restored up to there, and that is said.
                Err(error) if error.is_damage() => {
                    self.trouble = Some(error.to_string());
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            let mut delta = Paced::new(delta, throttle, self.progress, Work::Replaying, (self.done_bytes, 0))?;
            match step(&mut delta)? {
                Step::On { reached_at } => self.reached_at = reached_at,
                Step::Elsewhere => {}
                Step::Ends(why) => {
                    self.trouble = Some(why);
                    return Ok(());
                }
            }
            self.done_bytes = delta.done();
        }
        Ok(())
    }

    /// How far it came, if that is as far as was asked for. A snapshot has everything up to when it was taken.
    fn arrived(self, manifest: &Manifest, begin: &StoreHead, head: &StoreHead) -> Result<Option<Reached>, BackupError> {
        let mut complete_at = head.at.max(manifest.taken_at);
        if let Some(wanted) = self.restore.at {
            if !self.reached_at && wanted > complete_at {
                let reached = complete_at.to_rfc3339();
                return Err(BackupError::NotReached { reached, wanted: wanted.to_rfc3339() });
            }
            complete_at = wanted;
        }
        let reached = Reached { entries: head.seq - begin.seq, complete_at, trouble: self.trouble };
        Ok(self.restore.journal.map(|_| reached))
    }
}

/// A delta that could not be applied, or a store to which none can be.
fn not_applied(restore: &Restore<'_>, folder: &Path, error: ExportError) -> BackupError {
    match error {
        ExportError::NotToBeHad { asked, before, after } => BackupError::NotToBeHad {
            wanted: asked.to_rfc3339(),
            before: before.to_rfc3339(),
            after: after.to_rfc3339(),
        },
        ExportError::Write(error) => io_error("written", restore.to)(error),
        _ if crate::room::is_full(folder) => BackupError::Full { path: restore.to.to_owned() },
        error => BackupError::Journal(error.to_string()),
    }
}
