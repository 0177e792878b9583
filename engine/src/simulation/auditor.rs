//! The independent judge. It follows the durable journal, looks at what the engine has in memory after every step, and judges every
//! answer by what was true between the call and the answer. It decides with rules of its own.

use super::city::City;
use super::clients::{Answer, Ask, Call};
use super::journal::Journal;
use super::lanes::{Lanes, places_left};
use super::verdict::{Verdict, offered, rank, verdict};
use super::world::World;
use crate::core::ids::{HoldId, SessionId};
use crate::core::leg::Leg;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::resident::BookingState;
use crate::core::time::Instant;
use crate::view::{BookingView, Done, HoldView};

/// How long a hold lasts, and how long holds that replace one another last in all, in minutes.
const HOLD_MINUTES: i64 = 5;
const HOLD_MINUTES_IN_ALL: i64 = 10;

/// Whoever waits so long may be sent away, in milliseconds.
const WAIT_MS: i64 = 4_000;

/// How often a person may give a contact in a day.
const CONTACTS_A_DAY: usize = 20;

/// Something that must never be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Violation {
    /// The claim that does not hold.
    pub(super) check: &'static str,
    /// What was seen.
    pub(super) detail: String,
}

pub(super) type Judged = Result<(), Violation>;

pub(super) fn wrong(check: &'static str, detail: String) -> Judged {
    Err(Violation { check, detail })
}

/// A hold, and whether it is one by phone.
type Held = (HoldId, bool);

/// What was true for one leg at some moment since the call.
#[derive(Debug, Clone, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each of the four may have been true, in any combination")]
struct LegSeen {
    /// The durable bookings of its slot, and its durable capacities, each once. A clerk may hear of a free after a request that
    /// came before it: for that one the booking still stood, and holds and a new capacity count beside it.
    booked: Vec<Lanes>,
    capacities: Vec<u32>,
    /// What was held when it was last looked at. By one message a clerk may decide about several who waited: a hold that one of
    /// them used up and a hold that another one got may have stood together before.
    held: Vec<Held>,
    /// Durable bookings alone left no place.
    full_of_bookings: bool,
    /// Durable bookings and live holds together left no place.
    full_with_holds: bool,
    /// There was a place for this lane, or the person had it already.
    free: bool,
    /// It was not offered any more.
    closed: bool,
}

/// What was true since the call.
#[derive(Debug)]
pub(super) struct Window {
    verdicts: Vec<Verdict>,
    legs: Vec<(Leg, LegSeen)>,
    seq_at_call: u64,
    called_at: Instant,
    /// The ledger's epoch at the call.
    epoch: u64,
    /// The ledger was suspended, or a clerk had failed.
    trouble: bool,
    /// The person's hold at each poll.
    holds: Vec<Option<(HoldId, Instant)>>,
}

/// The judge of one life.
pub(super) struct Auditor {
    pub(super) city: City,
    pub(super) journal: Journal,
    /// Every request ever made.
    pub(super) calls: Vec<Call>,
}

impl Auditor {
    pub(super) fn new(city: City) -> Self {
        Self { city, journal: Journal::default(), calls: Vec::new() }
    }

    /// Opens the window of a request.
    pub(super) fn window(&self, call: &Call, world: &World) -> Window {
        let (called_at, epoch) = (world.engine.now(), world.engine.0.shared.epoch());
        let legs: Vec<Leg> = match &call.ask {
            Ask::Book { legs, .. } | Ask::Hold { legs, .. } => legs.to_vec(),
            Ask::Move { number, session, slot, .. } => {
                let dose = self.journal.bookings.get(number).map(|found| found.booking.dose);
                dose.map(|dose| Leg { session: *session, slot: *slot, dose }).into_iter().collect()
            }
            _ => Vec::new(),
        };
        let legs = legs.into_iter().map(|leg| (leg, LegSeen::default())).collect();
        let (verdicts, holds, seq_at_call) = (Vec::new(), Vec::new(), self.journal.seq());
        Window { verdicts, legs, seq_at_call, called_at, epoch, trouble: false, holds }
    }

