//! How much room a disk has.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::statvfs;

use crate::error::{BackupError, io_error};

const MIB: u64 = 1 << 20;
/// A disk with less is full: what failed on it, failed for that.
const FULL_BYTES: u64 = MIB;

/// Fails unless the disk of `at` takes `bytes` more. If it is also the disk of `data`, `reserve_bytes` stay free on it: a backup must
/// not take the room that bookings need.
pub(crate) fn need(at: &Path, bytes: u64, data: &Path, reserve_bytes: u64) -> Result<(), BackupError> {
    let reserve_bytes = if same_disk(at, data).map_err(io_error("read", at))? { reserve_bytes } else { 0 };
    let needed = bytes.saturating_add(reserve_bytes);
    let free = free_bytes(at).map_err(io_error("read", at))?;
    if free >= needed {
        return Ok(());
    }
    Err(BackupError::NoRoom { path: at.to_owned(), needed_mib: needed.div_ceil(MIB), free_mib: free / MIB })
}

/// Whether the disk of `at` is full.
pub(crate) fn is_full(at: &Path) -> bool {
    free_bytes(at).is_ok_and(|free| free < FULL_BYTES)
}

fn free_bytes(at: &Path) -> io::Result<u64> {
    let disk = statvfs(at)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

fn same_disk(one: &Path, other: &Path) -> io::Result<bool> {
    Ok(fs::metadata(one)?.dev() == fs::metadata(other)?.dev())
}
