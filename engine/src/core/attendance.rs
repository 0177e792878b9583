//! The rules of a venue's desk: who may be checked in, what may follow, and what may be taken back.

use super::decide::is_taken;
use super::ids::{BookingNumber, DoseNo};
use super::refusal::Refusal;
use super::resident::{Booking, BookingState, ResidentRecord};
use super::time::Day;

/// What staff of a venue say of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttendanceChange {
    /// Which booking.
    pub number: BookingNumber,
    /// Its state as they saw it: what somebody else did meanwhile is not undone by a second press of a button.
    pub seen: BookingState,
    /// Its state from now on.
    pub next: BookingState,
    /// The lot of the dose, exactly when it was given.
    pub lot: Option<Box<str>>,
}

/// Why attendance was not changed, in order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AttendanceRefusal {
    /// There is no such booking.
    #[error("there is no such booking")]
    NoSuchBooking,
    /// It is at another venue than the one that staff work in.
    #[error("the booking is at another venue")]
    OtherVenue,
    /// It was cancelled.
    #[error("the booking was cancelled")]
    Cancelled,
    /// It is for another date than today.
    #[error("the booking is for {0}")]
    OtherDay(Day),
    /// It is in another state than the one that was seen.
    #[error("the booking is {} meanwhile", .0.code())]
    ChangedMeanwhile(BookingState),
    /// No such step leads from its state.
    #[error("no such step leads from this state")]
    NoSuchStep,
    /// A dose is given with its lot, and nothing else has one.
    #[error("a dose is given with its lot, and nothing else has one")]
    Lot,
    /// The person has another live booking of this dose, or got it elsewhere.
    #[error("the person has this dose by another booking, or elsewhere")]
    DoseTaken,
    /// The dose before was neither given nor booked.
    #[error("the dose before was not given")]
    DoseBefore,
    /// The ledger refused, or nobody knows the outcome.
    #[error("the ledger did not take the change ({})", .0.code.code())]
    Refused(Refusal),
}

impl From<Refusal> for AttendanceRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What a change of attendance does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttendanceDecision {
    /// This booking, as it was before, changes.
    Changes(Booking),
    /// It had been said before: nothing changes.
    Already,
}

/// Decides a change of attendance on the day `today`, the venue apart.
pub fn may_attend(
    record: &ResidentRecord,
    change: &AttendanceChange,
    today: Day,
) -> Result<AttendanceDecision, AttendanceRefusal> {
    let booking = record.booking(change.number).ok_or(AttendanceRefusal::NoSuchBooking)?;
    if matches!(booking.state, BookingState::Cancelled | BookingState::CancelledByCity) {
        return Err(AttendanceRefusal::Cancelled);
    }
    if booking.date != today {
        return Err(AttendanceRefusal::OtherDay(booking.date));
    }
    let lot = record.care.as_ref().and_then(|care| care.lot(change.number));
    if booking.state == change.next && lot == change.lot.as_deref() {
        return Ok(AttendanceDecision::Already);
    }
    if booking.state != change.seen {
        return Err(AttendanceRefusal::ChangedMeanwhile(booking.state));
    }
    if !booking.state.may_become(change.next) {
        return Err(AttendanceRefusal::NoSuchStep);
    }
    if (change.next == BookingState::Vaccinated) != change.lot.is_some() {
        return Err(AttendanceRefusal::Lot);
    }
    let revives = change.next.is_live() && !booking.state.is_live();
    let goes_on = matches!(
        (booking.state, change.next),
        (BookingState::Booked, BookingState::CheckedIn) | (BookingState::CheckedIn, BookingState::Vaccinated)
    );
    if (revives || goes_on) && is_taken(record, booking.dose, Some(booking.number)) {
        return Err(AttendanceRefusal::DoseTaken);
    }
    if goes_on && dose_before_is_missing(record, booking.dose) {
        return Err(AttendanceRefusal::DoseBefore);
    }
    Ok(AttendanceDecision::Changes(*booking))
}

