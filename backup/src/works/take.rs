//! A run: a generation is taken, proven, and only then do others go.

use sesshu_engine::ledger::{LoadError, Snapshot};

use super::{Part, Works, scratch};
use crate::core::manifest::{Damage, Kind, Manifest, Proof, Reason};
use crate::core::retention::{DAYS_KEPT, leftovers, surplus};
use crate::core::schedule::Due;
use crate::error::BackupError;
use crate::folder::Folder;
use crate::keeper;
use crate::parties::{NotProven, Proving};
use crate::progress::Progress;
use crate::snapshot;
use crate::status::Work;

impl Works {
    pub(super) fn run(
        &self,
        folder: &Folder,
        kind: Kind,
        reason: Option<Reason>,
        by: &str,
        progress: &Progress,
    ) -> Result<Manifest, BackupError> {
        let begun = match self.begun(by, kind) {
            Some(manifest) => Ok(manifest),
            None => self.take(folder, kind, reason, by, progress),
        };
        let taken = begun.and_then(|mut manifest| {
            self.look();
            self.prove(folder, &mut manifest, progress)?;
            self.look();
            self.prune(folder, &manifest, progress)?;
            Ok(manifest)
        });
        self.tell(Part::Taking, taken.as_ref().err());
        let manifest = taken?;
        if kind == Kind::Daily {
            *self.last_daily() = Some(self.setup.clock.now().steady);
        }
        tracing::info!(generation = %manifest.name, bytes = manifest.bytes, "backup taken and proven");
        self.look();
        // The generation counts. What fails from here on is told by itself and tried again.
        self.copy_all(folder, progress);
        self.prune_journal(folder, progress);
        self.read_older(folder, progress);
        Ok(manifest)
    }

    /// The daily generation of today that the schedule has taken and that could not be proven: it is tried again, and none is taken beside
    /// it. A person who asks gets a new one.
    fn begun(&self, by: &str, kind: Kind) -> Option<Manifest> {
        let schedule = self.setup.schedule;
        let today = schedule.backup_day(self.now());
        let shown = self.shown();
        let newest = &shown.generations.first()?.manifest;
        let is_begun = (by, kind) == (keeper::BY, Kind::Daily)
            && newest.kind == Kind::Daily
            && (newest.proof.is_none() && newest.damage.is_none())
            && schedule.backup_day(newest.taken_at) == today;
        is_begun.then(|| newest.clone())
    }

    /// Why a daily generation of now stands for a day of its own, if it does.
    pub(super) fn reason_for_daily(&self) -> Option<Reason> {
        (self.due_daily() == Some(Due::ClockSet)).then_some(Reason::ClockSet)
    }

    /// Whether a daily generation is due, and why, by what was seen last.
    pub(crate) fn due_daily(&self) -> Option<Due> {
        let shown = self.shown();
        let now = self.setup.clock.now();
        let since_last = (*self.last_daily()).map(|last| now.steady.saturating_sub(last));
        let all = shown.generations.iter().map(|kept| &kept.manifest);
        let good = all.filter(|one| one.is_good() && one.kind == Kind::Daily);
        self.setup.schedule.due(now.wall, good.map(|one| one.taken_at), since_last)
    }

    fn take(
        &self,
        folder: &Folder,
        kind: Kind,
        reason: Option<Reason>,
        by: &str,
        progress: &Progress,
    ) -> Result<Manifest, BackupError> {
        for name in leftovers(&folder.list()?.generations) {
            folder.remove(&name)?;
            tracing::info!(generation = %name, "a backup that never counted is removed");
        }
        let setup = &self.setup;
        snapshot::take(
            &snapshot::Take {
                folder,
                scratch: &setup.scratch,
                data: &setup.data,
                config: setup.config.as_deref(),
                open: &|| self.open_and_ship(),
                kind,
                reason,
                by,
                program: &setup.program,
                recipients: &setup.recipients,
                throttle: &setup.throttle,
                now: self.now(),
                reserve_bytes: setup.reserve_bytes,
            },
            progress,
        )
    }

    fn open_and_ship(&self) -> Result<Snapshot, LoadError> {
        let view = self.setup.source.snapshot()?;
        self.ship_beside(&view);
        Ok(view)
    }

    /// Restores a generation and checks it. Whether it is good or damaged is written into its manifest.
    pub(super) fn prove(
        &self,
        folder: &Folder,
        manifest: &mut Manifest,
        progress: &Progress,
    ) -> Result<(), BackupError> {
        progress.at(Work::Proving, 0, manifest.bytes)?;
        let place = scratch::folder(&self.setup.scratch)?;
        let proving = Proving { folder: folder.path(), manifest, scratch: place.path(), progress };
        let proven = match self.setup.prover.prove(&proving) {
            Ok(proof) => {
                let proof = Proof { at: self.now(), ..proof };
                manifest.proof = Some(proof);
                folder.write_manifest(manifest)
            }
            Err(NotProven::Damaged(what)) => {
                progress.go_on()?;
                self.mark_damaged(folder, manifest, what.clone())?;
                Err(BackupError::NotSound { name: manifest.name.clone(), what })
            }
            Err(NotProven::Failed(what)) => {
                progress.go_on()?;
                Err(BackupError::NotProven { name: manifest.name.clone(), what })
            }
        };
        scratch::remove(place, &self.setup.throttle, progress);
        proven
    }

    pub(super) fn mark_damaged(
        &self,
        folder: &Folder,
        manifest: &mut Manifest,
        what: String,
    ) -> Result<(), BackupError> {
        tracing::error!(generation = %manifest.name, what, "a backup is damaged");
        manifest.damage = Some(Damage { found_at: self.now(), what });
        folder.write_manifest(manifest)
    }

    fn prune(&self, folder: &Folder, proven: &Manifest, progress: &Progress) -> Result<(), BackupError> {
        progress.at(Work::Pruning, 0, 0)?;
        let listing = folder.list()?;
        for (name, why) in surplus(&listing.generations, &proven.name, self.now(), self.setup.schedule, DAYS_KEPT) {
            progress.go_on()?;
            folder.remove(&name)?;
            tracing::info!(generation = %name, ?why, "backup removed");
        }
        Ok(())
    }
}
