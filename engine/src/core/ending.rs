//! The end of a campaign: when personal data may be erased, and whose.

use super::resident::ResidentRecord;
use super::session::{Session, SessionPhase};
use super::time::{Day, Instant};

/// Whether people still book `session`, or will, or are vaccinated in it today.
#[must_use]
pub fn is_still_open(session: &Session, today: Day) -> bool {
    matches!(session.phase, SessionPhase::Published { .. }) && session.date >= today
}

/// The first day on which nobody is expected in any of the sessions any more: bookings of a closed session stand until its day is
/// over.
#[must_use]
pub fn all_over_on<'a>(sessions: impl IntoIterator<Item = &'a Session>) -> Option<Day> {
    let held =
        |session: &&Session| matches!(session.phase, SessionPhase::Published { .. } | SessionPhase::Closed { .. });
    sessions.into_iter().filter(held).map(|session| session.date.plus_days(1)).max()
}

/// From when on personal data is erased if the campaign is closed today: not before everything is over.
#[must_use]
pub fn erase_on(today: Day, keep_days: u16, all_over_on: Option<Day>) -> Day {
    let kept_until = today.plus_days(i32::from(keep_days));
    all_over_on.map_or(kept_until, |over| over.max(kept_until))
}

impl ResidentRecord {
    /// Whether the person left the roll so long ago, and is expected nowhere and was vaccinated nowhere here, that their personal data
    /// is needed no more. Whoever was vaccinated here stays until the campaign ends: if they come back, it must be known.
    #[must_use]
    pub fn is_long_gone(&self, now: Instant, keep_days: u16) -> bool {
        let long_ago = |since: Instant| since.plus_days(i64::from(keep_days)) <= now;
        !self.erased
            && self.left_roll
            && self.gone_since.is_some_and(long_ago)
            && !self.bookings.iter().any(|booking| booking.state.is_live())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::{BookingNumber, Channel, DoseNo, SessionId, SlotNo, VaccineId, VenueId};
    use crate::core::resident::{Booking, BookingState};

    fn session(date: i32, phase: SessionPhase) -> Session {
        Session {
            id: SessionId(1),
            venue: VenueId(1),
            date: Day(date),
            vaccine: VaccineId(1),
            doses: vec![DoseNo::FIRST],
            phase,
            slots: Vec::new(),
            doses_total: None,
        }
    }

    #[test]
    fn only_what_is_published_and_not_over_keeps_a_campaign_open() {
        let opens_at = Instant(0);
        let cases = [
            (10, SessionPhase::Published { opens_at }, true),
            (9, SessionPhase::Published { opens_at }, false),
            (11, SessionPhase::Closed { opens_at }, false),
            (11, SessionPhase::Cancelled { opens_at }, false),
            (11, SessionPhase::Draft, false),
            (11, SessionPhase::Discarded, false),
        ];
        for (date, phase, open) in cases {
            assert_eq!(is_still_open(&session(date, phase), Day(10)), open, "{date} {phase:?}");
        }
    }

    #[test]
    fn nothing_is_erased_before_the_last_session_is_over() {
        let opens_at = Instant(0);
        let sessions = [
            session(20, SessionPhase::Closed { opens_at }),
            session(99, SessionPhase::Cancelled { opens_at }),
            session(99, SessionPhase::Draft),
        ];
        assert_eq!(all_over_on(&sessions), Some(Day(21)));
        assert_eq!(erase_on(Day(10), 90, all_over_on(&sessions)), Day(100));
        assert_eq!(erase_on(Day(10), 0, all_over_on(&sessions)), Day(21));
        assert_eq!((all_over_on(&[]), erase_on(Day(10), 0, None)), (None, Day(10)));
    }

    #[test]
    fn long_gone_are_those_whom_nobody_expects_and_nobody_vaccinated() {
        let since = Instant(0);
        let now = since.plus_days(90);
        let booking = |state| Booking {
            number: BookingNumber::PENDING,
            session: SessionId(1),
            slot: SlotNo(0),
            dose: DoseNo::FIRST,
            date: Day(1),
            vaccine: VaccineId(1),
            channel: Channel::Web,
            state,
        };
        let gone = ResidentRecord { left_roll: true, gone_since: Some(since), ..ResidentRecord::default() };
        let with = |state| ResidentRecord { bookings: vec![booking(state)], ..gone.clone() };
        assert!(gone.is_long_gone(now, 90) && !gone.is_long_gone(now.plus_ms(-1), 90));
        let cases = [
            (BookingState::Cancelled, true),
            (BookingState::CancelledByCity, true),
            (BookingState::NoShow, true),
            (BookingState::NotGiven, true),
            (BookingState::Booked, false),
            (BookingState::CheckedIn, false),
            (BookingState::Vaccinated, false),
        ];
        for (state, long_gone) in cases {
            assert_eq!(with(state).is_long_gone(now, 90), long_gone, "{state:?}");
        }
        assert!(!ResidentRecord { erased: true, ..gone }.is_long_gone(now, 90));
        assert!(!ResidentRecord::default().is_long_gone(now, 0));
    }
}
