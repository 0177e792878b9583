//! Erasing personal data: of everybody once a closed campaign's day has come, and of those who are long gone from the roll. It goes in
//! chunks, each an entry of its own, so that nobody waits for long and a crash loses nothing: who is left is who is not erased yet.

use super::{CampaignError, EngineHandle};
use crate::core::event::{By, Event, ResidentSet};
use crate::core::ids::ResidentNo;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::ledger::Beside;

/// What one chunk of erasing did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Erased {
    /// How many people it erased.
    pub people: usize,
    /// How many are left to be erased.
    pub left: usize,
    /// Whether the campaign's last data is gone, also from the store's unused pages.
    pub campaign_ended: bool,
    /// Whether the day has come and sessions still take bookings: nobody is erased for the campaign's end until they are closed.
    pub held_back: bool,
}

impl EngineHandle {
    /// Erases the next chunk of those whose time has come, durably: everybody once the campaign's day has come, else those who left the
    /// roll `keep_days` ago or earlier and are expected nowhere. When nobody is left, the next chunk ends the campaign. Somebody who is just changing something is left for the next chunk.
    pub async fn erase_chunk(&self, keep_days: u16, by: By) -> Result<Erased, CampaignError> {
        let mut turn = self.turn().await;
        let now = self.now();
        let due = self.index().setup().erase_on.is_some_and(|day| day <= now.city_day());
        let held_back = due && !self.still_open(now.city_day()).is_empty();
        let everybody = due && !held_back;
        let mut chosen = Vec::new();
        let mut left = 0;
        self.index().for_each_resident(|no, entry| {
            let time_has_come =
                if everybody { !entry.record.erased } else { entry.record.is_long_gone(now, keep_days) };
            if time_has_come && chosen.len() < Event::PEOPLE_ERASED_MAX {
                chosen.push(no);
            } else {
                left += usize::from(time_has_come);
            }
        });
        let mut erased: Vec<ResidentNo> = Vec::with_capacity(chosen.len());
        for no in chosen {
            match self.pass(no).await {
                Ok(pass) => {
                    turn.passes.push(pass);
                    erased.push(no);
                }
                Err(_busy) => left += 1,
            }
        }
        // An entry of its own, after the last of them: before it is written, the ledger overwrites what they left in the file.
        let campaign_ended = everybody && left == 0 && erased.is_empty();
        if campaign_ended && self.disk_is_low() {
            return Err(Refusal::from(RefusalCode::Busy).into());
        }
        let mut events = Vec::new();
        if !erased.is_empty() {
            events.push(Event::PeopleErased { residents: erased.iter().copied().collect::<ResidentSet>() });
        }
        if campaign_ended {
            events.push(Event::CampaignErased { on: now.city_day() });
        }
        let people = erased.len();
        if !events.is_empty() {
            let beside = Beside { erased, ..Beside::default() };
            self.append_in_turn(turn, by, events, Some(beside)).await?;
        }
        Ok(Erased { people, left, campaign_ended, held_back })
    }

    /// Erases everybody whose time has come, chunk after chunk. Those who stay busy are left for the next time.
    pub async fn erase_due(&self, keep_days: u16, by: By) -> Result<Erased, CampaignError> {
        let mut all = Erased::default();
        loop {
            let chunk = self.erase_chunk(keep_days, by.clone()).await?;
            all = Erased { people: all.people + chunk.people, ..chunk };
            if chunk.people == 0 {
                return Ok(all);
            }
        }
    }
}
