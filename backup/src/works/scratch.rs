//! Folders for what is restored to be checked. What a killed run left in one goes with the next run: only names that this file makes.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use tempfile::TempDir;

use crate::error::{BackupError, io_error};
use crate::folder::make_private;

const PREFIX: &str = ".sesshu-check-";
const RANDOM_CHARS: usize = 6;

/// A new empty folder; it goes with what is in it when it is dropped.
pub(super) fn folder(scratch: &Path) -> Result<TempDir, BackupError> {
    if !scratch.exists() {
        make_private(scratch)?;
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM_CHARS);
    builder.tempdir_in(scratch).map_err(io_error("made", scratch))
}

/// Removes what killed runs left behind. Whoever calls it holds the lock of the run.
pub(super) fn sweep(scratch: &Path) -> Result<(), BackupError> {
    let entries = match fs::read_dir(scratch) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io_error("listed", scratch))?,
    };
    for entry in entries {
        let entry = entry.map_err(io_error("listed", scratch))?;
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).filter(|_| is_folder);
        if random.is_some_and(|random| random.len() == RANDOM_CHARS) {
            fs::remove_dir_all(entry.path()).map_err(io_error("removed", &entry.path()))?;
        }
    }
    Ok(())
}
