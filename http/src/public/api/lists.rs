//! The public lists, and the first page, as ready bytes: rendered and compressed once per picture of availability, then handed out. Bounded in number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Compression;
use sesshu_engine::core::ids::{DoseNo, VenueId};
use sesshu_engine::core::time::Day;
use sesshu_engine::view::Availability;

use crate::lang::Lang;
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
        /// in this language,
        lang: Lang,
        /// for somebody who is logged in or is not.
        logged_in: bool,
    },
}

/// The lists of the latest picture.
#[derive(Debug, Default)]
pub(crate) struct Lists(Mutex<Picture>);

#[derive(Debug, Default)]
struct Picture {
    revision: u64,
    lists: HashMap<ListKey, Ready>,
}

impl Lists {
    /// The list `key` of the picture `now`, rendered if nobody has asked for it yet. Others wait meanwhile, and then need not.
    pub(crate) fn get(
        &self,
        key: ListKey,
        now: &Arc<Availability>,
        render: impl FnOnce(&Availability) -> Vec<u8>,
    ) -> Ready {
        let mut picture = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if picture.revision < now.revision {
            *picture = Picture { revision: now.revision, lists: HashMap::new() };
        }
        let current = picture.revision == now.revision;
        if let Some(list) = picture.lists.get(&key).filter(|_| current) {
            return list.clone();
        }
        if !current || picture.lists.len() >= LISTS_MAX {
            drop(picture);
            return Ready::plain(render(now));
        }
        let list = Ready::new(render(now), LEVEL);
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
    use sesshu_engine::core::time::Instant;

    fn picture(revision: u64) -> Arc<Availability> {
        Arc::new(Availability { at: Instant(0), revision, sessions: Vec::new() })
    }

    fn list(lists: &Lists, revision: u64, text: &str) -> Bytes {
        lists.get(ListKey::Days(DoseNo::FIRST), &picture(revision), |_| text.into()).bytes().0
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
    fn the_number_of_kept_lists_is_bounded() {
        let lists = Lists::default();
        for day in 0..1_000 {
            let key = ListKey::Sessions { dose: DoseNo::FIRST, from: Some(Day(day)), to: None, venue: None };
            lists.get(key, &picture(1), |_| b"x".into());
        }
        assert_eq!(lists.0.lock().expect("a lock").lists.len(), LISTS_MAX);
    }
}
