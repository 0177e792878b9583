//! Takes a generation: one consistent view of the store goes to a spool, the view ends, and then the spool is compressed and encrypted
//! at leisure. Bookings go on; a view that is held open makes the store grow, so the first half is quick.

mod guarded;
mod pack;
mod spool;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sesshu_engine::LoadError;
use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::Snapshot;
use zeroize::Zeroizing;

use crate::container::{FILE_BYTES_MAX, FILES, KEYS, KeptFile, Key, KeyEnvelope};
use crate::core::hex::hex;
use crate::core::manifest::{Kind, Manifest, Reason, VERSION};
use crate::core::name::Generation;
use crate::error::{BackupError, io_error};
use crate::folder::{Folder, file_name, make_private};
use crate::generation::parts;
use crate::keys::Recipients;
use crate::manifest_file::fingerprint;
use crate::progress::Progress;
use crate::room;
use crate::throttle::{Throttle, behind_everybody};

/// What moves at once, in bytes.
const BUFFER_BYTES: usize = 256 << 10;
const MS_PER_SECOND: i64 = 1_000;
/// A name that is further ahead of the clock is of a clock that was wrong.
const AHEAD_MS_MAX: i64 = 60 * MS_PER_SECOND;

/// What a generation is taken of, and where to.
pub struct Take<'a> {
    /// Where it comes to lie. The caller holds the lock of the run.
    pub folder: &'a Folder,
    /// Where the spool lies: a file without a name, plain, for seconds. Made if it is not there.
    pub scratch: &'a Path,
    /// The data folder.
    pub data: &'a Path,
    /// The configuration, if it lies elsewhere than in the data folder.
    pub config: Option<&'a Path>,
    /// Opens the view of the store.
    pub open: &'a (dyn Fn() -> Result<Snapshot, LoadError> + Sync),
    /// Why it is taken.
    pub kind: Kind,
    /// Why an extra one is taken.
    pub reason: Option<Reason>,
    /// Who asked for it.
    pub by: &'a str,
    /// The version of the program.
    pub program: &'a str,
    /// To whom it is encrypted.
    pub recipients: &'a Recipients,
    /// How much it may take of disk and processor.
    pub throttle: &'a Throttle,
    /// The time of the wall clock.
    pub now: Instant,
    /// How much of the data folder's disk must stay free, in bytes.
    pub reserve_bytes: u64,
}

/// Takes a generation; it is on the disk when this returns, and proven by nobody yet. Memory does not grow with the store.
pub fn take(take: &Take<'_>, progress: &Progress) -> Result<Manifest, BackupError> {
    take.run(progress).map_err(|error| progress.or_stopped(error))
}

impl Take<'_> {
    fn run(&self, progress: &Progress) -> Result<Manifest, BackupError> {
        self.folder.sweep()?;
        if !self.scratch.exists() {
            make_private(self.scratch)?;
        }
        let before = self.folder.list()?.generations.into_iter().next();
        self.look_for_room(before.as_ref())?;
        let (files, keys) = (self.files()?, self.keys()?);
        let envelope = KeyEnvelope::seal(&keys, self.recipients).map_err(io_error("written", self.folder.path()))?;
        drop(keys);
        let spool = self.spool(progress)?;
        let (taken_at, name) = self.name(before.as_ref());
        let parts = parts(&files, &envelope, &spool.exported);
        let head = spool.exported.head;
        let packed = behind_everybody(|| self.pack(&name, &files, &envelope, spool, progress))?;
        let manifest = Manifest {
            version: VERSION,
            file: file_name(&name, !self.recipients.is_empty()),
            name,
            kind: self.kind,
            reason: self.reason,
            by: self.by.to_owned(),
            taken_at,
            program: self.program.to_owned(),
            format: head.format,
            store: hex(&head.store),
            seq: head.seq,
            chain: hex(&head.chain),
            parts,
            bytes: packed.bytes,
            plain_bytes: packed.plain_bytes,
            blake3: packed.blake3,
            recipients: self.recipients.names(),
            parent: before.as_ref().map(fingerprint),
            proof: None,
            read_again_at: None,
            damage: None,
        };
        progress.go_on()?;
        self.folder.adopt(packed.file, &manifest)?;
        Ok(manifest)
    }

    /// A name that no generation has: two in one second, or a clock that was set back, must not share one. Those that are taken faster than
    /// one a second are named one after the other, so that the last name is that of the newest.
    fn name(&self, before: Option<&Manifest>) -> (Instant, Generation) {
        let ahead =
            before.map(|before| before.taken_at).filter(|at| (0..AHEAD_MS_MAX).contains(&at.ms_since(self.now)));
        let mut taken_at = ahead.map_or(self.now, |at| at.plus_ms(MS_PER_SECOND));
        loop {
            let name = Generation::at(taken_at);
            if !self.folder.has(&name) {
                return (name.instant(), name);
            }
            taken_at = taken_at.plus_ms(MS_PER_SECOND);
        }
    }

    /// Fails early if it is known that it will not fit: as large as the last one, with something to spare.
    fn look_for_room(&self, before: Option<&Manifest>) -> Result<(), BackupError> {
        let expect = |bytes: u64| bytes.saturating_add(bytes / 8);
        self.need(self.scratch, before.map_or(0, |before| expect(before.plain_bytes)))?;
        self.need(self.folder.path(), before.map_or(0, |before| expect(before.bytes)))
    }

    fn need(&self, at: &Path, bytes: u64) -> Result<(), BackupError> {
        room::need(at, bytes, self.data, self.reserve_bytes)
    }

    fn files(&self) -> Result<Vec<KeptFile>, BackupError> {
        let mut files = Vec::new();
        for name in FILES {
            let path = match self.config {
                Some(config) if name == FILES[0] => config.to_owned(),
                _ => self.data.join(name),
            };
            let file = match File::open(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                file => file.map_err(io_error("read", &path))?,
            };
            let mut bytes = Vec::new();
            file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(io_error("read", &path))?;
            if bytes.len() as u64 > FILE_BYTES_MAX {
                return Err(io_error("read", &path)(io::ErrorKind::FileTooLarge.into()));
            }
            files.push(KeptFile { name, bytes });
        }
        Ok(files)
    }

    fn keys(&self) -> Result<[Key; KEYS.len()], BackupError> {
        let mut keys = Vec::with_capacity(KEYS.len());
        for name in KEYS {
            let path = self.data.join("keys").join(name);
            let bytes = match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BackupError::NoKeyMaterial(path)),
                bytes => Zeroizing::new(bytes.map_err(io_error("read", &path))?),
            };
            let Ok(bytes) = bytes.as_slice().try_into() else { return Err(BackupError::NoKeyMaterial(path)) };
            keys.push(Key { name, bytes: Zeroizing::new(bytes) });
        }
        Ok(keys.try_into().ok().expect("as many keys as there are names"))
    }
}
