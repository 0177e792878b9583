//! A vaccination session (接種会) and its slots: what is offered, when it is open, how many places it has.

use serde::{Deserialize, Serialize};

use super::ids::{Channel, DoseNo, SessionId, SlotNo, VaccineId, VenueId};
use super::refusal::RefusalCode;
use super::setup::Rules;
use super::time::{ClockTime, Day, Instant};
use crate::planted::{Bug, planted};

/// One venue, one date, one vaccine, its slots.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Where.
    pub venue: VenueId,
    /// On which date.
    pub date: Day,
    /// Which vaccine.
    pub vaccine: VaccineId,
    /// Which doses of the series are given.
    pub doses: Vec<DoseNo>,
    /// Where it stands between draft and the end.
    pub phase: SessionPhase,
    /// Its slots in order of time.
    pub slots: Vec<Slot>,
    /// How many doses of vaccine there are for the whole session; none is without limit.
    pub doses_total: Option<u32>,
}

/// An arrival window with a capacity (枠).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// From when people arrive.
    pub start: ClockTime,
    /// Until when people arrive.
    pub end: ClockTime,
    /// How many places it has.
    pub capacity: u32,
    /// How many of them are kept for the phone until the share lapses.
    pub phone_share: u32,
}

/// Draft → published → closed or cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionPhase {
    /// Nobody outside the city's staff sees it.
    Draft,
    /// Seen by everybody; takes bookings from `opens_at` on.
    Published {
        /// The opening instant.
        opens_at: Instant,
    },
    /// Takes no more bookings; those made stand.
    Closed {
        /// When it had opened or would have.
        opens_at: Instant,
    },
    /// Cancelled by the city: each of its bookings is or will be cancelled.
    Cancelled {
        /// When it had opened or would have.
        opens_at: Instant,
    },
    /// A draft that was thrown away. Drafting the same session again takes it up.
    Discarded,
}

impl SessionPhase {
    /// Whether nobody outside the city's staff sees it.
    #[must_use]
    pub const fn is_hidden(self) -> bool {
        matches!(self, Self::Draft | Self::Discarded)
    }
}

/// The state of a session or slot as residents see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicState {
    /// Will take bookings later (受付前).
    BeforeOpen,
    /// Takes bookings (受付中).
    Open,
    /// Open, but no place is left (満員).
    Full,
    /// Takes no more bookings (終了).
    Closed,
    /// Cancelled by the city.
    Cancelled,
}

