//! The table `[backup]` of the configuration.

mod check;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use sesshu_engine::core::time::ClockTime;

pub use check::Problem;

/// How backups are made and kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BackupConfig {
    /// Where generations lie; best on another disk than the data. Default: `backups` in the data folder.
    pub dir: Option<PathBuf>,
    /// The second place: a folder on another disk or machine (a mount). Copies and the journal go there.
    pub second: Option<PathBuf>,
    /// For how many backup days the second place keeps its daily generations (1 to 366).
    pub second_keep_days: u16,
    /// When the daily backup is taken, in the city's zone.
    pub daily_at: String,
    /// Whether the server takes daily backups by itself; else a timer calls `sesshu backup daily`. Default: it does, unless it serves a demo.
    pub schedule: Option<bool>,
    /// Where generations are restored to be checked. It holds plain data for minutes. Default: `scratch` in the data folder.
    pub scratch: Option<PathBuf>,
    /// How much may be read and written for backups in a second, in MiB (1 to 10000).
    pub io_mib_per_second: u32,
    /// How much of one processor backups may use, in percent (5 to 100).
    pub cpu_percent: u8,
    /// How often the journal is shipped, in seconds (1 to 60): so much is lost at most with the machine.
    pub journal_seconds: u16,
    /// A drill is overdue after so many days (1 to 366).
    pub drill_days: u16,
    /// Whether the server holds drills by itself, at times that it draws.
    pub drills: bool,
    /// To whom generations are encrypted: the host's verification key and the city's offline key (`age1…`). Empty: not encrypted.
    pub recipients: Vec<String>,
    /// The host's verification key: a file with mode 0400 outside the data folder.
    pub identity_file: Option<PathBuf>,
}

impl Default for BackupConfig {
    fn default() -> Self {
        Self {
            dir: None,
            second: None,
            second_keep_days: 7,
            daily_at: "03:00".into(),
            schedule: None,
            scratch: None,
            io_mib_per_second: 64,
            cpu_percent: 10,
            journal_seconds: 10,
            drill_days: 90,
            drills: false,
            recipients: Vec::new(),
            identity_file: None,
        }
    }
}

/// The folders that backups have to do with, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The data folder.
    pub data: PathBuf,
    /// Where generations lie.
    pub dir: PathBuf,
    /// The second place, if there is one.
    pub second: Option<PathBuf>,
    /// Where generations are restored to be checked.
    pub scratch: PathBuf,
}

impl Places {
    /// Where the journal is shipped to, and read from: the second place, or where generations lie.
    #[must_use]
    pub fn journal(&self) -> &Path {
        self.second.as_deref().unwrap_or(&self.dir)
    }
}

impl BackupConfig {
    /// The folders, for the data folder `data`.
    #[must_use]
    pub fn places(&self, data: &Path) -> Places {
        let data = std::path::absolute(data).unwrap_or_else(|_| data.to_owned());
        Places {
            dir: self.dir.clone().unwrap_or_else(|| data.join("backups")),
            second: self.second.clone(),
            scratch: self.scratch.clone().unwrap_or_else(|| data.join("scratch")),
            data,
        }
    }

    /// When the daily backup is taken; the check has refused a text that is no time.
    #[must_use]
    pub fn daily_clock(&self) -> ClockTime {
        self.daily_at.parse().unwrap_or(ClockTime(3 * 60))
    }
}
