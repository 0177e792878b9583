//! What is counted beside the records: a session's bookings and its people, and all bookings together. All of it follows from the
//! records, and is derived from them at recovery.

use std::sync::atomic::Ordering;

use super::{Head, Index, lock};
use crate::core::event::{Event, PlaceChange};
use crate::core::ids::{ResidentNo, SessionId};
use crate::core::places::Booked;
use crate::core::recent::RecentEvents;
use crate::core::resident::Contradiction;
use crate::core::time::Instant;

impl Index {
    /// Keeps that `resident` has, or had, a booking in `session`.
    pub(super) fn note_person(&self, session: SessionId, resident: ResidentNo) {
        if let Some(session) = self.session(session) {
            lock(&session.people).insert(resident);
        }
    }

    /// Counts what an event makes of all bookings.
    pub(super) fn count(&self, at: Instant, event: &Event) {
        if RecentEvents::counts(event) {
            lock(&self.recent).count(at, event);
        }
        match event {
            Event::Booked { .. } => {
                self.bookings_live.fetch_add(1, Ordering::AcqRel);
            }
            Event::Cancelled { .. } => {
                self.bookings_live.fetch_sub(1, Ordering::AcqRel);
            }
            _ => {}
        }
    }

    /// Derives all counts from the residents' records, at recovery, and sets the head.
    pub(in crate::ledger) fn derive_counts(&self, head: Head) -> Result<(), Contradiction> {
        for session in self.sessions() {
            let slots = session.definition().slots.len();
            session.replace_booked(Booked::none(slots));
        }
        let mut live = 0;
        let mut derived = Ok(());
        self.for_each_resident(|no, resident| {
            for booking in &resident.record.bookings {
                self.note_person(booking.session, no);
            }
            for booking in resident.record.bookings.iter().filter(|booking| booking.state.uses_place()) {
                live += 1;
                let counted = self.session(booking.session).ok_or(Contradiction::NoSuchSlot);
                let counted = counted.and_then(|session| session.apply(PlaceChange::of(booking, true)));
                derived = derived.and(counted);
            }
        });
        self.bookings_live.store(live, Ordering::Release);
        *lock(&self.head) = head;
        derived
    }
}
