//! The second half of a backup: the spool with everything else becomes the file of a generation, at the pace that is configured.

use std::io::{self, BufReader, BufWriter, Write};

use tempfile::NamedTempFile;

use super::guarded::Guarded;
use super::spool::Spool;
use super::{BUFFER_BYTES, Take};
use crate::container::{Hashing, KeptFile, KeyEnvelope, Packer, StreamWriter};
use crate::core::name::Generation;
use crate::error::{BackupError, io_error};
use crate::progress::Progress;
use crate::status::Work;
use crate::throttle::Paced;

/// A whole file that has no name yet.
pub(super) struct Packed {
    pub(super) file: NamedTempFile,
    pub(super) bytes: u64,
    pub(super) plain_bytes: u64,
    pub(super) blake3: String,
}

impl Take<'_> {
    pub(super) fn pack(
        &self,
        name: &Generation,
        files: &[KeptFile],
        envelope: &KeyEnvelope,
        spool: Spool,
        progress: &Progress,
    ) -> Result<Packed, BackupError> {
        let export = Paced::new(spool.file, self.throttle, progress, Work::Packing, (0, spool.bytes))?;
        let mut export = BufReader::with_capacity(BUFFER_BYTES, export);
        let sync = |_: &Progress, file: &NamedTempFile, _| {
            file.as_file().sync_data().map_err(io_error("written", file.path()))
        };
        let mut out = Guarded::new(self, progress, self.folder.path(), self.folder.temporary()?, sync);
        let mut pack = || {
            let buffered = BufWriter::with_capacity(BUFFER_BYTES, &mut out);
            let packer = Packer::start(Hashing::new(buffered), self.recipients)?;
            let mut stream = StreamWriter::start(packer, name)?;
            files.iter().try_for_each(|file| stream.file(file.name, &file.bytes))?;
            stream.keys(envelope)?;
            stream.export(spool.bytes, &mut export)?;
            let (packer, plain_bytes) = stream.finish()?;
            let mut written = packer.finish()?;
            written.flush()?;
            Ok((written.count(), plain_bytes, written.digest().to_hex().to_string()))
        };
        let packed: io::Result<_> = pack();
        let (bytes, plain_bytes, blake3) = packed.map_err(|error| out.told(error))?;
        Ok(Packed { file: out.file, bytes, plain_bytes, blake3 })
    }
}
