//! Writes the plain stream of a generation.

use std::io::{self, Read, Write};

use super::keys::KeyEnvelope;
use super::{Hashing, MAGIC, TAG_END, TAG_EXPORT, TAG_FILE, TAG_KEYS, VERSION};
use crate::core::name::Generation;

/// Writes one stream: files, then keys, then the export, then the end.
pub(crate) struct StreamWriter<W: Write>(Hashing<W>);

impl<W: Write> StreamWriter<W> {
    pub(crate) fn start(out: W, name: &Generation) -> io::Result<Self> {
        let mut out = Hashing::new(out);
        out.write_all(MAGIC)?;
        out.write_all(&[VERSION])?;
        short(&mut out, name.as_str())?;
        Ok(Self(out))
    }

    /// A file of the data folder.
    pub(crate) fn file(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.section(TAG_FILE, name, bytes.len() as u64)?;
        self.0.write_all(bytes)
    }

    pub(crate) fn keys(&mut self, envelope: &KeyEnvelope) -> io::Result<()> {
        self.section(TAG_KEYS, "keys", envelope.0.len() as u64)?;
        self.0.write_all(&envelope.0)
    }

    /// The store: the `bytes` bytes that `export` has.
    pub(crate) fn export(&mut self, bytes: u64, export: &mut dyn Read) -> io::Result<()> {
        self.section(TAG_EXPORT, "store", bytes)?;
        let copied = io::copy(&mut export.take(bytes), &mut self.0)?;
        if copied == bytes { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Ends the stream; also says how long it was, in bytes.
    pub(crate) fn finish(mut self) -> io::Result<(W, u64)> {
        self.0.write_all(&[TAG_END])?;
        let digest = self.0.digest();
        self.0.write_all(digest.as_bytes())?;
        let bytes = self.0.count();
        Ok((self.0.into_inner(), bytes))
    }

    fn section(&mut self, tag: u8, name: &str, bytes: u64) -> io::Result<()> {
        self.0.write_all(&[tag])?;
        short(&mut self.0, name)?;
        self.0.write_all(&bytes.to_le_bytes())
    }
}

/// A name with its length before it.
fn short(out: &mut impl Write, name: &str) -> io::Result<()> {
    let length = u8::try_from(name.len()).expect("names are short");
    out.write_all(&[length])?;
    out.write_all(name.as_bytes())
}
