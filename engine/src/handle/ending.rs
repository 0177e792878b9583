//! The end of a campaign: what it would erase and when, closing, and taking that back.

use super::{CampaignError, EngineHandle};
use crate::core::ending::{all_over_on, erase_on, is_still_open};
use crate::core::event::{By, Event};
use crate::core::ids::SessionId;
use crate::core::time::Day;
use crate::ledger::ResidentEntry;

/// A session that keeps a campaign open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenSession {
    /// Which.
    pub id: SessionId,
    /// Its venue's name.
    pub venue: String,
    /// Its date.
    pub date: Day,
}

/// Where the campaign stands on its way to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CampaignStatus {
    /// From when on personal data is erased, once the campaign is closed.
    pub erase_on: Option<Day>,
    /// When everybody of the campaign before was erased, if there was one.
    pub erased_on: Option<Day>,
    /// How many people's personal data is held.
    pub people: usize,
    /// How many of them have a password.
    pub passwords: usize,
    /// How many of them gave a contact.
    pub contacts: usize,
    /// The sessions that still take bookings, or will, in order of their ids.
    pub still_open: Vec<OpenSession>,
    /// The first day on which nobody is expected in any session any more.
    pub all_over_on: Option<Day>,
    /// Today in the city.
    pub today: Day,
}

impl CampaignStatus {
    /// From when on personal data is erased if the campaign is closed today.
    #[must_use]
    pub fn would_erase_on(&self, keep_days: u16) -> Day {
        erase_on(self.today, keep_days, self.all_over_on)
    }

    /// Whether the campaign is closed and its day has come.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.erase_on.is_some_and(|day| day <= self.today)
    }
}

impl EngineHandle {
    /// Where the campaign stands on its way to its end.
    #[must_use]
    pub fn campaign_status(&self) -> CampaignStatus {
        let setup = self.index().setup();
        let today = self.now().city_day();
        let sessions: Vec<_> = self.index().sessions().iter().map(|entry| entry.definition()).collect();
        let mut status = CampaignStatus {
            erase_on: setup.erase_on,
            erased_on: setup.erased_on,
            people: 0,
            passwords: 0,
            contacts: 0,
            still_open: self.still_open(today),
            all_over_on: all_over_on(sessions.iter().map(AsRef::as_ref)),
            today,
        };
        self.index().for_each_resident(|_, entry: &ResidentEntry| {
            status.people += usize::from(!entry.record.erased);
            status.passwords += usize::from(entry.password.is_some());
            status.contacts += usize::from(entry.contact.is_some());
        });
        status
    }

    pub(super) fn still_open(&self, today: Day) -> Vec<OpenSession> {
        let setup = self.index().setup();
        let open = self.index().sessions().into_iter().filter_map(|entry| {
            let session = entry.definition();
            let venue = setup.venue(session.venue).map(|venue| venue.name.clone()).unwrap_or_default();
            is_still_open(&session, today).then(|| OpenSession { id: session.id, venue, date: session.date })
        });
        open.collect()
    }

    /// Closes the campaign: from the day that this gives, `keep_days` from now or when everything is over, personal data is erased. It
    /// is done only if as many people are on file as were `shown`.
    pub async fn close_campaign(&self, keep_days: u16, shown: usize, by: By) -> Result<Day, CampaignError> {
        let turn = self.turn().await;
        let status = self.campaign_status();
        if let Some(day) = status.erase_on {
            return Err(CampaignError::ClosedAlready(day));
        }
        if !status.still_open.is_empty() {
            return Err(CampaignError::StillOpen(status.still_open.len()));
        }
        if status.people != shown {
            return Err(CampaignError::ChangedMeanwhile);
        }
        let erase_on = status.would_erase_on(keep_days);
        self.append_in_turn(turn, by, vec![Event::CampaignClosed { erase_on }], None).await?;
        Ok(erase_on)
    }

    /// Takes the end of the campaign back, as long as the day has not come.
    pub async fn reopen_campaign(&self, by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let erase_on = self.index().setup().erase_on.ok_or(CampaignError::NotClosed)?;
        if erase_on <= self.now().city_day() {
            return Err(CampaignError::ErasureBegun(erase_on));
        }
        self.append_in_turn(turn, by, vec![Event::CampaignReopened], None).await?;
        Ok(())
    }
}
