//! When nobody asks any more: everybody is answered within bounded steps, nothing is left on its way, holds end, and whatever is free
//! can really be booked.

use super::auditor::{Judged, Violation, wrong};
use super::clients::{Ask, Call};
use super::copies;
use super::lanes::places_left;
use super::life::Life;
use super::verdict::offered;
use crate::core::ids::{Channel, DoseNo, RequestKey, ResidentNo, SlotNo};
use crate::core::leg::{Leg, Legs};
use crate::ledger::sim_disk::Faults;
use crate::ledger::verify;

/// Rounds in which everybody gets a turn. A request waits a round for each hop: gate, one or two clerks, ledger, answer; behind
/// others of the same person again.
const ROUNDS_MAX: usize = 200;
/// Longer than any hold.
const HOLDS_END_MS: u32 = 11 * 60 * 1_000;

impl Life {
    /// Everybody gets a turn, again and again, until nothing is on its way.
    async fn settle(&mut self) -> Judged {
        for round in 0..ROUNDS_MAX {
            for _ in 0..self.clients.len() {
                if !self.clients.is_empty() {
                    let which = self.dice.below(self.clients.len());
                    self.poll(which)?;
                    self.look()?;
                }
            }
            for session in self.world.desks.waiting() {
                self.world.deliver(session, false);
                self.look()?;
            }
            if self.world.suspended {
                self.world.resume();
                self.reads_are_durable()?;
            }
            let queued = self.world.queued();
            if queued > 0 {
                self.world.take(queued);
            }
            self.follow()?;
            self.look()?;
            let asleep = self.clients.is_empty() && self.world.desks.waiting().is_empty() && self.world.queued() == 0;
            if asleep && !self.world.suspended {
                return Ok(());
            }
            if round > ROUNDS_MAX / 2 {
                self.advance(500).await;
                self.world.tick_all();
            }
        }
        wrong("everybody is answered", format!("{} requests wait for ever", self.clients.len()))
    }

    /// Nothing is on its way, so nothing may be left.
    fn nothing_is_left(&self) -> Judged {
        let engine = &self.world.engine;
        if engine.in_flight() != 0 {
            return wrong("permits return", format!("{} are out", engine.in_flight()));
        }
        if !engine.0.gate.is_empty() {
            return wrong("the gate is empty", String::new());
        }
        if engine.0.campaign.try_lock().is_err() {
            return wrong("the campaign's turn ends", String::new());
        }
        let now = engine.now();
        let people = (0..self.auditor.city.roll.len() as u32).map(ResidentNo);
        let owned: Vec<_> = people.filter_map(|no| engine.0.gate.hold(no, now)).map(|hold| hold.id).collect();
        for id in self.world.desks.sessions() {
            let look = |clerk: &crate::actors::SessionClerk| {
                if clerk.is_broken() || !clerk.is_idle() {
                    return wrong("takes are settled or given back", format!("session {id}"));
                }
                let live: Vec<_> = clerk.places().holds().filter(|(_, held)| held.expires_at > now).collect();
                if let Some((_, held)) = live.iter().find(|(hold, _)| !owned.contains(hold)) {
                    return wrong("a hold has its owner", format!("{id}: {held:?} is nobody's"));
                }
                for slot in 0..clerk.places().booked().0.len() {
                    let no = SlotNo(slot as u16);
                    let booked = self.auditor.journal.taken(id, no);
                    let held = clerk.places().holds().filter(|(_, held)| held.slot == no).count() as u32;
                    let taken = clerk.places().taken(slot);
                    if taken != booked.web + booked.phone + held {
                        return wrong(
                            "a clerk counts what is durable",
                            format!("{id}/{no}: {taken}, not {booked:?} and {held}"),
                        );
                    }
                }
                Ok(())
            };
            self.world.desks.look_at(id, look).unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    /// A pause amid a life.
    pub(super) async fn calm(&mut self) -> Judged {
        self.log.add("a quiet moment");
        self.settle().await?;
        self.nothing_is_left()?;
        self.index_is_whole()?;
        if self.dice.chance(1, 3) { self.same_after_restart() } else { Ok(()) }
    }

    fn index_is_whole(&self) -> Judged {
        let (served, durable) = (self.world.engine.index().head().seq, self.auditor.journal.seq());
        if served == durable { Ok(()) } else { wrong("what is durable is published", format!("{served} of {durable}")) }
    }

    /// The end of a life.
    pub(super) async fn end(&mut self) -> Judged {
        self.log.add("the end: no more faults");
        self.world.disk.set_faults(Faults::None, 0);
        self.settle().await?;
        self.nothing_is_left()?;
        self.advance(HOLDS_END_MS).await;
        self.world.tick_all();
        self.settle().await?;
        for id in self.world.desks.sessions() {
            let held = self.world.desks.look_at(id, |clerk| clerk.places().holds().count()).unwrap_or_default();
            if held > 0 {
                return wrong("holds end", format!("session {id} has {held} after {HOLDS_END_MS} ms"));
            }
        }
        self.book_what_is_left().await?;
        self.nothing_is_left()?;
        self.same_after_restart()?;
        self.verifies()
    }

    /// The reserve books every place that is left, and one more in each slot hears that it is full.
    async fn book_what_is_left(&mut self) -> Judged {
        let now = self.world.engine.now();
        let mut reserve = self.auditor.city.active..self.auditor.city.roll.len() as u32;
        let mut wanted = Vec::new();
        for session in self.auditor.journal.sessions.values() {
            for (slot, no) in session.slots.iter().zip(0..) {
                let leg = Leg { session: session.id, slot: SlotNo(no), dose: DoseNo::FIRST };
                if offered(session, leg, now).is_none() {
                    let taken = self.auditor.journal.taken(session.id, leg.slot);
                    wanted.push((leg, places_left(slot.capacity, taken, 0), slot.capacity));
                }
            }
        }
        for (leg, left, capacity) in wanted {
            for _ in 0..left {
                let Some(who) = reserve.next() else { return Ok(()) };
                self.send(by_phone(who, leg));
            }
            self.settle().await?;
            let taken = self.auditor.journal.taken(leg.session, leg.slot);
            if taken.web + taken.phone != capacity {
                let detail =
                    format!("{}/{}: {left} were free, {taken:?} of {capacity} are booked", leg.session, leg.slot);
                return wrong("what is free can be booked", detail);
            }
            let Some(who) = reserve.next() else { return Ok(()) };
            self.send(by_phone(who, leg));
            self.settle().await?;
        }
        Ok(())
    }

    /// The product's own verification agrees.
    fn verifies(&self) -> Judged {
        let unreadable = |error: String| Violation { check: "the store verifies", detail: error };
        let mark = self.world.mark.read().map_err(|error| unreadable(error.to_string()))?;
        let snapshot = self.world.engine.0.reader.snapshot().map_err(|error| unreadable(error.to_string()))?;
        let report = verify(&snapshot, mark).map_err(|error| unreadable(error.to_string()))?;
        if !report.problems.is_empty() || report.entries != self.auditor.journal.seq() {
            return wrong("the store verifies", format!("{report:?}"));
        }
        copies::are_the_store(&snapshot, &report)
    }
}

fn by_phone(who: u32, leg: Leg) -> Call {
    let key = RequestKey::new(&format!("reserve-{who}")).expect("a key");
    Call { resident: ResidentNo(who), channel: Channel::Phone, ask: Ask::Book { legs: Legs::one(leg), key } }
}