    /// Notes what the rules say at the moment at which the request is polled.
    pub(super) fn before_poll(&self, window: &mut Window, call: &Call, world: &World, now: Instant) {
        let hold = world.engine.0.gate.hold(call.resident, now).map(|hold| (hold.id, hold.first_held_at));
        if window.holds.last() != Some(&hold) {
            window.holds.push(hold);
        }
        if let Ask::Move { number, .. } = &call.ask
            && let Some(standing) = self.journal.bookings.get(number)
        {
            let stays = |(leg, seen): &mut (Leg, LegSeen)| seen.free |= *leg == standing.booking.leg();
            window.legs.iter_mut().for_each(stays);
        }
        let verdict = verdict(&self.journal, &self.city, call, now);
        if !window.verdicts.contains(&verdict) {
            window.verdicts.push(verdict);
        }
    }

    /// Notes what is true of the places that a request wants.
    pub(super) fn glance(&self, window: &mut Window, call: &Call, world: &World, now: Instant) {
        window.trouble |= world.suspended || !world.excused.is_empty() || world.engine.0.shared.epoch() != window.epoch;
        let own = world.engine.0.gate.hold(call.resident, now).map(|hold| hold.id);
        for (leg, seen) in &mut window.legs {
            let Some(session) = self.journal.sessions.get(&leg.session) else { continue };
            seen.closed |= offered(session, *leg, now) == Some(RefusalCode::Closed);
            let Some(slot) = session.slots.get(usize::from(leg.slot.0)) else { continue };
            let lapses = session.date.at(session.slots[0].start).plus_minutes(-48 * 60);
            let share = if call.channel.uses_phone_share() || now >= lapses { 0 } else { slot.phone_share };
            let booked = self.journal.taken(leg.session, leg.slot);
            if !seen.booked.contains(&booked) {
                seen.booked.push(booked);
            }
            if !seen.capacities.contains(&slot.capacity) {
                seen.capacities.push(slot.capacity);
            }
            let durable =
                || seen.booked.iter().flat_map(|lanes| seen.capacities.iter().map(move |places| (lanes, *places)));
            seen.full_of_bookings |= durable().any(|(lanes, places)| places_left(places, *lanes, share) == 0);
            let held = held(world, *leg, own, now);
            let Some(held) = held else {
                seen.free = true;
                continue;
            };
            let before = seen.held.iter().filter(|before| !held.contains(before));
            let together = lanes_of(held.iter().chain(before));
            seen.full_with_holds |=
                durable().any(|(lanes, places)| places_left(places, lanes.and(together), share) == 0);
            seen.free |= places_left(slot.capacity, booked.and(lanes_of(&held)), share) > 0;
            seen.held = held;
        }
    }

    /// Judges an answer.
    pub(super) fn answered(&self, call: &Call, window: &Window, answer: &Answer, world: &World) -> Judged {
        let now = world.engine.now();
        match answer {
            Answer::Done(done) => {
                self.done(call, window, done)?;
                if done.repeated { Ok(()) } else { hold_is_used(call, window, world) }
            }
            Answer::Cancelled(bookings) => self.cancelled(call, window, bookings),
            Answer::Held(hold) => held_rightly(call, window, hold, now),
            Answer::City => self.city_done(call, window),
            Answer::Contact => self.contact_changed(call, window),
            Answer::Refused(Refusal { code: RefusalCode::TooManyChanges, .. })
                if matches!(call.ask, Ask::GiveContact { .. }) =>
            {
                let given = self.journal.contact(call.resident).given;
                if given >= CONTACTS_A_DAY {
                    Ok(())
                } else {
                    wrong("a refusal is the first that fits", call.to_string())
                }
            }
            Answer::Refused(refusal) => refused(call, window, refusal, now),
            Answer::Released | Answer::CityRefused(_) => Ok(()),
        }
    }

