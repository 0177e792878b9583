//! The actor of one session: capacity, takes and holds, decided one message at a time.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use tokio::sync::oneshot;

use super::grant::{Grant, Purpose, Ticket};
use super::system::Shared;
use crate::core::event::{Entry, PlaceChange};
use crate::core::ids::{HoldId, SessionId, SlotNo};
use crate::core::places::{Booked, CapacityTooSmall, PlaceDecision, Places, Take};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::resident::Leg;
use crate::core::time::Instant;
use crate::ledger::{SessionEntry, Submission};

/// How many grants may wait for undecided takes of one session.
const WAITING_MAX: usize = 1_024;
/// How often ended holds and waiting grants are looked at when nothing else happens.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The actor.
pub(crate) struct SessionActor {
    id: SessionId,
    entry: Arc<SessionEntry>,
    places: Places,
    /// Grants whose "full" would rest on takes that are not decided yet.
    waiting: VecDeque<Box<Grant>>,
    /// The ledger's epoch in which this state was made.
    epoch: u64,
    /// A rule panicked here: nothing is granted until the state is made anew from the ledger.
    broken: bool,
    /// A close that waits until every take before it is decided.
    close: Option<CloseCommand>,
    shared: Arc<Shared>,
}

impl SessionActor {
    pub(crate) fn new(id: SessionId, entry: Arc<SessionEntry>, epoch: u64, shared: Arc<Shared>) -> Self {
        let places = Places::new(entry.booked());
        Self { id, entry, places, waiting: VecDeque::new(), epoch, broken: false, close: None, shared }
    }

    fn grant(&mut self, mut grant: Box<Grant>) {
        if self.broken || grant.takes.are_of_another_epoch(self.epoch) {
            return refuse(*grant, RefusalCode::Unavailable.into());
        }
        let now = self.shared.clock.now();
        self.places.expire(now);
        let leg = grant.legs[grant.takes.len()];
        debug_assert_eq!(leg.session, self.id, "a grant comes to the actor of its leg");
        let session = self.entry.definition();
        match self.places.decide(&session, &self.shared.rules, &leg.wanted, now) {
            PlaceDecision::Refused(refusal) => {
                let refusal = refusal.of_leg(usize::from(leg.index), grant.legs.len());
                refuse(*grant, refusal);
            }
            PlaceDecision::Undecided if self.waiting.len() >= WAITING_MAX || now >= grant.deadline => {
                refuse(*grant, RefusalCode::Busy.into());
            }
            PlaceDecision::Undecided => self.waiting.push_back(grant),
            PlaceDecision::Granted => {
                let take = self.places.take(&leg.wanted, now);
                debug_assert!(self.places.within_capacity(&session), "no slot is oversold");
                grant.takes.push(self.id, take, self.epoch);
                match grant.legs.get(grant.takes.len()) {
                    None => self.complete(*grant),
                    Some(next) => {
                        if let Err(grant) = self.shared.registry.decide(next.session, grant) {
                            refuse(*grant, RefusalCode::Unavailable.into());
                        }
                    }
                }
            }
        }
    }

    /// All legs are granted: on to the ledger, or into holds.
    fn complete(&mut self, grant: Grant) {
        let Grant { mut takes, purpose, reply, pass, permit, .. } = grant;
        let (takes, epoch) = takes.hand_over();
        match purpose {
            Purpose::Entry(entry) => {
                let ticket = Ticket { reply: Some(reply), pass: Some(pass), turn: None, takes, permit: Some(permit) };
                // If the ledger has stopped, dropping the ticket answers.
                drop(self.shared.submit(Submission { epoch, entry, beside: None, ticket }));
            }
            Purpose::Hold { hold, replaces } => {
                let old = replaces.as_ref().map(|old| old.id);
                for (session, take) in takes {
                    let keep = Keep { take, epoch, hold: hold.id, expires_at: hold.expires_at, replaces: old };
                    if session == self.id { self.keep(keep) } else { self.shared.registry.tell(session, keep) }
                }
                if let Some(old) = replaces {
                    let elsewhere = |leg: &&Leg| hold.legs.iter().all(|kept| kept.session != leg.session);
                    for leg in old.legs.iter().filter(elsewhere) {
                        self.shared.registry.tell(leg.session, Release(old.id));
                    }
                }
                pass.set_hold(Some(hold));
                drop(pass);
                let _ = reply.send(Ok(None));
            }
        }
    }

    fn keep(&mut self, keep: Keep) {
        if keep.epoch == self.epoch {
            self.places.keep(keep.take, keep.hold, keep.expires_at, keep.replaces);
        }
    }

    /// Decides those that waited, again: the takes that they waited for may be settled.
    fn decide_waiting(&mut self) {
        for _ in 0..self.waiting.len() {
            if let Some(grant) = self.waiting.pop_front() {
                self.grant(grant);
            }
        }
    }

    /// Hands a close to the ledger once every take before it is decided: then each of their entries stands before it.
    fn close_when_decided(&mut self) {
        if self.places.undecided() == 0
            && let Some(CloseCommand { entry, ticket }) = self.close.take()
        {
            let epoch = self.epoch;
            drop(self.shared.submit(Submission { epoch, entry, beside: None, ticket }));
        }
    }

    /// Tells lists what is held.
    fn tell_held(&mut self) {
        if self.places.holds_changed() {
            for index in 0..self.places.booked().0.len() {
                self.entry.set_held(index, self.places.held(index));
            }
        }
    }

