//! What an account has begun and not confirmed: one of a kind for each account, a bounded number in all, half an hour.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use sesshu_engine::core::time::Instant;

/// How long something is kept, in milliseconds.
pub(super) const KEPT_MS: i64 = 30 * 60 * 1_000;

/// Things of one kind.
pub(super) struct Kept<T> {
    all: Mutex<HashMap<Box<str>, (Instant, T)>>,
    most: usize,
}

impl<T> Kept<T> {
    /// Room for `most` things; one more lets go of the oldest.
    pub(super) fn new(most: usize) -> Self {
        Self { all: Mutex::default(), most }
    }

    /// Keeps `thing` for `login` instead of the one before.
    pub(super) fn put(&self, login: &str, now: Instant, thing: T) {
        let mut all = self.standing(now);
        all.remove(login);
        if all.len() >= self.most {
            let oldest = all.iter().min_by_key(|(_, (since, _))| *since).map(|(login, _)| login.clone());
            oldest.and_then(|login| all.remove(&login));
        }
        all.insert(login.into(), (now, thing));
    }

    /// Lets go of what `login` has.
    pub(super) fn take(&self, login: &str, now: Instant) -> Option<T> {
        self.standing(now).remove(login).map(|(_, thing)| thing)
    }

    fn standing(&self, now: Instant) -> MutexGuard<'_, HashMap<Box<str>, (Instant, T)>> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, (since, _)| now.ms_since(*since) < KEPT_MS);
        all
    }
}

impl<T: Clone> Kept<T> {
    /// What `login` has.
    pub(super) fn get(&self, login: &str, now: Instant) -> Option<T> {
        self.standing(now).get(login).map(|(_, thing)| thing.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_their_own_for_half_an_hour_and_the_oldest_makes_room() {
        let kept = Kept::new(2);
        let start = Instant(1_000_000);
        kept.put("a", start, 1);
        kept.put("b", start.plus_minutes(1), 2);
        assert_eq!((kept.get("a", start), kept.get("b", start), kept.get("c", start)), (Some(1), Some(2), None));
        kept.put("b", start.plus_minutes(2), 3);
        kept.put("c", start.plus_minutes(3), 4);
        let now = start.plus_minutes(4);
        assert_eq!((kept.get("a", now), kept.get("b", now), kept.get("c", now)), (None, Some(3), Some(4)));
        assert_eq!((kept.take("c", now), kept.get("c", now)), (Some(4), None));
        assert_eq!(kept.get("b", start.plus_minutes(32)), None);
    }
}
