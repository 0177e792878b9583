//! The city's sessions: drafted, published, resized, closed, cancelled. One such change at a time.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::{CampaignError, EngineHandle, wait_for};
use crate::actors::{CampaignTurn, CapacityCommand, CloseCommand, SessionMessage, Ticket};
use crate::core::event::{By, Entry, Event};
use crate::core::ids::{Channel, SessionId, SlotNo, VenueId};
use crate::core::refusal::Refusal;
use crate::core::resident::BookingState;
use crate::core::session::{Session, SessionPhase, Slot};
use crate::core::setup::Venue;
use crate::core::time::{ClockTime, Day, Instant};
use crate::roll::SessionRow;

/// What an import of sessions would change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DraftSummary {
    /// Sessions that become drafts.
    pub new: usize,
    /// Drafts that change.
    pub changed: usize,
    /// Sessions that are there already, as they are.
    pub unchanged: usize,
    /// Published sessions that the file would change: an import never does.
    pub published: usize,
}

/// What publishing would open.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishSummary {
    /// The drafts.
    pub sessions: Vec<SessionId>,
    /// How many places open.
    pub places: u64,
    /// How many places have started by the opening time, so that nobody can ever book them.
    pub places_too_late: u64,
    /// The dates of the places that open, ascending.
    pub dates: Vec<Day>,
    /// Their venues.
    pub venues: Vec<String>,
}

impl EngineHandle {
    /// Drafts the sessions of `rows`; with `dry_run` only says what it would do. A session is known by venue, date, start and
    /// vaccine; one that is published is left as it is.
    pub async fn import_sessions(
        &self,
        rows: &[SessionRow],
        dry_run: bool,
        by: By,
    ) -> Result<DraftSummary, CampaignError> {
        let turn = self.turn().await;
        let (wrong, _) = self.check_sessions(rows);
        if !wrong.is_empty() {
            return Err(CampaignError::WrongLines(wrong));
        }
        let setup = self.index().setup();
        let existing: Vec<_> = self.index().sessions().iter().map(|entry| entry.definition()).collect();
        let mut venues = setup.venues.clone();
        let mut next_id = existing.iter().map(|session| session.id.0 + 1).max().unwrap_or(1);
        let mut events = Vec::new();
        let mut summary = DraftSummary::default();
        for row in rows {
            let Some(vaccine) = setup.vaccines.iter().find(|vaccine| *vaccine.name == *row.vaccine) else { continue };
            let venue = venues.iter().find(|venue| venue.name == row.venue).map(|venue| venue.id);
            let venue = venue.unwrap_or_else(|| {
                let id = VenueId(venues.iter().map(|venue| venue.id.0).max().unwrap_or(0) + 1);
                let venue = Arc::new(Venue { id, name: row.venue.clone() });
                venues.push(Arc::clone(&venue));
                events.push(Event::VenueAdded(venue));
                id
            });
            let same = existing.iter().find(|old| {
                let starts = old.slots.first().is_some_and(|slot| slot.start == row.start);
                old.venue == venue && old.date == row.date && old.vaccine == vaccine.id && starts
            });
            let id = same.map_or(SessionId(next_id), |old| old.id);
            let drafted = Session {
                id,
                venue,
                date: row.date,
                vaccine: vaccine.id,
                doses: row.doses.clone(),
                phase: SessionPhase::Draft,
                slots: slots(row),
                doses_total: None,
            };
            match same {
                Some(old) if Session { phase: SessionPhase::Draft, ..(**old).clone() } == drafted => {
                    summary.unchanged += 1;
                }
                Some(old) if !old.phase.is_hidden() => summary.published += 1,
                Some(_) => {
                    summary.changed += 1;
                    events.push(Event::SessionDrafted(drafted));
                }
                None => {
                    next_id += 1;
                    summary.new += 1;
                    events.push(Event::SessionDrafted(drafted));
                }
            }
        }
        if !dry_run && !events.is_empty() {
            self.append_in_turn(turn, by, events, None).await?;
        }
        Ok(summary)
    }

