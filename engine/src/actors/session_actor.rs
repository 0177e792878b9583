//! The actor of one session: capacity, takes and holds, decided one message at a time.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use tokio::sync::oneshot;

use super::grant::{Grant, Purpose, Ticket};
use super::system::Shared;
use crate::core::event::{Entry, PlaceChange};
use crate::core::ids::{HoldId, SessionId, SlotNo};
use crate::core::places::{Booked, CapacityTooSmall, PlaceDecision, Places, Take};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::ledger::{SessionEntry, Submission};

/// How many grants may wait for undecided takes of one session.
const WAITING_MAX: usize = 1_024;
/// How often ended holds are looked for when nothing else happens.
const EXPIRE_EVERY: Duration = Duration::from_secs(1);

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
    shared: Arc<Shared>,
}

impl SessionActor {
    pub(crate) fn new(id: SessionId, entry: Arc<SessionEntry>, epoch: u64, shared: Arc<Shared>) -> Self {
        let places = Places::new(entry.booked());
        Self { id, entry, places, waiting: VecDeque::new(), epoch, broken: false, shared }
    }

    fn grant(&mut self, mut grant: Box<Grant>) {
        if self.broken || (grant.granted > 0 && grant.epoch != self.epoch) {
            return self.refuse(*grant, RefusalCode::Unavailable.into());
        }
        let now = self.shared.clock.now();
        self.places.expire(now);
        let leg = grant.legs[grant.granted];
        debug_assert_eq!(leg.session, self.id, "a grant comes to the actor of its leg");
        let session = self.entry.definition();
        match self.places.decide(&session, &self.shared.rules, &leg.wanted, now) {
            PlaceDecision::Refused(refusal) => {
                let refusal = refusal.of_leg(usize::from(leg.index), grant.legs.len());
                self.refuse(*grant, refusal);
            }
            PlaceDecision::Undecided if self.waiting.len() >= WAITING_MAX || now >= grant.deadline => {
                self.refuse(*grant, RefusalCode::Busy.into());
            }
            PlaceDecision::Undecided => self.waiting.push_back(grant),
            PlaceDecision::Granted => {
                grant.epoch = self.epoch;
                match &grant.purpose {
                    Purpose::Entry(_) => grant.takes.push((self.id, self.places.take(&leg.wanted, now))),
                    Purpose::Hold { hold, .. } => self.places.hold(&leg.wanted, hold.id, hold.expires_at),
                }
                debug_assert!(self.places.within_capacity(&session), "no slot is oversold");
                grant.granted += 1;
                match grant.legs.get(grant.granted) {
                    // A pair within one session is refused before: one session is one date.
                    Some(next) => self.shared.registry.forward(next.session, grant),
                    None => self.complete(*grant),
                }
            }
        }
    }

    fn complete(&self, grant: Grant) {
        let Grant { takes, epoch, purpose, reply, pass, permit, .. } = grant;
        match purpose {
            Purpose::Entry(entry) => {
                let ticket =
                    Ticket { reply: Some(reply), pass: Some(pass), takes, capacity_of: None, _permit: Some(permit) };
                // If the ledger has stopped, dropping the ticket answers.
                drop(self.shared.submit(Submission { epoch, entry, beside: None, ticket }));
            }
            Purpose::Hold { hold, replaces } => {
                let places = hold.legs.iter().map(|leg| leg.session).collect::<Vec<_>>();
                pass.set_hold(Some(hold));
                if let Some(old) = replaces {
                    for leg in old.legs.iter().filter(|leg| !places.contains(&leg.session)) {
                        self.shared.registry.release(leg.session, old.id);
                    }
                }
                drop(pass);
                let _ = reply.send(Ok(None));
            }
        }
    }

    /// Gives back what earlier legs took, then says no.
    fn refuse(&self, grant: Grant, refusal: Refusal) {
        let Grant { takes, epoch, purpose, reply, pass, granted, legs, .. } = grant;
        for (session, take) in takes {
            self.shared.registry.give_back(session, GiveBack { take, epoch });
        }
        if let Purpose::Hold { hold, replaces } = purpose
            && granted > 0
        {
            for leg in &legs[..granted] {
                self.shared.registry.release(leg.session, hold.id);
            }
            // The first leg may have taken the old hold's place: an old hold ends whole.
            if let Some(old) = replaces {
                for leg in &old.legs {
                    self.shared.registry.release(leg.session, old.id);
                }
            }
            pass.set_hold(None);
        }
        drop(pass);
        let _ = reply.send(Err(refusal));
    }

    /// Decides those that waited, again: the takes that they waited for may be settled.
    fn decide_waiting(&mut self) {
        for _ in 0..self.waiting.len() {
            if let Some(grant) = self.waiting.pop_front() {
                self.grant(grant);
            }
        }
    }

