//! What the contract says to a request, capacity apart: the first refusal in the contract's order, or none. Written from the
//! contract, and asked at every moment at which the engine may have decided.

use super::city::{self, City};
use super::clients::{Ask, Call};
use super::journal::Journal;
use super::keys::Remembered;
use crate::core::ids::{BookingNumber, DoseNo, ResidentNo};
use crate::core::leg::Leg;
use crate::core::refusal::RefusalCode as Code;
use crate::core::resident::{Booking, BookingState};
use crate::core::session::{Session, SessionPhase};
use crate::core::time::{ClockTime, Day, Instant};

/// The contract's order.
const ORDER: [Code; 11] = [
    Code::KeyReused,
    Code::NoSuchBooking,
    Code::TooLate,
    Code::NoSuchSlot,
    Code::NotOpen,
    Code::Closed,
    Code::NotEligible,
    Code::AlreadyBooked,
    Code::Interval,
    Code::Full,
    Code::TooManyChanges,
];
/// How many keyed changes one may make in the days for which keys are kept.
const KEYS_MAX: usize = 64;

/// What the rules about the person say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The place may be asked for.
    Fine,
    /// It was done before.
    Repeat,
    /// No; of a pair, because of this leg.
    Refuse(Code, Option<u8>),
}

/// Where a refusal stands in the contract's order.
pub(super) fn rank(code: Code) -> usize {
    ORDER.iter().position(|other| *other == code).unwrap_or(ORDER.len())
}

/// The verdict at `now`, by what is durable.
pub(super) fn verdict(journal: &Journal, city: &City, call: &Call, now: Instant) -> Verdict {
    let whose = call.resident;
    match &call.ask {
        Ask::Book { legs, key } => match journal.keys.at(whose, key, now) {
            Some(done) if done_by_book(done, legs) => Verdict::Repeat,
            Some(_) => Verdict::Refuse(Code::KeyReused, None),
            None => few_changes(journal, whose, now, places(journal, city, whose, legs, None, now)),
        },
        Ask::Move { number, session, slot, key } => match journal.keys.at(whose, key, now) {
            Some(done) if done_by_move(done, *number, (*session, *slot)) => Verdict::Repeat,
            Some(_) => Verdict::Refuse(Code::KeyReused, None),
            None => match changeable(journal, whose, *number, now) {
                Err(code) => Verdict::Refuse(code, None),
                Ok(from) => {
                    let leg = Leg { session: *session, slot: *slot, dose: from.dose };
                    few_changes(journal, whose, now, places(journal, city, whose, &[leg], Some(*number), now))
                }
            },
        },
        Ask::Cancel { number } => match journal.bookings.get(number).filter(|found| found.resident == whose) {
            Some(found) if is_cancelled(found.booking.state) => Verdict::Repeat,
            _ => changeable(journal, whose, *number, now)
                .map_or_else(|code| Verdict::Refuse(code, None), |_| Verdict::Fine),
        },
        Ask::Hold { legs, changes } => {
            match changes.map_or(Ok(()), |number| changeable(journal, whose, number, now).map(drop)) {
                Err(code) => Verdict::Refuse(code, None),
                Ok(()) => places(journal, city, whose, legs, *changes, now),
            }
        }
        _ => Verdict::Fine,
    }
}

fn few_changes(journal: &Journal, whose: ResidentNo, now: Instant, verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fine if journal.keys.count(whose, now) >= KEYS_MAX => Verdict::Refuse(Code::TooManyChanges, None),
        other => other,
    }
}

fn done_by_book(done: &Remembered, legs: &[Leg]) -> bool {
    !done.moved && done.answer.iter().map(|(_, leg)| *leg).eq(legs.iter().copied())
}

fn done_by_move(
    done: &Remembered,
    number: BookingNumber,
    to: (crate::core::ids::SessionId, crate::core::ids::SlotNo),
) -> bool {
    done.moved && done.answer.iter().all(|(own, leg)| *own == number && (leg.session, leg.slot) == to)
}

