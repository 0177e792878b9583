//! What is measured. Thresholds, alerts, `/metrics`, the ops page and the Prometheus rules are all made from this table.

use serde::{Deserialize, Serialize};

use super::threshold::Threshold;

/// Who measures it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The server's own monitor; the watcher judges the same reading from `/metrics`.
    Server,
    /// The outside watcher alone.
    Watcher,
    /// Whichever of them runs.
    Both,
}

/// Which way is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// A value at or above the threshold.
    High,
    /// A value at or below the threshold.
    Low,
}

/// In what a value is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Percent, 0 to 100.
    Percent,
    /// Mebibytes.
    Mib,
    /// Days.
    Days,
    /// Hours.
    Hours,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Ms,
    /// Pages of memory a second.
    PagesPerSecond,
    /// A number of things.
    Count,
    /// 1 if it is so, 0 if not.
    Yes,
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $metric:ident = $code:literal, $side:ident, $unit:ident, $bad:ident,
        [$warning:expr, $critical:expr], for $for:literal, back $back:literal, clear $clear:literal;)+) => {
        /// A thing that is measured.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Metric {
            $($(#[$doc])* #[serde(rename = $code)] $metric,)+
        }

        impl Metric {
            /// All of them, in the order of the manual and of the ops page.
            pub const ALL: &'static [Self] = &[$(Self::$metric,)+];

            /// The stable name in the configuration, in labels and in the manual.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$metric => $code,)+ }
            }

            /// Who measures it.
            #[must_use]
            pub const fn side(self) -> Side {
                match self { $(Self::$metric => Side::$side,)+ }
            }

            /// Its unit.
            #[must_use]
            pub const fn unit(self) -> Unit {
                match self { $(Self::$metric => Unit::$unit,)+ }
            }

            /// Which way is bad.
            #[must_use]
            pub const fn bad(self) -> Bad {
                match self { $(Self::$metric => Bad::$bad,)+ }
            }

            /// The threshold that suits a small server.
            #[must_use]
            pub const fn usual(self) -> Threshold {
                match self {
                    $(Self::$metric => Threshold {
                        warning: $warning, critical: $critical, for_seconds: $for, back: $back, clear_seconds: $clear,
                        repeat_minutes: 60,
                    },)+
                }
            }
        }
    };
}

