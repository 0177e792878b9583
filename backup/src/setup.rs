//! What backups need to know of the city that they are for.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::core::schedule::Schedule;
use crate::error::BackupError;
use crate::keys::{Identity, Recipients};
use crate::parties::{Driller, Prover, StoreSource};
use crate::throttle::Throttle;

/// Everything that backups need.
#[derive(Clone)]
pub struct Setup {
    /// The data folder.
    pub data: PathBuf,
    /// The configuration, if it is a file.
    pub config: Option<PathBuf>,
    /// The folder with the generations. It is made if it is not there.
    pub dir: PathBuf,
    /// The second place. It is never made: a disk that is not mounted is not replaced by an empty folder.
    pub second: Option<PathBuf>,
    /// Where generations are restored to be checked. It is made if it is not there.
    pub scratch: PathBuf,
    /// When backup days begin.
    pub schedule: Schedule,
    /// Whether the server takes daily backups by itself.
    pub takes_daily: bool,
    /// For how many backup days the second place keeps generations.
    pub second_keep_days: usize,
    /// The budget that all work shares.
    pub throttle: Throttle,
    /// How often the journal is shipped.
    pub journal_every: Duration,
    /// A drill is overdue after so many days.
    pub drill_days: u16,
    /// Whether the server holds drills by itself.
    pub drills: bool,
    /// To whom generations and the journal are encrypted.
    pub recipients: Recipients,
    /// The file with the host's verification key.
    pub identity: Option<PathBuf>,
    /// The version of the program.
    pub program: String,
    /// How much must stay free on the data's disk, in bytes.
    pub reserve_bytes: u64,
    /// Where the store is.
    pub source: Arc<dyn StoreSource>,
    /// Who proves generations.
    pub prover: Arc<dyn Prover>,
    /// Who holds drills.
    pub driller: Arc<dyn Driller>,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
}

impl Setup {
    /// Where the journal is shipped to: the second place, or beside the generations if there is none.
    #[must_use]
    pub fn journal(&self) -> &Path {
        self.second.as_deref().unwrap_or(&self.dir)
    }

    /// The host's verification key, if one is configured. It is read when it is needed.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, BackupError> {
        self.identity.as_deref().map(Identity::read).transpose()
    }
}
