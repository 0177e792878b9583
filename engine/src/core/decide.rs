//! The rules about a person: may they book this, and when. The rules about a place are in `places`.

use super::ids::{BookingNumber, Channel, DoseNo, VaccineId};
use super::leg::Leg;
use super::refusal::{Refusal, RefusalCode};
use super::resident::{Booking, BookingState, Person, ResidentRecord};
use super::session::Session;
use super::setup::{Rules, Vaccine, Wave, WaveOpening, wave_opening};
use super::time::{Day, Instant};
use crate::planted::{Bug, planted};

/// Somebody who wants a place.
#[derive(Debug, Clone, Copy)]
pub struct Applicant<'a> {
    /// Their data on the roll.
    pub person: &'a Person,
    /// Their bookings and doses.
    pub record: &'a ResidentRecord,
    /// By which way they ask.
    pub channel: Channel,
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
    session.takes_bookings(leg.slot, leg.dose, applicant.channel, now).map_err(|code| match code {
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
        WaveOpening::At(opens_at) if now < opens_at && !planted(Bug::WaveIgnored) => {
            return not_eligible(Some(opens_at));
        }
        WaveOpening::NoWaves | WaveOpening::At(_) => {}
    }
    let before = dose.previous().and_then(planned);
    if dose > DoseNo::FIRST && before.is_none() && !planted(Bug::SecondDoseAlone) {
        return not_eligible(None);
    }
    // One series, one vaccine.
    let after = dose.next().and_then(planned);
    if before.iter().chain(&after).any(|(_, other)| *other != vaccine.id) {
        return not_eligible(None);
    }
    Ok(())
}

/// Whether the person has `dose`, or a live booking for it other than `moving`.
pub(super) fn is_taken(record: &ResidentRecord, dose: DoseNo, moving: Option<BookingNumber>) -> bool {
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
        BookingState::CheckedIn | BookingState::Vaccinated | BookingState::NoShow | BookingState::NotGiven => {
            Err(RefusalCode::TooLate.into())
        }
        BookingState::Booked if now > rules.change_deadline(booking.date) && !planted(Bug::ChangedTooLate) => {
            Err(RefusalCode::TooLate.into())
        }
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
        return Ok(Cancellation::Already(record.ended_with(number)));
    }
    let first = may_change(record, number, rules, now)?;
    let mut ends = vec![first];
    let mut dose = first.dose;
    while !planted(Bug::SecondDoseLeft)
        && let Some(next) = dose.next()
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

