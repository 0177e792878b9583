//! A disk in memory with the manners of a real one: reads see what was written, a power cut leaves only what was synced and
//! any part of the rest, a failed sync loses pages without showing it, and every operation can be made to fail.
//!
//! It is made for tests: crash images, failing operations, simulation. It does not know what is stored.

use std::any::Any;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use redb::{BackendError, Database, DatabaseError, StorageBackend};

use super::storage::Storage;

/// What a disk writes as a whole or not at all, in bytes.
pub(crate) const SECTOR_BYTES: usize = 512;

/// What was asked of the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Operation {
    /// Bytes at an offset.
    Write(u64, Vec<u8>),
    /// A new length.
    SetLen(u64),
    /// A sync that succeeded: everything before it is durable.
    Sync,
}

/// How an operation fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The device failed.
    Io,
    /// There is no room.
    NoSpace,
    /// A write stops halfway.
    Short,
}

/// A kind of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Read,
    Write,
    SetLen,
    Sync,
}

/// Which operations fail.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Faults {
    /// None.
    #[default]
    None,
    /// The one with this number, counted from the disk's beginning.
    Once(u64, Failure),
    /// Every one from this number on.
    From(u64, Failure),
}

#[derive(Debug, Default)]
struct Disk {
    /// What a power cut leaves for certain.
    durable: Vec<u8>,
    /// What is read.
    cached: Vec<u8>,
    /// What was done since the last sync.
    unsynced: Vec<Operation>,
    /// Everything since recording began.
    recorded: Option<Vec<Operation>>,
    /// What was asked for so far, whether it failed or not.
    asked: Vec<Kind>,
    faults: Faults,
    /// Draws what a failed sync loses.
    lots: u64,
}

/// A handle to the disk. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct SimDisk(Arc<Mutex<Disk>>);

impl SimDisk {
    /// A disk that holds `bytes`, all of it durable.
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Disk { durable: bytes.clone(), cached: bytes, ..Disk::default() })))
    }

    /// A disk on which `durable` is certain and `unsynced` was done since.
    pub(crate) fn left(durable: Vec<u8>, unsynced: Vec<Operation>) -> Self {
        let mut cached = durable.clone();
        for operation in &unsynced {
            apply(&mut cached, operation);
        }
        Self(Arc::new(Mutex::new(Disk { durable, cached, unsynced, ..Disk::default() })))
    }

    /// Sets which operations fail from now on; `seed` draws what a failed sync loses.
    pub(crate) fn set_faults(&self, faults: Faults, seed: u64) {
        let mut disk = self.lock();
        disk.faults = faults;
        disk.lots = seed | 1;
    }

    /// What was asked for so far; an operation's number is its place here.
    pub(crate) fn asked(&self) -> Vec<Kind> {
        self.lock().asked.clone()
    }

    /// How many operations were asked for so far.
    pub(crate) fn operations(&self) -> u64 {
        self.lock().asked.len() as u64
    }

    /// Begins to record, and gives what is durable at this moment.
    pub(crate) fn record(&self) -> Vec<u8> {
        let mut disk = self.lock();
        disk.recorded = Some(disk.unsynced.clone());
        disk.durable.clone()
    }

    /// How many operations are recorded.
    pub(crate) fn recorded_len(&self) -> usize {
        self.lock().recorded.as_ref().map_or(0, Vec::len)
    }

    /// Ends the recording.
    pub(crate) fn recorded(&self) -> Vec<Operation> {
        self.lock().recorded.take().unwrap_or_default()
    }

    /// Whether all that is read is durable, or waits for the next sync: not so after a failed sync, until the disk settles.
    pub(crate) fn shows_the_truth(&self) -> bool {
        let disk = self.lock();
        let mut image = disk.durable.clone();
        disk.unsynced.iter().for_each(|operation| apply(&mut image, operation));
        image == disk.cached
    }

    /// What is durable, and what was done since.
    pub(crate) fn cut(&self) -> (Vec<u8>, Vec<Operation>) {
        let disk = self.lock();
        (disk.durable.clone(), disk.unsynced.clone())
    }

    /// What a killed process leaves: everything that it wrote, synced or not.
    pub(crate) fn left_by_a_kill(&self) -> Self {
        let disk = self.lock();
        let (durable, cached, unsynced) = (disk.durable.clone(), disk.cached.clone(), disk.unsynced.clone());
        Self(Arc::new(Mutex::new(Disk { durable, cached, unsynced, lots: disk.lots, ..Disk::default() })))
    }

    /// A way to the disk that does not keep it.
    pub(crate) fn way_to(&self) -> Weak<dyn Any> {
        let way: Weak<Mutex<Disk>> = Arc::downgrade(&self.0);
        way
    }

    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does an operation to an image. What lies beyond its length is not there.
