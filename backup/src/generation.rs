//! A generation's file as it is opened for reading: first its digest, from the disk, then what is in it.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use rustix::fs::{Advice, fadvise};
use sesshu_engine::ledger::{ExportError, Exported, TableDigest};

use crate::container::{Hashing, KeptFile, KeyEnvelope, Locked, StreamError, StreamReader, unpack};
use crate::core::hex::hex;
use crate::core::manifest::{Manifest, Part, VERSION};
use crate::error::{BackupError, io_error};
use crate::folder::Folder;
use crate::keys::Identity;
use crate::progress::Progress;
use crate::status::Work;
use crate::throttle::{Paced, Throttle};

const BUFFER_BYTES: usize = 256 << 10;

/// The name of the envelope with keys among a manifest's parts.
const KEYS_PART: &str = "keys";

/// Reads one generation.
pub(crate) struct Reading<'a> {
    manifest: &'a Manifest,
    path: PathBuf,
    identity: Option<&'a Identity>,
    throttle: &'a Throttle,
    progress: &'a Progress,
}

impl<'a> Reading<'a> {
    pub(crate) fn new(
        folder: &Folder,
        manifest: &'a Manifest,
        identity: Option<&'a Identity>,
        throttle: &'a Throttle,
        progress: &'a Progress,
    ) -> Self {
        Self { manifest, path: folder.file(manifest), identity, throttle, progress }
    }

    /// Whether there is a key for it: this fails before anything is read.
    pub(crate) fn needs_key(&self) -> Result<(), BackupError> {
        match self.identity {
            None if !self.manifest.recipients.is_empty() => Err(self.locked(Locked::NoKey)),
            _ => Ok(()),
        }
    }

    /// Reads the file as it lies on the disk and holds it against its manifest. After this, whatever else is wrong with it was wrong
    /// when it was written.
    pub(crate) fn digest(&self) -> Result<(), BackupError> {
        let mut file = self.open()?;
        // What is in the page cache says nothing about the disk. Where pages cannot be dropped, they are what can be had.
        let _ = fadvise(&file, 0, None, Advice::DontNeed);
        let mut paced =
            Paced::new(Hashing::new(&mut file), self.throttle, self.progress, Work::Reading, (0, self.of()))?;
        io::copy(&mut io::BufReader::with_capacity(BUFFER_BYTES, &mut paced), &mut io::sink())
            .map_err(io_error("read", &self.path))?;
        let read = paced.into_inner();
        if read.count() != self.manifest.bytes {
            let what = format!("it has {} bytes instead of {}", read.count(), self.manifest.bytes);
            return Err(BackupError::damaged(&self.path, what));
        }
        if read.digest().to_hex().as_str() != self.manifest.blake3 {
            return Err(BackupError::damaged(&self.path, "its bytes are not those that were written (blake3)"));
        }
        Ok(())
    }

    /// Reads what is in it, `work` being what that is for; `store` gets the files and the export, and says what that is. All of it is
    /// held against the manifest. Gives the keys in their envelope, and what `store` gave.
    pub(crate) fn contents(
        &self,
        work: Work,
        store: impl FnOnce(&[KeptFile], &mut dyn Read) -> Result<Exported, BackupError>,
    ) -> Result<(KeyEnvelope, Exported), BackupError> {
        let is_sealed = !self.manifest.recipients.is_empty();
        let plain = unpack(io::BufReader::with_capacity(BUFFER_BYTES, self.open()?), is_sealed, self.identity);
        let plain = plain.map_err(|error| self.locked(error))?;
        // Nothing that is not of the generation is unpacked, however much it would become; one byte more is found at the end.
        let plain = plain.take(self.manifest.plain_bytes.saturating_add(1));
        // The digest was the first part of the same work, if all of it is reading.
        let done = if work == Work::Reading { self.manifest.bytes } else { 0 };
        let paced = Paced::new(plain, self.throttle, self.progress, work, (done, done + self.manifest.plain_bytes))?;
        let buffered = io::BufReader::with_capacity(BUFFER_BYTES, paced);
        let mut stream = StreamReader::open(buffered).map_err(|error| self.stream(error))?;
        if *stream.name() != self.manifest.name {
            return Err(BackupError::damaged(&self.path, format!("it is the file of {}", stream.name())));
        }
        let (files, keys) = stream.files_and_keys().map_err(|error| self.stream(error))?;
        let given = stream.export(|export| store(&files, export).map_err(Broken::Told));
        let exported = given.map_err(|error| match error {
            Broken::Told(error) => error,
            Broken::Stream(error) => self.stream(error),
        })?;
        stream.finish().map_err(|error| self.stream(error))?;
        self.compare(&files, &keys, &exported)?;
        Ok((keys, exported))
    }

