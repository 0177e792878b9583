//! The first half of a backup: everything of one view of the store, quickly, to a file without a name.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use sesshu_engine::ledger::{ExportError, Exported};
use sesshu_engine::priority::breathe;

use super::guarded::Guarded;
use super::{BUFFER_BYTES, Take};
use crate::error::{BackupError, io_error};
use crate::progress::Progress;
use crate::status::Work;

/// How much is written between two breaths: a fraction of a millisecond's work, so that whoever books meanwhile waits for no longer.
const BREATH_BYTES: usize = 32 * 1024;

/// The store's export.
pub(super) struct Spool {
    pub(super) file: File,
    pub(super) bytes: u64,
    pub(super) exported: Exported,
}

impl Take<'_> {
    /// The view is open in here only. No budget holds this up, since a view that is held makes the store grow; it breathes.
    pub(super) fn spool(&self, progress: &Progress) -> Result<Spool, BackupError> {
        progress.at(Work::Spooling, 0, 0)?;
        let file = tempfile::tempfile_in(self.scratch).map_err(io_error("written", self.scratch))?;
        let tell = |progress: &Progress, _: &File, bytes| progress.at(Work::Spooling, bytes, 0);
        let mut out = Guarded::new(self, progress, self.scratch, file, tell);
        let view = (self.open)()?;
        let mut breathing = Breathing { inner: BufWriter::with_capacity(BUFFER_BYTES, &mut out), written: 0 };
        let exported = view.export(&mut breathing);
        drop(view);
        let exported = exported.and_then(|exported| breathing.flush().map_err(ExportError::Write).map(|()| exported));
        drop(breathing);
        let exported = exported.map_err(|error| match error {
            ExportError::Load(error) => error.into(),
            ExportError::Write(error) | ExportError::Read(error) => out.told(error),
            error => out.told(io::Error::other(error)),
        })?;
        let Guarded { mut file, bytes, .. } = out;
        file.rewind().map_err(io_error("read", self.scratch))?;
        Ok(Spool { file, bytes, exported })
    }
}

/// A writer that leaves the processor for a moment again and again.
struct Breathing<W> {
    inner: W,
    /// Since the last breath, in bytes.
    written: usize,
}

impl<W: Write> Write for Breathing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.written += written;
        if self.written >= BREATH_BYTES {
            self.written = 0;
            breathe();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