pub(crate) fn apply(image: &mut Vec<u8>, operation: &Operation) {
    match operation {
        Operation::Write(offset, bytes) => {
            let start = (*offset as usize).min(image.len());
            let there = bytes.len().min(image.len() - start);
            image[start..start + there].copy_from_slice(&bytes[..there]);
        }
        Operation::SetLen(len) => image.resize(*len as usize, 0),
        Operation::Sync => {}
    }
}

/// An image after a power cut: `durable`, and of each operation in `unsynced` whatever `lot` says: all of it, some of its
/// sectors, or none. `lot(n)` draws a number below `n`. (Any order in which a disk may write different places leaves some
/// subset of them; writes to one place keep their order, as in a page cache.)
pub(crate) fn image_after_cut(durable: &[u8], unsynced: &[Operation], lot: &mut dyn FnMut(usize) -> usize) -> Vec<u8> {
    let mut image = durable.to_vec();
    // How many of eight operations arrive: from nearly none to nearly all.
    let share = 1 + lot(8);
    for operation in unsynced {
        match operation {
            Operation::Write(offset, bytes) if lot(4) == 0 => {
                for (number, sector) in bytes.chunks(SECTOR_BYTES).enumerate() {
                    if lot(8) < share {
                        let at = offset + (number * SECTOR_BYTES) as u64;
                        apply(&mut image, &Operation::Write(at, sector.to_vec()));
                    }
                }
            }
            operation if lot(8) < share => apply(&mut image, operation),
            _ => {}
        }
    }
    image
}

impl Disk {
    /// Counts an operation; says how it fails, if it does.
    fn fault(&mut self, kind: Kind) -> Option<Failure> {
        let number = self.asked.len() as u64;
        self.asked.push(kind);
        match self.faults {
            Faults::Once(at, failure) if at == number => Some(failure),
            Faults::From(from, failure) if number >= from => Some(failure),
            _ => None,
        }
    }

    fn done(&mut self, operation: Operation) {
        apply(&mut self.cached, &operation);
        if let Some(recorded) = &mut self.recorded {
            recorded.push(operation.clone());
        }
        self.unsynced.push(operation);
    }

    fn synced(&mut self) {
        for operation in self.unsynced.drain(..) {
            apply(&mut self.durable, &operation);
        }
        if let Some(recorded) = &mut self.recorded {
            recorded.push(Operation::Sync);
        }
    }

    /// A failed sync: some of what waited is durable, the rest is lost, and reads do not show which.
    fn sync_fails(&mut self) {
        let mut lots = self.lots;
        let mut lot = |below: usize| {
            lots ^= lots << 13;
            lots ^= lots >> 7;
            lots ^= lots << 17;
            (lots % below as u64) as usize
        };
        self.durable = image_after_cut(&self.durable, &self.unsynced, &mut lot);
        self.lots = lots;
        self.unsynced.clear();
    }
}

