//! How backups stand: one immutable picture for the console's page, the monitor and the command line.

use sesshu_engine::core::time::Instant;

use crate::core::drill::DrillRecord;
use crate::core::manifest::Manifest;

/// The picture.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Every generation, newest first.
    pub generations: Vec<Kept>,
    /// What is being done now.
    pub running: Option<Running>,
    /// When the next daily backup is due; none if the server takes none.
    pub next_daily_at: Option<Instant>,
    /// The last run that failed, until one succeeds.
    pub failure: Option<Trouble>,
    /// The second place, if there is one.
    pub second: Option<Second>,
    /// The journal that is shipped between backups; none if it is not.
    pub journal: Option<Shipping>,
    /// Drills, newest first.
    pub drills: Vec<DrillRecord>,
    /// When a drill is overdue.
    pub drill_due_at: Option<Instant>,
}

/// A generation where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Whether the second place has it: none if there is no second place, else when its copy was read back.
    pub copied_at: Option<Instant>,
}

/// Work that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Which.
    pub work: Work,
    /// Since when.
    pub since: Instant,
    /// How far: so much of `of`, in bytes; 0 of 0 while that is not known.
    pub done: u64,
    /// See `done`.
    pub of: u64,
}

/// The phases of what is done with backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A consistent view is written to a spool.
    Spooling,
    /// The spool is compressed and encrypted.
    Packing,
    /// The new generation is restored and checked.
    Proving,
    /// Old generations are removed.
    Pruning,
    /// Generations are copied to the second place and read back.
    Copying,
    /// Generations are read again.
    Reading,
    /// A drill is held.
    Drilling,
}

/// Something that does not work, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Since when.
    pub since: Instant,
    /// What.
    pub what: String,
}

/// The second place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Second {
    /// Its path.
    pub folder: String,
    /// How many generations it has, read back whole.
    pub generations: usize,
    /// The snapshot's instant of its newest one.
    pub newest_taken_at: Option<Instant>,
    /// What does not work.
    pub trouble: Option<Trouble>,
}

/// The journal's way to the second place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipping {
    /// Where it goes.
    pub folder: String,
    /// The last entry that is there.
    pub seq: u64,
    /// The instant up to which nothing is missing there: the lag is counted from it.
    pub complete_at: Option<Instant>,
    /// What does not work.
    pub trouble: Option<Trouble>,
}
