//! Compression and encryption around a plain stream.

use std::io::{self, BufReader, Read, Write};

use age::{DecryptError, Decryptor, EncryptError, Encryptor};
use zstd::stream::{read, write};

use crate::keys::{Identity, Recipients};

/// The level of zstd: beyond it, time grows much faster than size shrinks.
const LEVEL: i32 = 3;

/// Compresses what is written to it, and encrypts that if there are recipients.
pub(crate) struct Packer<W: Write>(write::Encoder<'static, Sealing<W>>);

enum Sealing<W: Write> {
    Plain(W),
    Age(Box<age::stream::StreamWriter<W>>),
}

impl<W: Write> Packer<W> {
    pub(crate) fn start(out: W, recipients: &Recipients) -> io::Result<Self> {
        let sealing = if recipients.is_empty() {
            Sealing::Plain(out)
        } else {
            let encryptor = Encryptor::with_recipients(recipients.keys()).map_err(|error| match error {
                EncryptError::Io(error) => error,
                error => io::Error::other(error),
            })?;
            Sealing::Age(Box::new(encryptor.wrap_output(out)?))
        };
        let mut encoder = write::Encoder::new(sealing, LEVEL)?;
        encoder.include_checksum(true)?;
        Ok(Self(encoder))
    }

    /// Ends both layers. Without it the file has no end, and nobody can read it as a whole one.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self.0.finish()? {
            Sealing::Plain(out) => Ok(out),
            Sealing::Age(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for Packer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Age(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Age(out) => out.flush(),
        }
    }
}

/// Why something that is encrypted cannot be opened.
#[derive(Debug)]
pub(crate) enum Locked {
    /// No key was given.
    NoKey,
    /// The key is not one of those it was encrypted for.
    WrongKey,
    /// It is not what was written.
    Damaged(String),
    /// It could not be read.
    Io(io::Error),
}

/// The plain stream of what a [`Packer`] wrote.
pub(crate) fn unpack<'a, R: Read + 'a>(
    input: R,
    is_sealed: bool,
    identity: Option<&Identity>,
) -> Result<Box<dyn Read + 'a>, Locked> {
    if is_sealed {
        let opened = open(BufReader::new(input), identity)?;
        Ok(Box::new(read::Decoder::new(opened).map_err(Locked::Io)?))
    } else {
        Ok(Box::new(read::Decoder::new(input).map_err(Locked::Io)?))
    }
}

/// Decrypts an age file.
pub(super) fn open<R: io::BufRead>(
    input: R,
    identity: Option<&Identity>,
) -> Result<age::stream::StreamReader<R>, Locked> {
    let identity = identity.ok_or(Locked::NoKey)?;
    let decryptor = Decryptor::new_buffered(input).map_err(locked)?;
    decryptor.decrypt(std::iter::once(identity.key())).map_err(locked)
}

fn locked(error: DecryptError) -> Locked {
    match error {
        DecryptError::NoMatchingKeys => Locked::WrongKey,
        DecryptError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Locked::Io(error),
        error => Locked::Damaged(format!("it is not an age file as it was written ({error})")),
    }
}
