//! What the journal says of the campaign itself: venues, vaccines, waves, sessions, staff.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::{Event, StaffRole};
use super::ids::{SessionId, VaccineId, VenueId};
use super::session::{Session, SessionPhase};
use super::setup::{Vaccine, Venue, Wave};

/// Venues, vaccines, waves and staff roles: small, read often, changed seldom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// All venues, by id.
    pub venues: Vec<Venue>,
    /// All vaccines, by id.
    pub vaccines: Vec<Vaccine>,
    /// The waves in the city's order.
    pub waves: Vec<Wave>,
    /// Staff accounts.
    pub staff: BTreeMap<Box<str>, StaffRole>,
}

impl Setup {
    /// The venue `id`.
    #[must_use]
    pub fn venue(&self, id: VenueId) -> Option<&Venue> {
        self.venues.iter().find(|venue| venue.id == id)
    }

    /// The vaccine `id`.
    #[must_use]
    pub fn vaccine(&self, id: VaccineId) -> Option<&Vaccine> {
        self.vaccines.iter().find(|vaccine| vaccine.id == id)
    }

    /// Applies an event; tells whether it was about the setup. Applying one again changes nothing.
    pub fn apply(&mut self, event: &Event) -> bool {
        match event {
            Event::VenueAdded(venue) => replace(&mut self.venues, venue, |old| old.id == venue.id),
            Event::VaccineDefined(vaccine) => replace(&mut self.vaccines, vaccine, |old| old.id == vaccine.id),
            Event::WavesReplaced(waves) => self.waves.clone_from(waves),
            Event::StaffChanged { login, role } => {
                self.staff.insert(login.clone(), *role);
            }
            _ => return false,
        }
        true
    }
}

fn replace<T: Clone>(all: &mut Vec<T>, new: &T, same: impl Fn(&T) -> bool) {
    match all.iter_mut().find(|old| same(old)) {
        Some(old) => *old = new.clone(),
        None => all.push(new.clone()),
    }
}

/// All sessions by id.
pub type Sessions = BTreeMap<SessionId, Session>;

/// The sessions that `event` changes, with their state after it, read through `session`.
///
/// # Panics
/// If the journal changes a session or slot that it never drafted.
pub fn sessions_after(event: &Event, session: impl Fn(SessionId) -> Option<Session>) -> Vec<Session> {
    let changed = |id: SessionId, change: &dyn Fn(&mut Session)| {
        let mut after = session(id).expect("the journal changes only sessions that it drafted");
        change(&mut after);
        after
    };
    let opened = |phase: SessionPhase| match phase {
        SessionPhase::Published { opens_at }
        | SessionPhase::Closed { opens_at }
        | SessionPhase::Cancelled { opens_at } => opens_at,
        SessionPhase::Draft => super::time::Instant::default(),
    };
    match event {
        Event::SessionDrafted(session) => vec![session.clone()],
        Event::SessionsPublished { sessions, opens_at } => {
            let publish = |after: &mut Session| after.phase = SessionPhase::Published { opens_at: *opens_at };
            sessions.iter().map(|id| changed(*id, &publish)).collect()
        }
        Event::SessionClosed(id) => {
            vec![changed(*id, &|after| after.phase = SessionPhase::Closed { opens_at: opened(after.phase) })]
        }
        Event::SessionCancelled(id) => {
            vec![changed(*id, &|after| after.phase = SessionPhase::Cancelled { opens_at: opened(after.phase) })]
        }
        Event::CapacityChanged { session, slot, capacity } => {
            vec![changed(*session, &|after| after.slots[usize::from(slot.0)].capacity = *capacity)]
        }
        _ => Vec::new(),
    }
}
