//! What happened lately, minute by minute: bookings by the way they came and by session, refusals by reason, alerts. It is
//! counted in memory from the start of the server on and has a fixed size; the journal is the truth.

use std::collections::{BTreeMap, VecDeque};

use super::event::Event;
use super::ids::{Channel, SessionId};
use super::refusal::RefusalCode;
use super::time::Instant;

/// For how many minutes bookings are kept.
pub const BOOKING_MINUTES_KEPT: usize = 120;
/// What "lately" means for sessions and refusals, in minutes, the one that runs among them.
pub const LATELY_MINUTES: usize = 10;
/// How many alerts are kept.
pub const ALERTS_KEPT: usize = 20;

const MS_PER_MINUTE: i64 = 60_000;
const _: () = assert!(LATELY_MINUTES <= BOOKING_MINUTES_KEPT);

/// Something for each of the last minutes.
#[derive(Debug)]
struct MinuteRing<T> {
    /// Each with its minute since 1970; what is older than the ring is overwritten.
    minutes: Box<[Option<(i64, T)>]>,
}

impl<T: Default> MinuteRing<T> {
    fn of(minutes: usize) -> Self {
        Self { minutes: (0..minutes).map(|_| None).collect() }
    }

    /// What is kept for the minute of `at`; none if that has left the ring.
    fn at(&mut self, at: Instant) -> Option<&mut T> {
        let minute = at.0.div_euclid(MS_PER_MINUTE);
        let slot = minute.rem_euclid(self.minutes.len() as i64) as usize;
        let kept = &mut self.minutes[slot];
        match kept {
            Some((newer, _)) if *newer > minute => return None,
            Some((same, _)) if *same == minute => {}
            _ => *kept = Some((minute, T::default())),
        }
        kept.as_mut().map(|(_, value)| value)
    }

    /// The last `count` minutes up to that of `now`, oldest first: when each began, and what is kept for it.
    fn last(&self, now: Instant, count: usize) -> impl Iterator<Item = (Instant, Option<&T>)> {
        let this = now.0.div_euclid(MS_PER_MINUTE);
        (0..count as i64).rev().map(move |back| {
            let minute = this - back;
            let kept = self.minutes[minute.rem_euclid(self.minutes.len() as i64) as usize].as_ref();
            let value = kept.filter(|(of, _)| *of == minute).map(|(_, value)| value);
            (Instant(minute * MS_PER_MINUTE), value)
        })
    }
}

/// The bookings of one minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MinuteBookings {
    /// When the minute began.
    pub minute: Instant,
    /// How many were granted, in the order of [`Channel::ALL`].
    pub by_channel: [u32; Channel::ALL.len()],
}

impl MinuteBookings {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.by_channel.iter().sum()
    }
}

/// An account that looked up unusually many people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusualLookups {
    /// When that was noticed.
    pub at: Instant,
    /// Which account.
    pub login: Box<str>,
    /// How many people within the hour before.
    pub lookups: u32,
}

/// What became durable lately.
#[derive(Debug)]
pub struct RecentEvents {
    bookings: MinuteRing<[u32; Channel::ALL.len()]>,
    by_session: MinuteRing<BTreeMap<SessionId, u32>>,
    alerts: VecDeque<UnusualLookups>,
}

impl Default for RecentEvents {
    fn default() -> Self {
        Self {
            bookings: MinuteRing::of(BOOKING_MINUTES_KEPT),
            by_session: MinuteRing::of(LATELY_MINUTES),
            alerts: VecDeque::new(),
        }
    }
}

impl RecentEvents {
    /// Whether [`RecentEvents::count`] does anything about `event`.
    #[must_use]
    pub const fn counts(event: &Event) -> bool {
        matches!(event, Event::Booked { .. } | Event::Moved { .. } | Event::LookupsUnusual { .. })
    }

