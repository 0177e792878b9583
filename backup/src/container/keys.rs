//! The key material of a data folder, in an envelope of its own.

use std::io::{Cursor, Read, Write};

use age::Encryptor;
use zeroize::Zeroizing;

use super::pack::{Locked, open};
use crate::keys::{Identity, Recipients};

/// Every key is so long, in bytes.
pub(crate) const KEY_BYTES: usize = 32;
/// Which keys a data folder has, in its folder `keys`, in the order of the envelope.
pub(crate) const KEYS: [&str; 2] = ["pepper", "token"];
/// The envelope's first byte: the keys follow as they are.
const PLAIN: u8 = 0;
/// The envelope's first byte: an age file follows.
const SEALED: u8 = 1;

/// One key: never shown, gone from memory when it is dropped.
pub(crate) struct Key {
    /// Its name in the folder `keys`.
    pub(crate) name: &'static str,
    pub(crate) bytes: Zeroizing<[u8; KEY_BYTES]>,
}

/// All keys, sealed to the recipients if there are any.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct KeyEnvelope(pub(super) Zeroizing<Vec<u8>>);

impl KeyEnvelope {
    /// Puts `keys`, which are those of [`KEYS`] in order, into an envelope.
    pub(crate) fn seal(keys: &[Key; KEYS.len()], recipients: &Recipients) -> std::io::Result<Self> {
        let mut plain = Zeroizing::new(Vec::with_capacity(1 + keys.len() * KEY_BYTES));
        for key in keys {
            plain.extend_from_slice(&*key.bytes);
        }
        let mut bytes = Zeroizing::new(Vec::new());
        if recipients.is_empty() {
            bytes.push(PLAIN);
            bytes.extend_from_slice(&plain);
        } else {
            bytes.push(SEALED);
            let encryptor = Encryptor::with_recipients(recipients.keys()).map_err(std::io::Error::other)?;
            let mut sealing = encryptor.wrap_output(&mut *bytes)?;
            sealing.write_all(&plain)?;
            sealing.finish()?;
        }
        Ok(Self(bytes))
    }

    /// The envelope as it lies in the stream.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes the keys out.
    pub(crate) fn open(&self, identity: Option<&Identity>) -> Result<[Key; KEYS.len()], Locked> {
        let damaged = || Locked::Damaged("its envelope with keys is not what was written".into());
        let mut plain = Zeroizing::new(Vec::new());
        match self.0.split_first() {
            Some((&PLAIN, keys)) => plain.extend_from_slice(keys),
            Some((&SEALED, sealed)) => {
                let mut opened = open(Cursor::new(sealed), identity)?;
                opened.read_to_end(&mut plain).map_err(|_| damaged())?;
            }
            _ => return Err(damaged()),
        }
        let (parts, []) = plain.as_chunks::<KEY_BYTES>() else { return Err(damaged()) };
        let parts: &[[u8; KEY_BYTES]; KEYS.len()] = parts.try_into().map_err(|_| damaged())?;
        let key = |index: usize| Key { name: KEYS[index], bytes: Zeroizing::new(parts[index]) };
        Ok(std::array::from_fn(key))
    }
}
