//! What reaches a session. Whatever needs an answer carries it.

use tokio::sync::oneshot;

use super::grant::{Grant, Ticket};
use crate::core::event::{Entry, PlaceChange};
use crate::core::ids::HoldId;
use crate::core::limit::{Limit, LimitTooSmall};
use crate::core::places::{Booked, Take};
use crate::core::time::Instant;

/// A message to a session.
pub(crate) enum SessionMessage {
    /// A grant on its way.
    Decide(Box<Grant>),
    /// A take of epoch `epoch` that will not be: a later leg was refused.
    GiveBack { take: Take, epoch: u64 },
    /// A take that becomes a hold: every leg of it is granted.
    Keep(Keep),
    /// A hold that ends.
    Release(HoldId),
    /// What one commit did to this session. The index holds it already.
    Durable(Durable),
    /// The state starts anew from the durable bookings.
    Rebuild(Rebuild),
    /// A new capacity of a slot, or a new stock of vaccine.
    Limit(LimitCommand),
    /// The session takes no more bookings, or is cancelled.
    Close(CloseCommand),
    /// Time has passed: look at holds and at those who wait.
    Look,
}

/// A take that becomes a hold.
#[derive(Clone, Copy)]
pub(crate) struct Keep {
    pub(crate) take: Take,
    pub(crate) epoch: u64,
    pub(crate) hold: HoldId,
    pub(crate) expires_at: Instant,
    pub(crate) replaces: Option<HoldId>,
}

/// What one commit did to a session.
#[derive(Default)]
pub(crate) struct Durable {
    pub(crate) epoch: u64,
    pub(crate) settled: Vec<Take>,
    pub(crate) changes: Vec<PlaceChange>,
    pub(crate) limits_changed: Vec<Limit>,
    /// A close was taken back: it grants again.
    pub(crate) reopened: bool,
}

/// A new start, in a new epoch of the ledger.
pub(crate) struct Rebuild {
    pub(crate) epoch: u64,
    pub(crate) booked: Booked,
}

/// A new limit, with the entry that will make it durable.
pub(crate) struct LimitCommand {
    pub(crate) limit: Limit,
    pub(crate) entry: Entry,
    pub(crate) ticket: Ticket,
    pub(crate) refused: oneshot::Sender<LimitTooSmall>,
}

/// The end of a session, with the entry that will make it durable.
pub(crate) struct CloseCommand {
    pub(crate) entry: Entry,
    pub(crate) ticket: Ticket,
}