    /// Counts what became durable. A booking that moves to another session is news there, but no new booking.
    pub fn count(&mut self, at: Instant, event: &Event) {
        let session = match event {
            Event::Booked { booking, .. } => {
                if let Some(minute) = self.bookings.at(at) {
                    minute[booking.channel as usize] += 1;
                }
                booking.session
            }
            Event::Moved { from, to, .. } if from.session != to.session => to.session,
            Event::LookupsUnusual { login, lookups } => {
                self.alert(UnusualLookups { at, login: login.clone(), lookups: *lookups });
                return;
            }
            _ => return,
        };
        if let Some(minute) = self.by_session.at(at) {
            *minute.entry(session).or_default() += 1;
        }
    }

    /// Keeps an alert; the oldest goes.
    pub fn alert(&mut self, alert: UnusualLookups) {
        if self.alerts.len() == ALERTS_KEPT {
            self.alerts.pop_front();
        }
        self.alerts.push_back(alert);
    }

    /// The bookings of each of the last minutes, oldest first, the one that runs among them.
    #[must_use]
    pub fn minutes(&self, now: Instant) -> Vec<MinuteBookings> {
        let last = self.bookings.last(now, BOOKING_MINUTES_KEPT);
        last.map(|(minute, counted)| MinuteBookings { minute, by_channel: counted.copied().unwrap_or_default() })
            .collect()
    }

    /// How many people came to each session in the last [`LATELY_MINUTES`].
    #[must_use]
    pub fn by_session(&self, now: Instant) -> BTreeMap<SessionId, u32> {
        let mut sum = BTreeMap::new();
        for (session, count) in self.by_session.last(now, LATELY_MINUTES).filter_map(|(_, counted)| counted).flatten() {
            *sum.entry(*session).or_default() += count;
        }
        sum
    }

    /// The alerts that are kept, newest first.
    #[must_use]
    pub fn alerts(&self) -> Vec<UnusualLookups> {
        self.alerts.iter().rev().cloned().collect()
    }
}

/// How often a request was refused for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusalCount {
    /// The reason.
    pub code: RefusalCode,
    /// Since the start of the server.
    pub in_all: u64,
    /// In the last [`LATELY_MINUTES`].
    pub lately: u64,
}

/// Refusals by reason.
#[derive(Debug)]
pub struct RecentRefusals {
    in_all: [u64; RefusalCode::ALL.len()],
    minutes: MinuteRing<[u32; RefusalCode::ALL.len()]>,
}

impl Default for RecentRefusals {
    fn default() -> Self {
        Self { in_all: [0; RefusalCode::ALL.len()], minutes: MinuteRing::of(LATELY_MINUTES) }
    }
}

impl RecentRefusals {
    /// Counts a refusal.
    pub fn count(&mut self, at: Instant, code: RefusalCode) {
        self.in_all[code as usize] += 1;
        if let Some(minute) = self.minutes.at(at) {
            minute[code as usize] += 1;
        }
    }

