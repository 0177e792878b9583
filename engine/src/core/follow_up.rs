//! Whom the city has to reach about a booking, and why.

use super::attendance::dose_before_is_missing;
use super::decide::is_taken;
use super::ids::BookingNumber;
use super::resident::{Booking, BookingState, ResidentRecord};
use super::staff::{FollowUp, Reached};
use super::time::Day;

impl Reached {
    /// Whether nothing is left to do.
    #[must_use]
    pub const fn is_done(self) -> bool {
        match self {
            Self::Told | Self::Written | Self::Settled => true,
            Self::NoAnswer => false,
        }
    }
}

/// Why somebody has to be reached on the day `today`, and about which of their bookings; each reason once for a booking.
#[must_use]
pub fn to_follow_up(record: &ResidentRecord, today: Day) -> Vec<(FollowUp, Booking)> {
    if record.erased {
        return Vec::new();
    }
    let mut all = Vec::new();
    for booking in &record.bookings {
        let is_ahead = matches!(booking.state, BookingState::Booked | BookingState::CheckedIn) && booking.date >= today;
        if booking.state == BookingState::CancelledByCity
            && !is_taken(record, booking.dose, None)
            && is_last_of_its_dose(record, booking.number)
        {
            all.push((FollowUp::CancelledByCity, *booking));
        }
        if is_ahead && dose_before_is_missing(record, booking.dose) {
            all.push((FollowUp::DoseInDoubt, *booking));
        }
        if is_ahead && record.left_roll {
            all.push((FollowUp::LeftRoll, *booking));
        }
    }
    all
}

/// Whoever was cancelled twice is called about the later one; whoever cancelled a later one themself need not be called.
fn is_last_of_its_dose(record: &ResidentRecord, number: BookingNumber) -> bool {
    let Some(at) = record.bookings.iter().position(|booking| booking.number == number) else { return false };
    let dose = record.bookings[at].dose;
    record.bookings[at + 1..].iter().all(|later| later.dose != dose)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::{Channel, DoseNo, SessionId, SlotNo, VaccineId};
    use BookingState::{Booked, Cancelled, CancelledByCity, NoShow, NotGiven, Vaccinated};

    const TODAY: Day = Day(20_000);

    fn booking(n: u64, dose: u8, in_days: i32, state: BookingState) -> Booking {
        Booking {
            number: BookingNumber::from_ordinal(n, &[1; 32]),
            session: SessionId(1),
            slot: SlotNo(0),
            dose: DoseNo::new(dose).expect("a dose"),
            date: TODAY.plus_days(in_days),
            vaccine: VaccineId(1),
            channel: Channel::Web,
            state,
        }
    }

    fn reasons(left_roll: bool, bookings: &[Booking]) -> Vec<(FollowUp, u8)> {
        let record = ResidentRecord { bookings: bookings.to_vec(), left_roll, ..ResidentRecord::default() };
        to_follow_up(&record, TODAY).into_iter().map(|(why, booking)| (why, booking.dose.get())).collect()
    }

    #[test]
    fn who_was_cancelled_by_the_city_is_called_until_they_have_another_booking() {
        let cancelled = booking(1, 1, 3, CancelledByCity);
        assert_eq!(reasons(false, &[cancelled]), [(FollowUp::CancelledByCity, 1)]);
        assert_eq!(reasons(false, &[cancelled, booking(2, 1, 9, Booked)]), []);
        assert_eq!(reasons(false, &[cancelled, booking(2, 1, 9, Cancelled)]), []);
        let twice = [cancelled, booking(2, 1, 9, CancelledByCity)];
        assert_eq!(reasons(false, &twice), [(FollowUp::CancelledByCity, 1)]);
    }

    #[test]
    fn dose_2_is_in_doubt_when_dose_1_was_not_given() {
        let second = booking(2, 2, 21, Booked);
        for state in [CancelledByCity, NoShow, NotGiven] {
            let why = reasons(false, &[booking(1, 1, -1, state), second]);
            assert!(why.contains(&(FollowUp::DoseInDoubt, 2)), "{state:?}");
        }
        assert_eq!(reasons(false, &[booking(1, 1, -1, Vaccinated), second]), []);
        let over = booking(2, 2, -1, Booked);
        assert_eq!(reasons(false, &[booking(1, 1, -22, NoShow), over]), []);
    }

    #[test]
    fn who_left_the_roll_is_called_about_what_is_ahead() {
        let both = [booking(1, 1, -21, Vaccinated), booking(2, 2, 0, Booked)];
        assert_eq!(reasons(true, &both), [(FollowUp::LeftRoll, 2)]);
        assert_eq!(reasons(false, &both), []);
    }
}