fn error(failure: Failure) -> io::Error {
    match failure {
        Failure::Io | Failure::Short => io::Error::other("injected: the device failed"),
        Failure::NoSpace => io::Error::new(io::ErrorKind::StorageFull, "injected: no space left on device"),
    }
}

impl StorageBackend for SimDisk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.lock().cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let mut disk = self.lock();
        if let Some(failure) = disk.fault(Kind::Read).filter(|failure| *failure != Failure::NoSpace) {
            return Err(error(failure));
        }
        let start = offset as usize;
        let bytes = disk.cached.get(start..start + out.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(bytes);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut disk = self.lock();
        if let Some(failure) = disk.fault(Kind::SetLen) {
            return Err(error(failure));
        }
        disk.done(Operation::SetLen(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut disk = self.lock();
        if let Some(failure) = disk.fault(Kind::Sync) {
            disk.sync_fails();
            return Err(error(failure));
        }
        disk.synced();
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut disk = self.lock();
        match disk.fault(Kind::Write) {
            None => disk.done(Operation::Write(offset, data.to_vec())),
            Some(failure) => {
                if failure == Failure::Short {
                    disk.done(Operation::Write(offset, data[..data.len() / 2].to_vec()));
                }
                return Err(error(failure));
            }
        }
        Ok(())
    }

    fn try_lock_range(&self, _: std::ops::Bound<u64>, _: std::ops::Bound<u64>) -> Result<bool, BackendError> {
        Ok(true)
    }

    fn unlock_range(&self, _: std::ops::Bound<u64>, _: std::ops::Bound<u64>) -> Result<(), BackendError> {
        Ok(())
    }
}

impl Storage for SimDisk {
    fn create(&self) -> Result<Database, DatabaseError> {
        redb::Builder::new().set_cache_size(CACHE_BYTES).create_with_backend(self.clone())
    }

    /// One sync that succeeds, then reads give what is durable.
    fn settle(&self) -> io::Result<()> {
        self.sync_data()?;
        let mut disk = self.lock();
        disk.cached = disk.durable.clone();
        Ok(())
    }

    fn open(&self) -> Result<Database, DatabaseError> {
        self.create()
    }

    fn free_bytes(&self) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn length_bytes(&self) -> io::Result<u64> {
        Ok(self.lock().cached.len() as u64)
    }
}

/// Small stores need a small cache.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failed_sync_lost_is_read_until_the_disk_settles() {
        let disk = SimDisk::holding(vec![0; SECTOR_BYTES]);
        disk.set_faults(Faults::Once(1, Failure::Io), 7);
        let bytes = vec![1; SECTOR_BYTES];
        disk.write(0, &bytes).expect("written");
        disk.sync_data().expect_err("injected");
        let mut read = vec![0; SECTOR_BYTES];
        disk.read(0, &mut read).expect("read");
        assert_eq!(read, bytes, "a page cache shows what was written");
        let (durable, unsynced) = disk.cut();
        assert!(unsynced.is_empty(), "and takes it for clean");
        disk.settle().expect("the next sync succeeds");
        disk.read(0, &mut read).expect("read");
        assert_eq!(read, durable);
    }

    #[test]
    fn a_cut_leaves_what_was_synced_and_any_part_of_the_rest() {
        let disk = SimDisk::holding(vec![0; 2 * SECTOR_BYTES]);
        disk.write(0, &[1; 2 * SECTOR_BYTES]).expect("written");
        disk.sync_data().expect("synced");
        disk.write(0, &[2; 2 * SECTOR_BYTES]).expect("written");
        let (durable, unsynced) = disk.cut();
        let mut seen = std::collections::BTreeSet::new();
        let mut turn = 0_usize;
        for _ in 0..200 {
            let image = image_after_cut(&durable, &unsynced, &mut |below| {
                turn = turn.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (turn >> 33) % below
            });
            seen.insert((image[0], image[SECTOR_BYTES]));
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [(1, 1), (1, 2), (2, 1), (2, 2)]);
    }
}
