//! The public lists, and the first page, as ready bytes: rendered and compressed once per picture of availability, then handed out. Bounded in number.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use flate2::Compression;
use sesshu_engine::core::ids::{DoseNo, VenueId};
use sesshu_engine::core::site::Site;
use sesshu_engine::core::time::{Day, Instant};
use sesshu_engine::view::Availability;

use crate::public::pages::reading::Reading;
use crate::ready::{Kind, Ready};

/// How many lists are kept for one picture. Anybody may ask for any dates: over this, a list is rendered for its asker alone.
const LISTS_MAX: usize = 128;
/// Lists are made anew up to four times a second: most of the saving at little cost.
const LEVEL: Compression = Compression::new(4);

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ListKey {
    /// The days.
    Days(DoseNo),
    /// The sessions.
    Sessions {
        /// That give this dose,
        dose: DoseNo,
        /// on this day or later,
        from: Option<Day>,
        /// on this day or earlier,
        to: Option<Day>,
        /// in this venue.
        venue: Option<VenueId>,
    },
    /// The first page.
    Top {
        /// With the days of this dose,
        dose: DoseNo,
        /// read like this,
        reading: Reading,
        /// for somebody who is logged in or is not.
        logged_in: bool,
    },
}

/// What a list was rendered from. Equal moments give equal lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Moment {
    /// The revision of the picture of availability.
    availability: u64,
    /// The revision of what the city says.
    site: u64,
    /// The revision of what is said of failures and planned work.
    notices: u64,
    /// The minute: pages tell the time, and how long something still takes.
    minute: i64,
}

impl Moment {
    /// For a list that depends on availability alone.
    pub(crate) fn of_list(now: &Availability) -> Self {
        Self { availability: now.revision, ..Self::default() }
    }

    /// For a page that also says the city's words and the time.
    pub(crate) fn of_page(now: &Availability, site: &Site) -> Self {
        Self { availability: now.revision, site: site.revision, minute: now.at.0 / 60_000, ..Self::default() }
    }

    /// For a page that says the city's words and the time, and no places.
    pub(crate) fn of_words(now: Instant, site: &Site) -> Self {
        Self { site: site.revision, minute: now.0 / 60_000, ..Self::default() }
    }

    /// For a whole page, with its banners.
    pub(crate) const fn with_notices(self, notices: u64) -> Self {
        Self { notices, ..self }
    }

    /// Whether it is later than `other` in something, and earlier in nothing.
    pub(crate) fn is_after(self, other: Self) -> bool {
        let pairs = [
            self.availability.cmp(&other.availability),
            self.site.cmp(&other.site),
            self.notices.cmp(&other.notices),
            self.minute.cmp(&other.minute),
        ];
        pairs.iter().all(|order| order.is_ge()) && pairs.iter().any(|order| order.is_gt())
    }
}

/// The lists of the latest pictures: those of availability alone, and the pages.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    lists: Mutex<Picture>,
    pages: Mutex<Picture>,
}

#[derive(Debug, Default)]
struct Picture {
    moment: Moment,
    lists: HashMap<ListKey, Ready>,
}

impl Lists {
    /// The list `key` at `moment`, rendered if nobody has asked for it yet. Others wait meanwhile, and then need not.
    pub(crate) fn get(&self, key: ListKey, moment: Moment, render: impl FnOnce() -> Vec<u8>) -> Ready {
        let picture = if matches!(key, ListKey::Top { .. }) { &self.pages } else { &self.lists };
        let mut picture = picture.lock().unwrap_or_else(PoisonError::into_inner);
        if moment.is_after(picture.moment) {
            *picture = Picture { moment, lists: HashMap::new() };
        }
        let current = picture.moment == moment;
        if let Some(list) = picture.lists.get(&key).filter(|_| current) {
            return list.clone();
        }
        if !current || picture.lists.len() >= LISTS_MAX {
            drop(picture);
            return Ready::plain(render());
        }
        let list = Ready::new(render(), LEVEL);
        picture.lists.insert(key, list.clone());
        list
    }
}

/// How the JSON lists are sent. Nobody's own data is in them.
pub(crate) const JSON_LIST: Kind =
    Kind { content_type: "application/json", cache_control: "no-cache", vary: "Accept-Encoding" };

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Bytes;

    fn moment(availability: u64, site: u64, minute: i64) -> Moment {
        Moment { availability, site, minute, notices: 0 }
    }

    fn list(lists: &Lists, revision: u64, text: &str) -> Bytes {
        lists.get(ListKey::Days(DoseNo::FIRST), moment(revision, 0, 0), || text.into()).bytes().0
    }

    #[test]
    fn a_list_is_rendered_once_per_picture_and_never_from_an_older_one() {
        let lists = Lists::default();
        assert_eq!(list(&lists, 3, "first"), "first");
        assert_eq!(list(&lists, 3, "again"), "first");
        assert_eq!(list(&lists, 4, "newer"), "newer");
        assert_eq!(list(&lists, 3, "late"), "late");
        assert_eq!(list(&lists, 4, "again"), "newer");
    }

    #[test]
    fn a_page_is_made_anew_when_the_city_speaks_and_every_minute() {
        let (lists, reading) = (Lists::default(), Reading::default());
        let key = ListKey::Top { dose: DoseNo::FIRST, reading, logged_in: false };
        let page = |at, text: &str| lists.get(key, at, || text.into()).bytes().0;
        assert_eq!(page(moment(1, 1, 1), "first"), "first");
        assert_eq!(page(moment(1, 2, 1), "spoken"), "spoken");
        assert_eq!(page(moment(1, 2, 2), "later"), "later");
        assert_eq!(page(moment(2, 1, 2), "mixed"), "mixed");
        assert_eq!(page(moment(1, 2, 2), "again"), "later");
        let told = moment(1, 2, 2).with_notices(7);
        assert_eq!(page(told, "told"), "told", "a notice is seen at once");
        assert_eq!(page(told, "again"), "told");
        assert_eq!(list(&lists, 1, "a list of its own"), "a list of its own");
    }

    #[test]
    fn the_number_of_kept_lists_is_bounded() {
        let lists = Lists::default();
        for day in 0..1_000 {
            let key = ListKey::Sessions { dose: DoseNo::FIRST, from: Some(Day(day)), to: None, venue: None };
            lists.get(key, moment(1, 0, 0), || b"x".into());
        }
        assert_eq!(lists.lists.lock().expect("a lock").lists.len(), LISTS_MAX);
    }
}
