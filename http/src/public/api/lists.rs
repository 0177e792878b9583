//! The public lists as ready bytes: rendered once per picture of availability, then handed out. Bounded in number.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sesshu_engine::core::ids::{DoseNo, VenueId};
use sesshu_engine::core::time::Day;
use sesshu_engine::view::Availability;

use super::json_bytes;

/// How many lists are kept for one picture. Anybody may ask for any dates: over this, a list is rendered for its asker alone.
const LISTS_MAX: usize = 128;

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
}

/// A list as it is sent.
#[derive(Debug, Clone)]
pub(crate) struct List {
    bytes: Bytes,
    etag: HeaderValue,
}

/// The lists of the latest picture.
#[derive(Debug, Default)]
pub(crate) struct Lists(Mutex<Picture>);

#[derive(Debug, Default)]
struct Picture {
    revision: u64,
    lists: HashMap<ListKey, List>,
}

impl Lists {
    /// The list `key` of the picture `now`, rendered if nobody has asked for it yet. Others wait meanwhile, and then need not.
    pub(crate) fn get(
        &self,
        key: ListKey,
        now: &Arc<Availability>,
        render: impl FnOnce(&Availability) -> Vec<u8>,
    ) -> List {
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
            return List::new(render(now));
        }
        let list = List::new(render(now));
        picture.lists.insert(key, list.clone());
        list
    }
}

impl List {
    fn new(bytes: Vec<u8>) -> Self {
        let digest = blake3::hash(&bytes);
        let etag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(&digest.as_bytes()[..16]));
        // Base64 between quotes is always a header; without a tag the list would only be sent again.
        let etag = HeaderValue::try_from(etag).unwrap_or(HeaderValue::from_static("\"\""));
        Self { bytes: bytes.into(), etag }
    }

    /// The answer: the list, or 304 to whoever has it.
    pub(crate) fn answer(&self, headers: &HeaderMap) -> Response {
        let mut response = if self.is_known(headers) {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            json_bytes(StatusCode::OK, self.bytes.clone())
        };
        response.headers_mut().insert(ETAG, self.etag.clone());
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    fn is_known(&self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = values.flat_map(|text| text.split(',')).map(str::trim);
        tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag).as_bytes() == self.etag.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::time::Instant;

    fn picture(revision: u64) -> Arc<Availability> {
        Arc::new(Availability { at: Instant(0), revision, sessions: Vec::new() })
    }

    fn list(lists: &Lists, revision: u64, text: &str) -> Bytes {
        lists.get(ListKey::Days(DoseNo::FIRST), &picture(revision), |_| text.into()).bytes
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

    #[test]
    fn whoever_has_the_list_hears_so() {
        let list = List::new(b"{}".into());
        let etag = list.etag.to_str().expect("text").to_owned();
        for (sent, status) in [(etag.clone(), 304), (format!("\"x\", W/{etag}"), 304), ("\"x\"".into(), 200)] {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, sent.parse().expect("a header"));
            assert_eq!(list.answer(&headers).status().as_u16(), status, "{sent}");
        }
        assert_eq!(list.answer(&HeaderMap::new()).status(), StatusCode::OK);
    }
}