    /// Tells lists what is held. Returns quickly when nothing changed.
    fn tell_held(&self) {
        let mut changed = false;
        for index in 0..self.places.booked().0.len() {
            let held = self.places.held(index);
            if self.entry.held(index) != held {
                self.entry.set_held(index, held);
                changed = true;
            }
        }
        if changed {
            self.shared.index.touch();
        }
    }

    /// Runs a step; a panic in the rules stops this session, not the server, and is seen in readiness.
    fn guarded(&mut self, step: impl FnOnce(&mut Self)) {
        if catch_unwind(AssertUnwindSafe(|| step(self))).is_err() {
            self.broken = true;
            self.waiting.clear();
            self.shared.broken_sessions.fetch_add(1, std::sync::atomic::Ordering::AcqRel);
            tracing::error!(
                session = self.id.0,
                "the session's actor failed; it grants nothing until the store is reopened"
            );
        }
    }
}

impl Actor for SessionActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // Mailboxes are bounded by permits; this number only sizes the queue.
        context.set_mailbox_capacity(64);
        context.run_interval(EXPIRE_EVERY, |actor, _| {
            actor.guarded(|actor| {
                if actor.places.expire(actor.shared.clock.now()) > 0 {
                    actor.decide_waiting();
                    actor.tell_held();
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
        let holds = grant.hold_id().is_some() || matches!(grant.purpose, Purpose::Hold { .. });
        self.guarded(|actor| {
            actor.grant(grant);
            if holds {
                actor.tell_held();
            }
        });
    }
}

/// A take that will not be, because a later leg was refused.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct GiveBack {
    pub(crate) take: Take,
    pub(crate) epoch: u64,
}

impl Handler<GiveBack> for SessionActor {
    type Result = ();

    fn handle(&mut self, GiveBack { take, epoch }: GiveBack, _: &mut Self::Context) {
        if epoch == self.epoch && !self.broken {
            self.guarded(|actor| {
                actor.places.give_back(take, actor.shared.clock.now());
                actor.decide_waiting();
                actor.tell_held();
            });
        }
    }
}

/// A hold that ends.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Release(pub(crate) HoldId);

impl Handler<Release> for SessionActor {
    type Result = ();

    fn handle(&mut self, Release(id): Release, _: &mut Self::Context) {
        self.guarded(|actor| {
            actor.places.release(id);
            actor.decide_waiting();
            actor.tell_held();
        });
    }
}

/// What one commit did to this session.
#[derive(Message, Default)]
#[rtype(result = "()")]
pub(crate) struct Durable {
    pub(crate) epoch: u64,
    pub(crate) settled: Vec<Take>,
    pub(crate) changes: Vec<PlaceChange>,
    pub(crate) capacity_settled: Vec<SlotNo>,
}

impl Handler<Durable> for SessionActor {
    type Result = ();

    fn handle(&mut self, durable: Durable, _: &mut Self::Context) {
        if durable.epoch != self.epoch || self.broken {
            return;
        }
        self.guarded(|actor| {
            for take in durable.settled {
                actor.places.settle(take);
            }
            for change in &durable.changes {
                actor.places.apply(change);
            }
            for slot in durable.capacity_settled {
                actor.places.settle_capacity(slot);
            }
            actor.decide_waiting();
        });
    }
}

/// The store was opened again: the state starts anew from the durable bookings; holds that were not being used live on.
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
        if std::mem::take(&mut self.broken) {
            self.shared.broken_sessions.fetch_sub(1, std::sync::atomic::Ordering::AcqRel);
            self.places = Places::new(booked);
        } else {
            self.places.restart(booked);
        }
        self.guarded(|actor| {
            actor.decide_waiting();
            actor.tell_held();
        });
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
        let CapacityCommand { slot, capacity, entry, mut ticket, refused } = command;
        let (id, epoch) = (self.id, self.epoch);
        self.guarded(|actor| {
            if let Err(too_small) = actor.places.change_capacity(slot, capacity) {
                let _ = refused.send(too_small);
                return;
            }
            ticket.capacity_of = Some((id, slot));
            drop(actor.shared.submit(Submission { epoch, entry, beside: None, ticket }));
        });
    }
}

/// The session takes no more bookings, or is cancelled: decided here, so that every grant before it is in the journal before it.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct CloseCommand {
    pub(crate) entry: Entry,
    pub(crate) ticket: Ticket,
}

impl Handler<CloseCommand> for SessionActor {
    type Result = ();

    fn handle(&mut self, CloseCommand { entry, ticket }: CloseCommand, _: &mut Self::Context) {
        let epoch = self.epoch;
        self.guarded(|actor| {
            actor.places.set_closing(true);
            drop(actor.shared.submit(Submission { epoch, entry, beside: None, ticket }));
        });
    }
}