    /// The reasons for which somebody was refused, in order of precedence.
    #[must_use]
    pub fn counts(&self, now: Instant) -> Vec<RefusalCount> {
        let lately = |code: RefusalCode| {
            let minutes = self.minutes.last(now, LATELY_MINUTES).filter_map(|(_, counted)| counted);
            minutes.map(|counted| u64::from(counted[code as usize])).sum()
        };
        let all = RefusalCode::ALL.into_iter();
        let counts = all.map(|code| RefusalCount { code, in_all: self.in_all[code as usize], lately: lately(code) });
        counts.filter(|count| count.in_all > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::{BookingNumber, DoseNo, ResidentNo, SlotNo, VaccineId};
    use crate::core::resident::{Booking, BookingState};
    use crate::core::time::Day;

    fn booking(session: u32, channel: Channel) -> Booking {
        Booking {
            number: BookingNumber::from_ordinal(1, &[1; 32]),
            session: SessionId(session),
            slot: SlotNo(0),
            dose: DoseNo::FIRST,
            date: Day(20_000),
            vaccine: VaccineId(1),
            channel,
            state: BookingState::Booked,
        }
    }

    fn booked(session: u32, channel: Channel) -> Event {
        Event::Booked { resident: ResidentNo(1), booking: booking(session, channel) }
    }

    const fn minute(n: i64) -> Instant {
        Instant(n * MS_PER_MINUTE + 30_000)
    }

    #[test]
    fn each_thing_has_its_own_place_in_its_list() {
        for (index, code) in RefusalCode::ALL.into_iter().enumerate() {
            assert_eq!(code as usize, index, "{code:?}");
        }
        for (index, channel) in Channel::ALL.into_iter().enumerate() {
            assert_eq!(channel as usize, index, "{channel:?}");
        }
    }

    #[test]
    fn bookings_are_counted_in_their_minute_by_the_way_they_came_for_two_hours() {
        let mut recent = RecentEvents::default();
        recent.count(minute(1_000), &booked(1, Channel::Web));
        recent.count(minute(1_000), &booked(1, Channel::Phone));
        recent.count(minute(1_001), &booked(2, Channel::Web));
        let last = |recent: &RecentEvents, now| {
            let minutes = recent.minutes(minute(now));
            assert_eq!(minutes.len(), BOOKING_MINUTES_KEPT);
            minutes.iter().filter(|it| it.total() > 0).map(|it| (it.minute, it.by_channel)).collect::<Vec<_>>()
        };
        let first = (Instant(1_000 * MS_PER_MINUTE), [1, 1, 0, 0]);
        let second = (Instant(1_001 * MS_PER_MINUTE), [1, 0, 0, 0]);
        assert_eq!(last(&recent, 1_001), [first, second]);
        assert_eq!(last(&recent, 1_000 + 119), [first, second]);
        assert_eq!(last(&recent, 1_000 + 120), [second], "the first has left");
        recent.count(minute(1_000 + 120), &booked(1, Channel::City));
        recent.count(minute(1_000), &booked(1, Channel::Web));
        let now = (Instant(1_120 * MS_PER_MINUTE), [0, 0, 0, 1]);
        assert_eq!(last(&recent, 1_120), [second, now], "a late one counts nowhere else");
    }

    #[test]
    fn a_session_is_busy_with_those_who_book_it_and_those_who_move_there() {
        let mut recent = RecentEvents::default();
        let moved = |from, to| Event::Moved {
            resident: ResidentNo(1),
            from: booking(from, Channel::Web),
            to: booking(to, Channel::Web),
        };
        for event in [booked(1, Channel::Web), moved(1, 2), moved(2, 2), booked(2, Channel::Phone)] {
            recent.count(minute(50), &event);
        }
        assert_eq!(recent.by_session(minute(59)), [(SessionId(1), 1), (SessionId(2), 2)].into());
        assert_eq!(recent.by_session(minute(60)), BTreeMap::new());
        assert_eq!(recent.minutes(minute(50)).iter().map(MinuteBookings::total).sum::<u32>(), 2);
    }

    #[test]
    fn alerts_are_kept_newest_first_and_few() {
        let mut recent = RecentEvents::default();
        for lookups in 0..ALERTS_KEPT as u32 + 2 {
            recent.count(minute(1), &Event::LookupsUnusual { login: "sato".into(), lookups });
        }
        let kept: Vec<u32> = recent.alerts().iter().map(|alert| alert.lookups).collect();
        assert_eq!((kept.len(), kept[0], kept[ALERTS_KEPT - 1]), (ALERTS_KEPT, ALERTS_KEPT as u32 + 1, 2));
    }

    #[test]
    fn refusals_are_counted_by_reason_and_the_latest_apart() {
        let mut recent = RecentRefusals::default();
        recent.count(minute(1), RefusalCode::Full);
        recent.count(minute(9), RefusalCode::Full);
        recent.count(minute(9), RefusalCode::NotOpen);
        let full = RefusalCount { code: RefusalCode::Full, in_all: 2, lately: 2 };
        let not_open = RefusalCount { code: RefusalCode::NotOpen, in_all: 1, lately: 1 };
        assert_eq!(recent.counts(minute(10)), [not_open, full]);
        assert_eq!(recent.counts(minute(11)), [not_open, RefusalCount { lately: 1, ..full }]);
    }
}
