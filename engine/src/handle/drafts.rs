//! Drafts of sessions: made from a file or a plan, thrown away, taken up again. One such change at a time.

use std::sync::Arc;

use super::{CampaignError, EngineHandle, PlanProblem};
use crate::core::event::{By, Event};
use crate::core::ids::{SessionId, VenueId};
use crate::core::session::{Session, SessionPhase, Slot};
use crate::core::setup::Venue;
use crate::core::time::ClockTime;
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
                // The file does not say how much vaccine there is.
                doses_total: same.and_then(|old| old.doses_total),
            };
            match same {
                Some(old) if old.phase == SessionPhase::Discarded => {
                    summary.new += 1;
                    events.push(Event::SessionDrafted(drafted));
                }
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

    /// Throws drafts away, all of them or none. They can be taken up again.
    pub async fn discard_drafts(&self, sessions: &[SessionId], by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let events = sessions.iter().map(|id| {
            self.in_phase(*id, SessionPhase::Draft)?;
            Ok(Event::DraftDiscarded(*id))
        });
        let events = events.collect::<Result<Vec<_>, CampaignError>>()?;
        if !events.is_empty() {
            self.append_in_turn(turn, by, events, None).await?;
        }
        Ok(())
    }

    /// Takes a draft up again that was thrown away.
    pub async fn restore_draft(&self, session: SessionId, by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let discarded = self.in_phase(session, SessionPhase::Discarded)?;
        let draft = Session { phase: SessionPhase::Draft, ..discarded };
        self.append_in_turn(turn, by, vec![Event::SessionDrafted(draft)], None).await?;
        Ok(())
    }

    /// The session `id` if it is in `phase`, one of those that nobody outside sees.
    fn in_phase(&self, id: SessionId, phase: SessionPhase) -> Result<Session, CampaignError> {
        let session = self.index().session(id).map(|entry| Session::clone(&entry.definition()));
        Ok(session.filter(|session| session.phase == phase).ok_or(PlanProblem::NotADraft(id))?)
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
