//! What the city sets up: sessions, waves, doses given elsewhere, staff. One such change at a time.

use tokio::sync::oneshot;

use super::{EngineHandle, wait_for};
use crate::actors::{CapacityCommand, CloseCommand, Ticket};
use crate::core::credential::StaffSecret;
use crate::core::event::{By, Entry, Event, StaffRole};
use crate::core::ids::{Channel, DoseNo, SessionId, SlotNo, VenueId};
use crate::core::refusal::Refusal;
use crate::core::resident::{BookingState, DoseElsewhere};
use crate::core::session::{Session, SessionPhase, Slot};
use crate::core::setup::{Venue, Wave};
use crate::core::time::{ClockTime, Day, Instant};
use crate::ledger::Beside;
use crate::roll::{DoseRow, IssueError, Lane, SessionRow, WaveRow, normalise_password};

/// Why the city's change was not made.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    /// The data changed between the difference that was shown and the import.
    #[error("the data changed since the difference was shown; look at it again")]
    ChangedMeanwhile,
    /// The ledger refused or does not know the outcome.
    #[error("the store did not take the change ({}); try again", .0.code.code())]
    Refused(Refusal),
    /// A vaccine that is not configured.
    #[error("line {line}: the vaccine `{name}` is not configured (known: {known})")]
    UnknownVaccine {
        /// The line in the file.
        line: u64,
        /// The name in the file.
        name: String,
        /// The configured names.
        known: String,
    },
    /// An ID that is not on the roll.
    #[error("line {line}: the ID is not on the roll")]
    NotOnRoll {
        /// The line in the file.
        line: u64,
    },
    /// There are no drafts to publish.
    #[error("there are no drafts to publish")]
    NoDrafts,
    /// Bookings would open in the past.
    #[error("the opening time has passed")]
    OpensInThePast,
    /// There is no such session.
    #[error("there is no session {0}")]
    NoSuchSession(SessionId),
    /// The slot has more places taken than the new capacity.
    #[error("{0} places are booked or held")]
    CapacityTooSmall(u32),
    /// Passwords could not be made.
    #[error("passwords could not be made: {0}")]
    Issue(IssueError),
    /// The work was cut short by an internal fault; nothing was written.
    #[error("the work was cut short")]
    Interrupted,
    /// The list for the printer could not be written.
    #[error("the list for the printer could not be written: {0}")]
    List(std::io::Error),
    /// The store could not be read.
    #[error(transparent)]
    Load(#[from] crate::ledger::LoadError),
    /// A login name that is taken, or (for a reset) unknown.
    #[error("the login `{0}` {1}")]
    Login(String, &'static str),
    /// The password could not be hashed.
    #[error("the password could not be hashed")]
    Hash,
}

impl From<Refusal> for CampaignError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

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
    /// How many places they have.
    pub places: u64,
    /// Their dates, ascending.
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
        let _alone = self.0.campaign.lock().await;
        let setup = self.index().setup();
        let existing: Vec<_> = self.index().sessions().iter().map(|entry| entry.definition()).collect();
        let mut venues = setup.venues.clone();
        let mut next_id = existing.iter().map(|session| session.id.0 + 1).max().unwrap_or(1);
        let mut events = Vec::new();
        let mut summary = DraftSummary::default();
        for row in rows {
            let Some(vaccine) = setup.vaccines.iter().find(|vaccine| vaccine.name == row.vaccine) else {
                let known: Vec<&str> = setup.vaccines.iter().map(|vaccine| vaccine.name.as_str()).collect();
                let (line, name, known) = (row.line, row.vaccine.clone(), known.join(", "));
                return Err(CampaignError::UnknownVaccine { line, name, known });
            };
            let venue = venues.iter().find(|venue| venue.name == row.venue).map(|venue| venue.id);
            let venue = venue.unwrap_or_else(|| {
                let id = VenueId(venues.iter().map(|venue| venue.id.0).max().unwrap_or(0) + 1);
                let venue = Venue { id, name: row.venue.clone() };
                venues.push(venue.clone());
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
                Some(old) if old.phase != SessionPhase::Draft => summary.published += 1,
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
            self.append(by, events, None, Channel::City).await?;
        }
        Ok(summary)
    }

    /// What publishing all drafts would open.
    #[must_use]
    pub fn drafts(&self) -> PublishSummary {
        let setup = self.index().setup();
        let mut summary = PublishSummary::default();
        for entry in self.index().sessions() {
            let session = entry.definition();
            if session.phase == SessionPhase::Draft {
                summary.sessions.push(session.id);
                summary.places += session.slots.iter().map(|slot| u64::from(slot.capacity)).sum::<u64>();
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
        let _alone = self.0.campaign.lock().await;
        if shown.sessions.is_empty() {
            return Err(CampaignError::NoDrafts);
        }
        if self.drafts() != *shown {
            return Err(CampaignError::ChangedMeanwhile);
        }
        // "Open now" is a time a moment ago.
        if opens_at < self.now().plus_minutes(-5) {
            return Err(CampaignError::OpensInThePast);
        }
        let event = Event::SessionsPublished { sessions: shown.sessions.clone(), opens_at };
        self.append(by, vec![event], None, Channel::City).await?;
        let actors = self.0.actors.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for id in &shown.sessions {
            if let Some(entry) = self.index().session(*id) {
                actors.start_session(*id, entry, &self.0.shared);
            }
        }
        Ok(())
    }

    /// Replaces all waves by `rows`; with `dry_run` only says whether that changes anything.
    pub async fn import_waves(&self, rows: &[WaveRow], dry_run: bool, by: By) -> Result<bool, CampaignError> {
        let _alone = self.0.campaign.lock().await;
        let waves: Vec<Wave> = rows
            .iter()
            .map(|row| Wave {
                name: row.name.clone(),
                born_from: row.born_from,
                born_to: row.born_to,
                group: row.group.clone(),
                opens_at: row.opens_at,
            })
            .collect();
        let changes = self.index().setup().waves != waves;
        if changes && !dry_run {
            self.append(by, vec![Event::WavesReplaced(waves)], None, Channel::City).await?;
        }
        Ok(changes)
    }

    /// Records doses given elsewhere; gives how many are new or changed, and how many are on file as they are.
    pub async fn import_doses(&self, rows: &[DoseRow], dry_run: bool, by: By) -> Result<(usize, usize), CampaignError> {
        let _alone = self.0.campaign.lock().await;
        let setup = self.index().setup();
        let mut events = Vec::new();
        let mut unchanged = 0;
        for row in rows {
            let resident = self.index().by_id(row.id).ok_or(CampaignError::NotOnRoll { line: row.line })?;
            let Some(vaccine) = setup.vaccines.iter().find(|vaccine| vaccine.name == row.vaccine) else {
                let known: Vec<&str> = setup.vaccines.iter().map(|vaccine| vaccine.name.as_str()).collect();
                let (line, name, known) = (row.line, row.vaccine.clone(), known.join(", "));
                return Err(CampaignError::UnknownVaccine { line, name, known });
            };
            let given = DoseElsewhere { dose: row.dose, date: row.date, vaccine: vaccine.id };
            if self.index().resident(resident, |entry| entry.record.elsewhere.contains(&given)) == Some(true) {
                unchanged += 1;
            } else {
                events.push(Event::DoseRecorded { resident, given });
            }
        }
        let new = events.len();
        if !dry_run && new > 0 {
            self.append(by, events, None, Channel::City).await?;
        }
        Ok((new, unchanged))
    }

    /// Changes a slot's capacity: never below what is booked and held.
    pub async fn change_capacity(
        &self,
        session: SessionId,
        slot: SlotNo,
        capacity: u32,
        by: By,
    ) -> Result<(), CampaignError> {
        let _alone = self.0.campaign.lock().await;
        let definition = self.index().session(session).ok_or(CampaignError::NoSuchSession(session))?.definition();
        if definition.slot(slot).is_none() || !self.0.shared.registry.has(session) {
            return Err(CampaignError::NoSuchSession(session));
        }
        let events = vec![Event::CapacityChanged { session, slot, capacity }];
        let (entry, ticket, outcome) = self.city_change(by, events)?;
        let (refused, too_small) = oneshot::channel();
        let command = CapacityCommand { slot, capacity, entry, ticket, refused };
        self.0.shared.registry.change_capacity(session, command);
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
        let _alone = self.0.campaign.lock().await;
        if !self.0.shared.registry.has(session) {
            return Err(CampaignError::NoSuchSession(session));
        }
        let (entry, ticket, outcome) = self.city_change(by, vec![event])?;
        self.0.shared.registry.close(session, CloseCommand { entry, ticket });
        wait_for(outcome).await?;
        Ok(())
    }

    #[allow(clippy::type_complexity, reason = "the three parts of one change, taken apart at once")]
    fn city_change(
        &self,
        by: By,
        events: Vec<Event>,
    ) -> Result<(Entry, Ticket, oneshot::Receiver<Result<Option<Entry>, Refusal>>), Refusal> {
        let permit = self.permit(Channel::City)?;
        let (reply, outcome) = oneshot::channel();
        let ticket =
            Ticket { reply: Some(reply), pass: None, takes: Vec::new(), capacity_of: None, _permit: Some(permit) };
        Ok((Entry { at: self.now(), by, key: None, events }, ticket, outcome))
    }

    /// Adds a staff account, or with `reset` gives an existing one new secrets.
    pub async fn put_staff(
        &self,
        login: &str,
        role: StaffRole,
        password: &str,
        totp_secret: [u8; 20],
        by: By,
    ) -> Result<(), CampaignError> {
        let _alone = self.0.campaign.lock().await;
        let typed = normalise_password(password).map_err(|_| CampaignError::Hash)?;
        let password = self.0.pool.hash(Lane::Staff, typed).await.map_err(|_| CampaignError::Hash)?;
        let login: Box<str> = login.into();
        let secret = StaffSecret { password, totp_secret };
        let beside = Beside { staff: vec![(login.clone(), secret)], ..Beside::default() };
        self.append(by, vec![Event::StaffChanged { login, role }], Some(beside), Channel::City).await?;
        Ok(())
    }

    /// The role of a staff account.
    #[must_use]
    pub fn staff_role(&self, login: &str) -> Option<StaffRole> {
        self.index().setup().staff.get(login).copied()
    }

    /// The names of the configured vaccines.
    #[must_use]
    pub fn vaccine_names(&self) -> Vec<String> {
        self.index().setup().vaccines.iter().map(|vaccine| vaccine.name.clone()).collect()
    }

    /// The doses of the series of vaccine `name`.
    #[must_use]
    pub fn vaccine_doses(&self, name: &str) -> Option<DoseNo> {
        self.index().setup().vaccines.iter().find(|vaccine| vaccine.name == name).map(|vaccine| vaccine.doses)
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
