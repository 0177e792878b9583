//! What the console shows of backups, and what it can begin. The composition root implements it: this crate knows no backups, only what
//! a page says of them.

use std::fmt::Debug;

use sesshu_engine::core::backup::BackupWish;
use sesshu_engine::core::time::Instant;

/// The backups as the console sees them.
pub trait BackupDesk: Debug + Send + Sync {
    /// How they stand now. It is asked for each page and must not wait for a disk.
    fn view(&self) -> BackupsView;

    /// Begins what `by` (`staff:LOGIN`) wants, and returns at once: what comes of it is shown by [`BackupsView::asked`].
    ///
    /// # Errors
    /// If nothing was begun.
    fn begin(&self, wish: BackupWish, by: &str) -> Result<(), BackupRefused>;
}

/// Why nothing was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupRefused {
    /// One run at a time: one goes on.
    Running,
    /// The server stops.
    Stopping,
}

/// How backups stand.
#[derive(Debug, Clone, Default)]
pub struct BackupsView {
    /// Where generations lie.
    pub folder: String,
    /// Every generation, newest first.
    pub generations: Vec<GenerationView>,
    /// What has a generation's name and is none: its name, and what is wrong.
    pub unreadable: Vec<(String, String)>,
    /// What is being done now.
    pub running: Option<RunningView>,
    /// What was last asked for from the console since the server started.
    pub asked: Option<AskedView>,
    /// When the next daily backup is due; none if the server takes none.
    pub next_daily_at: Option<Instant>,
    /// The last run that failed, until one succeeds.
    pub failure: Option<TroubleView>,
    /// Why older generations could not be read again, until they can.
    pub reading_failure: Option<TroubleView>,
    /// The second place; none if none is configured.
    pub second: Option<SecondView>,
    /// The journal that is shipped between backups; none if it is not.
    pub journal: Option<JournalView>,
    /// Drills, newest first.
    pub drills: Vec<DrillView>,
    /// When the next drill is overdue.
    pub drill_due_at: Option<Instant>,
}

/// One generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerationView {
    /// Its name (GEN).
    pub name: String,
    /// The snapshot's instant.
    pub taken_at: Instant,
    /// Why it was taken.
    pub kind: GenerationKind,
    /// Who asked for it: `schedule`, `uid:0`, `staff:LOGIN`, `upgrade`.
    pub by: String,
    /// The size of its file.
    pub bytes: u64,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// What its restore showed; none as long as it was not restored and checked.
    pub proof: Option<ProofView>,
    /// When it was last read whole and found to be what was written.
    pub read_again_at: Option<Instant>,
    /// When its copy on the second place was read back.
    pub copied_at: Option<Instant>,
    /// What is wrong with it.
    pub damage: Option<TroubleView>,
    /// If it is damaged, which one is to be used instead; none if there is none.
    pub instead: Option<String>,
}

impl GenerationView {
    /// Whether it was restored and checked, and nothing was found wrong since.
    #[must_use]
    pub const fn is_good(&self) -> bool {
        self.proof.is_some() && self.damage.is_none()
    }
}

/// Why a generation was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GenerationKind {
    /// One for each backup day.
    Daily,
    /// Somebody wanted it.
    Asked,
    /// Another version of the program was about to open the store.
    Upgrade,
    /// A day had passed, although the wall clock did not say so: it was set back.
    ClockSet,
}

/// What a restore into a scratch folder showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofView {
    /// When.
    pub at: Instant,
    /// How long restoring and verifying took together, in milliseconds.
    pub took_ms: u64,
    /// What was restored.
    pub counts: CountsView,
}

/// Counts of a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CountsView {
    /// Residents on file.
    pub residents: u64,
    /// Sessions, drafts too.
    pub sessions: u64,
    /// Bookings that use a place.
    pub bookings_live: u64,
    /// Entries in the journal.
    pub entries: u64,
}

/// Work that goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunningView {
    /// Which.
    pub work: BackupWork,
    /// Since when.
    pub since: Instant,
    /// So many bytes of `of_bytes`; 0 of 0 while that is not known.
    pub done_bytes: u64,
    /// See `done_bytes`.
    pub of_bytes: u64,
}

/// The phases of what is done with backups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupWork {
    /// What was asked for is about to begin.
    Beginning,
    /// A consistent view is written down.
    Spooling,
    /// It is compressed and encrypted.
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
    /// A store is built anew from a generation.
    Restoring,
    /// The journal that was shipped after a generation is applied to a restored store.
    Replaying,
    /// A restored store is checked.
    Verifying,
    /// A restored folder is put in its place.
    Placing,
}

/// What somebody asked for, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedView {
    /// What.
    pub wish: BackupWish,
    /// Who: `staff:LOGIN`.
    pub by: String,
    /// When.
    pub at: Instant,
    /// None while it goes on; else when it ended, and the generation that was taken or drilled, or why it failed.
    pub outcome: Option<(Instant, Result<String, String>)>,
}

/// Something that does not work, in words for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TroubleView {
    /// Since when.
    pub since: Instant,
    /// What.
    pub what: String,
}

/// The second place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondView {
    /// Its path.
    pub folder: String,
    /// How many generations it has, read back whole.
    pub generations: usize,
    /// The snapshot's instant of its newest one.
    pub newest_taken_at: Option<Instant>,
    /// What does not work.
    pub trouble: Option<TroubleView>,
}

/// The journal's way out of the data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalView {
    /// Where it goes.
    pub folder: String,
    /// The instant up to which nothing is missing there.
    pub complete_at: Option<Instant>,
    /// What does not work.
    pub trouble: Option<TroubleView>,
}

/// The record of one drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrillView {
    /// When it began, RFC 3339.
    pub began_at: String,
    /// Who held it.
    pub by: String,
    /// Which generation was restored.
    pub generation: String,
    /// Whether the journal after it was restored too.
    pub with_journal: bool,
    /// From the beginning to the first booking that the restored server acknowledged, in milliseconds.
    pub recovery_ms: u64,
    /// How old the newest restored entry was when the drill began, in seconds.
    pub data_age_seconds: u64,
    /// What was restored.
    pub counts: CountsView,
    /// The digest of the restored data.
    pub digest: String,
    /// The steps that were done (`restore`, `verify`, `serve`, `login`, `read`, `book`, `check`), each with its milliseconds.
    pub steps: Vec<(String, u64)>,
    /// What went wrong.
    pub failure: Option<String>,
}
