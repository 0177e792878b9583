//! What the durable journal says, read entry by entry and judged by rules of its own: the auditor's only source about what
//! happened. It shares the names of things with the engine, and none of its decisions.

use std::collections::{BTreeMap, BTreeSet};

use super::auditor::Violation;
use super::city::{self, City};
use super::clients::{Ask, Call};
use super::keys::{Keys, Remembered};
use super::lanes::Lanes;
use crate::core::event::{Entry, Event};
use crate::core::ids::{BookingNumber, DoseNo, ResidentNo, SessionId, SlotNo};
use crate::core::leg::Leg;
use crate::core::resident::{Booking, BookingState};
use crate::core::session::{Session, SessionPhase};
use crate::core::time::{Day, Instant};
use crate::ledger::{CHAIN_START, Chain, LoadError, StoreReader, read_block};

/// A booking as the journal left it.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) resident: ResidentNo,
    pub(super) booking: Booking,
    /// What ended together with it, itself among them.
    pub(super) ended_with: Vec<BookingNumber>,
}

/// What the journal says of a person's contact.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ContactSeen {
    pub(super) held: bool,
    /// How often one was given.
    pub(super) given: usize,
    /// The last entries that gave and deleted one; 0 for none.
    pub(super) last_given: u64,
    pub(super) last_deleted: u64,
}

/// The journal so far.
#[derive(Debug, Default)]
pub(super) struct Journal {
    /// The chain after each entry, from the start on.
    pub(super) chains: Vec<Chain>,
    pub(super) sessions: BTreeMap<SessionId, Session>,
    pub(super) bookings: BTreeMap<BookingNumber, Standing>,
    pub(super) elsewhere: BTreeMap<(ResidentNo, DoseNo), Day>,
    pub(super) gone: BTreeSet<ResidentNo>,
    /// Changes of capacity with the entry that made them.
    pub(super) capacities: Vec<(u64, SessionId, SlotNo, u32)>,
    /// Sessions that were closed (false) and opened again (true), with the entry that did it.
    pub(super) turned: Vec<(u64, SessionId, bool)>,
    /// What the city announced, with the entry that said so.
    pub(super) titles: Vec<(u64, String)>,
    pub(super) keys: Keys,
    contacts: BTreeMap<ResidentNo, ContactSeen>,
    taken: BTreeMap<(SessionId, SlotNo), Lanes>,
}

type Judged = Result<(), Violation>;

fn wrong(check: &'static str, detail: String) -> Judged {
    Err(Violation { check, detail })
}

impl Journal {
    /// The last entry.
    pub(super) fn seq(&self) -> u64 {
        self.chains.len().saturating_sub(1) as u64
    }

    /// Reads on to the end of what is stored.
    pub(super) fn follow(&mut self, reader: &StoreReader, city: &City, calls: &[Call]) -> Judged {
        if self.chains.is_empty() {
            self.chains.push(CHAIN_START);
        }
        let mut judged = Ok(());
        let read = reader.snapshot().and_then(|snapshot| {
            snapshot.blocks_from(self.seq() + 1, |first_seq, bytes| {
                let gap = LoadError::Damaged { what: "a gap", at: first_seq };
                let before = *self.chains.get(first_seq as usize - 1).ok_or(gap)?;
                read_block(first_seq, bytes, before, |seq, entry, chain| {
                    if seq > self.seq() && judged.is_ok() {
                        judged = self.apply(seq, &entry, city, calls);
                        self.chains.push(chain);
                    }
                })?;
                Ok(())
            })
        });
        judged?;
        read.map_err(|error| Violation { check: "the journal is whole", detail: error.to_string() })
    }

