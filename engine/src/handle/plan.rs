//! What the city's plan is made of, for the pages that show and change it, and why a change of it is not made.

use std::sync::Arc;

use super::EngineHandle;
use crate::core::campaign::Setup;
use crate::core::count::Count;
use crate::core::ids::SessionId;
use crate::core::session::Session;
use crate::ledger::SessionEntry;

/// Why a change of the plan is not made. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanProblem {
    /// The session is not a draft, or, to be taken up again, was not thrown away.
    #[error("session {0} is not such a draft")]
    NotADraft(SessionId),
    /// The session is not closed.
    #[error("session {0} is not closed")]
    NotClosed(SessionId),
    /// More doses than a session can have.
    #[error("a session has at most {0} doses")]
    StockTooLarge(u32),
    /// Fewer doses than places are taken.
    #[error("{0} places are booked or held")]
    StockTooSmall(u32),
    /// There is no such venue.
    #[error("there is no such venue")]
    NoSuchVenue,
    /// There is no such vaccine.
    #[error("there is no such vaccine")]
    NoSuchVaccine,
    /// There is no such wave.
    #[error("there is no such wave")]
    NoSuchWave,
    /// A name is empty, too long or has a character that cannot be shown.
    #[error("not a name: 1 to {0} characters")]
    NotAName(usize),
    /// The name is taken.
    #[error("the name is taken")]
    NameTaken,
    /// The vaccine stands in the configuration, which says what it is at every start.
    #[error("the vaccine is configured in sesshu.toml")]
    VaccineConfigured,
    /// The longest interval is shorter than the shortest.
    #[error("the longest interval is shorter than the shortest")]
    IntervalsCross,
    /// A vial has no dose.
    #[error("a vial gives at least one dose")]
    EmptyVial,
    /// A series cannot become shorter than a session that gives its doses.
    #[error("a session gives dose {0} of the vaccine")]
    DoseIsGiven(u8),
    /// Nothing is proposed for publishing, or something else than was shown.
    #[error("there is no such proposal")]
    NoProposal,
    /// Whoever proposes does not publish.
    #[error("a second person publishes")]
    OwnProposal,
}

/// A session as the city sees it, drafts too.
#[derive(Debug, Clone)]
pub struct PlannedSession {
    /// What it is.
    pub session: Arc<Session>,
    /// Its durable bookings, slot by slot.
    pub booked: Vec<Count>,
    /// What is held, slot by slot.
    pub held: Vec<Count>,
}

impl PlannedSession {
    fn of(entry: &SessionEntry) -> Self {
        let booked = entry.booked().0;
        let held = (0..booked.len()).map(|index| entry.held(index)).collect();
        Self { session: entry.definition(), booked, held }
    }

    /// All its places.
    #[must_use]
    pub fn places(&self) -> u64 {
        self.session.slots.iter().map(|slot| u64::from(slot.capacity)).sum()
    }

    /// How many of them are booked.
    #[must_use]
    pub fn booked_in_all(&self) -> u32 {
        self.booked.iter().map(|count| count.total()).sum()
    }

    /// How many of them are held.
    #[must_use]
    pub fn held_in_all(&self) -> u32 {
        self.held.iter().map(|count| count.total()).sum()
    }
}

impl EngineHandle {
    /// Venues, vaccines, waves, the proposal. Cheap, and always one whole state.
    #[must_use]
    pub fn campaign_setup(&self) -> Arc<Setup> {
        self.index().setup()
    }

    /// The session `id` as the city sees it.
    #[must_use]
    pub fn planned_session(&self, id: SessionId) -> Option<PlannedSession> {
        self.index().session(id).map(|entry| PlannedSession::of(&entry))
    }

    /// All sessions as the city sees them, by id, those that were thrown away too.
    #[must_use]
    pub fn planned_sessions(&self) -> Vec<PlannedSession> {
        self.index().sessions().iter().map(|entry| PlannedSession::of(entry)).collect()
    }
}
