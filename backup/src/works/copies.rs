//! The second place: every good generation is copied there, read back, and kept by the second place's own rule. A place that is away for
//! a day is made up for by the next time that somebody looks.

use std::path::Path;
use std::time::Duration;

use super::{Works, no_answer};
use crate::core::manifest::Manifest;
use crate::core::name::Generation;
use crate::core::retention::surplus;
use crate::error::{BackupError, Family};
use crate::folder::Folder;
use crate::progress::Progress;
use crate::second::copy;
use crate::status::Work;

/// A place that for so long takes nothing and gives nothing does not answer: the sync of a large file takes its time.
const STALL: Duration = Duration::from_mins(5);

impl Works {
    /// Copies what the second place lacks. A failure is told, and is none of the backup.
    pub(super) fn copy_all(&self, folder: &Folder, progress: &Progress) {
        let Some(second) = &self.setup.second else { return };
        let copied = self.at_second(second, progress, {
            let (works, folder) = (self.clone(), folder.clone());
            move |second, progress| works.copy_to(&folder, second, progress)
        });
        if let Err(error) = &copied {
            if error.family() == Family::Stopped {
                return;
            }
            tracing::warn!(%error, "copying backups to the second place failed");
        }
        *self.copy_failure() = copied.err().map(|error| error.to_string());
        self.look();
    }

    /// Works at the second place, for as long as it answers.
    pub(super) fn at_second<T: Send + 'static>(
        &self,
        second: &Path,
        progress: &Progress,
        work: impl FnOnce(&Folder, &Progress) -> Result<T, BackupError> + Send + 'static,
    ) -> Result<T, BackupError> {
        let path = second.to_owned();
        let done = self.working.watch(STALL, progress, move |progress| work(&Folder::open(&path)?, progress));
        done.unwrap_or_else(|| Err(no_answer(second)))
    }

    fn copy_to(&self, folder: &Folder, second: &Folder, progress: &Progress) -> Result<(), BackupError> {
        progress.at(Work::Copying, 0, 0)?;
        second.sweep()?;
        let here = folder.list()?.generations;
        let mut first_error = None;
        // The newest first: it is the one that is needed most.
        for manifest in here.iter().filter(|one| one.is_good()) {
            if !self.lacks(second, manifest)? {
                continue;
            }
            // What is read back is written down with it.
            let manifest = &Manifest { read_again_at: Some(self.now()), ..manifest.clone() };
            match copy(folder, second, manifest, &self.setup.throttle, progress) {
                Ok(()) => {}
                Err(error) if error.family() == Family::Damage => {
                    self.found_while_copying(folder, manifest, &error)?;
                    first_error.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        self.prune_second(second)?;
        first_error.map_or(Ok(()), Err)
    }

    /// Whether a good generation has no copy that was read back.
    pub(crate) fn copying_is_due(&self) -> bool {
        let shown = self.shown();
        shown.second.is_some()
            && shown.generations.iter().any(|kept| kept.manifest.is_good() && kept.copied_at.is_none())
    }

    /// Whether the second place has no good copy of it. A damaged one is no copy: it makes room for a new one.
    fn lacks(&self, second: &Folder, manifest: &Manifest) -> Result<bool, BackupError> {
        let there = match second.manifest(&manifest.name) {
            Err(BackupError::NoGeneration { .. }) => return Ok(!self.is_too_old(second, manifest)?),
            there => there?,
        };
        if there.blake3 == manifest.blake3 && there.damage.is_none() && second.file(&there).exists() {
            return Ok(false);
        }
        second.remove(&manifest.name)?;
        Ok(true)
    }

    /// Whether the second place would remove it at once: it may keep fewer days.
    fn is_too_old(&self, second: &Folder, manifest: &Manifest) -> Result<bool, BackupError> {
        let mut all = second.list()?.generations;
        all.push(manifest.clone());
        let Some(newest) = all.iter().filter(|one| one.is_good()).max_by_key(|one| (one.taken_at, one.name.clone()))
        else {
            return Ok(false);
        };
        Ok(self.going_there(&all, newest).contains(&manifest.name))
    }

    fn prune_second(&self, second: &Folder) -> Result<(), BackupError> {
        let all = second.list()?.generations;
        if let Some(newest) = all.iter().find(|one| one.is_good()) {
            for name in self.going_there(&all, newest) {
                second.remove(&name)?;
                tracing::info!(generation = %name, "copy removed");
            }
        }
        Ok(())
    }

    fn going_there(&self, all: &[Manifest], newest: &Manifest) -> Vec<Generation> {
        let keep = self.setup.second_keep_days;
        surplus(all, &newest.name, self.now(), self.setup.schedule, keep).into_iter().map(|(name, _)| name).collect()
    }

    /// Copying reads a generation whole: what it finds of it is as good as reading it again.
    fn found_while_copying(
        &self,
        folder: &Folder,
        manifest: &Manifest,
        error: &BackupError,
    ) -> Result<(), BackupError> {
        if let BackupError::Damaged { file, what } = error
            && *file == folder.file(manifest)
        {
            self.mark_damaged(folder, &mut manifest.clone(), what.clone())?;
        }
        Ok(())
    }
}
