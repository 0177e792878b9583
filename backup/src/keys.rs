//! To whom generations are encrypted, and the keys that open them (age, X25519).

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::str::FromStr;

use age::secrecy::ExposeSecret;
use age::x25519;
use zeroize::Zeroizing;

use crate::error::{BackupError, io_error};

/// A key file is some hundred bytes; nothing larger is read as one.
const KEY_FILE_BYTES_MAX: u64 = 16 * 1024;
/// What others than the owner may do with a key file: nothing.
const OTHERS: u32 = 0o077;

/// To whom generations are encrypted. Whoever has one of their keys can read them.
#[derive(Clone, Default)]
pub struct Recipients(Vec<(String, x25519::Recipient)>);

impl Recipients {
    /// Reads public keys (`age1…`).
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, BackupError> {
        let parse = |text: &T| {
            let text = text.as_ref().trim();
            let wrong = |_| BackupError::NotARecipient(text.chars().take(80).collect());
            Ok((text.to_owned(), x25519::Recipient::from_str(text).map_err(wrong)?))
        };
        texts.iter().map(parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether nothing is encrypted.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their public keys.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|(text, _)| text.clone()).collect()
    }

    /// Whether `identity` is the key of one of them.
    #[must_use]
    pub fn include(&self, identity: &Identity) -> bool {
        let public = identity.0.to_public();
        self.0.iter().any(|(_, recipient)| *recipient == public)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &dyn age::Recipient> {
        self.0.iter().map(|(_, recipient)| recipient as &dyn age::Recipient)
    }
}

impl fmt::Debug for Recipients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(text, _)| text)).finish()
    }
}

/// A key that opens generations. It is never shown.
#[derive(Clone)]
pub struct Identity(x25519::Identity);

impl Identity {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(x25519::Identity::generate())
    }

    /// The key in the file at `path`, which nobody but its owner may read.
    pub fn read(path: &Path) -> Result<Self, BackupError> {
        let wrong = |what| BackupError::KeyFile { path: path.to_owned(), what };
        let file = fs::File::open(path).map_err(io_error("read", path))?;
        let metadata = file.metadata().map_err(io_error("read", path))?;
        if !metadata.is_file() {
            return Err(wrong("is not a file"));
        }
        if metadata.mode() & OTHERS != 0 {
            return Err(wrong(
                "can be read by others than its owner; `chmod 0400` it, or a copy of it on a disk where that works",
            ));
        }
        let mut text = Zeroizing::new(String::with_capacity(KEY_FILE_BYTES_MAX as usize));
        file.take(KEY_FILE_BYTES_MAX).read_to_string(&mut text).map_err(io_error("read", path))?;
        let mut keys = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        match (keys.next().map(x25519::Identity::from_str), keys.next()) {
            (Some(Ok(identity)), None) => Ok(Self(identity)),
            (Some(Ok(_)), Some(_)) => Err(wrong("holds more than one key; one is expected")),
            _ => Err(wrong("holds no secret key of age (AGE-SECRET-KEY-1…)")),
        }
    }

    /// Writes the key to a new file at `path` with mode 0400; a file that is there stays as it is.
    pub fn write_new(&self, path: &Path) -> Result<(), BackupError> {
        let text = Zeroizing::new(format!("# public key: {}\n{}\n", self.public(), self.0.to_string().expose_secret()));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o400).open(path);
        let mut file = file.map_err(io_error("made", path))?;
        let kept = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        if kept.is_err() {
            // Half a key is in the way of the next attempt, and of no other use.
            let _ = fs::remove_file(path);
        }
        kept.map_err(io_error("written", path))
    }

    /// Its public part (`age1…`): generations that are encrypted to this are opened by it.
    #[must_use]
    pub fn public(&self) -> String {
        self.0.to_public().to_string()
    }

    pub(crate) fn key(&self) -> &dyn age::Identity {
        &self.0
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.public())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_key_is_written_once_for_its_owner_and_read_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        let identity = Identity::generate();
        identity.write_new(&path).expect("a new file");
        assert_eq!(fs::metadata(&path).expect("a file").mode() & 0o777, 0o400);
        assert_eq!(Identity::read(&path).expect("a key").public(), identity.public());
        assert!(identity.write_new(&path).is_err(), "nothing is overwritten");
        let recipients = Recipients::parse(&[identity.public()]).expect("a recipient");
        assert!(recipients.include(&identity) && !recipients.include(&Identity::generate()));
        assert!(!format!("{identity:?}").contains("SECRET"));

        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).expect("a mode");
        let error = Identity::read(&path).expect_err("others can read it").to_string();
        assert!(error.contains("chmod 0400"), "{error}");
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("key");
        for text in ["", "# nothing\n", "AGE-SECRET-KEY-1QQQ\n", "age1xyz\n"] {
            fs::write(&path, text).expect("a file");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("a mode");
            let error = Identity::read(&path).expect_err("no key").to_string();
            assert!(error.contains("holds no secret key") && !error.contains("QQQ"), "{error}");
        }
        for text in ["", "age1", "ssh-ed25519 AAAA", &Identity::generate().public().to_uppercase()[..20]] {
            assert!(matches!(Recipients::parse(&[text]), Err(BackupError::NotARecipient(_))), "{text}");
        }
    }
}
