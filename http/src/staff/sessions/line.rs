//! A session as lists show it.

use std::sync::Arc;

use sesshu_engine::PlannedSession;
use sesshu_engine::core::campaign::Setup;
use sesshu_engine::core::ids::{SessionId, VenueId};
use sesshu_engine::core::session::{Session, SessionPhase};
use sesshu_engine::core::time::{Day, Instant};

use super::words::{doses_words, standing_sign, standing_words};
use crate::staff::dates::day_words;

/// Where a session stands, as the city sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    Draft,
    Discarded,
    BeforeOpen,
    Open,
    Full,
    Closed,
    Over,
    Cancelled,
}

impl Standing {
    /// All of them but thrown-away drafts, in the order in which a filter offers them.
    pub(super) const LISTED: [Self; 7] =
        [Self::Draft, Self::BeforeOpen, Self::Open, Self::Full, Self::Closed, Self::Over, Self::Cancelled];

    fn of(session: &Session, free: u64, now: Instant) -> Self {
        let last = session.slots.last().map_or_else(|| session.starts_at(), |slot| session.date.at(slot.start));
        match session.phase {
            SessionPhase::Draft => Self::Draft,
            SessionPhase::Discarded => Self::Discarded,
            SessionPhase::Cancelled { .. } => Self::Cancelled,
            _ if now >= last => Self::Over,
            SessionPhase::Closed { .. } => Self::Closed,
            SessionPhase::Published { opens_at } if now < opens_at => Self::BeforeOpen,
            SessionPhase::Published { .. } if free == 0 => Self::Full,
            SessionPhase::Published { .. } => Self::Open,
        }
    }

    /// The stable name in addresses and style sheets.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Discarded => "discarded",
            Self::BeforeOpen => "before",
            Self::Open => "open",
            Self::Full => "full",
            Self::Closed => "closed",
            Self::Over => "over",
            Self::Cancelled => "cancelled",
        }
    }
}

/// The session.
pub(super) struct SessionLine {
    pub(super) id: SessionId,
    pub(super) date: Day,
    pub(super) venue_id: VenueId,
    pub(super) venue: String,
    pub(super) vaccine: Arc<str>,
    pub(super) session: Arc<Session>,
    pub(super) standing: Standing,
    pub(super) places: u64,
    pub(super) booked: u32,
    pub(super) held: u32,
    /// How many places are left, as far as the vaccine lasts.
    pub(super) free: u64,
}

impl SessionLine {
    pub(super) fn of(planned: &PlannedSession, setup: &Setup, now: Instant) -> Self {
        let session = Arc::clone(&planned.session);
        let (booked, held) = (planned.booked_in_all(), planned.held_in_all());
        let taken = u64::from(booked) + u64::from(held);
        let bound = session.doses_total.map_or(u64::MAX, u64::from).min(planned.places());
        let free = bound.saturating_sub(taken);
        Self {
            id: session.id,
            date: session.date,
            venue_id: session.venue,
            venue: setup.venue(session.venue).map_or_else(String::new, |venue| venue.name.clone()),
            vaccine: setup.vaccine(session.vaccine).map_or_else(|| "".into(), |vaccine| Arc::clone(&vaccine.name)),
            standing: Standing::of(&session, free, now),
            places: planned.places(),
            booked,
            held,
            free,
            session,
        }
    }

    /// The date in words.
    pub(super) fn day(&self) -> String {
        day_words(self.date)
    }

    /// Its month, as addresses name it.
    pub(super) fn month(&self) -> String {
        let (year, month, _) = self.date.ymd();
        format!("{year:04}-{month:02}")
    }

    /// From when to when people arrive.
    pub(super) fn times(&self) -> String {
        match (self.session.slots.first(), self.session.slots.last()) {
            (Some(first), Some(last)) => format!("{}–{}", first.start, last.end),
            _ => String::new(),
        }
    }

    /// The doses that it gives.
    pub(super) fn doses(&self) -> String {
        doses_words(&self.session.doses)
    }

    /// Where it stands, in words.
    pub(super) const fn standing(&self) -> &'static str {
        standing_words(self.standing)
    }

    /// The same as a sign.
    pub(super) const fn sign(&self) -> &'static str {
        standing_sign(self.standing)
    }

    /// What orders a list: the day, the venue, the time.
    pub(super) fn order(&self) -> (Day, VenueId, Option<u16>, SessionId) {
        (self.date, self.venue_id, self.session.slots.first().map(|slot| slot.start.0), self.id)
    }
}

/// All sessions in the order of lists.
pub(super) fn all_lines(planned: &[PlannedSession], setup: &Setup, now: Instant) -> Vec<SessionLine> {
    let mut lines: Vec<SessionLine> = planned.iter().map(|one| SessionLine::of(one, setup, now)).collect();
    lines.sort_by_key(SessionLine::order);
    lines
}