/// Whether the dose before `dose` was neither given nor booked: dose 2 is in doubt then.
#[must_use]
pub fn dose_before_is_missing(record: &ResidentRecord, dose: DoseNo) -> bool {
    dose.previous().is_some_and(|before| record.dose_given(before).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::care::{Care, GivenDose};
    use crate::core::ids::{Channel, SessionId, SlotNo, VaccineId};
    use crate::core::resident::DoseElsewhere;
    use crate::core::time::Instant;
    use BookingState::{Booked, Cancelled, CheckedIn, NoShow, NotGiven, Vaccinated};

    const TODAY: Day = Day(20_000);

    fn booking(n: u64, dose: u8, state: BookingState) -> Booking {
        Booking {
            number: BookingNumber::from_ordinal(n, &[1; 32]),
            session: SessionId(1),
            slot: SlotNo(0),
            dose: DoseNo::new(dose).expect("a dose"),
            date: TODAY,
            vaccine: VaccineId(1),
            channel: Channel::Web,
            state,
        }
    }

    fn record(bookings: &[Booking]) -> ResidentRecord {
        ResidentRecord { bookings: bookings.to_vec(), ..ResidentRecord::default() }
    }

    fn change(seen: BookingState, next: BookingState) -> AttendanceChange {
        let lot = (next == Vaccinated).then(|| "FA2453".into());
        AttendanceChange { number: booking(1, 1, seen).number, seen, next, lot }
    }

    #[test]
    fn each_step_and_its_undoing_and_no_other() {
        let steps = [
            (Booked, CheckedIn),
            (Booked, NoShow),
            (CheckedIn, Booked),
            (CheckedIn, Vaccinated),
            (CheckedIn, NotGiven),
            (Vaccinated, CheckedIn),
            (NotGiven, CheckedIn),
            (NoShow, Booked),
        ];
        let states = [Booked, CheckedIn, Vaccinated, NotGiven, NoShow];
        for seen in states {
            for next in states.into_iter().filter(|next| *next != seen) {
                let own = booking(1, 1, seen);
                let decided = may_attend(&record(&[own]), &change(seen, next), TODAY);
                let expected = if steps.contains(&(seen, next)) {
                    Ok(AttendanceDecision::Changes(own))
                } else {
                    Err(AttendanceRefusal::NoSuchStep)
                };
                assert_eq!(decided, expected, "{seen:?} → {next:?}");
            }
        }
    }

    #[test]
    fn only_on_its_day_and_only_while_it_stands() {
        let own = booking(1, 1, Booked);
        let check_in = change(Booked, CheckedIn);
        let tomorrow = may_attend(&record(&[own]), &check_in, TODAY.plus_days(1));
        assert_eq!(tomorrow, Err(AttendanceRefusal::OtherDay(TODAY)));
        let cancelled = record(&[Booking { state: Cancelled, ..own }]);
        assert_eq!(may_attend(&cancelled, &check_in, TODAY), Err(AttendanceRefusal::Cancelled));
        assert_eq!(may_attend(&record(&[]), &check_in, TODAY), Err(AttendanceRefusal::NoSuchBooking));
    }

    #[test]
    fn a_button_pressed_twice_does_one_thing() {
        let own = booking(1, 1, CheckedIn);
        assert_eq!(may_attend(&record(&[own]), &change(Booked, CheckedIn), TODAY), Ok(AttendanceDecision::Already));
        // Undoing is not repeated into the step before.
        let undo = change(Vaccinated, CheckedIn);
        assert_eq!(may_attend(&record(&[own]), &undo, TODAY), Ok(AttendanceDecision::Already));
        let undone = record(&[booking(1, 1, Booked)]);
        assert_eq!(may_attend(&undone, &undo, TODAY), Err(AttendanceRefusal::ChangedMeanwhile(Booked)));
    }

    #[test]
    fn a_dose_has_a_lot_and_another_lot_is_not_taken_for_the_same() {
        let own = booking(1, 1, CheckedIn);
        let without = AttendanceChange { lot: None, ..change(CheckedIn, Vaccinated) };
        assert_eq!(may_attend(&record(&[own]), &without, TODAY), Err(AttendanceRefusal::Lot));
        let lot_of_nothing = AttendanceChange { lot: Some("FA2453".into()), ..change(CheckedIn, NotGiven) };
        assert_eq!(may_attend(&record(&[own]), &lot_of_nothing, TODAY), Err(AttendanceRefusal::Lot));
        let given = GivenDose { number: own.number, lot: "FA2453".into(), at: Instant(1) };
        let care = Care { given: vec![given], ..Care::default() };
        let done = ResidentRecord { care: Some(Box::new(care)), ..record(&[booking(1, 1, Vaccinated)]) };
        let again = change(CheckedIn, Vaccinated);
        assert_eq!(may_attend(&done, &again, TODAY), Ok(AttendanceDecision::Already));
        let other = AttendanceChange { lot: Some("FB0001".into()), ..again };
        assert_eq!(may_attend(&done, &other, TODAY), Err(AttendanceRefusal::ChangedMeanwhile(Vaccinated)));
    }

    #[test]
    fn nobody_comes_back_to_a_dose_that_they_have_otherwise() {
        let missed = booking(1, 1, NoShow);
        let undo = change(NoShow, Booked);
        let rebooked = record(&[missed, booking(2, 1, Booked)]);
        assert_eq!(may_attend(&rebooked, &undo, TODAY), Err(AttendanceRefusal::DoseTaken));
        let given = DoseElsewhere { dose: DoseNo::FIRST, date: TODAY, vaccine: VaccineId(1) };
        let elsewhere = ResidentRecord { elsewhere: vec![given], ..record(&[missed]) };
        assert_eq!(may_attend(&elsewhere, &undo, TODAY), Err(AttendanceRefusal::DoseTaken));
        // Whoever is here already does not come back: what was entered by mistake can be taken back.
        let here = booking(1, 1, CheckedIn);
        let twice = may_attend(&record(&[here, booking(2, 1, Booked)]), &change(CheckedIn, Booked), TODAY);
        assert_eq!(twice, Ok(AttendanceDecision::Changes(here)));
    }

    #[test]
    fn dose_2_is_not_given_without_dose_1_but_what_was_entered_can_be_taken_back() {
        let second = |state| Booking { number: booking(1, 1, state).number, ..booking(1, 2, state) };
        let alone = record(&[second(Booked)]);
        assert_eq!(may_attend(&alone, &change(Booked, CheckedIn), TODAY), Err(AttendanceRefusal::DoseBefore));
        let vaccinated = second(Vaccinated);
        let undone = may_attend(&record(&[vaccinated]), &change(Vaccinated, CheckedIn), TODAY);
        assert_eq!(undone, Ok(AttendanceDecision::Changes(vaccinated)));
        let first = Booking { date: TODAY.plus_days(-21), ..booking(2, 1, Vaccinated) };
        let both = record(&[first, second(Booked)]);
        assert!(may_attend(&both, &change(Booked, CheckedIn), TODAY).is_ok());
    }
}
