//! Free places as they are shown while their lists are closed: one picture for a while, instead of four a second.

use std::sync::{Arc, Mutex, PoisonError};

use sesshu_engine::core::time::Instant;
use sesshu_engine::view::Availability;

use crate::switches::SLOW_LISTS_MS;

/// The picture that is shown.
#[derive(Debug, Default)]
pub(crate) struct SlowLists(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    /// How the switches stood.
    revision: u64,
    picture: Arc<Availability>,
}

impl SlowLists {
    /// The picture to show at `now`: the one that is kept, if no switch was turned since and it is not too old, else `newest`.
    pub(crate) fn get(
        &self,
        revision: u64,
        now: Instant,
        newest: impl FnOnce() -> Arc<Availability>,
    ) -> Arc<Availability> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = kept.as_ref().filter(|kept| kept.revision == revision)
            && now.ms_since(kept.picture.at) < SLOW_LISTS_MS
        {
            return Arc::clone(&kept.picture);
        }
        let picture = newest();
        *kept = Some(Kept { revision, picture: Arc::clone(&picture) });
        picture
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lists: &SlowLists, revision: u64, now: i64) -> i64 {
        let newest = || Arc::new(Availability { at: Instant(now), revision: 1, sessions: Vec::new() });
        lists.get(revision, Instant(now), newest).at.0
    }

    #[test]
    fn a_picture_is_kept_for_a_while_and_never_one_from_before_the_lists_were_closed() {
        let lists = SlowLists::default();
        assert_eq!(shown(&lists, 1, 100), 100);
        assert_eq!(shown(&lists, 1, 100 + SLOW_LISTS_MS - 1), 100);
        assert_eq!(shown(&lists, 1, 100 + SLOW_LISTS_MS), 100 + SLOW_LISTS_MS);
        // Opened and closed again.
        assert_eq!(shown(&lists, 3, 40_000), 40_000);
    }
}
