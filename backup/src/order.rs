//! What may be asked of backups, and what is answered.

use std::fmt;

use sesshu_engine::core::time::Instant;

use crate::core::drill::DrillRecord;
use crate::core::manifest::{Manifest, Reason};
use crate::core::name::Generation;
use crate::status::Work;

/// What somebody wants done. One order runs at a time, over all processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// An extra generation.
    BackUp {
        /// Why.
        reason: Reason,
    },
    /// The daily generation; a newer one of the same backup day takes the place of an older one.
    Daily,
    /// Reads a generation again, or all of them; proves what was never proven.
    Verify(Option<Generation>),
    /// Holds a drill.
    Drill,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Done {
    /// This generation was taken and proven.
    Taken(Box<Manifest>),
    /// These generations were looked at, newest first.
    Verified(Vec<Checked>),
    /// A drill was held. It may have failed: then it says so.
    Drilled(Box<DrillRecord>),
}

/// A generation that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Which.
    pub generation: Generation,
    /// What was found.
    pub finding: Finding,
}

/// What was found of a generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is what was written, and it was proven.
    Good,
    /// It is not what was written, in words.
    Damaged(String),
    /// It could not be looked at, in words.
    Unknown(String),
}

/// Why an order is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// Another one runs.
    Running(Underway),
    /// The server stops.
    Stopping,
}

/// What runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Underway {
    /// Who asked for it.
    pub by: String,
    /// Since when.
    pub since: Instant,
    /// Its phase.
    pub work: Option<Work>,
}

impl fmt::Display for Underway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "for {} since {}", self.by, self.since.to_rfc3339())?;
        self.work.map_or(Ok(()), |work| write!(f, ", {}", work.word()))
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running(underway) => write!(f, "another backup runs ({underway}); wait for its end"),
            Self::Stopping => f.write_str("the server stops; try again when it runs"),
        }
    }
}
