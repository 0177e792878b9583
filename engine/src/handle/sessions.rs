//! The city's sessions once they are published: resized, closed, opened again, cancelled. One such change at a time.

use tokio::sync::oneshot;

use super::{CampaignError, EngineHandle, PlanProblem, wait_for};
use crate::actors::{CampaignTurn, CloseCommand, LimitCommand, SessionMessage, Ticket};
use crate::core::event::{By, Entry, Event};
use crate::core::ids::{Channel, ResidentNo, SessionId, SlotNo};
use crate::core::limit::Limit;
use crate::core::refusal::Refusal;
use crate::core::resident::{Booking, BookingState};
use crate::core::session::{Session, SessionPhase};

/// The most doses that a session's stock may have.
pub const STOCK_DOSES_MAX: u32 = 1_000_000;

impl EngineHandle {
    /// Changes a slot's capacity: never below what is booked and held.
    pub async fn change_capacity(
        &self,
        session: SessionId,
        slot: SlotNo,
        capacity: u32,
        by: By,
    ) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let definition = self.index().session(session).ok_or(CampaignError::NoSuchSession(session))?.definition();
        if capacity > Session::SLOT_CAPACITY_MAX {
            return Err(CampaignError::CapacityTooLarge(Session::SLOT_CAPACITY_MAX));
        }
        if definition.slot(slot).is_none() || definition.phase.is_hidden() {
            return Err(CampaignError::NoSuchSession(session));
        }
        let event = Event::CapacityChanged { session, slot, capacity };
        self.change_limit(turn, session, Limit::Slot { slot, capacity }, event, by).await
    }

    /// Says how many doses of vaccine there are for a session; none is without limit. Never fewer than are booked and held.
    pub async fn change_stock(
        &self,
        session: SessionId,
        doses_total: Option<u32>,
        by: By,
    ) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let definition = self.index().session(session).ok_or(CampaignError::NoSuchSession(session))?.definition();
        if doses_total.is_some_and(|total| total > STOCK_DOSES_MAX) {
            return Err(PlanProblem::StockTooLarge(STOCK_DOSES_MAX).into());
        }
        let event = Event::StockChanged { session, doses_total };
        match definition.phase {
            _ if definition.doses_total == doses_total => Ok(()),
            SessionPhase::Discarded | SessionPhase::Cancelled { .. } => Err(CampaignError::NotOpen(session)),
            // A draft has no clerk, and nobody has a place in it.
            SessionPhase::Draft => {
                self.append_in_turn(turn, by, vec![event], None).await?;
                Ok(())
            }
            SessionPhase::Published { .. } | SessionPhase::Closed { .. } => {
                self.change_limit(turn, session, Limit::Stock { doses_total }, event, by).await
            }
        }
    }

    /// Lets the session's clerk decide a new limit.
    async fn change_limit(
        &self,
        turn: CampaignTurn,
        session: SessionId,
        limit: Limit,
        event: Event,
        by: By,
    ) -> Result<(), CampaignError> {
        let (entry, ticket, outcome) = self.city_change(turn, by, vec![event])?;
        let (refused, too_small) = oneshot::channel();
        let command = LimitCommand { limit, entry, ticket, refused };
        self.0.shared.registry.tell(session, SessionMessage::Limit(command));
        match wait_for(outcome).await {
            Ok(_) => Ok(()),
            Err(refusal) => match (too_small.await, limit) {
                (Ok(too_small), Limit::Slot { .. }) => Err(CampaignError::CapacityTooSmall(too_small.taken)),
                (Ok(too_small), Limit::Stock { .. }) => Err(PlanProblem::StockTooSmall(too_small.taken).into()),
                (Err(_), _) => Err(refusal.into()),
            },
        }
    }

    /// A closed session takes bookings again: its clerk grants once this is durable.
    pub async fn reopen_session(&self, session: SessionId, by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let phase = self.index().session(session).map(|entry| entry.definition().phase);
        if !matches!(phase, Some(SessionPhase::Closed { .. })) {
            return Err(PlanProblem::NotClosed(session).into());
        }
        self.append_in_turn(turn, by, vec![Event::SessionReopened(session)], None).await?;
        Ok(())
    }

    /// From now on the session takes no bookings; those made stand.
    pub async fn close_session(&self, session: SessionId, by: By) -> Result<(), CampaignError> {
        self.end_session(session, by, Event::SessionClosed(session)).await
    }

    /// Closes each of `sessions` that still takes bookings, one after the other, and goes on if one of them cannot be closed. Gives
    /// how many were closed; an error is the first, and calling it again closes the rest.
    pub async fn close_sessions(&self, sessions: &[SessionId], by: By) -> (usize, Result<(), CampaignError>) {
        let mut closed = 0;
        let mut first_error = Ok(());
        for session in sessions {
            match self.close_session(*session, by.clone()).await {
                Ok(()) => closed += 1,
                // Somebody else has closed it meanwhile.
                Err(CampaignError::NotOpen(_)) => {}
                Err(error) => first_error = first_error.and(Err(error)),
            }
        }
        (closed, first_error)
    }

    /// How many people have a booking in `session` that its cancellation would take, or has not taken yet.
    #[must_use]
    pub fn bookings_to_cancel(&self, session: SessionId) -> usize {
        self.booked_in(session).len()
    }

    /// The first half of cancelling a session: it is closed for good, and each of its bookings is yet to be cancelled by
    /// [`EngineHandle::cancel_session`]. If it is cancelled already, nothing changes.
    pub async fn begin_to_cancel(&self, session: SessionId, by: By) -> Result<(), CampaignError> {
        let phase = self.index().session(session).map(|entry| entry.definition().phase);
        if !matches!(phase, Some(SessionPhase::Cancelled { .. })) {
            self.end_session(session, by, Event::SessionCancelled(session)).await?;
        }
        Ok(())
    }

    /// Cancels a session: it closes first, then each booking becomes "cancelled by the city". Calling it again goes on where a
    /// fault stopped it. Gives how many bookings were cancelled by this call.
    pub async fn cancel_session(&self, session: SessionId, by: By) -> Result<usize, CampaignError> {
        self.begin_to_cancel(session, by.clone()).await?;
        let residents = self.booked_in(session);
        let mut cancelled = 0;
        for resident in residents {
            let pass = self.pass(resident).await?;
            let booking = self.index().resident(resident, |entry| {
                let mut booked = entry.record.bookings.iter();
                booked.find(|booking| booking.session == session && booking.state == BookingState::Booked).copied()
            });
            if let Some(booking) = booking.flatten() {
                let event = Event::Cancelled { resident, booking, state: BookingState::CancelledByCity };
                let entry = Entry { at: self.now(), by: by.clone(), key: None, events: vec![event] };
                self.append_with_pass(entry, pass, Channel::City).await?;
                cancelled += 1;
            }
        }
        Ok(cancelled)
    }

    /// Everybody who is booked in `session` and has not come yet.
    fn booked_in(&self, session: SessionId) -> Vec<ResidentNo> {
        let mut residents = Vec::new();
        self.index().for_each_resident(|no, entry| {
            let here = |booking: &Booking| booking.session == session && booking.state == BookingState::Booked;
            if entry.record.bookings.iter().any(here) {
                residents.push(no);
            }
        });
        residents
    }

    async fn end_session(&self, session: SessionId, by: By, event: Event) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let phase = self.index().session(session).map(|entry| entry.definition().phase);
        let may_end = match phase {
            Some(SessionPhase::Published { .. }) => true,
            Some(SessionPhase::Closed { .. }) => matches!(event, Event::SessionCancelled(_)),
            None | Some(SessionPhase::Draft | SessionPhase::Discarded | SessionPhase::Cancelled { .. }) => false,
        };
        if !may_end {
            return Err(CampaignError::NotOpen(session));
        }
        let (entry, ticket, outcome) = self.city_change(turn, by, vec![event])?;
        self.0.shared.registry.tell(session, SessionMessage::Close(CloseCommand { entry, ticket }));
        wait_for(outcome).await?;
        Ok(())
    }

    #[allow(clippy::type_complexity, reason = "the three parts of one change, taken apart at once")]
    fn city_change(
        &self,
        turn: CampaignTurn,
        by: By,
        events: Vec<Event>,
    ) -> Result<(Entry, Ticket, oneshot::Receiver<Result<Option<Entry>, Refusal>>), Refusal> {
        let permit = self.permit(Channel::City)?;
        let (reply, outcome) = oneshot::channel();
        let ticket = Ticket { reply: Some(reply), turn: Some(turn), permit: Some(permit), ..Ticket::default() };
        Ok((Entry { at: self.now(), by, key: None, events }, ticket, outcome))
    }
}
