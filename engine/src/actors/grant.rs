//! The request for one place or two, as it walks from actor to actor and on to the ledger.

use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::core::event::Entry;
use crate::core::ids::{HoldId, SessionId, SlotNo};
use crate::core::places::{PlaceWanted, Take};
use crate::core::refusal::Refusal;
use crate::core::time::Instant;
use crate::gate::GatePass;
use crate::view::HoldView;

/// Where the answer goes: the entry as it became durable, or a refusal. A dropped reply means "unavailable".
pub(crate) type Reply = oneshot::Sender<Result<Option<Entry>, Refusal>>;

/// A place that is wanted, with the index of its leg in the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GrantLeg {
    pub(crate) session: SessionId,
    pub(crate) index: u8,
    pub(crate) wanted: PlaceWanted,
}

/// What the places are for.
pub(crate) enum Purpose {
    /// A durable change, complete but for the ledger's numbers.
    Entry(Entry),
    /// A hold in memory.
    Hold { hold: HoldView, replaces: Option<HoldView> },
}

/// A request for places. Its legs stand in ascending order of session, so that two pairs can never wait for each other.
pub(crate) struct Grant {
    pub(crate) legs: Vec<GrantLeg>,
    /// How many legs are granted.
    pub(crate) granted: usize,
    pub(crate) takes: Vec<(SessionId, Take)>,
    /// The epoch of the first take.
    pub(crate) epoch: u64,
    pub(crate) purpose: Purpose,
    pub(crate) reply: Reply,
    pub(crate) pass: GatePass,
    pub(crate) permit: OwnedSemaphorePermit,
    /// After this nobody waits for the answer any more: an undecided grant is refused.
    pub(crate) deadline: Instant,
}

/// What travels with an entry through the ledger.
pub(crate) struct Ticket {
    pub(crate) reply: Option<Reply>,
    /// Kept until the reply is sent: the resident's next change starts then.
    pub(crate) pass: Option<GatePass>,
    pub(crate) takes: Vec<(SessionId, Take)>,
    /// The slot whose smaller capacity its actor has already taken into account.
    pub(crate) capacity_of: Option<(SessionId, SlotNo)>,
    /// Given back when the outcome has been told.
    pub(crate) _permit: Option<OwnedSemaphorePermit>,
}

impl Grant {
    /// The holds that are to be ended once the places are granted.
    pub(crate) fn hold_id(&self) -> Option<HoldId> {
        self.legs.first().and_then(|leg| leg.wanted.hold)
    }
}