    fn apply(&mut self, seq: u64, entry: &Entry, city: &City, calls: &[Call]) -> Judged {
        was_asked_for(seq, entry, calls)?;
        let mut answer = Vec::new();
        let mut cancelled = Vec::new();
        for event in &entry.events {
            match event {
                Event::Booked { resident, booking } => {
                    self.booked(seq, *resident, booking)?;
                    answer.push((booking.number, booking.leg()));
                }
                Event::Moved { resident, from, to } => {
                    self.moved(seq, *resident, from, to)?;
                    answer.push((to.number, to.leg()));
                }
                Event::Cancelled { resident, booking, state } => {
                    self.cancelled(seq, *resident, booking, *state)?;
                    cancelled.push(booking.number);
                }
                Event::DoseRecorded { resident, given } => {
                    self.elsewhere.insert((*resident, given.dose), given.date);
                }
                Event::RollImported { added, changed, gone, .. } => {
                    self.gone.retain(|no| !added.contains(*no) && !changed.contains(*no));
                    self.gone.extend(gone.iter());
                }
                Event::ContactGiven { resident } => {
                    let contact = self.contacts.entry(*resident).or_default();
                    (contact.held, contact.last_given, contact.given) = (true, seq, contact.given + 1);
                }
                Event::ContactDeleted { resident } => {
                    let contact = self.contacts.entry(*resident).or_default();
                    if !std::mem::take(&mut contact.held) {
                        return wrong("only what is held is deleted", format!("entry {seq}, resident {resident}"));
                    }
                    contact.last_deleted = seq;
                }
                Event::SiteChanged(site) => {
                    let title = site.announcements.first().map_or_else(String::new, |one| one.title.ja.to_string());
                    if self.titles.last().is_some_and(|(_, before)| *before == title) {
                        return wrong("what is said already is not written again", format!("entry {seq}, {title}"));
                    }
                    self.titles.push((seq, title));
                }
                Event::CapacityChanged { session, slot, capacity } => {
                    self.capacities.push((seq, *session, *slot, *capacity));
                    self.apply_to_sessions(event);
                    self.within_capacity(seq, *session, *slot)?;
                }
                Event::SessionClosed(id) | Event::SessionReopened(id) => {
                    self.turned.push((seq, *id, matches!(event, Event::SessionReopened(_))));
                    self.apply_to_sessions(event);
                }
                event => self.apply_to_sessions(event),
            }
        }
        for event in &entry.events {
            if let Event::Booked { resident, booking } | Event::Moved { resident, to: booking, .. } = event {
                self.granted(seq, entry, *resident, booking, city)?;
            }
        }
        for number in &cancelled {
            let standing = self.bookings.get_mut(number).expect("it was just cancelled");
            standing.ended_with.clone_from(&cancelled);
        }
        self.no_later_dose_left(seq, entry)?;
        self.remember(seq, entry, answer)
    }

    fn apply_to_sessions(&mut self, event: &Event) {
        let mut phase = |id: &SessionId, phase: &dyn Fn(Instant) -> SessionPhase| {
            if let Some(session) = self.sessions.get_mut(id) {
                session.phase = phase(session.opens_at().unwrap_or_default());
            }
        };
        match event {
            Event::SessionDrafted(session) => {
                self.sessions.insert(session.id, session.clone());
            }
            Event::SessionsPublished { sessions, opens_at } => {
                let opens_at = *opens_at;
                for id in sessions {
                    phase(id, &|_| SessionPhase::Published { opens_at });
                }
            }
            Event::SessionClosed(id) => phase(id, &|opens_at| SessionPhase::Closed { opens_at }),
            Event::SessionReopened(id) => phase(id, &|opens_at| SessionPhase::Published { opens_at }),
            Event::SessionCancelled(id) => phase(id, &|opens_at| SessionPhase::Cancelled { opens_at }),
            Event::CapacityChanged { session, slot, capacity } => {
                if let Some(session) = self.sessions.get_mut(session) {
                    session.slots[usize::from(slot.0)].capacity = *capacity;
                }
            }
            _ => {}
        }
    }