    /// A success is in the journal as it was told, and the rules allowed it.
    fn done(&self, call: &Call, window: &Window, done: &Done) -> Judged {
        let what = || format!("{call} was told {done:?}");
        let key = call.key().expect("what is done has a key");
        let told: Vec<_> = done.bookings.iter().map(|view| (view.number, leg(view))).collect();
        // What is told as new was not done before the call.
        let after = if done.repeated { 0 } else { window.seq_at_call };
        let since: Vec<_> = self.journal.keys.since(call.resident, key, window.called_at).collect();
        if since.is_empty() {
            return wrong("a success is durable", what());
        }
        if !since.iter().any(|recorded| recorded.answer == told && recorded.seq > after) {
            return wrong("a key gives its first answer", format!("{}, the journal has {since:?}", what()));
        }
        if done.bookings.iter().any(|view| view.state != BookingState::Booked) {
            return wrong("a key gives its first answer", what());
        }
        let (fits, expected) = match &call.ask {
            Ask::Book { legs, .. } => (told.iter().map(|(_, leg)| *leg).eq(legs.iter().copied()), Verdict::Fine),
            Ask::Move { number, session, slot, .. } => {
                let place = |(own, leg): &(_, Leg)| own == number && (leg.session, leg.slot) == (*session, *slot);
                (told.len() == 1 && told.iter().all(place), Verdict::Fine)
            }
            _ => (false, Verdict::Fine),
        };
        if !fits {
            return wrong("a request is booked as a whole, or not at all", what());
        }
        let expected = if done.repeated { Verdict::Repeat } else { expected };
        if !window.verdicts.contains(&expected) {
            return wrong("what is granted is allowed", format!("{}; the rules say {:?}", what(), window.verdicts));
        }
        if !done.repeated && !window.legs.iter().all(|(_, seen)| seen.free) {
            return wrong("what is granted was free", format!("{}; seen {:?}", what(), window.legs));
        }
        Ok(())
    }

    /// A cancellation is durable and says all that it ended.
    fn cancelled(&self, call: &Call, window: &Window, told: &[BookingView]) -> Judged {
        let Ask::Cancel { number } = call.ask else {
            return wrong("an answer is to its question", format!("{call} was told {told:?}"));
        };
        let what = || format!("{call} was told {told:?}");
        let Some(standing) = self.journal.bookings.get(&number) else {
            return wrong("a cancellation is durable", what());
        };
        let all: Vec<_> = told.iter().map(|view| view.number).collect();
        if standing.ended_with != all {
            return wrong("a cancellation is durable", format!("{}; it is {standing:?}", what()));
        }
        let ended = |view: &BookingView| matches!(view.state, BookingState::Cancelled | BookingState::CancelledByCity);
        if !told.iter().all(ended) {
            return wrong("a cancellation is told as such", what());
        }
        if !window.verdicts.iter().any(|seen| matches!(seen, Verdict::Fine | Verdict::Repeat)) {
            return wrong("what is granted is allowed", format!("{}; the rules say {:?}", what(), window.verdicts));
        }
        Ok(())
    }

    /// A contact is given or deleted durably; somebody may have changed that again since the call.
    fn contact_changed(&self, call: &Call, window: &Window) -> Judged {
        let contact = self.journal.contact(call.resident);
        let durable = match call.ask {
            Ask::GiveContact { .. } => contact.held || contact.last_deleted > window.seq_at_call,
            Ask::DeleteContact => !contact.held || contact.last_given > window.seq_at_call,
            _ => false,
        };
        if durable { Ok(()) } else { wrong("a success is durable", format!("{call}; the journal has {contact:?}")) }
    }

    /// Whether the session was closed, or opened again, since the call.
    fn turned(&self, window: &Window, session: SessionId, open: bool) -> bool {
        let since = self.journal.turned.iter().rev().take_while(|(seq, ..)| *seq > window.seq_at_call);
        since.into_iter().any(|(_, id, opened)| (*id, *opened) == (session, open))
    }

    fn city_done(&self, call: &Call, window: &Window) -> Judged {
        let durable = match &call.ask {
            Ask::Capacity { session, slot, capacity } => {
                let made = |(seq, at, no, places): &(u64, _, _, u32)| {
                    *seq > window.seq_at_call && (at, no, places) == (session, slot, capacity)
                };
                self.journal.capacities.iter().any(made)
            }
            Ask::Close(session) => self.turned(window, *session, false),
            Ask::Reopen(session) => self.turned(window, *session, true),
            Ask::CancelSession(session) => {
                self.journal.sessions.get(session).is_some_and(|session| !is_published(session))
            }
            Ask::Site { title } => {
                // It was said already, or it has been said since the call.
                let said = self.journal.titles.iter().rev();
                let mut since = said.scan(false, |before, (seq, said)| {
                    let ends = std::mem::replace(before, *seq <= window.seq_at_call);
                    (!ends).then_some(said)
                });
                since.any(|said| said == title)
            }
            _ => true,
        };
        if durable { Ok(()) } else { wrong("a success is durable", call.to_string()) }
    }
}

pub(super) fn is_published(session: &crate::core::session::Session) -> bool {
    matches!(session.phase, crate::core::session::SessionPhase::Published { .. })
}