    /// Runs a step and what follows from any step. A panic in the rules stops this session, not the server: its state is made
    /// anew from the ledger, and until then it refuses and readiness says so.
    fn step(&mut self, step: impl FnOnce(&mut Self)) {
        if self.broken {
            return;
        }
        let stepped = catch_unwind(AssertUnwindSafe(|| {
            step(self);
            self.close_when_decided();
            self.tell_held();
        }));
        if stepped.is_err() {
            self.broken = true;
            self.waiting.clear();
            self.close = None;
            self.shared.broken_sessions.fetch_add(1, Ordering::AcqRel);
            tracing::error!(session = self.id.0, "the session's actor failed; its state is made anew");
            self.shared.ask_for_restart();
        }
    }
}

/// Says no; what earlier legs took is given back.
fn refuse(grant: Grant, refusal: Refusal) {
    let Grant { takes, reply, pass, .. } = grant;
    drop(takes);
    drop(pass);
    let _ = reply.send(Err(refusal));
}

impl Actor for SessionActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // Mailboxes are bounded by permits; this number only sizes the queue.
        context.set_mailbox_capacity(64);
        context.run_interval(LOOK_EVERY, |actor, _| {
            actor.step(|actor| {
                if actor.places.expire(actor.shared.clock.now()) > 0 || !actor.waiting.is_empty() {
                    actor.decide_waiting();
                }
            });
        });
    }
}

/// A grant on its way.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Decide(pub(crate) Box<Grant>);

impl Handler<Decide> for SessionActor {
    type Result = ();

    fn handle(&mut self, Decide(grant): Decide, _: &mut Self::Context) {
        if self.broken {
            return refuse(*grant, RefusalCode::Unavailable.into());
        }
        self.step(|actor| actor.grant(grant));
    }
}

/// A take that will not be: a later leg was refused.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct GiveBack {
    pub(crate) take: Take,
    pub(crate) epoch: u64,
}

impl Handler<GiveBack> for SessionActor {
    type Result = ();

    fn handle(&mut self, GiveBack { take, epoch }: GiveBack, _: &mut Self::Context) {
        if epoch == self.epoch {
            self.step(|actor| {
                actor.places.give_back(take, actor.shared.clock.now());
                actor.decide_waiting();
            });
        }
    }
}

/// A take that becomes a hold: every leg of it is granted.
#[derive(Message, Clone, Copy)]
#[rtype(result = "()")]
pub(crate) struct Keep {
    take: Take,
    epoch: u64,
    hold: HoldId,
    expires_at: Instant,
    replaces: Option<HoldId>,
}

impl Handler<Keep> for SessionActor {
    type Result = ();

    fn handle(&mut self, keep: Keep, _: &mut Self::Context) {
        self.step(|actor| {
            actor.keep(keep);
            actor.decide_waiting();
        });
    }
}

/// A hold that ends.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Release(pub(crate) HoldId);

impl Handler<Release> for SessionActor {
    type Result = ();

    fn handle(&mut self, Release(id): Release, _: &mut Self::Context) {
        self.step(|actor| {
            actor.places.release(id);
            actor.decide_waiting();
        });
    }
}

/// What one commit did to this session. The index holds it already.
#[derive(Message, Default)]
#[rtype(result = "()")]
pub(crate) struct Durable {
    pub(crate) epoch: u64,
    pub(crate) settled: Vec<Take>,
    pub(crate) changes: Vec<PlaceChange>,
    pub(crate) capacity_changed: Vec<SlotNo>,
}

impl Handler<Durable> for SessionActor {
    type Result = ();

    fn handle(&mut self, durable: Durable, _: &mut Self::Context) {
        if durable.epoch != self.epoch {
            return;
        }
        self.step(|actor| {
            for take in durable.settled {
                actor.places.settle(take);
            }
            for change in &durable.changes {
                actor.places.apply(change);
            }
            for slot in durable.capacity_changed {
                actor.places.settle_capacity(slot);
            }
            actor.decide_waiting();
        });
    }
}

/// The state starts anew from the durable bookings, in a new epoch of the ledger; holds that were not being used live on.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Rebuild {
    pub(crate) epoch: u64,
    pub(crate) booked: Booked,
}

impl Handler<Rebuild> for SessionActor {
    type Result = ();

    fn handle(&mut self, Rebuild { epoch, booked }: Rebuild, _: &mut Self::Context) {
        self.epoch = epoch;
        self.close = None;
        if std::mem::take(&mut self.broken) {
            self.shared.broken_sessions.fetch_sub(1, Ordering::AcqRel);
            self.places = Places::new(booked);
        } else {
            self.places.restart(booked);
        }
        self.step(Self::decide_waiting);
    }
}

/// A new capacity of a slot, with the entry that will make it durable.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct CapacityCommand {
    pub(crate) slot: SlotNo,
    pub(crate) capacity: u32,
    pub(crate) entry: Entry,
    pub(crate) ticket: Ticket,
    pub(crate) refused: oneshot::Sender<CapacityTooSmall>,
}

impl Handler<CapacityCommand> for SessionActor {
    type Result = ();

    fn handle(&mut self, command: CapacityCommand, _: &mut Self::Context) {
        let CapacityCommand { slot, capacity, entry, ticket, refused } = command;
        self.step(|actor| {
            actor.places.expire(actor.shared.clock.now());
            if let Err(too_small) = actor.places.change_capacity(slot, capacity) {
                let _ = refused.send(too_small);
                return;
            }
            let epoch = actor.epoch;
            drop(actor.shared.submit(Submission { epoch, entry, beside: None, ticket }));
        });
    }
}

/// The session takes no more bookings, or is cancelled.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct CloseCommand {
    pub(crate) entry: Entry,
    pub(crate) ticket: Ticket,
}

impl Handler<CloseCommand> for SessionActor {
    type Result = ();

    fn handle(&mut self, command: CloseCommand, _: &mut Self::Context) {
        self.step(|actor| {
            actor.places.set_closing(true);
            actor.close = Some(command);
        });
    }
}
