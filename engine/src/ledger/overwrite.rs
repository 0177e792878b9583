//! Overwriting what erased rows leave behind. redb writes a changed page elsewhere and keeps the old one, with the names in it, until
//! its place is needed again. So once everybody is erased, all free places are filled once, and given back.
//!
//! What a disk keeps of overwritten blocks is beyond a program's reach.

use std::io;

use redb::Database;

use super::StoreError;
use super::storage::Storage;
use super::store::begin;
use super::tables::FILLER;

/// How large a filling row is: one to a page of redb's, which has 4 KiB.
const ROW_BYTES: usize = 3_000;
/// How many rows are written between two looks at the file's length.
const ROWS_PER_LOOK: u64 = 16;

/// Fills every free page of the store, then frees them again. Nothing that counts is touched, so a crash in between is harmless:
/// the next time begins with what it left.
pub(super) fn overwrite_free_pages(database: &Database, storage: &dyn Storage) -> Result<(), StoreError> {
    // A commit's old pages are free after the next one: two empty ones free all that went before.
    for _ in 0..2 {
        let write = begin(database)?;
        write.delete_table(FILLER)?;
        write.commit()?;
    }
    let write = begin(database)?;
    {
        let mut filler = write.open_table(FILLER)?;
        let row = [0; ROW_BYTES];
        let before = length(storage)?;
        let mut written = 0;
        // Free places go first: the file grows when none is left.
        while length(storage)? <= before {
            for _ in 0..ROWS_PER_LOOK {
                filler.insert(written, row.as_slice())?;
                written += 1;
            }
        }
    }
    // Not in one with the next: pages that a transaction frees itself are never written.
    write.commit()?;
    for _ in 0..2 {
        let write = begin(database)?;
        write.delete_table(FILLER)?;
        write.commit()?;
    }
    Ok(())
}

fn length(storage: &dyn Storage) -> Result<u64, StoreError> {
    storage.length_bytes().map_err(|error: io::Error| StoreError(redb::StorageError::from(error).into()))
}
