//! Openings: instants at which places become bookable for people, by a session or by a wave.

use super::session::{Session, SessionPhase};
use super::setup::Wave;
use super::time::Instant;

/// The opening that counts now, and the one that is ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Openings {
    /// The latest that is past.
    pub current: Option<Instant>,
    /// The earliest that is ahead.
    pub next: Option<Instant>,
}

impl Openings {
    /// The openings around `now`. A wave opens nothing while no session is published.
    #[must_use]
    pub fn around<'a>(sessions: impl IntoIterator<Item = &'a Session>, waves: &[Wave], now: Instant) -> Self {
        let mut found = Self::default();
        for session in sessions {
            if let SessionPhase::Published { opens_at } = session.phase {
                found.count(opens_at, now);
            }
        }
        if found != Self::default() {
            for wave in waves {
                found.count(wave.opens_at, now);
            }
        }
        found
    }

    fn count(&mut self, opening: Instant, now: Instant) {
        if opening <= now {
            self.current = self.current.max(Some(opening));
        } else {
            self.next = Some(self.next.map_or(opening, |next| next.min(opening)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::{SessionId, VaccineId, VenueId};
    use crate::core::time::Day;

    fn session(phase: SessionPhase) -> Session {
        Session {
            id: SessionId(1),
            venue: VenueId(1),
            date: Day(20_000),
            vaccine: VaccineId(1),
            doses: Vec::new(),
            phase,
            slots: Vec::new(),
            doses_total: None,
        }
    }

    #[test]
    fn the_latest_past_and_the_earliest_ahead_of_sessions_and_waves_count() {
        let published = |at| session(SessionPhase::Published { opens_at: Instant(at) });
        let closed = session(SessionPhase::Closed { opens_at: Instant(90) });
        let wave =
            |at| Wave { name: String::new(), born_from: None, born_to: None, group: None, opens_at: Instant(at) };
        let sessions = [published(10), published(50), published(200), session(SessionPhase::Draft), closed];
        let around = |sessions: &[Session], waves: &[Wave], now| {
            let Openings { current, next } = Openings::around(sessions, waves, Instant(now));
            (current.map(|at| at.0), next.map(|at| at.0))
        };
        assert_eq!(around(&sessions, &[], 9), (None, Some(10)));
        assert_eq!(around(&sessions, &[], 10), (Some(10), Some(50)));
        assert_eq!(around(&sessions, &[wave(60), wave(70)], 65), (Some(60), Some(70)));
        assert_eq!(around(&sessions, &[wave(60)], 300), (Some(200), None));
        assert_eq!(around(&[], &[wave(60)], 65), (None, None), "a wave without a session opens nothing");
    }
}
