//! Folders for what is restored to be checked. What a killed run left in one goes with the next run: only names that this file makes.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::Path;

use tempfile::TempDir;

use crate::error::{BackupError, io_error};
use crate::folder::make_private;
use crate::progress::{Progress, through_io};
use crate::throttle::{Pace, Throttle};

const PREFIX: &str = ".sesshu-check-";
const RANDOM_CHARS: usize = 6;
/// So much room is given back at once. A file system that tells the disk what is free (the mount option `discard`) was seen to hold up the
/// syncs of bookings for a tenth of a second when a store of hundreds of megabytes went at once, and for half a millisecond by steps.
const STEP_BYTES: u64 = 1 << 20;

/// A new empty folder; it goes with what is in it when it is dropped, or gently by [`remove`].
pub(super) fn folder(scratch: &Path) -> Result<TempDir, BackupError> {
    if !scratch.exists() {
        make_private(scratch)?;
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(PREFIX).rand_bytes(RANDOM_CHARS);
    builder.tempdir_in(scratch).map_err(io_error("made", scratch))
}

/// Removes a folder little by little, at the pace that is configured; what cannot be made shorter, or is to stop, goes at once.
pub(super) fn remove(folder: TempDir, throttle: &Throttle, progress: &Progress) {
    if let Err(error) = shorten(folder.path(), &mut throttle.pace(), progress) {
        tracing::debug!(%error, "a scratch folder goes at once");
    }
    drop(folder);
}

/// Makes every file in `folder` short.
fn shorten(folder: &Path, pace: &mut Pace, progress: &Progress) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            shorten(&entry.path(), pace, progress)?;
        } else if kind.is_file() {
            let file = File::options().write(true).open(entry.path())?;
            let mut left = file.metadata()?.len();
            while left > STEP_BYTES {
                left -= STEP_BYTES;
                file.set_len(left)?;
                file.sync_data()?;
                pace.spend(STEP_BYTES, progress).map_err(through_io)?;
            }
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Stop;

    #[test]
    fn a_folder_goes_little_by_little_and_at_once_when_the_work_is_stopped() {
        let scratch = tempfile::tempdir().expect("a folder");
        for stopped in [false, true] {
            let place = folder(scratch.path()).expect("a folder");
            fs::create_dir(place.path().join("data")).expect("a folder");
            fs::write(place.path().join("data/store"), vec![7; 3 * STEP_BYTES as usize + 5]).expect("a file");
            let stop = Stop::default();
            if stopped {
                stop.stop();
            }
            let progress = Progress::new(stop, |_, _, _| {});
            let shortened = shorten(place.path(), &mut Throttle::unlimited().pace(), &progress);
            let left = fs::metadata(place.path().join("data/store")).expect("a file").len();
            assert_eq!((shortened.is_err(), left <= STEP_BYTES), (stopped, !stopped), "{left}");
            remove(place, &Throttle::unlimited(), &progress);
            assert!(fs::read_dir(scratch.path()).expect("a folder").next().is_none());
        }
    }
}
