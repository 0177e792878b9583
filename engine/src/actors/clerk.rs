//! The clerk of one session: capacity, takes and holds, decided one message at a time. It never waits for the disk, and knows
//! nothing of threads or mailboxes: an actor runs it, and a simulation can.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::grant::{Grant, Purpose, Ticket};
use super::message::{CloseCommand, Durable, Keep, LimitCommand, Rebuild, SessionMessage};
use super::system::Shared;
use crate::core::ids::{HoldId, SessionId};
use crate::core::leg::Leg;
use crate::core::places::{PlaceDecision, Places, Take};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::ledger::{SessionEntry, Submission};
use crate::planted::{Bug, Spot, planted, startle};

/// How many grants may wait for undecided takes of one session.
const WAITING_MAX: usize = 1_024;

/// Who decides about the places of one session.
pub(crate) struct SessionClerk {
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

impl SessionClerk {
    pub(crate) fn new(id: SessionId, entry: Arc<SessionEntry>, epoch: u64, shared: Arc<Shared>) -> Self {
        let places = Places::new(entry.booked());
        Self { id, entry, places, waiting: VecDeque::new(), epoch, broken: false, close: None, shared }
    }

    /// The session.
    pub(crate) const fn id(&self) -> SessionId {
        self.id
    }

    /// Its places, for who judges them.
    #[cfg(test)]
    pub(crate) const fn places(&self) -> &Places {
        &self.places
    }

    /// Whether a rule panicked here.
    #[cfg(test)]
    pub(crate) const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether nobody waits here.
    #[cfg(test)]
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.close.is_none() && self.places.undecided() == 0
    }

    /// Deals with one message.
    pub(crate) fn receive(&mut self, message: SessionMessage) {
        match message {
            SessionMessage::Decide(grant) if self.broken => refuse(*grant, RefusalCode::Unavailable.into()),
            SessionMessage::Decide(grant) => self.step(|clerk| clerk.grant(grant)),
            SessionMessage::GiveBack { take, epoch } => self.step(|clerk| clerk.give_back(take, epoch)),
            SessionMessage::Keep(keep) => self.step(|clerk| {
                clerk.keep(keep);
                clerk.decide_waiting();
            }),
            SessionMessage::Release(hold) => self.step(|clerk| clerk.release(hold)),
            SessionMessage::Durable(durable) => self.step(|clerk| clerk.durable(durable)),
            SessionMessage::Rebuild(rebuild) => self.rebuild(rebuild),
            SessionMessage::Limit(command) => self.step(|clerk| clerk.change_limit(command)),
            SessionMessage::Close(command) => self.step(|clerk| {
                clerk.places.set_closing(true);
                clerk.close = Some(command);
            }),
            SessionMessage::Look => self.step(Self::look),
        }
    }

    /// Ends holds whose time has come; those who wait are decided again, or have waited long enough.
    fn look(&mut self) {
        if self.places.expire(self.shared.clock.now()) > 0 || !self.waiting.is_empty() {
            self.decide_waiting();
        }
    }

    fn give_back(&mut self, take: Take, epoch: u64) {
        if epoch == self.epoch {
            self.places.give_back(take, self.shared.clock.now());
            self.decide_waiting();
        }
    }

    fn release(&mut self, hold: HoldId) {
        self.places.release(hold);
        self.decide_waiting();
    }

    fn durable(&mut self, durable: Durable) {
        if durable.epoch != self.epoch {
            return;
        }
        for take in durable.settled {
            self.places.settle(take);
        }
        for change in &durable.changes {
            self.places.apply(change);
        }
        for limit in durable.limits_changed {
            self.places.settle_limit(limit);
        }
        if durable.reopened && !planted(Bug::StaysClosed) {
            // The next close comes after this: the campaign's turn ends when the replies are sent.
            self.places.set_closing(false);
        }
        self.decide_waiting();
    }

