//! The rules about a person: may they book this, and when. The rules about a place are in `places`.

use super::ids::{BookingNumber, DoseNo, VaccineId};
use super::refusal::{Refusal, RefusalCode};
use super::resident::{Booking, BookingState, Leg, Person, ResidentRecord};
use super::session::Session;
use super::setup::{Rules, Vaccine, Wave, WaveOpening, wave_opening};
use super::time::{Day, Instant};

/// Somebody who wants a place.
#[derive(Debug, Clone, Copy)]
pub struct Applicant<'a> {
    /// Their data on the roll.
    pub person: &'a Person,
    /// Their bookings and doses.
    pub record: &'a ResidentRecord,
}

/// A session that is asked for, with its vaccine.
#[derive(Debug, Clone, Copy)]
pub struct Offer<'a> {
    /// The session.
    pub session: &'a Session,
    /// Its vaccine.
    pub vaccine: &'a Vaccine,
}

/// A dose at a date, known or planned.
type PlannedDose = Option<(Day, VaccineId)>;

/// Decides whether `applicant` may book `legs`, capacity apart: one dose, or a pair of consecutive ones. Each leg comes with
/// its offer, or none if there is no such session. The first refusal in order of precedence is given; of two equal ones that
/// of the earlier leg. `moving` is the booking that a move replaces.
pub fn may_book(
    applicant: Applicant<'_>,
    legs: &[(Leg, Option<Offer<'_>>)],
    moving: Option<BookingNumber>,
    waves: &[Wave],
    now: Instant,
) -> Result<(), Refusal> {
    let planned = |dose: DoseNo| -> PlannedDose {
        let in_request = legs.iter().find(|(leg, _)| leg.dose == dose);
        let in_request = in_request.and_then(|(_, offer)| *offer).map(|offer| (offer.session.date, offer.vaccine.id));
        in_request.or_else(|| applicant.record.dose_given(dose))
    };
    let refusals = legs.iter().enumerate().filter_map(|(index, (leg, offer))| {
        let refused = may_book_leg(applicant, *leg, *offer, &planned, moving, waves, now).err()?;
        Some(refused.of_leg(index, legs.len()))
    });
    refusals.min_by_key(|refusal| (refusal.code, refusal.index)).map_or(Ok(()), Err)
}

fn may_book_leg(
    applicant: Applicant<'_>,
    leg: Leg,
    offer: Option<Offer<'_>>,
    planned: &dyn Fn(DoseNo) -> PlannedDose,
    moving: Option<BookingNumber>,
    waves: &[Wave],
    now: Instant,
) -> Result<(), Refusal> {
    let Some(Offer { session, vaccine }) = offer else {
        return Err(RefusalCode::NoSuchSlot.into());
    };
    session.takes_bookings(leg.slot, leg.dose, now).map_err(|code| match code {
        RefusalCode::NotOpen => Refusal { code, retry_at: session.opens_at(), index: None },
        code => code.into(),
    })?;
    eligible(applicant, leg.dose, session.date, vaccine, planned, waves, now)?;
    if is_taken(applicant.record, leg.dose, moving) {
        return Err(RefusalCode::AlreadyBooked.into());
    }
    if fits_intervals(leg.dose, session.date, vaccine, planned) { Ok(()) } else { Err(RefusalCode::Interval.into()) }
}

fn eligible(
    applicant: Applicant<'_>,
    dose: DoseNo,
    date: Day,
    vaccine: &Vaccine,
    planned: &dyn Fn(DoseNo) -> PlannedDose,
    waves: &[Wave],
    now: Instant,
) -> Result<(), Refusal> {
    let not_eligible = |retry_at| Err(Refusal { code: RefusalCode::NotEligible, retry_at, index: None });
    if applicant.record.left_roll || dose > vaccine.doses {
        return not_eligible(None);
    }
    if date.age_of(applicant.person.birth_date) < i32::from(vaccine.age_years_min) {
        return not_eligible(None);
    }
    match wave_opening(waves, applicant.person) {
        WaveOpening::Never => return not_eligible(None),
        WaveOpening::At(opens_at) if now < opens_at => return not_eligible(Some(opens_at)),
        WaveOpening::NoWaves | WaveOpening::At(_) => {}
    }
    let before = dose.previous().and_then(planned);
    if dose > DoseNo::FIRST && before.is_none() {
        return not_eligible(None);
    }
    // One series, one vaccine.
    let after = dose.next().and_then(planned);
    if before.iter().chain(&after).any(|(_, other)| *other != vaccine.id) {
        return not_eligible(None);
    }
    Ok(())
}

fn is_taken(record: &ResidentRecord, dose: DoseNo, moving: Option<BookingNumber>) -> bool {
    let live = record.live(dose).is_some_and(|booking| Some(booking.number) != moving);
    live || record.elsewhere.iter().any(|given| given.dose == dose)
}

fn fits_intervals(dose: DoseNo, date: Day, vaccine: &Vaccine, planned: &dyn Fn(DoseNo) -> PlannedDose) -> bool {
    let before = dose.previous().and_then(planned);
    let after = dose.next().and_then(planned);
    before.is_none_or(|(earlier, _)| vaccine.allows_interval(date.days_since(earlier)))
        && after.is_none_or(|(later, _)| vaccine.allows_interval(later.days_since(date)))
}

/// Decides whether the resident may still change booking `number`, and gives it.
pub fn may_change(
    record: &ResidentRecord,
    number: BookingNumber,
    rules: &Rules,
    now: Instant,
) -> Result<Booking, Refusal> {
    let booking = record.booking(number).ok_or(RefusalCode::NoSuchBooking)?;
    match booking.state {
        BookingState::Cancelled | BookingState::CancelledByCity => Err(RefusalCode::NoSuchBooking.into()),
        BookingState::CheckedIn | BookingState::Vaccinated | BookingState::NoShow => Err(RefusalCode::TooLate.into()),
        BookingState::Booked if now > rules.change_deadline(booking.date) => Err(RefusalCode::TooLate.into()),
        BookingState::Booked => Ok(*booking),
    }
}

/// What a cancellation does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cancellation {
    /// These live bookings end: the one asked for, and the doses after it, which cannot stand without it.
    Ends(Vec<Booking>),
    /// It had been cancelled before: nothing changes.
    Already(Vec<Booking>),
}

/// Decides the cancellation of booking `number` by the resident or for them.
pub fn may_cancel(
    record: &ResidentRecord,
    number: BookingNumber,
    rules: &Rules,
    now: Instant,
) -> Result<Cancellation, Refusal> {
    let booking = record.booking(number).ok_or(RefusalCode::NoSuchBooking)?;
    if matches!(booking.state, BookingState::Cancelled | BookingState::CancelledByCity) {
        return Ok(Cancellation::Already(vec![*booking]));
    }
    let first = may_change(record, number, rules, now)?;
    let mut ends = vec![first];
    let mut dose = first.dose;
    while let Some(next) = dose.next()
        && let Some(later) = record.live(next)
        && later.state == BookingState::Booked
    {
        ends.push(*later);
        dose = next;
    }
    Ok(Cancellation::Ends(ends))
}

/// The next dose that a person can book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NextDose {
    /// Which dose.
    pub dose: DoseNo,
    /// The first possible date.
    pub from: Day,
    /// The last possible date; none is without limit.
    pub to: Option<Day>,
}

