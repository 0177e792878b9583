//! What the city says on its pages: read by every page, changed in the campaign's turn.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{CampaignError, EngineHandle};
use crate::core::event::{By, Event};
use crate::core::setup::Venue;
use crate::core::site::Site;

impl EngineHandle {
    /// What the city says on its pages. Cheap, and always one whole state; its revision tells whether it has changed.
    #[must_use]
    pub fn site(&self) -> Arc<Site> {
        Arc::clone(&self.index().setup().site)
    }

    /// What the city said before the last change; what it says now if nothing was said yet.
    #[must_use]
    pub fn site_before(&self) -> Arc<Site> {
        Arc::clone(&self.index().setup().site_before)
    }

    /// All venues, by id.
    #[must_use]
    pub fn venues(&self) -> Vec<Arc<Venue>> {
        self.index().setup().venues.clone()
    }

    /// The venues that `site` has details of and no session is in: worth a look, since nobody will see them.
    #[must_use]
    pub fn venues_without_sessions(&self, site: &Site) -> Vec<Box<str>> {
        let setup = self.index().setup();
        let known: BTreeSet<&str> = setup.venues.iter().map(|venue| venue.name.as_str()).collect();
        site.venues.keys().filter(|name| !known.contains(&***name)).cloned().collect()
    }

    /// Lets `next` take the place of the whole, durably, if what the city says is still of the revision `shown`. Gives what is said
    /// then. What is said already changes nothing, whatever was shown; `next` gets its revision here.
    pub async fn change_site(&self, next: Site, shown: u64, by: By) -> Result<Arc<Site>, CampaignError> {
        let turn = self.turn().await;
        let current = self.site();
        if current.says_the_same(&next) {
            return Ok(current);
        }
        if current.revision != shown {
            return Err(CampaignError::ChangedMeanwhile);
        }
        let problems = next.problems();
        if !problems.is_empty() {
            return Err(CampaignError::WrongSite(problems));
        }
        let next = Arc::new(Site { revision: current.revision + 1, ..next });
        self.append_in_turn(turn, by, vec![Event::SiteChanged(Arc::clone(&next))], None).await?;
        Ok(next)
    }
}
