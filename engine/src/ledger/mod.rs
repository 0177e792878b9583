//! Durable truth: the journal, its tables, and the index in memory that is their fold. Only this module writes the store.
//!
//! It knows the core's events and `apply`; it does not know who asks, actors or the web.

mod audit;
mod codec;
mod course;
mod delta;
mod export;
mod export_error;
#[cfg(test)]
mod faults;
mod frames;
mod high_water;
mod index;
mod lag;
mod outline;
mod overlay;
mod overwrite;
mod queue;
mod rebuild;
mod recover;
mod replay;
mod resident_row;
mod seal;
mod session_entry;
mod setup_row;
#[cfg(test)]
pub(crate) mod sim_disk;
mod snapshot;
mod storage;
mod store;
mod tables;
mod thread;
mod touched;
mod verify;
mod writer;

pub use audit::{AuditRow, COMMAND_LINE, SYSTEM};
pub(crate) use codec::digest_of;
#[cfg(test)]
pub(crate) use codec::read_block;
pub use codec::{Block, BlockWriter, CHAIN_START, Chain, FORMAT};
pub use delta::{Delta, read_delta_heads};
pub use export::{Exported, StoreHead, TableDigest, read_export};
pub use export_error::ExportError;
pub(crate) use high_water::MARK_NAME;
#[cfg(test)]
pub(crate) use high_water::Marker;
pub use high_water::{HighWater, HighWaterError, HighWaterFile};
pub use index::{Index, ResidentEntry, Staff};
pub use outline::{Outline, outline};
pub use queue::{LedgerQueue, Submission};
#[cfg(test)]
pub(crate) use queue::{Message, queue};
pub use rebuild::{rebuild, write_mark};
pub use recover::{RecoverError, Recovered, recover};
pub use replay::{Applied, Replay};
pub use session_entry::SessionEntry;
pub use snapshot::{Journal, Snapshot};
pub use store::{RedbLedger, StoreReader};
pub use thread::spawn_writer;
#[cfg(test)]
pub(crate) use verify::digest;
pub use verify::{VerifyReport, verify};
pub use writer::{Batch, Outcome, Settled, Sink, WriterFigures};
#[cfg(test)]
pub(crate) use writer::{Step, Writer};

use serde::{Deserialize, Serialize};

use crate::core::contact::Contact;
use crate::core::credential::{StaffSecret, StoredPassword};
use crate::core::ids::{ResidentNo, SessionId};
use crate::core::resident::{Contradiction, Person};

/// Who a store is: made once, never changed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreIdentity {
    /// Random; names the store in its high-water mark.
    pub id: [u8; 16],
    /// The secret permutation of booking numbers.
    pub number_key: [u8; 32],
}

impl std::fmt::Debug for StoreIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreIdentity(…)")
    }
}

/// Rows that lie beside the journal, written in the same commit as the entry that speaks of them: personal data and secrets,
/// which must be erasable.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// New or changed personal data.
    pub people: Vec<(ResidentNo, Person)>,
    /// Issued passwords.
    pub passwords: Vec<(ResidentNo, StoredPassword)>,
    /// Staff secrets by login.
    pub staff: Vec<(Box<str>, StaffSecret)>,
    /// Contacts that people gave; none erases the one before.
    pub contacts: Vec<(ResidentNo, Option<Contact>)>,
    /// People whose personal data, password and contact are erased.
    pub erased: Vec<ResidentNo>,
}

/// A record whose table row lags behind the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lagging {
    /// A resident's record.
    Resident(ResidentNo),
    /// A session.
    Session(SessionId),
    /// The setup.
    Setup,
}

/// Rows of the fold, and how far the tables reach once they are written.
#[derive(Debug, Default)]
pub struct FoldSlice {
    /// Encoded residents' records.
    pub residents: Vec<(ResidentNo, Vec<u8>)>,
    /// Encoded sessions.
    pub sessions: Vec<(SessionId, Vec<u8>)>,
    /// The encoded setup.
    pub setup: Option<Vec<u8>>,
    /// Every entry up to this one is in the tables.
    pub folded_seq: u64,
}

/// What a commit did.
#[derive(Debug)]
pub enum Append {
    /// Everything is on the disk.
    Durable,
    /// Nobody knows: the store must be reopened from disk before anything else is said.
    Unknown(StoreError),
}

/// A failure of the store itself.
#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(#[from] pub redb::Error);

impl StoreError {
    /// Whether what is stored is not what was written: trying again does not help.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        use std::io::ErrorKind::{InvalidData, UnexpectedEof};

        match &self.0 {
            redb::Error::Corrupted(_)
            | redb::Error::UpgradeRequired(_)
            | redb::Error::TableDoesNotExist(_)
            | redb::Error::TableTypeMismatch { .. }
            | redb::Error::TableIsMultimap(_) => true,
            // So it says that a file is empty or no store.
            redb::Error::Io(error) => matches!(error.kind(), InvalidData | UnexpectedEof),
            _ => false,
        }
    }
}

/// Why a store cannot be opened. Advice: `InUse` try again later; the others need a person.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// Another process has it open.
    #[error("another process has the data folder open")]
    InUse,
    /// There is no store.
    #[error("there is no store at {0}; `sesshu init` makes one")]
    Missing(std::path::PathBuf),
    /// It was written by a newer version.
    #[error("the data was written by a newer version (format {found}; this version knows {known})")]
    NewerFormat {
        /// The format found.
        found: u8,
        /// The newest one that this version reads.
        known: u8,
    },
    /// Stored bytes are not what was written.
    #[error("the store is damaged: {what} at {at}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// The sequence number or key.
        at: u64,
    },
    /// Entries of the journal that cannot both be true.
    #[error("the journal contradicts itself: {what} at {at}")]
    Contradiction {
        /// What.
        what: Contradiction,
        /// The sequence number.
        at: u64,
    },
    /// The storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

macro_rules! store_error_from {
    ($($error:ty),*) => {
        $(impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self(error.into())
            }
        }
        impl From<$error> for LoadError {
            fn from(error: $error) -> Self {
                Self::Store(StoreError(error.into()))
            }
        })*
    };
}
store_error_from!(redb::TransactionError, redb::TableError, redb::StorageError, redb::CommitError);

/// The durable store as the writer needs it. `append` writes one block, the rows beside it and a slice of the fold in one
/// atomic, synced commit.
pub trait Ledger: Send {
    /// Commits; never retried on the same handle after `Unknown`.
    fn append(&mut self, block: Option<&Block>, beside: &[&Beside], fold: Option<&FoldSlice>) -> Append;

    /// Opens the store again from disk after an unknown outcome, and loads it whole, with the chain after entry `chain_at`.
    fn reopen(&mut self, chain_at: u64) -> Result<(Index, Option<Chain>), LoadError>;

    /// Overwrites what erased rows have left behind in the store.
    fn overwrite_erased(&mut self) -> Append;

    /// How much the disk still takes, in bytes.
    fn free_bytes(&self) -> std::io::Result<u64>;
}
