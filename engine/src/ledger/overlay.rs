//! A store opened for reading only, even after a crash: redb repairs what the crash left, but the repair's writes stay in
//! memory, over a file that is never written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{BackendError, DatabaseError, StorageBackend};

/// The unit in which written bytes are kept.
const PAGE_BYTES: u64 = 4_096;

/// A file below, written pages in memory above.
#[derive(Debug)]
pub(super) struct Overlay {
    file: FileBackend,
    above: RwLock<Above>,
}

#[derive(Debug)]
struct Above {
    len: u64,
    /// Whole pages by number.
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    /// Over the file at `path`, which is opened for reading only.
    pub(super) fn open(path: &Path) -> Result<Self, DatabaseError> {
        let file = FileBackend::new(File::open(path)?)?;
        let len = file.len()?;
        Ok(Self { file, above: RwLock::new(Above { len, pages: BTreeMap::new() }) })
    }

    /// A page as it is now; beyond the end of the file below it is zero.
    fn page(&self, above: &Above, number: u64) -> io::Result<Vec<u8>> {
        if let Some(page) = above.pages.get(&number) {
            return Ok(page.clone());
        }
        let mut page = vec![0; PAGE_BYTES as usize];
        let start = number * PAGE_BYTES;
        let there = self.file.len()?.saturating_sub(start).min(PAGE_BYTES) as usize;
        if there > 0 {
            self.file.read(start, &mut page[..there])?;
        }
        Ok(page)
    }
}

/// The pages that `len` bytes at `offset` touch: page number, where in the page, where in the bytes.
fn pages(offset: u64, len: usize) -> impl Iterator<Item = (u64, std::ops::Range<usize>, std::ops::Range<usize>)> {
    let end = offset + len as u64;
    (offset / PAGE_BYTES..end.div_ceil(PAGE_BYTES)).map(move |number| {
        let start = (number * PAGE_BYTES).max(offset);
        let stop = ((number + 1) * PAGE_BYTES).min(end);
        let within = |at: u64| (at - number * PAGE_BYTES) as usize;
        (number, within(start)..within(stop), (start - offset) as usize..(stop - offset) as usize)
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.above.read().unwrap_or_else(PoisonError::into_inner).len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let above = self.above.read().unwrap_or_else(PoisonError::into_inner);
        if offset + out.len() as u64 > above.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if above.pages.is_empty() {
            return self.file.read(offset, out);
        }
        for (number, within, of_out) in pages(offset, out.len()) {
            out[of_out].copy_from_slice(&self.page(&above, number)?[within]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut above = self.above.write().unwrap_or_else(PoisonError::into_inner);
        if len < above.len {
            return Err(io::Error::other("a store that is read only does not shrink"));
        }
        above.len = len;
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut above = self.above.write().unwrap_or_else(PoisonError::into_inner);
        for (number, within, of_data) in pages(offset, data.len()) {
            let mut page = self.page(&above, number)?;
            page[within].copy_from_slice(&data[of_data]);
            above.pages.insert(number, page);
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }

    // A reader's lock is enough where redb asks for a writer's: it keeps servers out, and the file is not written.

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.query_lock_range(start, end)
    }
}
