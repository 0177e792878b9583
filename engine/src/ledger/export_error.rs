//! Why an export or a delta cannot be written, read or applied, with what to do about it.

use std::io;
use std::path::PathBuf;

use super::LoadError;
use crate::core::time::Instant;

/// A failure of an export, a delta or what is built from them. Advice: `Write` and `Read` mend the disk and try again;
/// `NewerFormat` use the newer program; `NotToBeHad` choose one of the two instants; `OtherHistory` leave this delta out; the others
/// need another backup.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store that is read or built failed, or is damaged itself.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// What is written to failed.
    #[error("it could not be written: {0}")]
    Write(io::Error),
    /// What is read from failed.
    #[error("it could not be read: {0}")]
    Read(io::Error),
    /// The bytes are something else.
    #[error("this is not {0}")]
    NotOne(&'static str),
    /// It was written by a newer version of the program.
    #[error("it was written by a newer version (format {found}; this version knows {known})")]
    NewerFormat {
        /// The format found.
        found: u8,
        /// The newest one that this version reads.
        known: u8,
    },
    /// The bytes are not what was written.
    #[error("it is damaged: {0}")]
    Damaged(&'static str),
    /// There is a store already.
    #[error("there is a store at {0}; nothing is written over it")]
    Exists(PathBuf),
    /// A delta of another store.
    #[error("it belongs to another store")]
    OtherStore,
    /// A delta that begins after the store's end: one is missing between them.
    #[error("the store ends at entry {ends}, and this begins after entry {begins}: something between them is missing")]
    Gap {
        /// The store's last entry.
        ends: u64,
        /// The entry after which the delta begins.
        begins: u64,
    },
    /// A delta of the same store whose entries are others: a restore, or a lost end, lies between them.
    #[error("it continues another history of the store than the one that is here, at entry {at}")]
    OtherHistory {
        /// The last entry that both have a number for.
        at: u64,
    },
    /// The journal is there for that instant, but something beside it was erased or deleted soon after.
    #[error(
        "{asked:?} cannot be had: something that was erased after it is not kept; the nearest that can be had are {before:?} and {after:?}"
    )]
    NotToBeHad {
        /// The instant that was asked for.
        asked: Instant,
        /// The latest one before it that can be had.
        before: Instant,
        /// The earliest one after it that can be had.
        after: Instant,
    },
}

impl From<super::StoreError> for ExportError {
    fn from(error: super::StoreError) -> Self {
        Self::Load(error.into())
    }
}