    /// Starts anew from the durable bookings, in a new epoch of the ledger; holds that were not being used live on.
    fn rebuild(&mut self, Rebuild { epoch, booked }: Rebuild) {
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

    fn change_limit(&mut self, command: LimitCommand) {
        let LimitCommand { limit, entry, ticket, refused } = command;
        self.places.expire(self.shared.clock.now());
        if let Err(too_small) = self.places.change_limit(limit) {
            let _ = refused.send(too_small);
            return;
        }
        let epoch = self.epoch;
        drop(self.shared.submit(Submission { epoch, entry, beside: None, ticket }));
    }

    fn grant(&mut self, mut grant: Box<Grant>) {
        if self.broken || grant.takes.are_of_another_epoch(self.epoch) {
            return refuse(*grant, RefusalCode::Unavailable.into());
        }
        let now = self.shared.clock.now();
        if grant.is_for_nobody(now) {
            return refuse(*grant, RefusalCode::Busy.into());
        }
        self.places.expire(now);
        let leg = grant.legs[grant.takes.len()];
        debug_assert_eq!(leg.session, self.id, "a grant comes to the actor of its leg");
        let session = self.entry.definition();
        let decision = if leg.stays {
            self.places.decide_stay(&session, &leg.wanted, now)
        } else {
            self.places.decide(&session, &self.shared.rules, &leg.wanted, now)
        };
        match decision {
            PlaceDecision::Refused(refusal) => {
                let refusal = refusal.of_leg(usize::from(leg.index), grant.legs.len());
                refuse(*grant, refusal);
            }
            PlaceDecision::Undecided if self.waiting.len() >= WAITING_MAX => refuse(*grant, RefusalCode::Busy.into()),
            PlaceDecision::Undecided => self.waiting.push_back(grant),
            PlaceDecision::Granted if leg.stays => self.complete(*grant),
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
        let (takes, epoch) = (takes.hand_over(), self.epoch);
        match purpose {
            Purpose::Entry(entry) => {
                let ticket = Ticket { reply: Some(reply), pass: Some(pass), turn: None, takes, permit: Some(permit) };
                // If the ledger has stopped, dropping the ticket answers.
                drop(self.shared.submit(Submission { epoch, entry, beside: None, ticket }));
            }
            Purpose::Hold { hold, replaces } => {
                let replaces = replaces.filter(|_| !planted(Bug::HoldsCollected));
                let old = replaces.as_ref().map(|old| old.id);
                for (session, take) in takes {
                    let keep = Keep { take, epoch, hold: hold.id, expires_at: hold.expires_at, replaces: old };
                    if session == self.id {
                        self.keep(keep);
                    } else {
                        self.shared.registry.tell(session, SessionMessage::Keep(keep));
                    }
                }
                if let Some(old) = replaces {
                    let elsewhere = |leg: &&Leg| hold.legs.iter().all(|kept| kept.session != leg.session);
                    for leg in old.legs.iter().filter(elsewhere) {
                        self.shared.registry.tell(leg.session, SessionMessage::Release(old.id));
                    }
                }
                pass.set_hold(Some(hold));
                drop(pass);
                let _ = reply.send(Ok(None));
            }
        }
    }

    /// A take of an earlier epoch is gone, and with it the new hold's place here; the hold that it replaces ends all the same, since
    /// its owner has the new one.
    fn keep(&mut self, keep: Keep) {
        if keep.epoch == self.epoch {
            self.places.keep(keep.take, keep.hold, keep.expires_at, keep.replaces);
        } else if let Some(old) = keep.replaces {
            self.places.release(old);
        }
    }

    /// Decides those that waited, again: the takes that they waited for may be settled.
    fn decide_waiting(&mut self) {
        for _ in 0..self.waiting.len() {
            if planted(Bug::WaitingForgotten) {
                return;
            }
            if let Some(grant) = self.waiting.pop_front() {
                self.grant(grant);
            }
        }
    }

    /// Hands a close to the ledger once every take before it is decided: then each of their entries stands before it.
    fn close_when_decided(&mut self) {
        if (self.places.undecided() == 0 || planted(Bug::ClosesTooEarly))
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
            startle(Spot::Clerk);
            self.close_when_decided();
            self.tell_held();
        }));
        if stepped.is_err() {
            self.broken = true;
            self.waiting.clear();
            self.close = None;
            self.shared.broken_sessions.fetch_add(1, Ordering::AcqRel);
            tracing::error!(session = self.id.0, "the session's clerk failed; its state is made anew");
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
