//! A file that grows while others need the disk.

use std::io::{self, Write};
use std::path::Path;

use super::Take;
use crate::error::{BackupError, io_error};
use crate::progress::Progress;

/// The room is looked at so often, in bytes. A file that is kept is synced as often: the syncs of bookings wait for a heap of unwritten
/// pages, and so much is written in half a millisecond.
const LOOK_BYTES: u64 = 256 * 1024;

/// Looks at the room on the disk as it goes, and whether it shall stop: how long the file becomes, nobody knows before.
pub(super) struct Guarded<'a, F> {
    take: &'a Take<'a>,
    progress: &'a Progress,
    /// Where the file lies.
    folder: &'a Path,
    pub(super) file: F,
    pub(super) bytes: u64,
    looked_at: u64,
    /// What else is done when it is looked at.
    each: fn(&Progress, &F, u64) -> Result<(), BackupError>,
    /// What went wrong, before it became an error of the system.
    told: Option<BackupError>,
}

impl<'a, F: Write> Guarded<'a, F> {
    pub(super) const fn new(
        take: &'a Take<'a>,
        progress: &'a Progress,
        folder: &'a Path,
        file: F,
        each: fn(&Progress, &F, u64) -> Result<(), BackupError>,
    ) -> Self {
        Self { take, progress, folder, file, bytes: 0, looked_at: 0, each, told: None }
    }

    /// What `error` was before it went through code that knows errors of the system only.
    pub(super) fn told(&mut self, error: io::Error) -> BackupError {
        self.told.take().unwrap_or_else(|| io_error("written", self.folder)(error))
    }

    fn look(&mut self) -> Result<(), BackupError> {
        self.take.need(self.folder, LOOK_BYTES)?;
        self.progress.go_on()?;
        (self.each)(self.progress, &self.file, self.bytes)
    }
}

impl<F: Write> Write for Guarded<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        if self.bytes - self.looked_at >= LOOK_BYTES {
            self.looked_at = self.bytes;
            if let Err(error) = self.look() {
                let failed = io::Error::other(error.to_string());
                self.told = Some(error);
                return Err(failed);
            }
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