    fn booked(&mut self, seq: u64, resident: ResidentNo, booking: &Booking) -> Judged {
        if self.live(resident, booking.dose).is_some() {
            return wrong("one live booking per person and dose", format!("entry {seq}, resident {resident}"));
        }
        if self.bookings.contains_key(&booking.number) {
            return wrong("a number is given once", format!("entry {seq}, number {}", booking.number));
        }
        let standing = Standing { resident, booking: *booking, ended_with: Vec::new() };
        self.bookings.insert(booking.number, standing);
        self.count(booking, true);
        self.within_capacity(seq, booking.session, booking.slot)
    }

    fn moved(&mut self, seq: u64, resident: ResidentNo, from: &Booking, to: &Booking) -> Judged {
        let Some(standing) = self.bookings.get_mut(&from.number) else {
            return wrong("a move keeps its booking", format!("entry {seq} moves no booking"));
        };
        if standing.booking != *from
            || standing.resident != resident
            || to.number != from.number
            || to.dose != from.dose
        {
            let detail = format!("entry {seq} moves {from:?} to {to:?}; it is {standing:?}");
            return wrong("a move keeps its booking", detail);
        }
        standing.booking = *to;
        self.count(from, false);
        self.count(to, true);
        self.within_capacity(seq, to.session, to.slot)
    }

    fn cancelled(&mut self, seq: u64, resident: ResidentNo, booking: &Booking, state: BookingState) -> Judged {
        let standing = self.bookings.get_mut(&booking.number);
        let Some(standing) = standing.filter(|standing| standing.booking == *booking && standing.resident == resident)
        else {
            return wrong("a booking ends once", format!("entry {seq} cancels {booking:?}"));
        };
        if standing.booking.state != BookingState::Booked {
            return wrong("a booking ends once", format!("entry {seq} cancels {} again", booking.number));
        }
        standing.booking.state = state;
        self.count(booking, false);
        Ok(())
    }

    fn count(&mut self, booking: &Booking, taken: bool) {
        let lanes = self.taken.entry((booking.session, booking.slot)).or_default();
        let lane = if booking.channel.uses_phone_share() { &mut lanes.phone } else { &mut lanes.web };
        *lane = if taken { *lane + 1 } else { lane.saturating_sub(1) };
    }

    fn within_capacity(&self, seq: u64, session: SessionId, slot: SlotNo) -> Judged {
        let taken = self.taken(session, slot);
        let capacity =
            self.sessions.get(&session).and_then(|session| session.slot(slot)).map_or(0, |slot| slot.capacity);
        if taken.web + taken.phone <= capacity {
            return Ok(());
        }
        let detail = format!("after entry {seq}, {session}/{slot} has {taken:?} for {capacity} places");
        wrong("capacity on the disk", detail)
    }

    /// The rules of a grant, at the time of its entry.
    fn granted(&self, seq: u64, entry: &Entry, resident: ResidentNo, booking: &Booking, city: &City) -> Judged {
        let Some(session) = self.sessions.get(&booking.session) else {
            return wrong("only what is offered is granted", format!("entry {seq} books in no session"));
        };
        let SessionPhase::Published { opens_at } = session.phase else {
            return wrong("only what is offered is granted", format!("entry {seq} books in {:?}", session.phase));
        };
        let slot = &session.slots[usize::from(booking.slot.0)];
        if entry.at < opens_at || entry.at >= session.date.at(slot.start) || !session.doses.contains(&booking.dose) {
            return wrong("only what is offered is granted", format!("entry {seq} at {:?} in {session:?}", entry.at));
        }
        let eligible = !city.is_child(resident) && city.wave_opens(resident).is_some_and(|opens| entry.at >= opens);
        if !eligible {
            return wrong("only who is eligible books", format!("entry {seq} at {:?}, resident {resident}", entry.at));
        }
        let before = booking.dose.previous().map(|dose| self.date_of(resident, dose));
        let after = booking.dose.next().and_then(|dose| self.date_of(resident, dose));
        let allowed = |from: Day, to: Day| city::INTERVAL_DAYS.contains(&to.days_since(from));
        match before {
            Some(None) => wrong("no second dose without a first", format!("entry {seq}, resident {resident}")),
            Some(Some(date)) if !allowed(date, booking.date) => {
                wrong("doses keep their interval", format!("entry {seq}: {date} and {}", booking.date))
            }
            _ if after.is_some_and(|date| !allowed(booking.date, date)) => {
                wrong("doses keep their interval", format!("entry {seq}: {} and {after:?}", booking.date))
            }
            _ => Ok(()),
        }
    }