    /// A failure of what is locked, in words.
    pub(crate) fn locked(&self, error: Locked) -> BackupError {
        let (file, recipients) = (self.path.clone(), self.manifest.recipients.clone());
        match (error, self.identity) {
            (Locked::NoKey, _) | (Locked::WrongKey, None) => BackupError::NoKey { file, recipients },
            (Locked::WrongKey, Some(identity)) => BackupError::WrongKey { file, recipients, given: identity.public() },
            (Locked::Damaged(what), _) => BackupError::damaged(&self.path, what),
            (Locked::Io(error), _) => self.read_failed(&error),
        }
    }

    /// A failure of the export, in words.
    pub(crate) fn export(&self, error: ExportError) -> BackupError {
        match error {
            ExportError::Read(error) => self.read_failed(&error),
            ExportError::NewerFormat { found, known } => {
                BackupError::Newer { file: self.path.clone(), found: found.into(), known: known.into() }
            }
            error => BackupError::damaged(&self.path, error.to_string()),
        }
    }

    fn stream(&self, error: StreamError) -> BackupError {
        match error {
            StreamError::Damaged(what) => BackupError::damaged(&self.path, what),
            StreamError::Newer(found) => {
                BackupError::Newer { file: self.path.clone(), found: found.into(), known: VERSION }
            }
            StreamError::Io(error) => self.read_failed(&error),
        }
    }

    /// The layers say what is wrong with their bytes as errors of the system without a number of it.
    fn read_failed(&self, error: &io::Error) -> BackupError {
        match error.raw_os_error() {
            Some(number) => io_error("read", &self.path)(io::Error::from_raw_os_error(number)),
            None => BackupError::damaged(&self.path, format!("what is in it cannot be read ({error})")),
        }
    }

    fn open(&self) -> Result<File, BackupError> {
        match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(BackupError::damaged(&self.path, "it is not there, only its manifest is"))
            }
            file => file.map_err(io_error("read", &self.path)),
        }
    }

    /// How many bytes there are to read: the file, and then what is in it.
    const fn of(&self) -> u64 {
        self.manifest.bytes.saturating_add(self.manifest.plain_bytes)
    }

    fn compare(&self, files: &[KeptFile], keys: &KeyEnvelope, exported: &Exported) -> Result<(), BackupError> {
        let manifest = self.manifest;
        let head = (&manifest.store, manifest.seq, &manifest.chain, manifest.format);
        let found = (&hex(&exported.head.store), exported.head.seq, &hex(&exported.head.chain), exported.head.format);
        if head == found && manifest.parts == parts(files, keys, exported) {
            return Ok(());
        }
        Err(BackupError::damaged(&self.path, "what is in it is not what its manifest says"))
    }
}

/// Two kinds of trouble on the way through the export.
enum Broken {
    Told(BackupError),
    Stream(StreamError),
}

impl From<StreamError> for Broken {
    fn from(error: StreamError) -> Self {
        Self::Stream(error)
    }
}

/// What a manifest says of what is in a generation.
pub(crate) fn parts(files: &[KeptFile], keys: &KeyEnvelope, exported: &Exported) -> Vec<Part> {
    let whole = |name: &str, bytes: &[u8]| Part {
        name: name.into(),
        rows: 1,
        digest: blake3::hash(bytes).to_hex().to_string(),
    };
    let files = files.iter().map(|file| whole(file.name, &file.bytes));
    let tables = exported.tables.iter().map(|TableDigest { name, rows, digest }| Part {
        name: (*name).into(),
        rows: *rows,
        digest: hex(digest),
    });
    files.chain([whole(KEYS_PART, keys.as_bytes())]).chain(tables).collect()
}