pub(super) fn leg(view: &BookingView) -> Leg {
    Leg { session: view.session, slot: view.slot, dose: view.dose }
}

/// A hold was allowed, was free, and lasts five minutes, ten together with those that it replaced.
fn held_rightly(call: &Call, window: &Window, hold: &HoldView, now: Instant) -> Judged {
    let what = || format!("{call} was told {hold:?}; seen {window:?}");
    if !window.verdicts.contains(&Verdict::Fine) {
        return wrong("what is granted is allowed", what());
    }
    if !window.legs.iter().all(|(_, seen)| seen.free) {
        return wrong("what is granted was free", what());
    }
    let goes_on = window.holds.iter().all(Option::is_some);
    let known = window.holds.iter().flatten().any(|(_, first)| *first == hold.first_held_at);
    let too_long = hold.expires_at > now.plus_minutes(HOLD_MINUTES)
        || hold.expires_at > hold.first_held_at.plus_minutes(HOLD_MINUTES_IN_ALL);
    if too_long || hold.first_held_at > now || (goes_on && !known) {
        return wrong("a hold lasts five minutes, ten in all", what());
    }
    Ok(())
}

/// Whoever has booked holds nothing any more of what they held before.
fn hold_is_used(call: &Call, window: &Window, world: &World) -> Judged {
    let held = world.engine.current_hold(call.resident).map(|hold| (hold.id, hold.first_held_at));
    let stayed = matches!(call.ask, Ask::Move { .. });
    if !stayed && held.is_some() && window.holds.first() == Some(&held) {
        return wrong("a booking uses up one's hold", format!("{call}, still held: {held:?}"));
    }
    Ok(())
}

/// A refusal rests on what was true at some moment since the call.
fn refused(call: &Call, window: &Window, refusal: &Refusal, now: Instant) -> Judged {
    let what =
        || format!("{call} was told {refusal:?}; the rules say {:?}, the places {:?}", window.verdicts, window.legs);
    let pair = window.legs.len() > 1;
    let about = window.legs.get(refusal.index.map_or(0, usize::from)).map(|(_, seen)| seen);
    let right = match refusal.code {
        RefusalCode::NoSuchHold => true,
        // Nothing was changed, or nobody knows: there was a fault, or the wait was too long.
        RefusalCode::Queued | RefusalCode::Busy | RefusalCode::Unavailable => {
            if !window.trouble && now.ms_since(window.called_at) < WAIT_MS {
                return wrong("nobody is sent away without a reason", what());
            }
            true
        }
        RefusalCode::Full => {
            let Some(seen) = about.filter(|_| refusal.index.is_some() == pair) else {
                return wrong("a refusal names its leg", what());
            };
            let rests = if refusal.retry_at.is_some() { seen.full_with_holds } else { seen.full_of_bookings };
            if !rests {
                return wrong("full rests on durable bookings and live holds", what());
            }
            let latest = now.plus_minutes(HOLD_MINUTES);
            if refusal.retry_at.is_some_and(|at| at <= window.called_at || at > latest) {
                return wrong("full says when to come again", what());
            }
            window.verdicts.contains(&Verdict::Fine)
        }
        RefusalCode::Closed if about.is_some_and(|seen| seen.closed) => true,
        code => window.verdicts.contains(&Verdict::Refuse(code, refusal.index)),
    };
    if right {
        Ok(())
    } else {
        wrong("a refusal is the first that fits", format!("{} (rank {})", what(), rank(refusal.code)))
    }
}

/// What is held in a slot, by the clerk's own list; none if the person's own hold is there, so that nobody stands in their way.
fn held(world: &World, leg: Leg, own: Option<HoldId>, now: Instant) -> Option<Vec<Held>> {
    let look = |clerk: &crate::actors::SessionClerk| {
        let live = clerk.places().holds().filter(|(_, held)| held.slot == leg.slot && held.expires_at > now);
        let live: Vec<Held> = live.map(|(id, held)| (id, held.phone)).collect();
        (!live.iter().any(|(id, _)| own == Some(*id))).then_some(live)
    };
    world.desks.look_at(leg.session, look).flatten()
}

fn lanes_of<'a>(holds: impl IntoIterator<Item = &'a Held>) -> Lanes {
    let mut lanes = Lanes::default();
    for (_, phone) in holds {
        *(if *phone { &mut lanes.phone } else { &mut lanes.web }) += 1;
    }
    lanes
}
