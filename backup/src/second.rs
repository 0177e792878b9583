//! Copies on the second place. A copy is read back from the disk before it counts.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use rustix::fs::{Advice, fadvise};

use crate::container::Hashing;
use crate::core::manifest::Manifest;
use crate::error::{BackupError, io_error};
use crate::folder::Folder;
use crate::progress::Progress;
use crate::status::Work;
use crate::throttle::{Paced, Throttle};

const BUFFER_BYTES: usize = 1 << 18;

/// Copies a generation of `from` to `to`. A kill on the way leaves no copy; what is left of it goes with the next run.
pub(crate) fn copy(
    from: &Folder,
    to: &Folder,
    manifest: &Manifest,
    throttle: &Throttle,
    progress: &Progress,
) -> Result<(), BackupError> {
    let source = from.file(manifest);
    let file = File::open(&source).map_err(io_error("read", &source))?;
    let mut input = Hashing::new(Paced::new(file, throttle, progress, Work::Copying, (0, 2 * manifest.bytes))?);
    let mut copy = to.temporary()?;
    transfer(&mut input, copy.as_file_mut())
        .map_err(|wrong| match wrong {
            Wrong::Reading(error) => io_error("read", &source)(error),
            Wrong::Writing(error) => io_error("written", &to.file(manifest))(error),
        })
        .map_err(|error| progress.or_stopped(error))?;
    if input.digest().to_hex().as_str() != manifest.blake3 {
        return Err(BackupError::damaged(&source, "its bytes are not what was written"));
    }
    copy.as_file().sync_all().map_err(io_error("written", copy.path()))?;
    let back = read_back(copy.path(), manifest, throttle, progress)?;
    if back != manifest.blake3 {
        return Err(BackupError::damaged(&to.file(manifest), "what was read back is not what was written"));
    }
    to.adopt(copy, manifest)
}

/// The digest of what the disk has, not of what the system still keeps in memory.
fn read_back(
    path: &Path,
    manifest: &Manifest,
    throttle: &Throttle,
    progress: &Progress,
) -> Result<String, BackupError> {
    let file = File::open(path).map_err(io_error("read", path))?;
    // A file system that cannot drop its pages reads them back from where it has them.
    let _ = fadvise(&file, 0, None, Advice::DontNeed);
    let mut input =
        Hashing::new(Paced::new(file, throttle, progress, Work::Copying, (manifest.bytes, 2 * manifest.bytes))?);
    let read = io::copy(&mut input, &mut io::sink()).map_err(io_error("read", path));
    read.map_err(|error| progress.or_stopped(error))?;
    Ok(input.digest().to_hex().to_string())
}

enum Wrong {
    Reading(io::Error),
    Writing(io::Error),
}

/// Moves everything, and tells which side failed.
fn transfer(input: &mut impl Read, output: &mut File) -> Result<(), Wrong> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match input.read(&mut buffer).map_err(Wrong::Reading)? {
            0 => return Ok(()),
            read => output.write_all(&buffer[..read]).map_err(Wrong::Writing)?,
        }
    }
}