const fn is_cancelled(state: BookingState) -> bool {
    matches!(state, BookingState::Cancelled | BookingState::CancelledByCity)
}

/// The booking, if it is theirs and may still be changed: until 17:00 of the day before.
fn changeable(journal: &Journal, whose: ResidentNo, number: BookingNumber, now: Instant) -> Result<Booking, Code> {
    let found = journal.bookings.get(&number).filter(|found| found.resident == whose);
    let booking = found.map(|found| found.booking).ok_or(Code::NoSuchBooking)?;
    if is_cancelled(booking.state) {
        return Err(Code::NoSuchBooking);
    }
    let deadline = booking.date.plus_days(-1).at(ClockTime(17 * 60));
    if now > deadline { Err(Code::TooLate) } else { Ok(booking) }
}

/// All legs: the first refusal in the contract's order, of equal ones that of the earlier leg.
fn places(
    journal: &Journal,
    city: &City,
    whose: ResidentNo,
    legs: &[Leg],
    moving: Option<BookingNumber>,
    now: Instant,
) -> Verdict {
    let planned = |dose: DoseNo| -> Option<Day> {
        let asked = legs.iter().find(|leg| leg.dose == dose);
        let asked = asked.and_then(|leg| journal.sessions.get(&leg.session)).map(|session| session.date);
        asked.or_else(|| journal.date_of(whose, dose))
    };
    let mut first: Option<(usize, Code, Option<u8>)> = None;
    for (index, leg) in legs.iter().enumerate() {
        let Some(code) = place(journal, city, whose, *leg, &planned, moving, now) else { continue };
        if first.is_none_or(|(before, ..)| rank(code) < before) {
            first = Some((rank(code), code, (legs.len() > 1).then_some(index as u8)));
        }
    }
    first.map_or(Verdict::Fine, |(_, code, index)| Verdict::Refuse(code, index))
}

fn place(
    journal: &Journal,
    city: &City,
    whose: ResidentNo,
    leg: Leg,
    planned: &dyn Fn(DoseNo) -> Option<Day>,
    moving: Option<BookingNumber>,
    now: Instant,
) -> Option<Code> {
    let Some(session) = journal.sessions.get(&leg.session) else { return Some(Code::NoSuchSlot) };
    if let Some(code) = offered(session, leg, now) {
        return Some(code);
    }
    let wave_is_open = city.wave_opens(whose).is_some_and(|opens| opens <= now);
    let before = leg.dose.previous().map(planned);
    if journal.gone.contains(&whose) || city.is_child(whose) || !wave_is_open || before == Some(None) {
        return Some(Code::NotEligible);
    }
    let live = journal.live(whose, leg.dose).filter(|booking| Some(booking.number) != moving);
    if live.is_some() || journal.elsewhere.contains_key(&(whose, leg.dose)) {
        return Some(Code::AlreadyBooked);
    }
    let apart = |from: Day, to: Day| city::INTERVAL_DAYS.contains(&to.days_since(from));
    let after = leg.dose.next().and_then(planned);
    let fits = before.flatten().is_none_or(|date| apart(date, session.date))
        && after.is_none_or(|date| apart(session.date, date));
    (!fits).then_some(Code::Interval)
}

/// Whether the place is offered at `now`; if not, why.
pub(super) fn offered(session: &Session, leg: Leg, now: Instant) -> Option<Code> {
    let slot = session.slots.get(usize::from(leg.slot.0)).filter(|_| session.doses.contains(&leg.dose));
    let Some(slot) = slot else { return Some(Code::NoSuchSlot) };
    match session.phase {
        SessionPhase::Draft | SessionPhase::Discarded => Some(Code::NoSuchSlot),
        SessionPhase::Closed { .. } | SessionPhase::Cancelled { .. } => Some(Code::Closed),
        SessionPhase::Published { opens_at } if now < opens_at => Some(Code::NotOpen),
        SessionPhase::Published { .. } if now >= session.date.at(slot.start) => Some(Code::Closed),
        SessionPhase::Published { .. } => None,
    }
}
