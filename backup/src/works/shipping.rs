//! The journal between backups, as the works see it: shipped on its own thread, and whenever a generation is taken.

use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::Snapshot;

use super::{Works, retell};
use crate::error::{BackupError, io_error};
use crate::folder::Folder;
use crate::journal::{Needed, Shipped, Shipper, end_of};
use crate::progress::Progress;
use crate::status::Shipping;

/// When a generation is taken, no more than this is shipped while its view is held, in bytes.
const BESIDE_A_GENERATION_BYTES: u64 = 4 << 20;

impl Works {
    /// Ships what is new. What does not work is told, and made up for by the next time.
    pub fn ship(&self) {
        let began = self.setup.clock.now();
        let mut shipper = self.shipper();
        let result = self.try_ship(&mut shipper);
        self.tell_shipping(&shipper, result.err(), began.wall);
    }

    fn try_ship(&self, shipper: &mut Shipper) -> Result<(), BackupError> {
        let view = self.setup.source.snapshot()?;
        let gathered = shipper.gather(&view)?;
        drop(view);
        match gathered {
            Some(gathered) => shipper.append(gathered, self.setup.clock.now().steady),
            None => Ok(()),
        }
    }

    /// Ships up to the end of `view`, from which a generation is taken: so the journal goes on exactly where the generation ends. If there
    /// is too much of it, if it does not work, or if somebody is shipping, a disk perhaps not answering, the generation does not wait: the
    /// next time ships it, and a restore finds its place by the chain.
    pub(super) fn ship_beside(&self, view: &Snapshot) {
        let Ok(mut shipper) = self.shipper.try_lock() else { return };
        let began = self.setup.clock.now();
        let gathered = shipper.gather(view);
        let result = match gathered {
            Ok(Some(gathered)) if gathered.bytes() > BESIDE_A_GENERATION_BYTES => return,
            Ok(Some(gathered)) => shipper.append(gathered, began.steady),
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        self.tell_shipping(&shipper, result.err(), began.wall);
    }

    fn tell_shipping(&self, shipper: &Shipper, error: Option<BackupError>, began: Instant) {
        if let Some(error) = &error {
            tracing::warn!(%error, "shipping the journal failed");
        }
        self.board.change(|status| {
            let before = status.journal.take();
            let complete_at = before.as_ref().and_then(|before| before.complete_at);
            let mut trouble = before.as_ref().and_then(|before| before.trouble.clone());
            let complete_at = if error.is_none() { Some(began) } else { complete_at };
            retell(&mut trouble, error.map(|error| error.to_string()), began);
            status.journal = Some(Shipping {
                folder: self.setup.journal().display().to_string(),
                seq: shipper.shipped_seq().or_else(|| before.map(|before| before.seq)).unwrap_or(0),
                complete_at,
                trouble,
            });
        });
    }

    /// Removes files of the journal that no kept generation needs, here or on the second place. One that cannot be removed now goes
    /// the next time.
    pub(super) fn prune_journal(&self, folder: &Folder, progress: &Progress) {
        let pruned = match &self.setup.second {
            None => self.try_prune_journal(folder, None),
            Some(second) => {
                let (works, folder) = (self.clone(), folder.clone());
                self.at_second(second, progress, move |second, _| works.try_prune_journal(&folder, Some(second)))
            }
        };
        if let Err(error) = pruned {
            tracing::warn!(%error, "old files of the journal were not removed");
        }
    }

    fn try_prune_journal(&self, folder: &Folder, second: Option<&Folder>) -> Result<(), BackupError> {
        let mut kept = folder.list()?.generations;
        if let Some(second) = second {
            kept.extend(second.list()?.generations);
        }
        let needed: Vec<Needed> = kept
            .iter()
            .filter(|one| one.is_good())
            .filter_map(end_of)
            .map(|(store, head)| Needed { store, seq: head.seq, at: head.at })
            .collect();
        // Whoever is shipping has a file open that must not go; the next run removes the others then.
        let Ok(shipper) = self.shipper.try_lock() else { return Ok(()) };
        for path in Shipped::read(self.setup.journal())?.superfluous(&needed) {
            if shipper.open_path() != Some(path) {
                std::fs::remove_file(path).map_err(io_error("removed", path))?;
                tracing::info!(file = %path.display(), "old journal removed");
            }
        }
        Ok(())
    }
}
