//! A drill: a good generation, drawn by lot, is restored and served, and what happened is put on record.

use super::{Works, scratch};
use crate::core::drill::DrillRecord;
use crate::error::{BackupError, io_error};
use crate::folder::Folder;
use crate::parties::Drilling;
use crate::progress::Progress;
use crate::records;
use crate::status::Work;

impl Works {
    pub(super) fn drill(&self, folder: &Folder, by: &str, progress: &Progress) -> Result<DrillRecord, BackupError> {
        let generations = folder.list()?.generations;
        let good: Vec<_> = generations.iter().filter(|one| one.is_good()).collect();
        let drawn = lot().map_err(io_error("read", folder.path()))? % good.len().max(1) as u64;
        let manifest = *good.get(drawn as usize).ok_or(BackupError::NoneGood)?;
        progress.at(Work::Drilling, 0, 0)?;
        let place = scratch::folder(&self.setup.scratch)?;
        let record = self.setup.driller.drill(&Drilling {
            folder: folder.path(),
            manifest,
            journal: self.setup.journal(),
            scratch: place.path(),
            by,
            progress,
        });
        // One that was stopped is no drill: it says nothing about backups.
        progress.go_on()?;
        records::append(folder.path(), &record)?;
        if let Some(second) = &self.setup.second {
            // The evidence stands beside the generations; its copy is told of with the other copies.
            let copy = record.clone();
            let written = self.at_second(second, progress, move |second, _| records::append(second.path(), &copy));
            if let Err(error) = written {
                tracing::warn!(%error, "the record of the drill is not on the second place");
            }
        }
        scratch::remove(place, &self.setup.throttle, progress);
        Ok(record)
    }
}

/// A random number.
pub(crate) fn lot() -> std::io::Result<u64> {
    getrandom::u64().map_err(|error| std::io::Error::other(error.to_string()))
}
