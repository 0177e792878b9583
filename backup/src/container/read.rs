//! Reads the plain stream of a generation, in the order in which it was written. Whatever is not as it was written is said, never
//! skipped.

use std::io::{self, Read};

use zeroize::Zeroizing;

use super::keys::KeyEnvelope;
use super::{
    DIGEST_BYTES, ENVELOPE_BYTES_MAX, FILE_BYTES_MAX, FILES, Hashing, MAGIC, TAG_END, TAG_EXPORT, TAG_FILE, TAG_KEYS,
    VERSION,
};
use crate::core::name::Generation;

/// Why a stream cannot be read.
#[derive(Debug)]
pub(crate) enum StreamError {
    /// It is not what was written.
    Damaged(String),
    /// A newer version wrote it.
    Newer(u8),
    /// Below it something failed: a layer that is damaged, or the disk.
    Io(io::Error),
}

impl From<io::Error> for StreamError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

fn damaged<T>(what: &str) -> Result<T, StreamError> {
    Err(StreamError::Damaged(what.into()))
}

/// A file of the data folder.
pub(crate) struct KeptFile {
    /// One of [`FILES`].
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
}

/// A stream that is read section by section.
pub(crate) struct StreamReader<R: Read> {
    input: Hashing<R>,
    name: Generation,
}

/// A section's tag and the length of its body.
struct Section {
    tag: u8,
    name: String,
    bytes: u64,
}

impl<R: Read> StreamReader<R> {
    pub(crate) fn open(input: R) -> Result<Self, StreamError> {
        let mut input = Hashing::new(input);
        let mut magic = [0; MAGIC.len()];
        input.read_exact(&mut magic)?;
        if magic != *MAGIC {
            return damaged("it is not a generation of Sesshu");
        }
        let version = byte(&mut input)?;
        if version > VERSION {
            return Err(StreamError::Newer(version));
        }
        if version == 0 {
            return damaged("it has no version");
        }
        let Ok(name) = short(&mut input)?.parse() else { return damaged("it has no name") };
        Ok(Self { input, name })
    }

    /// Which generation it is.
    pub(crate) const fn name(&self) -> &Generation {
        &self.name
    }

    /// The files, and the keys after them.
    pub(crate) fn files_and_keys(&mut self) -> Result<(Vec<KeptFile>, KeyEnvelope), StreamError> {
        let mut files: Vec<KeptFile> = Vec::new();
        loop {
            let Section { tag, name, bytes } = self.section()?;
            match tag {
                TAG_FILE => {
                    let known = FILES.into_iter().find(|known| *known == name);
                    let Some(name) = known.filter(|name| files.iter().all(|file| file.name != *name)) else {
                        return damaged("a file in it has another name than a data folder's files have");
                    };
                    let mut body = Vec::new();
                    self.body(bytes, FILE_BYTES_MAX, &mut body)?;
                    files.push(KeptFile { name, bytes: body });
                }
                TAG_KEYS => {
                    let mut body = Zeroizing::new(Vec::new());
                    self.body(bytes, ENVELOPE_BYTES_MAX, &mut body)?;
                    return Ok((files, KeyEnvelope(body)));
                }
                _ => return damaged("its sections are not in their order"),
            }
        }
    }

    /// The store's export; what `read` leaves of it is read too.
    pub(crate) fn export<T, E: From<StreamError>>(
        &mut self,
        read: impl FnOnce(&mut dyn Read) -> Result<T, E>,
    ) -> Result<T, E> {
        let section = self.section()?;
        if section.tag != TAG_EXPORT {
            return damaged("its sections are not in their order").map_err(E::from);
        }
        let mut export = (&mut self.input).take(section.bytes);
        let given = read(&mut export)?;
        if export.limit() > 0 {
            return damaged("its store has more bytes than were written").map_err(E::from);
        }
        Ok(given)
    }

    /// The end: everything before it is what was written, and nothing comes after it.
    pub(crate) fn finish(mut self) -> Result<(), StreamError> {
        if byte(&mut self.input)? != TAG_END {
            return damaged("its sections are not in their order");
        }
        let digest = self.input.digest();
        let mut written = [0; DIGEST_BYTES];
        let input = self.input.inner_mut();
        input.read_exact(&mut written)?;
        if written != *digest.as_bytes() {
            return damaged("its digest is not that of what is in it");
        }
        match input.read(&mut [0])? {
            0 => Ok(()),
            _ => damaged("something follows its end"),
        }
    }

    fn section(&mut self) -> Result<Section, StreamError> {
        let tag = byte(&mut self.input)?;
        let name = short(&mut self.input)?;
        let mut bytes = [0; 8];
        self.input.read_exact(&mut bytes)?;
        Ok(Section { tag, name, bytes: u64::from_le_bytes(bytes) })
    }

