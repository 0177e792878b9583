//! What the choice says instead of places, when this person cannot choose any for this dose: why, and where to go on.

use sesshu_engine::core::ids::{BookingNumber, DoseNo};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::time::Instant;
use sesshu_engine::view::{BookingView, Me};

/// Why there is nothing to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instead {
    /// The dose is booked, and the booking can be changed.
    Booked(BookingNumber),
    /// The dose is booked or given, and nothing is to be changed.
    Done,
    /// The person's wave has not opened, or there is none for them.
    NotYet,
    /// Another dose comes first.
    First(DoseNo),
    /// No dose is left for them to book.
    NoneLeft,
    /// The person is no longer on the city's roll.
    LeftRoll,
}

impl Instead {
    /// Why `me` cannot choose a place for `dose`; none if they can. `changes` is the booking that is to be changed.
    ///
    /// # Errors
    /// If that booking is not theirs, is for another dose, or has ended; or if it is too late to change it.
    pub(super) fn of(
        me: &Me,
        dose: DoseNo,
        changes: Option<BookingNumber>,
        can_change: impl Fn(&BookingView) -> bool,
    ) -> Result<Option<Self>, RefusalCode> {
        let not_yet = (me.in_no_wave || me.opens_at.is_some()).then_some(Self::NotYet);
        if let Some(number) = changes {
            let own = me.bookings.iter().find(|booking| booking.number == number && booking.dose == dose);
            let booking =
                own.filter(|booking| !matches!(booking.state, BookingState::Cancelled | BookingState::CancelledByCity));
            let booking = booking.ok_or(RefusalCode::NoSuchBooking)?;
            return if can_change(booking) { Ok(not_yet) } else { Err(RefusalCode::TooLate) };
        }
        if let Some(booking) = me.bookings.iter().find(|booking| booking.dose == dose && booking.state.is_live()) {
            return Ok(Some(if can_change(booking) { Self::Booked(booking.number) } else { Self::Done }));
        }
        Ok(not_yet.or(match me.next {
            None if me.left_roll => Some(Self::LeftRoll),
            None => Some(Self::NoneLeft),
            Some(next) if next.dose > dose => Some(Self::Done),
            Some(next) if next.dose < dose => Some(Self::First(next.dose)),
            Some(_) => None,
        }))
    }
}

/// Whether `booking` can be changed at `now`, which is until `deadline`.
pub(super) fn can_change(booking: &BookingView, now: Instant, deadline: Instant) -> bool {
    booking.state == BookingState::Booked && now <= deadline
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::decide::NextDose;
    use sesshu_engine::core::ids::{SessionId, SlotNo, VenueId};
    use sesshu_engine::core::setup::Venue;
    use sesshu_engine::core::time::ClockTime;

    fn dose(number: u8) -> DoseNo {
        DoseNo::new(number).expect("a dose")
    }

    fn number() -> BookingNumber {
        BookingNumber::from_ordinal(7, &[1; 32])
    }

    fn me(first: Option<BookingState>, next: Option<u8>) -> Me {
        let booking = |state| BookingView {
            number: number(),
            session: SessionId(1),
            slot: SlotNo(0),
            venue: std::sync::Arc::new(Venue { id: VenueId(1), name: "市民ホール".into() }),
            date: "2026-12-05".parse().expect("a date"),
            start: ClockTime(570),
            end: ClockTime(600),
            dose: DoseNo::FIRST,
            vaccine: "Comirnaty".into(),
            state,
        };
        let from = "2026-12-26".parse().expect("a date");
        Me {
            name_kana: "インザイ　ハナコ".into(),
            bookings: first.into_iter().map(booking).collect(),
            next: next.map(|next| NextDose { dose: dose(next), from, to: None }),
            opens_at: None,
            in_no_wave: false,
            left_roll: false,
        }
    }

    fn instead(me: &Me, number: u8, changes: Option<BookingNumber>) -> Result<Option<Instead>, RefusalCode> {
        Instead::of(me, dose(number), changes, |booking| can_change(booking, Instant(5), Instant(5)))
    }

    #[test]
    fn places_are_offered_for_the_next_dose_only() {
        use BookingState::{Booked, Cancelled, Vaccinated};
        let cases = [
            (None, Some(1), 1, None),
            (None, Some(1), 2, Some(Instead::First(dose(1)))),
            (Some(Cancelled), Some(1), 1, None),
            (Some(Booked), Some(2), 1, Some(Instead::Booked(number()))),
            (Some(Vaccinated), Some(2), 1, Some(Instead::Done)),
            (Some(Booked), Some(2), 2, None),
            (Some(Booked), Some(2), 3, Some(Instead::First(dose(2)))),
            (None, Some(2), 1, Some(Instead::Done)),
            (None, None, 1, Some(Instead::NoneLeft)),
        ];
        for (first, next, asked, expected) in cases {
            assert_eq!(instead(&me(first, next), asked, None), Ok(expected), "{first:?} {next:?} {asked}");
        }
    }

    #[test]
    fn whoever_has_left_the_roll_hears_so() {
        let left = Me { left_roll: true, ..me(None, None) };
        assert_eq!(instead(&left, 1, None), Ok(Some(Instead::LeftRoll)));
    }

    #[test]
    fn before_the_wave_nothing_is_offered_but_a_booking_is_still_shown() {
        for (opens_at, in_no_wave) in [(Some(Instant(9)), false), (None, true)] {
            let wave = |me| Me { opens_at, in_no_wave, ..me };
            assert_eq!(instead(&wave(me(None, Some(1))), 1, None), Ok(Some(Instead::NotYet)));
            let booked = wave(me(Some(BookingState::Booked), Some(2)));
            assert_eq!(instead(&booked, 1, None), Ok(Some(Instead::Booked(number()))));
            assert_eq!(instead(&booked, 1, Some(number())), Ok(Some(Instead::NotYet)));
        }
    }

    #[test]
    fn only_ones_own_booking_of_that_dose_can_be_changed_and_only_in_time() {
        let booked = me(Some(BookingState::Booked), Some(2));
        assert_eq!(instead(&booked, 1, Some(number())), Ok(None));
        assert_eq!(instead(&booked, 2, Some(number())), Err(RefusalCode::NoSuchBooking));
        let other = BookingNumber::from_ordinal(8, &[1; 32]);
        assert_eq!(instead(&booked, 1, Some(other)), Err(RefusalCode::NoSuchBooking));
        let cancelled = me(Some(BookingState::Cancelled), Some(1));
        assert_eq!(instead(&cancelled, 1, Some(number())), Err(RefusalCode::NoSuchBooking));
        assert_eq!(Instead::of(&booked, dose(1), Some(number()), |_| false), Err(RefusalCode::TooLate));
    }
}
