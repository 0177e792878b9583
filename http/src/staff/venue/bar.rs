//! What stands on every page of a venue: which venue it is, the search field, the ways to its other pages.

use sesshu_engine::core::ids::VenueId;

use crate::staff::dates::day_words;
use crate::staff::desk::{Staff, StaffDesk};
use crate::staff::problem::StaffProblem;

/// The bar.
pub(super) struct VenueBar {
    pub(super) id: VenueId,
    pub(super) name: String,
    /// Today's date, in words.
    pub(super) today: String,
    /// What was searched for.
    pub(super) searched: String,
    /// What is wrong with that.
    pub(super) wrong: Option<&'static str>,
    /// Whether they may work in other venues, too.
    pub(super) has_others: bool,
    /// Which of the venue's pages this is.
    pub(super) page: BarPage,
}

/// The pages that the bar leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BarPage {
    Day,
    WalkIn,
    Leftovers,
    Print,
    /// One that it does not lead to.
    Other,
}

impl VenueBar {
    /// The bar of the venue that an address names, for somebody who may work there.
    pub(super) fn of(desk: &StaffDesk, staff: &Staff, venue: &str, page: BarPage) -> Result<Self, StaffProblem> {
        let id: VenueId = venue.parse().map_err(|_| StaffProblem::NotFound)?;
        let venue = desk.engine.workplace(id, &staff.by())?;
        Ok(Self {
            id,
            name: venue.name.clone(),
            today: day_words(desk.engine.now().city_day()),
            searched: String::new(),
            wrong: None,
            has_others: staff.venue.is_none(),
            page,
        })
    }

    /// Where the page of today is.
    pub(super) fn href(&self) -> String {
        format!("/venue/{}", self.id)
    }
}
