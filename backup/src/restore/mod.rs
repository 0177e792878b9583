//! Restores a generation into a new folder. It becomes a data folder in one step at the end: whatever is killed on the way leaves
//! nothing there.

mod journal;
mod plan;
mod staging;

pub use journal::{Deltas, JournalSource, Reached};
pub use plan::{Plan, plan};

use std::path::Path;
use std::time::Instant as Stopwatch;

use sesshu_engine::VerifyReport;
use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::{ExportError, Snapshot, StoreHead, rebuild, verify, write_mark};

use self::staging::Staging;
use crate::core::manifest::{Counts, Manifest};
use crate::core::name::Generation;
use crate::error::{BackupError, io_error};
use crate::folder::Folder;
use crate::generation::Reading;
use crate::keys::Identity;
use crate::progress::Progress;
use crate::room;
use crate::status::Work;
use crate::throttle::Throttle;

/// A restored store is at most about so many times as large as its export.
const STORE_FACTOR: u64 = 2;

/// What is restored, and where to.
pub struct Restore<'a> {
    /// Where the generation lies.
    pub folder: &'a Folder,
    /// Which.
    pub generation: &'a Generation,
    /// The folder that it becomes: new, or empty.
    pub to: &'a Path,
    /// The key that opens it, if it is encrypted.
    pub identity: Option<&'a Identity>,
    /// The journal that was shipped after it, if that is to be restored too.
    pub journal: Option<&'a dyn JournalSource>,
    /// Up to when; none is everything there is.
    pub at: Option<Instant>,
    /// How much it may take of disk and processor.
    pub throttle: &'a Throttle,
}

/// What was restored.
#[derive(Debug, Clone)]
pub struct Restored {
    /// The generation.
    pub manifest: Manifest,
    /// The last entry of the restored journal, and when it was made.
    pub head: StoreHead,
    /// How far the journal led that was shipped after the generation; none if none was asked for.
    pub journal: Option<Reached>,
    /// What the restored store holds.
    pub counts: Counts,
    /// Its digest: that of `sesshu verify`.
    pub digest: String,
    /// How long restoring took, in milliseconds.
    pub restore_ms: u64,
    /// How long verifying took, in milliseconds.
    pub verify_ms: u64,
}

/// Restores a generation. Memory does not grow with the store, but for its verification, which takes what a server takes.
pub fn restore(restore: &Restore<'_>, progress: &Progress) -> Result<Restored, BackupError> {
    restore.run(progress).map_err(|error| progress.or_stopped(error))
}

impl Restore<'_> {
    fn run(&self, progress: &Progress) -> Result<Restored, BackupError> {
        let began = Stopwatch::now();
        let staging = Staging::beside(self.to)?;
        let manifest = self.folder.manifest(self.generation)?;
        room_for(&manifest, staging.above())?;
        let reading = Reading::new(self.folder, &manifest, self.identity, self.throttle, progress);
        reading.needs_key()?;
        reading.digest()?;
        let (keys, _) = reading.contents(Work::Restoring, |files, export| {
            staging.write_files(files)?;
            rebuild(staging.path(), export).map_err(|error| match error {
                ExportError::Read(_)
                | ExportError::NewerFormat { .. }
                | ExportError::Damaged(_)
                | ExportError::NotOne(_) => reading.export(error),
                error => self.not_built(error),
            })
        })?;
        let keys = keys.open(self.identity).map_err(|error| reading.locked(error))?;
        staging.write_keys(&keys)?;
        drop(keys);
        let journal = journal::replay(self, &manifest, staging.path(), progress)?;
        let head = write_mark(staging.path()).map_err(|error| self.unsound(error.to_string()))?;
        let restore_ms = elapsed_ms(began);

        progress.at(Work::Verifying, 0, 0)?;
        let began = Stopwatch::now();
        let report = verify(&Snapshot::open(staging.path())?, None)?;
        let digest = self.sound(&manifest, &report, head.seq)?;
        let verify_ms = elapsed_ms(began);

        progress.at(Work::Placing, 0, 0)?;
        staging.place()?;
        Ok(Restored { manifest, head, journal, counts: counts(&report), digest, restore_ms, verify_ms })
    }

    /// What was asked for is not before what the generation holds.
    fn reaches(&self, held: Instant) -> Result<(), BackupError> {
        match self.at {
            Some(at) if at < held => Err(BackupError::BeforeGeneration {
                name: self.generation.clone(),
                taken_at: held.to_rfc3339(),
                wanted: at.to_rfc3339(),
            }),
            _ => Ok(()),
        }
    }

    /// The digest of a restored store that keeps every invariant, and is the one that was proven when the generation was taken.
    fn sound(&self, manifest: &Manifest, report: &VerifyReport, seq: u64) -> Result<String, BackupError> {
        if let Some(problem) = report.problems.first() {
            return Err(self.unsound(format!("{problem} ({} problems)", report.problems.len())));
        }
        match &manifest.proof {
            Some(proof) if manifest.seq == seq && proof.digest != report.digest => {
                Err(self.unsound(format!("its digest is {} instead of {}", report.digest, proof.digest)))
            }
            _ => Ok(report.digest.clone()),
        }
    }

    fn unsound(&self, what: String) -> BackupError {
        BackupError::NotSound { name: self.generation.clone(), what }
    }

    /// A store that could not be built where it should be.
    fn not_built(&self, error: ExportError) -> BackupError {
        if room::is_full(self.to.parent().unwrap_or(self.to)) {
            return BackupError::Full { path: self.to.to_owned() };
        }
        match error {
            ExportError::Write(error) => io_error("written", self.to)(error),
            error => io_error("written", self.to)(std::io::Error::other(error)),
        }
    }
}

/// Fails unless a restored store fits on the disk of `folder`.
fn room_for(manifest: &Manifest, folder: &Path) -> Result<(), BackupError> {
    room::need(folder, manifest.plain_bytes.saturating_mul(STORE_FACTOR), folder, 0)
}

/// What a verified store holds.
fn counts(report: &VerifyReport) -> Counts {
    let VerifyReport { residents, sessions, bookings_live, entries, .. } = *report;
    Counts { residents, sessions, bookings_live, entries }
}

fn elapsed_ms(began: Stopwatch) -> u64 {
    began.elapsed().as_millis() as u64
}
