//! One run at a time, over all processes: whoever changes a folder with generations holds its lock. The kernel frees it when the process
//! that holds it ends, however it ends.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::error::{BackupError, io_error};
use crate::folder::Folder;
use crate::order::Underway;

/// The file that is locked. It stays; only its lock says that something runs.
const NAME: &str = ".sesshu-lock";
/// Nobody says more about a run, in bytes.
const NOTE_BYTES_MAX: u64 = 256;

/// The lock of a folder, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of `folder` for `underway`. If another run has it, says which.
    pub fn take(folder: &Folder, underway: &Underway) -> Result<Self, BackupError> {
        let path = folder.path().join(NAME);
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = file.map_err(io_error("written", &path))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Err(BackupError::Runs(note_in(&path))),
            Err(error) => return Err(io_error("written", &path)(error.into())),
        }
        // The note is for people only; a disk that has no room for it has none for what comes next either, and that says so.
        let note = format!("{underway}, process {}", std::process::id());
        let _ = file.set_len(0).and_then(|()| file.write_all(note.as_bytes()));
        Ok(Self { _file: file })
    }
}

/// What the run that holds the lock says of itself.
fn note_in(path: &Path) -> String {
    let mut note = String::new();
    let read = File::open(path).and_then(|file| file.take(NOTE_BYTES_MAX).read_to_string(&mut note));
    if read.is_ok() && !note.is_empty() { note } else { "by another process".into() }
}

#[cfg(test)]
mod tests {
    use sesshu_engine::core::time::Instant;

    use super::*;

    #[test]
    fn the_second_run_hears_that_one_runs_and_which() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = Folder::open(place.path()).expect("a folder");
        let underway = Underway { by: "uid:0".into(), since: Instant(0), work: None };
        let lock = Lock::take(&folder, &underway).expect("nobody has it");
        let refused = Lock::take(&folder, &underway).expect_err("one runs").to_string();
        assert!(refused.contains("for uid:0 since 1970-01-01T09:00:00+09:00, process "), "{refused}");
        drop(lock);
        Lock::take(&folder, &underway).expect("nobody has it any more");
    }
}
