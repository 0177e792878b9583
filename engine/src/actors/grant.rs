//! The request for one place or two, as it walks from actor to actor and on to the ledger.

use std::sync::Arc;

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, oneshot};

use super::message::SessionMessage;
use super::system::Shared;
use crate::core::event::Entry;
use crate::core::ids::SessionId;
use crate::core::places::{PlaceWanted, Take};
use crate::core::refusal::Refusal;
use crate::core::time::Instant;
use crate::gate::GatePass;
use crate::planted::{Bug, planted};
use crate::view::HoldView;

/// Where the answer goes: the entry as it became durable, or a refusal. A dropped reply means "unavailable".
pub(crate) type Reply = oneshot::Sender<Result<Option<Entry>, Refusal>>;

/// A place that is wanted, with the index of its leg in the request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GrantLeg {
    pub(crate) session: SessionId,
    pub(crate) index: u8,
    pub(crate) wanted: PlaceWanted,
    /// The person has this very place already: nothing is taken, but the session must be open. Such a leg stands alone.
    pub(crate) stays: bool,
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
    pub(crate) takes: Takes,
    pub(crate) purpose: Purpose,
    pub(crate) reply: Reply,
    pub(crate) pass: GatePass,
    pub(crate) permit: OwnedSemaphorePermit,
    /// After this nobody waits for the answer any more: what is not decided by then is refused.
    pub(crate) deadline: Instant,
}

impl Grant {
    /// Whether deciding it is work for nobody: its time is over, or it would keep a place for somebody who has hung up. A booking of
    /// theirs goes on: they find it under their own bookings.
    pub(crate) fn is_for_nobody(&self, now: Instant) -> bool {
        let hung_up = matches!(self.purpose, Purpose::Hold { .. }) && self.reply.is_closed();
        now >= self.deadline || hung_up
    }
}

/// The places that a grant has taken so far, leg by leg. Dropping it gives them back, wherever the grant ends.
pub(crate) struct Takes {
    taken: Vec<(SessionId, Take)>,
    /// The ledger's epoch in which they were taken.
    epoch: u64,
    shared: Arc<Shared>,
}

impl Takes {
    pub(crate) fn none(shared: Arc<Shared>) -> Self {
        Self { taken: Vec::new(), epoch: 0, shared }
    }

    /// How many legs are granted.
    pub(crate) fn len(&self) -> usize {
        self.taken.len()
    }

    /// Whether the takes belong to a state that is gone.
    pub(crate) fn are_of_another_epoch(&self, epoch: u64) -> bool {
        !self.taken.is_empty() && self.epoch != epoch
    }

    pub(crate) fn push(&mut self, session: SessionId, take: Take, epoch: u64) {
        self.epoch = epoch;
        self.taken.push((session, take));
    }

    /// Takes the takes out: from now on somebody else answers for them.
    pub(crate) fn hand_over(&mut self) -> Vec<(SessionId, Take)> {
        std::mem::take(&mut self.taken)
    }
}

impl Drop for Takes {
    fn drop(&mut self) {
        for (session, take) in self.taken.drain(..) {
            if planted(Bug::TakeNotGivenBack) {
                continue;
            }
            self.shared.registry.tell(session, SessionMessage::GiveBack { take, epoch: self.epoch });
        }
    }
}

/// One change of the campaign at a time, with the gate passes of the residents that it names. It travels with the entry, so that
/// the next change sees this one's outcome.
pub(crate) struct CampaignTurn {
    pub(crate) _turn: OwnedMutexGuard<()>,
    pub(crate) passes: Vec<GatePass>,
}

/// What travels with an entry through the ledger. All of it ends when the outcome is known and published.
#[derive(Default)]
#[allow(dead_code, reason = "pass, turn and permit are held, and end by being dropped")]
pub(crate) struct Ticket {
    pub(crate) reply: Option<Reply>,
    /// The resident's next change starts when this ends.
    pub(crate) pass: Option<GatePass>,
    /// The campaign's next change starts when this ends.
    pub(crate) turn: Option<CampaignTurn>,
    pub(crate) takes: Vec<(SessionId, Take)>,
    pub(crate) permit: Option<OwnedSemaphorePermit>,
}
