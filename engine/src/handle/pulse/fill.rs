//! How full a session is.

use crate::core::session::{Session, SessionPhase};
use crate::core::time::Instant;
use crate::ledger::SessionEntry;

/// The places of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Places {
    /// How many there are, as far as the vaccine reaches.
    pub(super) capacity: u32,
    pub(super) booked: u32,
    pub(super) held: u32,
}

impl Places {
    pub(super) fn of(entry: &SessionEntry, session: &Session) -> Self {
        let capacity: u32 = session.slots.iter().map(|slot| slot.capacity).sum();
        let held = (0..session.slots.len()).map(|index| entry.held(index).total()).sum();
        let capacity = capacity.min(session.doses_total.unwrap_or(u32::MAX));
        Self { capacity, booked: entry.booked().total(), held }
    }

    pub(super) const fn left(self) -> u32 {
        self.capacity.saturating_sub(self.booked).saturating_sub(self.held)
    }
}

/// Whether people are to come to it: it was published and not cancelled.
pub(super) const fn is_offered(session: &Session) -> bool {
    matches!(session.phase, SessionPhase::Published { .. } | SessionPhase::Closed { .. })
}

/// Whether one of its slots takes bookings.
pub(super) fn takes_bookings(session: &Session, now: Instant) -> bool {
    let last = session.slots.last();
    matches!(session.phase, SessionPhase::Published { opens_at } if opens_at <= now)
        && last.is_some_and(|slot| now < session.date.at(slot.start))
}
