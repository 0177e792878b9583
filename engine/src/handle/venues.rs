//! Venues: added, and given another name. A venue stays for ever, as bookings name it.

use std::sync::Arc;

use super::{CampaignError, EngineHandle, PlanProblem};
use crate::core::event::{By, Event};
use crate::core::ids::VenueId;
use crate::core::setup::Venue;
use crate::core::site::Site;
use crate::roll::{NAME_CHARS_MAX, name_of_typed};

impl EngineHandle {
    /// Adds a venue; gives its id.
    pub async fn add_venue(&self, name: &str, by: By) -> Result<VenueId, CampaignError> {
        let turn = self.turn().await;
        let setup = self.index().setup();
        let id = VenueId(setup.venues.iter().map(|venue| venue.id.0).max().unwrap_or(0) + 1);
        let venue = self.named_venue(id, name)?;
        self.append_in_turn(turn, by, vec![Event::VenueAdded(venue)], None).await?;
        Ok(id)
    }

    /// Gives a venue another name; what the city's pages say of the venue goes on under the new one.
    pub async fn rename_venue(&self, id: VenueId, name: &str, by: By) -> Result<(), CampaignError> {
        let turn = self.turn().await;
        let setup = self.index().setup();
        let before = setup.venue(id).ok_or(PlanProblem::NoSuchVenue)?;
        let after = self.named_venue(id, name)?;
        if after.name == before.name {
            return Ok(());
        }
        let mut events = vec![Event::VenueAdded(Arc::clone(&after))];
        let mut site = Site::clone(&setup.site);
        if let Some(details) = site.venues.remove(before.name.as_str()) {
            site.venues.insert(after.name.as_str().into(), details);
            site.revision += 1;
            events.push(Event::SiteChanged(Arc::new(site)));
        }
        self.append_in_turn(turn, by, events, None).await?;
        Ok(())
    }

    /// Venue `id` under the name that was typed, if no other venue has it.
    fn named_venue(&self, id: VenueId, name: &str) -> Result<Arc<Venue>, PlanProblem> {
        let name = name_of_typed(name).ok_or(PlanProblem::NotAName(NAME_CHARS_MAX))?;
        let setup = self.index().setup();
        if setup.venues.iter().any(|venue| venue.name == name && venue.id != id) {
            return Err(PlanProblem::NameTaken);
        }
        Ok(Arc::new(Venue { id, name }))
    }
}