metrics! {
    /// The server's readiness cannot be asked at all.
    Unreachable = "unreachable", Watcher, Yes, High, [None, Some(1.0)], for 10, back 0.0, clear 10;
    /// The server says that it is not ready, and why.
    NotReady = "not_ready", Both, Yes, High, [None, Some(1.0)], for 15, back 0.0, clear 15;
    /// A commit failed and the store is being opened again.
    StoreSuspended = "store_suspended", Server, Yes, High, [None, Some(1.0)], for 5, back 0.0, clear 10;
    /// The probe account cannot log in.
    LoginFailed = "login_failed", Watcher, Yes, High, [None, Some(1.0)], for 30, back 0.0, clear 0;
    /// Free places cannot be read.
    PlacesUnreadable = "places_unreadable", Watcher, Yes, High, [None, Some(1.0)], for 30, back 0.0, clear 0;
    /// How long the server takes to answer the watcher.
    AnswerMs = "answer_ms", Watcher, Ms, High, [Some(2_000.0), Some(8_000.0)], for 30, back 500.0, clear 30;
    /// The share of answers that were errors of the server (5xx but for `busy`).
    ErrorRate = "error_rate", Server, Percent, High, [Some(1.0), Some(5.0)], for 60, back 0.5, clear 120;
    /// The share of requests that were refused because there was too much to do.
    BusyRate = "busy_rate", Server, Percent, High, [Some(5.0), Some(25.0)], for 60, back 2.0, clear 120;
    /// How long the oldest entry waits for the disk.
    QueueAgeMs = "queue_age_ms", Server, Ms, High, [Some(2_000.0), Some(10_000.0)], for 10, back 500.0, clear 30;
    /// How long a commit takes, on average since the last sample.
    CommitMs = "commit_ms", Server, Ms, High, [Some(100.0), Some(1_000.0)], for 60, back 20.0, clear 60;
    /// How long the login that waits longest waits for its password to be checked.
    LoginQueueMs = "login_queue_ms", Server, Ms, High, [Some(5_000.0), Some(20_000.0)], for 60, back 1_000.0, clear 60;
    /// How full the file system is.
    DiskUse = "disk_use", Server, Percent, High, [Some(80.0), Some(90.0)], for 60, back 2.0, clear 60;
    /// How much is free on the file system.
    DiskFree = "disk_free", Server, Mib, Low, [Some(2_048.0), Some(768.0)], for 60, back 128.0, clear 60;
    /// How many of the file system's inodes are used.
    InodesUse = "inodes_use", Server, Percent, High, [Some(80.0), Some(90.0)], for 60, back 2.0, clear 60;
    /// When the file system is full if it goes on like this.
    DaysToFull = "days_to_full", Server, Days, Low, [Some(14.0), Some(3.0)], for 1_800, back 1.0, clear 1_800;
    /// How busy the processors are.
    CpuUse = "cpu_use", Server, Percent, High, [Some(90.0), Some(98.0)], for 300, back 5.0, clear 120;
    /// How much memory is used; of the container's limit if there is one.
    MemoryUse = "memory_use", Server, Percent, High, [Some(85.0), Some(95.0)], for 120, back 3.0, clear 120;
    /// How much swap is used.
    SwapUse = "swap_use", Server, Percent, High, [Some(30.0), Some(60.0)], for 120, back 5.0, clear 120;
    /// How much is swapped in and out.
    SwapActivity = "swap_activity", Server, PagesPerSecond, High, [Some(200.0), Some(2_000.0)], for 60, back 100.0, clear 120;
    /// How many of the files that the server may open are open.
    OpenFiles = "open_files", Server, Percent, High, [Some(70.0), Some(90.0)], for 60, back 5.0, clear 60;
    /// How far the wall clock has run away from engine time.
    ClockDrift = "clock_drift", Server, Seconds, High, [Some(2.0), Some(30.0)], for 30, back 1.0, clear 60;
    /// How far the server's clock is from the watcher's.
    ClockDifference = "clock_difference", Watcher, Seconds, High, [Some(5.0), Some(60.0)], for 60, back 1.0, clear 60;
    /// How long the certificate is still valid.
    CertificateDays = "certificate_days", Watcher, Days, Low, [Some(14.0), Some(3.0)], for 0, back 1.0, clear 0;
    /// How old the newest verified generation of the backups is.
    BackupAge = "backup_age", Server, Hours, High, [Some(26.0), Some(50.0)], for 60, back 1.0, clear 0;
    /// The last backup failed.
    BackupFailed = "backup_failed", Server, Yes, High, [Some(1.0), None], for 0, back 0.0, clear 0;
    /// How many generations of the backups are not what was written.
    BackupDamaged = "backup_damaged", Server, Count, High, [Some(1.0), Some(2.0)], for 0, back 0.0, clear 0;
    /// Copies do not reach the second place.
    CopyFailed = "copy_failed", Server, Yes, High, [Some(1.0), None], for 60, back 0.0, clear 0;
    /// How far the shipped journal is behind: so much is lost with the machine.
    JournalLag = "journal_lag", Server, Seconds, High, [Some(120.0), Some(1_800.0)], for 20, back 30.0, clear 30;
    /// A restore drill is overdue.
    DrillOverdue = "drill_overdue", Server, Yes, High, [Some(1.0), None], for 0, back 0.0, clear 0;
    /// The last restore drill failed.
    DrillFailed = "drill_failed", Server, Yes, High, [Some(1.0), None], for 0, back 0.0, clear 0;
    /// An operator looked up unusually many people.
    LookupsUnusual = "lookups_unusual", Server, Count, High, [Some(1.0), None], for 0, back 0.0, clear 0;
    /// For how long a part of the service has been closed by a person.
    SwitchOff = "switch_off", Server, Seconds, High, [Some(1_800.0), None], for 0, back 0.0, clear 0;
    /// The file that remembers the switches was damaged, so that all of them are on.
    SwitchesDamaged = "switches_damaged", Server, Yes, High, [Some(1.0), None], for 0, back 0.0, clear 0;
    /// Something could not be measured.
    SamplerFailed = "sampler_failed", Both, Yes, High, [Some(1.0), None], for 60, back 0.0, clear 60;
    /// How long the oldest alert of a channel waits to be delivered.
    Undelivered = "undelivered", Both, Seconds, High, [Some(120.0), Some(600.0)], for 0, back 0.0, clear 0;
    /// How long the server's monitor has measured nothing.
    MonitorSilent = "monitor_silent", Watcher, Seconds, High, [Some(60.0), Some(180.0)], for 0, back 0.0, clear 0;
    /// How long the outside watcher has not been heard of.
    WatcherSilent = "watcher_silent", Server, Seconds, High, [Some(120.0), Some(600.0)], for 0, back 0.0, clear 0;
}

impl Metric {
    /// The metric with this stable name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|metric| metric.code() == code)
    }
}