/// Whether a person comes for the opening at `opening`: there is a dose left to book for them, and their wave is open by then.
/// Whoever does not come for it stands in no line, and hears at once why.
#[must_use]
pub fn comes_for(
    person: &Person,
    record: &ResidentRecord,
    vaccines: &[Vaccine],
    waves: &[Wave],
    opening: Instant,
) -> Option<NextDose> {
    let in_time = match wave_opening(waves, person) {
        WaveOpening::NoWaves => true,
        WaveOpening::At(opens_at) => opens_at <= opening,
        WaveOpening::Never => false,
    };
    if in_time && !record.erased { next_dose(record, vaccines, opening.city_day()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::{CityId, SessionId, SlotNo, VenueId};
    use crate::core::resident::DoseElsewhere;
    use crate::core::session::{SessionPhase, Slot};
    use crate::core::time::ClockTime;

    const TODAY: Day = Day(20_000);

    fn dose(n: u8) -> DoseNo {
        DoseNo::new(n).expect("a dose")
    }

    fn vaccine() -> Vaccine {
        Vaccine {
            id: VaccineId(1),
            name: "コミナティ".into(),
            doses: dose(2),
            interval_days_min: 21,
            interval_days_max: Some(42),
            age_years_min: 12,
            doses_per_vial: 6,
        }
    }

    fn session(id: u32, in_days: i32) -> Session {
        Session {
            id: SessionId(id),
            venue: VenueId(1),
            date: TODAY.plus_days(in_days),
            vaccine: VaccineId(1),
            doses: vec![dose(1), dose(2)],
            phase: SessionPhase::Published { opens_at: now() },
            slots: vec![Slot { start: ClockTime(540), end: ClockTime(570), capacity: 1, phone_share: 0 }],
            doses_total: None,
        }
    }

    fn now() -> Instant {
        TODAY.at(ClockTime(600))
    }

    fn booking(n: u64, which: u8, in_days: i32) -> Booking {
        Booking {
            number: BookingNumber::from_ordinal(n, &[1; 32]),
            session: SessionId(1),
            slot: SlotNo(0),
            dose: dose(which),
            date: TODAY.plus_days(in_days),
            vaccine: VaccineId(1),
            channel: Channel::Web,
            state: BookingState::Booked,
        }
    }

    fn record(bookings: Vec<Booking>) -> ResidentRecord {
        ResidentRecord { bookings, ..ResidentRecord::default() }
    }

    fn decide(
        record: &ResidentRecord,
        wanted: &[(&Session, u8)],
        moving: Option<BookingNumber>,
    ) -> Result<(), Refusal> {
        let id = CityId::from_digits("0000000001").expect("ten digits");
        let person = Person { id, name_kana: "".into(), birth_date: Day(0), groups: Box::new([]) };
        let vaccine = vaccine();
        let legs: Vec<(Leg, Option<Offer<'_>>)> = wanted
            .iter()
            .map(|(session, which)| {
                let leg = Leg { session: session.id, slot: SlotNo(0), dose: dose(*which) };
                (leg, Some(Offer { session, vaccine: &vaccine }))
            })
            .collect();
        may_book(Applicant { person: &person, record, channel: Channel::Web }, &legs, moving, &[], now())
    }

    #[test]
    fn of_two_refusals_the_one_of_higher_precedence_is_told_and_of_equal_ones_the_earlier_leg() {
        let (early, late, closed) = (
            session(1, 5),
            session(2, 10),
            Session { phase: SessionPhase::Closed { opens_at: now() }, ..session(3, 40) },
        );
        let both = decide(&record(vec![]), &[(&early, 1), (&late, 2)], None).expect_err("too near");
        assert_eq!((both.code, both.index), (RefusalCode::Interval, Some(0)));
        let second = decide(&record(vec![booking(1, 1, 3)]), &[(&early, 1), (&closed, 2)], None).expect_err("closed");
        assert_eq!((second.code, second.index), (RefusalCode::Closed, Some(1)));
        let single = decide(&record(vec![]), &[(&closed, 1)], None).expect_err("closed");
        assert_eq!(single.index, None);
    }

    #[test]
    fn a_dose_must_fit_the_doses_on_both_sides() {
        let (d5, d20, d26, d47, d48) =
            (session(5, 5), session(20, 20), session(26, 26), session(47, 47), session(48, 48));
        let first = booking(1, 1, 5);
        let second = booking(2, 2, 26);
        let number = first.number;
        let code = |answer: Result<(), Refusal>| answer.map_err(|refusal| refusal.code);
        let with_first = record(vec![first]);
        assert_eq!(code(decide(&with_first, &[(&d20, 2)], None)), Err(RefusalCode::Interval));
        assert_eq!(code(decide(&with_first, &[(&d26, 2)], None)), Ok(()));
        assert_eq!(code(decide(&with_first, &[(&d47, 2)], None)), Ok(()));
        assert_eq!(code(decide(&with_first, &[(&d48, 2)], None)), Err(RefusalCode::Interval));
        assert_eq!(code(decide(&with_first, &[(&d5, 1)], None)), Err(RefusalCode::AlreadyBooked));
        // A move of dose 1 must stay before dose 2, and one of its own booking is not in its own way.
        let with_both = record(vec![first, second]);
        assert_eq!(code(decide(&with_both, &[(&d5, 1)], Some(number))), Ok(()));
        assert_eq!(code(decide(&with_both, &[(&d20, 1)], Some(number))), Err(RefusalCode::Interval));
        // The city cancelled dose 1: a new one must fit before the dose 2 that was kept.
        let kept = record(vec![Booking { state: BookingState::CancelledByCity, ..first }, second]);
        assert_eq!(code(decide(&kept, &[(&d5, 1)], None)), Ok(()));
        assert_eq!(code(decide(&kept, &[(&d20, 1)], None)), Err(RefusalCode::Interval));
    }

    #[test]
    fn a_change_ends_at_the_deadline_and_is_for_live_bookings_of_ones_own() {
        let rules = Rules::default();
        let mine = booking(1, 1, 5);
        let deadline = rules.change_deadline(mine.date);
        let code = |state, now| {
            let record = record(vec![Booking { state, ..mine }]);
            may_change(&record, mine.number, &rules, now).err().map(|refusal| refusal.code)
        };
        assert_eq!(code(BookingState::Booked, deadline), None);
        assert_eq!(code(BookingState::Booked, deadline.plus_ms(1)), Some(RefusalCode::TooLate));
        assert_eq!(code(BookingState::CheckedIn, now()), Some(RefusalCode::TooLate));
        assert_eq!(code(BookingState::Cancelled, deadline.plus_ms(1)), Some(RefusalCode::NoSuchBooking));
        let other = may_change(&record(vec![mine]), booking(2, 1, 5).number, &rules, now());
        assert_eq!(other.map_err(|refusal| refusal.code), Err(RefusalCode::NoSuchBooking));
    }

    #[test]
    fn cancelling_dose_1_takes_dose_2_with_it_but_not_one_that_was_given() {
        let (rules, first, second) = (Rules::default(), booking(1, 1, 5), booking(2, 2, 26));
        let ends = |bookings| match may_cancel(&record(bookings), first.number, &rules, now()) {
            Ok(Cancellation::Ends(ends)) => ends.iter().map(|booking| booking.dose.get()).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(ends(vec![first, second]), [1, 2]);
        assert_eq!(ends(vec![first]), [1]);
        assert_eq!(ends(vec![first, Booking { state: BookingState::Vaccinated, ..second }]), [1]);
        let cancelled = record(vec![Booking { state: BookingState::Cancelled, ..first }]);
        assert!(matches!(may_cancel(&cancelled, first.number, &rules, now()), Ok(Cancellation::Already(_))));
    }

    #[test]
    fn the_next_dose_has_the_dates_that_its_neighbours_leave() {
        let vaccines = [vaccine()];
        let next = |record: &ResidentRecord| {
            let next = next_dose(record, &vaccines, TODAY)?;
            Some((next.dose.get(), next.from.days_since(TODAY), next.to.map(|to| to.days_since(TODAY))))
        };
        let (first, second) = (booking(1, 1, 5), booking(2, 2, 30));
        assert_eq!(next(&record(vec![])), Some((1, 0, None)));
        assert_eq!(next(&record(vec![first])), Some((2, 26, Some(47))));
        assert_eq!(next(&record(vec![first, second])), None);
        let kept = Booking { state: BookingState::CancelledByCity, ..first };
        assert_eq!(next(&record(vec![kept, second])), Some((1, 0, Some(9))));
        let moved_here = ResidentRecord {
            elsewhere: vec![DoseElsewhere { dose: dose(1), date: TODAY.plus_days(-10), vaccine: VaccineId(1) }],
            ..ResidentRecord::default()
        };
        assert_eq!(next(&moved_here), Some((2, 11, Some(32))));
        assert_eq!(next(&ResidentRecord { left_roll: true, ..ResidentRecord::default() }), None);
    }
}