impl PublicState {
    /// The stable name in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::BeforeOpen => "before_open",
            Self::Open => "open",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Session {
    /// The most slots a session may have.
    pub const SLOTS_MAX: usize = 288;
    /// The most places a slot may have.
    pub const SLOT_CAPACITY_MAX: u32 = 10_000;

    /// The slot `no`, if there is one.
    #[must_use]
    pub fn slot(&self, no: SlotNo) -> Option<&Slot> {
        self.slots.get(usize::from(no.0))
    }

    /// When bookings open; none for a draft.
    #[must_use]
    pub const fn opens_at(&self) -> Option<Instant> {
        match self.phase {
            SessionPhase::Draft | SessionPhase::Discarded => None,
            SessionPhase::Published { opens_at }
            | SessionPhase::Closed { opens_at }
            | SessionPhase::Cancelled { opens_at } => Some(opens_at),
        }
    }

    /// When the first slot starts: the session's start.
    #[must_use]
    pub fn starts_at(&self) -> Instant {
        self.date.at(self.slots.first().map_or(ClockTime(0), |slot| slot.start))
    }

    /// Whether the phone's share still holds places back from the web.
    #[must_use]
    pub fn phone_share_in_force(&self, rules: &Rules, now: Instant) -> bool {
        now < self.starts_at().plus_minutes(-i64::from(rules.phone_share_lapse_hours) * 60)
    }

    /// Until when a booking for `slot` is taken this way: until it starts, or for whoever stands at the venue's counter until the
    /// day ends.
    const fn bookings_end(&self, slot: &Slot, channel: Channel) -> Instant {
        match channel {
            Channel::Counter => self.date.plus_days(1).at(ClockTime(0)),
            Channel::Web | Channel::Phone | Channel::City => self.date.at(slot.start),
        }
    }

    /// Whether the session gives `dose` in slot `no` and would take a booking by `channel` `now`, its capacity apart.
    pub fn takes_bookings(&self, no: SlotNo, dose: DoseNo, channel: Channel, now: Instant) -> Result<(), RefusalCode> {
        let slot = self.slot(no).ok_or(RefusalCode::NoSuchSlot)?;
        if !self.doses.contains(&dose) {
            return Err(RefusalCode::NoSuchSlot);
        }
        match self.phase {
            SessionPhase::Draft | SessionPhase::Discarded => Err(RefusalCode::NoSuchSlot),
            SessionPhase::Closed { .. } | SessionPhase::Cancelled { .. } => Err(RefusalCode::Closed),
            SessionPhase::Published { opens_at } if now < opens_at && !planted(Bug::OpensEarly) => {
                Err(RefusalCode::NotOpen)
            }
            SessionPhase::Published { .. } if now >= self.bookings_end(slot, channel) => Err(RefusalCode::Closed),
            SessionPhase::Published { .. } => Ok(()),
        }
    }

    /// What residents see of slot `no` when `free` places are left on the web; none for a draft or an unknown slot.
    #[must_use]
    pub fn slot_state(&self, no: SlotNo, free: u32, now: Instant) -> Option<PublicState> {
        let slot = self.slot(no)?;
        match self.phase {
            SessionPhase::Draft | SessionPhase::Discarded => None,
            SessionPhase::Cancelled { .. } => Some(PublicState::Cancelled),
            SessionPhase::Closed { .. } => Some(PublicState::Closed),
            SessionPhase::Published { .. } if now >= self.date.at(slot.start) => Some(PublicState::Closed),
            SessionPhase::Published { opens_at } if now < opens_at => Some(PublicState::BeforeOpen),
            SessionPhase::Published { .. } if free == 0 => Some(PublicState::Full),
            SessionPhase::Published { .. } => Some(PublicState::Open),
        }
    }
}

impl PublicState {
    /// The state of a whole from the states of its parts: open if any part is, else the most hopeful of the others.
    #[must_use]
    pub fn of_all(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let rank = |state: &Self| match state {
            Self::Open => 0,
            Self::BeforeOpen => 1,
            Self::Full => 2,
            Self::Closed => 3,
            Self::Cancelled => 4,
        };
        parts.into_iter().min_by_key(rank)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(phase: SessionPhase) -> Session {
        let slot = |start| Slot { start: ClockTime(start), end: ClockTime(start + 30), capacity: 5, phone_share: 2 };
        Session {
            id: SessionId(1),
            venue: VenueId(1),
            date: "2026-12-05".parse().expect("a date"),
            vaccine: VaccineId(1),
            doses: vec![DoseNo::FIRST],
            phase,
            slots: vec![slot(540), slot(570)],
            doses_total: None,
        }
    }

    fn at(text: &str) -> Instant {
        text.parse().expect("an instant")
    }

    #[test]
    fn a_slot_takes_bookings_from_the_opening_until_it_starts() {
        let opens_at = at("2026-12-01 09:00");
        let second = DoseNo::new(2).expect("a dose");
        let published = SessionPhase::Published { opens_at };
        let cases = [
            (published, 0, DoseNo::FIRST, "2026-12-01 08:59", Err(RefusalCode::NotOpen)),
            (published, 0, DoseNo::FIRST, "2026-12-01 09:00", Ok(())),
            (published, 0, DoseNo::FIRST, "2026-12-05 08:59", Ok(())),
            (published, 0, DoseNo::FIRST, "2026-12-05 09:00", Err(RefusalCode::Closed)),
            (published, 1, DoseNo::FIRST, "2026-12-05 09:00", Ok(())),
            (published, 2, DoseNo::FIRST, "2026-12-01 09:00", Err(RefusalCode::NoSuchSlot)),
            (published, 0, second, "2026-12-01 08:00", Err(RefusalCode::NoSuchSlot)),
            (SessionPhase::Draft, 0, DoseNo::FIRST, "2026-12-01 09:00", Err(RefusalCode::NoSuchSlot)),
            (SessionPhase::Closed { opens_at }, 0, DoseNo::FIRST, "2026-12-01 08:00", Err(RefusalCode::Closed)),
            (SessionPhase::Cancelled { opens_at }, 0, DoseNo::FIRST, "2026-12-01 09:00", Err(RefusalCode::Closed)),
        ];
        for (phase, slot, dose, now, expected) in cases {
            for channel in [Channel::Web, Channel::Phone, Channel::City] {
                let taken = session(phase).takes_bookings(SlotNo(slot), dose, channel, at(now));
                assert_eq!(taken, expected, "{phase:?} {slot} {now} {channel:?}");
            }
        }
    }

    #[test]
    fn whoever_stands_at_the_counter_is_taken_until_the_day_ends() {
        let opens_at = at("2026-12-01 09:00");
        let cases = [
            (SessionPhase::Published { opens_at }, "2026-12-01 08:59", Err(RefusalCode::NotOpen)),
            (SessionPhase::Published { opens_at }, "2026-12-05 09:00", Ok(())),
            (SessionPhase::Published { opens_at }, "2026-12-05 23:59", Ok(())),
            (SessionPhase::Published { opens_at }, "2026-12-06 00:00", Err(RefusalCode::Closed)),
            (SessionPhase::Closed { opens_at }, "2026-12-05 09:00", Err(RefusalCode::Closed)),
            (SessionPhase::Cancelled { opens_at }, "2026-12-05 09:00", Err(RefusalCode::Closed)),
        ];
        for (phase, now, expected) in cases {
            let taken = session(phase).takes_bookings(SlotNo(0), DoseNo::FIRST, Channel::Counter, at(now));
            assert_eq!(taken, expected, "{phase:?} {now}");
        }
    }

    #[test]
    fn full_is_never_shown_before_the_opening() {
        let opens_at = at("2026-12-01 09:00");
        let cases = [
            (SessionPhase::Draft, 0, "2026-12-01 09:00", None),
            (SessionPhase::Published { opens_at }, 0, "2026-12-01 08:59", Some(PublicState::BeforeOpen)),
            (SessionPhase::Published { opens_at }, 0, "2026-12-01 09:00", Some(PublicState::Full)),
            (SessionPhase::Published { opens_at }, 1, "2026-12-01 09:00", Some(PublicState::Open)),
            (SessionPhase::Published { opens_at }, 1, "2026-12-05 09:00", Some(PublicState::Closed)),
            (SessionPhase::Closed { opens_at }, 1, "2026-12-01 09:00", Some(PublicState::Closed)),
            (SessionPhase::Cancelled { opens_at }, 1, "2026-12-01 09:00", Some(PublicState::Cancelled)),
        ];
        for (phase, free, now, shown) in cases {
            assert_eq!(session(phase).slot_state(SlotNo(0), free, at(now)), shown, "{phase:?} {free} {now}");
        }
        assert_eq!(PublicState::of_all([PublicState::Full, PublicState::Open]), Some(PublicState::Open));
        assert_eq!(PublicState::of_all([PublicState::Closed, PublicState::Full]), Some(PublicState::Full));
        assert_eq!(PublicState::of_all([]), None);
    }

    #[test]
    fn the_phone_share_lapses_48_hours_before_the_first_slot() {
        let session = session(SessionPhase::Draft);
        assert!(session.phone_share_in_force(&Rules::default(), at("2026-12-03 08:59")));
        assert!(!session.phone_share_in_force(&Rules::default(), at("2026-12-03 09:00")));
    }
}