/// The next dose that is left to book, with its possible dates; none when the series is complete or the person left the roll.
#[must_use]
pub fn next_dose(record: &ResidentRecord, vaccines: &[Vaccine], today: Day) -> Option<NextDose> {
    if record.left_roll {
        return None;
    }
    let mut dose = DoseNo::FIRST;
    let mut before: PlannedDose = None;
    while let Some(given) = record.dose_given(dose) {
        before = Some(given);
        dose = dose.next()?;
    }
    let of = |id: VaccineId| vaccines.iter().find(|vaccine| vaccine.id == id);
    let after = dose.next().and_then(|next| record.dose_given(next));
    let (mut from, mut to) = (today, None);
    if let Some((date, vaccine)) = before {
        let vaccine = of(vaccine)?;
        if dose > vaccine.doses {
            return None;
        }
        from = from.max(date.plus_days(i32::from(vaccine.interval_days_min)));
        to = vaccine.interval_days_max.map(|max| date.plus_days(i32::from(max)));
    }
    if let Some((date, vaccine)) = after {
        let vaccine = of(vaccine)?;
        let latest = date.plus_days(-i32::from(vaccine.interval_days_min));
        to = Some(to.map_or(latest, |to: Day| to.min(latest)));
        if let Some(max) = vaccine.interval_days_max {
            from = from.max(date.plus_days(-i32::from(max)));
        }
    }
    Some(NextDose { dose, from, to })
}