    /// What publishing all drafts to open at `opens_at` would open.
    #[must_use]
    pub fn drafts(&self, opens_at: Instant) -> PublishSummary {
        let setup = self.index().setup();
        let mut summary = PublishSummary::default();
        for entry in self.index().sessions() {
            let session = entry.definition();
            if session.phase != SessionPhase::Draft {
                continue;
            }
            summary.sessions.push(session.id);
            let before = summary.places;
            for slot in &session.slots {
                let in_time = session.date.at(slot.start) > opens_at;
                let counted = if in_time { &mut summary.places } else { &mut summary.places_too_late };
                *counted += u64::from(slot.capacity);
            }
            if summary.places > before {
                summary.dates.push(session.date);
                summary.venues.extend(setup.venue(session.venue).map(|venue| venue.name.clone()));
            }
        }
        summary.dates.sort_unstable();
        summary.dates.dedup();
        summary.venues.sort_unstable();
        summary.venues.dedup();
        summary
    }

    /// Publishes the drafts that were `shown`, to open at `opens_at`.
    pub async fn publish(&self, shown: &PublishSummary, opens_at: Instant, by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        if shown.sessions.is_empty() {
            return Err(CampaignError::NoDrafts);
        }
        if shown.places == 0 {
            return Err(CampaignError::NothingOpens);
        }
        if self.drafts(opens_at) != *shown {
            return Err(CampaignError::ChangedMeanwhile);
        }
        // "Open now" is a time a moment ago.
        if opens_at < self.now().plus_minutes(-5) {
            return Err(CampaignError::OpensInThePast);
        }
        let event = Event::SessionsPublished { sessions: shown.sessions.clone(), opens_at };
        self.append_in_turn(turn, by, vec![event], None).await?;
        Ok(())
    }

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
        let events = vec![Event::CapacityChanged { session, slot, capacity }];
        let (entry, ticket, outcome) = self.city_change(turn, by, events)?;
        let (refused, too_small) = oneshot::channel();
        let command = CapacityCommand { slot, capacity, entry, ticket, refused };
        self.0.shared.registry.tell(session, SessionMessage::Capacity(command));
        match wait_for(outcome).await {
            Ok(_) => Ok(()),
            Err(refusal) => match too_small.await {
                Ok(too_small) => Err(CampaignError::CapacityTooSmall(too_small.taken)),
                Err(_) => Err(refusal.into()),
            },
        }
    }

    /// From now on the session takes no bookings; those made stand.
    pub async fn close_session(&self, session: SessionId, by: By) -> Result<(), CampaignError> {
        self.end_session(session, by, Event::SessionClosed(session)).await
    }

    /// Cancels a session: it closes first, then each booking becomes "cancelled by the city". Calling it again goes on where a
    /// fault stopped it. Gives how many bookings were cancelled by this call.
    pub async fn cancel_session(&self, session: SessionId, by: By) -> Result<usize, CampaignError> {
        let phase = self.index().session(session).map(|entry| entry.definition().phase);
        if !matches!(phase, Some(SessionPhase::Cancelled { .. })) {
            self.end_session(session, by.clone(), Event::SessionCancelled(session)).await?;
        }
        let mut residents = Vec::new();
        self.index().for_each_resident(|no, entry| {
            let here = |booking: &&crate::core::resident::Booking| {
                booking.session == session && booking.state == BookingState::Booked
            };
            if entry.record.bookings.iter().any(|booking| here(&booking)) {
                residents.push(no);
            }
        });
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

/// The slots of a row: whole ones only, from start to end.
fn slots(row: &SessionRow) -> Vec<Slot> {
    let mut slots = Vec::new();
    let mut start = row.start.0;
    while start + row.slot_minutes <= row.end.0 {
        let end = start + row.slot_minutes;
        slots.push(Slot {
            start: ClockTime(start),
            end: ClockTime(end),
            capacity: row.capacity,
            phone_share: row.phone_share.unwrap_or(0),
        });
        start = end;
    }
    slots
}