    fn body(&mut self, bytes: u64, bytes_max: u64, body: &mut Vec<u8>) -> Result<(), StreamError> {
        if bytes > bytes_max {
            return damaged("a part of it is longer than it can be");
        }
        // As much room as is needed, at once: no copy of a key is left behind where the vector grew.
        body.reserve_exact(bytes as usize);
        if (&mut self.input).take(bytes).read_to_end(body)? as u64 == bytes {
            Ok(())
        } else {
            damaged("it ends too early")
        }
    }
}

fn byte(input: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    input.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn short(input: &mut impl Read) -> Result<String, StreamError> {
    let mut text = vec![0; usize::from(byte(input)?)];
    input.read_exact(&mut text)?;
    String::from_utf8(text).or_else(|_| damaged("a name in it is not a name"))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::super::{KEYS, Key, StreamWriter};
    use super::*;
    use crate::keys::{Identity, Recipients};

    const NAME: &str = "sesshu-20261201-030000";
    const STORE: &[u8] = b"all rows of the store";

    fn keys() -> [Key; KEYS.len()] {
        [0, 1].map(|n: usize| Key { name: KEYS[n], bytes: Zeroizing::new([n as u8 + 1; 32]) })
    }

    fn written() -> Vec<u8> {
        let mut stream = StreamWriter::start(Vec::new(), &NAME.parse().expect("a name")).expect("a stream");
        stream.file("sesshu.toml", b"[city]\n").expect("a file");
        stream.keys(&KeyEnvelope::seal(&keys(), &Recipients::default()).expect("an envelope")).expect("keys");
        stream.export(STORE.len() as u64, &mut Cursor::new(STORE)).expect("an export");
        let (bytes, count) = stream.finish().expect("an end");
        assert_eq!(count, bytes.len() as u64);
        bytes
    }

    fn read(bytes: &[u8]) -> Result<(), StreamError> {
        let mut stream = StreamReader::open(bytes)?;
        assert_eq!(stream.name().as_str().len(), NAME.len());
        let (files, envelope) = stream.files_and_keys()?;
        let mut store = Vec::new();
        stream.export(|export| export.read_to_end(&mut store).map_err(StreamError::from))?;
        stream.finish()?;
        assert_eq!((files.len(), files[0].bytes.as_slice(), store.as_slice()), (1, b"[city]\n".as_slice(), STORE));
        let opened = envelope.open(None).expect("plain keys");
        assert!(opened.iter().zip(keys()).all(|(found, key)| (found.name, &found.bytes) == (key.name, &key.bytes)));
        Ok(())
    }

    #[test]
    fn a_stream_is_read_back_and_nothing_else_is_one() {
        let bytes = written();
        read(&bytes).expect("it is whole");
        for at in 0..bytes.len() {
            assert!(read(&bytes[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(read(&flipped).is_err(), "bit {bit} of byte {at}");
            }
        }
        assert!(read(&[bytes.as_slice(), b"\0"].concat()).is_err());
    }

    #[test]
    fn a_newer_stream_is_refused_as_one() {
        let mut bytes = written();
        bytes[MAGIC.len()] = VERSION + 1;
        assert!(matches!(read(&bytes), Err(StreamError::Newer(found)) if found == VERSION + 1));
    }

    #[test]
    fn lengths_that_cannot_be_take_no_memory() {
        for (tag, name) in [(TAG_FILE, "sesshu.toml"), (TAG_KEYS, "keys")] {
            let written = StreamWriter::start(Vec::new(), &NAME.parse().expect("a name")).expect("a stream");
            let mut bytes = written.finish().expect("an end").0;
            bytes.truncate(MAGIC.len() + 2 + NAME.len());
            bytes.extend([tag, name.len() as u8]);
            bytes.extend(name.as_bytes());
            bytes.extend(u64::MAX.to_le_bytes());
            assert!(matches!(read(&bytes), Err(StreamError::Damaged(what)) if what.contains("longer")));
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_follows_a_beginning_is_refused_and_never_panics(
            begin in 0..written().len(),
            bytes in proptest::collection::vec(proptest::num::u8::ANY, 1..200),
        ) {
            let mut stream = written();
            stream.truncate(begin);
            stream.extend(bytes);
            if stream != written() {
                proptest::prop_assert!(read(&stream).is_err());
            }
        }
    }

    #[test]
    fn sealed_keys_are_not_in_the_stream_and_open_for_their_recipients_only() {
        let identity = Identity::generate();
        let recipients = Recipients::parse(&[identity.public()]).expect("a recipient");
        let envelope = KeyEnvelope::seal(&keys(), &recipients).expect("an envelope");
        assert!(!envelope.as_bytes().windows(32).any(|window| keys().iter().any(|key| *window == *key.bytes)));
        assert!(envelope.open(Some(&identity)).is_ok());
        assert!(envelope.open(None).is_err() && envelope.open(Some(&Identity::generate())).is_err());
    }
}
