//! Check-in, the dose, and what is taken back: each change of a booking is one entry, decided inside the resident's gate.

use super::EngineHandle;
use crate::core::attendance::{AttendanceChange, AttendanceDecision, AttendanceRefusal, may_attend};
use crate::core::event::{By, Entry, Event};
use crate::core::ids::{BookingNumber, Channel, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo, VenueId};
use crate::core::leg::{Leg, Legs};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::resident::BookingState;
use crate::core::session::{Session, SessionPhase};
use crate::core::time::Instant;

/// Why not everybody who did not come was marked so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoShowRefusal {
    /// People may still come.
    #[error("the last slot ends at {}", .0.to_rfc3339())]
    NotYet(Instant),
    /// There are more of them, or fewer, than was said.
    #[error("{0} people did not come")]
    OtherCount(usize),
    /// The ledger refused, or there is no such venue for this account.
    #[error("refused ({})", .0.code.code())]
    Refused(Refusal),
}

impl From<Refusal> for NoShowRefusal {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl EngineHandle {
    /// Changes attendance of a booking at `venue`, durably. Saying the same again changes nothing. It goes on if this future is
    /// dropped.
    pub async fn attend(&self, venue: VenueId, change: AttendanceChange, by: By) -> Result<(), AttendanceRefusal> {
        self.workplace(venue, &by)?;
        let owner = self.owner_of(change.number).await?;
        let resident = owner.ok_or(AttendanceRefusal::NoSuchBooking)?;
        self.attend_as(resident, venue, change, by).await
    }

    async fn attend_as(
        &self,
        resident: ResidentNo,
        venue: VenueId,
        change: AttendanceChange,
        by: By,
    ) -> Result<(), AttendanceRefusal> {
        let pass = self.pass(resident).await?;
        let now = self.now();
        let decided = self.index().resident(resident, |entry| {
            let booking = entry.record.booking(change.number).ok_or(AttendanceRefusal::NoSuchBooking)?;
            if self.venue_of(booking.session) != Some(venue) {
                return Err(AttendanceRefusal::OtherVenue);
            }
            may_attend(&entry.record, &change, now.city_day())
        });
        let booking = match decided.unwrap_or(Err(AttendanceRefusal::NoSuchBooking))? {
            AttendanceDecision::Already => return Ok(()),
            AttendanceDecision::Changes(booking) => booking,
        };
        let event = Event::AttendanceChanged { resident, booking, state: change.next, lot: change.lot };
        let entry = Entry { at: now, by, key: None, events: vec![event] };
        self.append_with_pass(entry, pass, Channel::Counter).await?;
        Ok(())
    }

    fn venue_of(&self, session: SessionId) -> Option<VenueId> {
        self.index().session(session).map(|entry| entry.definition().venue)
    }

    /// The sessions of `venue` that take place today.
    pub(super) fn sessions_today(&self, venue: VenueId) -> Vec<std::sync::Arc<Session>> {
        let today = self.now().city_day();
        let all = self.index().sessions();
        let here = |session: &std::sync::Arc<Session>| {
            session.venue == venue
                && session.date == today
                && !session.phase.is_hidden()
                && !matches!(session.phase, SessionPhase::Cancelled { .. })
        };
        all.iter().map(|entry| entry.definition()).filter(here).collect()
    }

    /// How many people of today have not come to `venue`, and when the last slot ends; none if nothing takes place there today.
    pub fn waited_for(&self, venue: VenueId, by: &By) -> Result<Option<(usize, Instant)>, Refusal> {
        self.workplace(venue, by)?;
        let ends = self.sessions_today(venue);
        let ends = ends.iter().filter_map(|session| session.slots.last().map(|slot| session.date.at(slot.end)));
        Ok(ends.max().map(|end| (self.still_booked(venue).len(), end)))
    }

    /// Says of everybody who is booked at `venue` today, and has not come, that they did not come; `count` is how many that are, as
    /// the person who asks typed it. Only after the last slot has ended. Calling it again goes on where a fault stopped it.
    pub async fn mark_no_shows(&self, venue: VenueId, count: usize, by: By) -> Result<usize, NoShowRefusal> {
        let (waiting, ends) = self.waited_for(venue, &by)?.ok_or(Refusal::from(RefusalCode::NoSuchSlot))?;
        if self.now() < ends {
            return Err(NoShowRefusal::NotYet(ends));
        }
        if waiting != count {
            return Err(NoShowRefusal::OtherCount(waiting));
        }
        let mut marked = 0;
        for (resident, number) in self.still_booked(venue) {
            let change = AttendanceChange { number, seen: BookingState::Booked, next: BookingState::NoShow, lot: None };
            match self.attend_as(resident, venue, change, by.clone()).await {
                Ok(()) => marked += 1,
                Err(AttendanceRefusal::Refused(refusal)) => return Err(refusal.into()),
                // They came, or cancelled, a moment ago.
                Err(_) => {}
            }
        }
        Ok(marked)
    }

    fn still_booked(&self, venue: VenueId) -> Vec<(ResidentNo, BookingNumber)> {
        let mut waiting = Vec::new();
        for session in self.sessions_today(venue) {
            self.for_each_booking_in(session.id, |resident, _, booking| {
                if booking.state == BookingState::Booked {
                    waiting.push((resident, booking.number));
                }
            });
        }
        waiting
    }

    /// Books for somebody who stands at the counter of `venue` today, and checks them in. The place is decided by the session's
    /// actor as any other; a repeated key gives the first answer.
    ///
    /// The booking stands even if the check-in is refused afterwards: then it is in the day's list.
    #[allow(clippy::too_many_arguments, reason = "each is one word of what stands on the counter's form")]
    pub async fn walk_in(
        &self,
        venue: VenueId,
        resident: ResidentNo,
        session: SessionId,
        slot: SlotNo,
        dose: DoseNo,
        key: RequestKey,
        by: By,
    ) -> Result<BookingNumber, Refusal> {
        let number = self.book_today(venue, resident, Leg { session, slot, dose }, key, by.clone()).await?;
        let change = AttendanceChange { number, seen: BookingState::Booked, next: BookingState::CheckedIn, lot: None };
        if let Err(AttendanceRefusal::Refused(refusal)) = self.attend_as(resident, venue, change, by).await {
            tracing::warn!(code = refusal.code.code(), "a walk-in was booked but not checked in");
        }
        Ok(number)
    }

    /// Books a place of today's at `venue`, by the counter's lane.
    pub(super) async fn book_today(
        &self,
        venue: VenueId,
        resident: ResidentNo,
        leg: Leg,
        key: RequestKey,
        by: By,
    ) -> Result<BookingNumber, Refusal> {
        self.workplace(venue, &by)?;
        if !self.sessions_today(venue).iter().any(|today| today.id == leg.session) {
            return Err(RefusalCode::NoSuchSlot.into());
        }
        let done = self.book(resident, Legs::one(leg), key, by, Channel::Counter).await?;
        done.bookings.first().map(|booking| booking.number).ok_or_else(|| RefusalCode::Unavailable.into())
    }
}