    /// Who gives a first dose back gives the second with it.
    fn no_later_dose_left(&self, seq: u64, entry: &Entry) -> Judged {
        for event in &entry.events {
            if let Event::Cancelled { resident, booking, state: BookingState::Cancelled } = event
                && let Some(next) = booking.dose.next()
                && self.live(*resident, next).is_some()
            {
                return wrong("a second dose goes with its first", format!("entry {seq}, resident {resident}"));
            }
        }
        Ok(())
    }

    fn remember(&mut self, seq: u64, entry: &Entry, answer: Vec<(BookingNumber, Leg)>) -> Judged {
        let owner = entry.events.iter().find_map(|event| match event {
            Event::Booked { resident, .. } | Event::Moved { resident, .. } => Some(*resident),
            _ => None,
        });
        let (Some(owner), Some(key)) = (owner, &entry.key) else { return Ok(()) };
        let moved = entry.events.iter().any(|event| matches!(event, Event::Moved { .. }));
        let done = Remembered { seq, at: entry.at, moved, answer };
        if self.keys.remember(owner, key, done) {
            return Ok(());
        }
        wrong("a key books once", format!("entry {seq}, resident {owner}, key {}", key.as_str()))
    }

    /// The live booking of a dose.
    pub(super) fn live(&self, resident: ResidentNo, dose: DoseNo) -> Option<&Booking> {
        let own = self.bookings.values().filter(|standing| standing.resident == resident);
        own.map(|standing| &standing.booking).find(|booking| booking.dose == dose && booking.state.is_live())
    }

    /// When a dose is or was to be given.
    pub(super) fn date_of(&self, resident: ResidentNo, dose: DoseNo) -> Option<Day> {
        let booked = self.live(resident, dose).map(|booking| booking.date);
        booked.or_else(|| self.elsewhere.get(&(resident, dose)).copied())
    }

    /// What is known of a person's contact.
    pub(super) fn contact(&self, resident: ResidentNo) -> ContactSeen {
        self.contacts.get(&resident).copied().unwrap_or_default()
    }

    /// The durable bookings of a slot.
    pub(super) fn taken(&self, session: SessionId, slot: SlotNo) -> Lanes {
        self.taken.get(&(session, slot)).copied().unwrap_or_default()
    }
}

/// Every entry with bookings is exactly one of the requests that were made: no leg is missing, no key is another's.
fn was_asked_for(seq: u64, entry: &Entry, calls: &[Call]) -> Judged {
    let places = |event: &Event| match event {
        Event::Booked { resident, booking } => Some((*resident, booking.leg(), None)),
        Event::Moved { resident, to, .. } => Some((*resident, to.leg(), Some(to.number))),
        _ => None,
    };
    let made: Vec<_> = entry.events.iter().filter_map(places).collect();
    let Some(&(resident, ..)) = made.first() else { return Ok(()) };
    let fits = |call: &&Call| {
        call.resident == resident
            && call.key() == entry.key.as_ref()
            && match &call.ask {
                Ask::Book { legs, .. } => made
                    .iter()
                    .map(|(who, leg, moved)| (*who, *leg, *moved))
                    .eq(legs.iter().map(|leg| (resident, *leg, None))),
                Ask::Move { number, session, slot, .. } => {
                    made.len() == 1
                        && made[0].2 == Some(*number)
                        && (made[0].1.session, made[0].1.slot) == (*session, *slot)
                }
                _ => false,
            }
    };
    if calls.iter().rev().any(|call| fits(&call)) {
        return Ok(());
    }
    wrong("a request is booked as a whole, or not at all", format!("entry {seq} {made:?} was not asked for"))
}
