//! Reads generations again: what lies on a disk may change without a word.

use sesshu_engine::ledger::read_export;

use crate::core::manifest::Manifest;
use crate::error::BackupError;
use crate::folder::Folder;
use crate::generation::Reading;
use crate::keys::Identity;
use crate::progress::Progress;
use crate::status::Work;
use crate::throttle::{Throttle, behind_everybody};

/// Reads a generation whole, from the disk and not from what the system remembers of it: the digest of its file, then, decrypted and
/// decompressed, every digest of what is in it, down to its end. The keys of the data folder stay in their envelope. If the error
/// [is damage](BackupError::is_damage), the generation is not what was written; another error says nothing about it.
pub fn read_again(
    folder: &Folder,
    manifest: &Manifest,
    identity: Option<&Identity>,
    throttle: &Throttle,
    progress: &Progress,
) -> Result<(), BackupError> {
    let reading = Reading::new(folder, manifest, identity, throttle, progress);
    let read = || {
        reading.needs_key()?;
        reading.digest()?;
        reading.contents(Work::Reading, |_, export| read_export(export).map_err(|error| reading.export(error)))?;
        Ok(())
    };
    behind_everybody(read).map_err(|error| progress.or_stopped(error))
}
