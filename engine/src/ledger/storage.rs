//! Where a store lies. It knows files and their caches, not what is stored.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use redb::{Database, DatabaseError};
use rustix::fs::{Advice, fadvise, statvfs};

/// redb's page cache, in bytes. The index in memory answers all reads, so the cache only serves the writer.
pub(super) const CACHE_BYTES: usize = 64 * 1024 * 1024;

/// A place that holds one store.
pub(crate) trait Storage: Send + Sync {
    /// Makes a new store.
    fn create(&self) -> Result<Database, DatabaseError>;

    /// Makes durable whatever can be read here, and forgets what cannot be made durable. After this, reading gives what a power
    /// cut would leave.
    fn settle(&self) -> io::Result<()>;

    /// Opens the store for writing; fails at once if somebody else has it, or if there is none.
    fn open(&self) -> Result<Database, DatabaseError>;

    /// How much more fits, in bytes.
    fn free_bytes(&self) -> io::Result<u64>;

    /// How long the store is, in bytes.
    fn length_bytes(&self) -> io::Result<u64>;
}

/// A file.
pub(super) struct FileStorage {
    pub(super) path: PathBuf,
}

impl Storage for FileStorage {
    fn create(&self) -> Result<Database, DatabaseError> {
        redb::Builder::new().set_cache_size(CACHE_BYTES).create(&self.path)
    }

    /// Linux keeps pages that a failed sync could not write as if they were written, and a killed process leaves pages that
    /// were never synced. So: one sync that succeeds, then the file's cached pages are dropped.
    fn settle(&self) -> io::Result<()> {
        let file = File::options().read(true).write(true).open(&self.path)?;
        file.sync_all()?;
        Ok(fadvise(&file, 0, None, Advice::DontNeed)?)
    }

    fn open(&self) -> Result<Database, DatabaseError> {
        redb::Builder::new().set_cache_size(CACHE_BYTES).open(&self.path)
    }

    fn free_bytes(&self) -> io::Result<u64> {
        let disk = statvfs(&self.path)?;
        Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
    }

    fn length_bytes(&self) -> io::Result<u64> {
        Ok(std::fs::metadata(&self.path)?.len())
    }
}
