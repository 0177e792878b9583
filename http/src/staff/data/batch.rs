//! A batch of passwords on its way from the first hash to the confirmation that its list is safe. There is one at a time for the
//! whole city, in memory only: dropping it, or half an hour of nothing, changes nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};

use sesshu_engine::core::ids::ResidentNo;
use sesshu_engine::core::time::Instant;
use sesshu_engine::{PreparedHash, PreparedPassword};

use super::kept::KEPT_MS;

/// How far a batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Hashes are being made.
    Making,
    /// The list waits to be fetched.
    Made,
    /// The list was fetched, and only the hashes are left.
    Listed,
    /// It could not be made.
    Failed,
}

/// A batch as a page says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// Who began it.
    pub(super) login: Box<str>,
    /// For how many people it is.
    pub(super) wanted: usize,
    /// How many are made.
    pub(super) done: usize,
    pub(super) stage: Stage,
}

struct Batch {
    id: u64,
    touched_at: Instant,
    seen: Seen,
    made: Vec<PreparedPassword>,
    hashes: Vec<PreparedHash>,
}

/// The one batch, if there is one.
#[derive(Default)]
pub(super) struct Batches(Mutex<(u64, Option<Batch>)>);

impl Batches {
    /// The batch as it stands.
    pub(super) fn seen(&self, now: Instant) -> Option<Seen> {
        self.standing(now).1.as_ref().map(|batch| batch.seen.clone())
    }

    /// Begins a batch if there is none; gives its id.
    pub(super) fn begin(&self, login: &str, wanted: usize, now: Instant) -> Option<u64> {
        let mut standing = self.standing(now);
        if standing.1.is_some() {
            return None;
        }
        standing.0 += 1;
        let id = standing.0;
        let seen = Seen { login: login.into(), wanted, done: 0, stage: Stage::Making };
        standing.1 = Some(Batch { id, touched_at: now, seen, made: Vec::new(), hashes: Vec::new() });
        Some(id)
    }

    /// Says how many of batch `id` are made; false if nobody wants it any more.
    pub(super) fn progress(&self, id: u64, done: usize, now: Instant) -> bool {
        let mut standing = self.standing(now);
        let Some(batch) = standing.1.as_mut().filter(|batch| batch.id == id) else { return false };
        batch.seen.done = done;
        batch.touched_at = now;
        true
    }

    /// Adds what was made to batch `id`.
    pub(super) fn add(&self, id: u64, made: Vec<PreparedPassword>, now: Instant) {
        if let Some(batch) = self.standing(now).1.as_mut().filter(|batch| batch.id == id) {
            batch.made.extend(made);
        }
    }

    /// Batch `id` is made, or could not be.
    pub(super) fn end(&self, id: u64, stage: Stage, now: Instant) {
        if let Some(batch) = self.standing(now).1.as_mut().filter(|batch| batch.id == id) {
            // Somebody may have gone from the roll's index meanwhile.
            batch.seen.wanted = batch.made.len();
            batch.seen.stage = stage;
            batch.touched_at = now;
        }
    }

    /// The batch of `login` whose list waits to be fetched, and whom it is about.
    pub(super) fn waiting(&self, login: &str, now: Instant) -> Option<(u64, Vec<ResidentNo>)> {
        let standing = self.standing(now);
        let batch = standing.1.as_ref().filter(|batch| *batch.seen.login == *login)?;
        let people = || batch.made.iter().map(|made| made.hash.resident).collect();
        (batch.seen.stage == Stage::Made).then(|| (batch.id, people()))
    }

    /// Writes the list of batch `id` by `write`, once: if that succeeds, the passwords are forgotten and their hashes are left.
    pub(super) fn list<T, E>(
        &self,
        id: u64,
        now: Instant,
        write: impl FnOnce(&[PreparedPassword]) -> Result<T, E>,
    ) -> Option<Result<T, E>> {
        let mut standing = self.standing(now);
        let batch = standing.1.as_mut().filter(|batch| batch.id == id && batch.seen.stage == Stage::Made)?;
        let written = write(&batch.made);
        if written.is_ok() {
            batch.hashes = std::mem::take(&mut batch.made).into_iter().map(|made| made.hash).collect();
            batch.seen.stage = Stage::Listed;
            batch.touched_at = now;
        }
        Some(written)
    }

    /// The batch of `login` whose list was fetched, with its hashes.
    pub(super) fn listed(&self, login: &str, now: Instant) -> Option<(u64, Vec<PreparedHash>)> {
        let standing = self.standing(now);
        let batch = standing.1.as_ref().filter(|batch| *batch.seen.login == *login)?;
        (batch.seen.stage == Stage::Listed).then(|| (batch.id, batch.hashes.clone()))
    }

    /// Lets go of batch `id`.
    pub(super) fn issued(&self, id: u64, now: Instant) {
        let mut standing = self.standing(now);
        if standing.1.as_ref().is_some_and(|batch| batch.id == id) {
            standing.1 = None;
        }
    }

    /// Lets go of whatever batch there is.
    pub(super) fn drop_any(&self, now: Instant) {
        self.standing(now).1 = None;
    }

    fn standing(&self, now: Instant) -> MutexGuard<'_, (u64, Option<Batch>)> {
        let mut standing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if standing.1.as_ref().is_some_and(|batch| now.ms_since(batch.touched_at) >= KEPT_MS) {
            standing.1 = None;
        }
        standing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_batch_at_a_time_and_it_goes_after_half_an_hour_of_nothing() {
        let batches = Batches::default();
        let start = Instant(1_000_000);
        let id = batches.begin("a", 5, start).expect("the first");
        assert_eq!(batches.begin("b", 5, start), None);
        assert!(batches.progress(id, 3, start.plus_minutes(20)));
        assert!(!batches.progress(id + 1, 3, start));
        let seen = batches.seen(start.plus_minutes(49)).expect("there");
        assert_eq!((&*seen.login, seen.done, seen.stage), ("a", 3, Stage::Making));
        assert_eq!(batches.seen(start.plus_minutes(50)), None);
        assert!(!batches.progress(id, 4, start.plus_minutes(50)), "nobody wants it any more");
        assert_ne!(batches.begin("b", 1, start.plus_minutes(50)), Some(id));
    }

    #[test]
    fn a_list_is_for_whoever_began_it_and_only_when_it_is_made() {
        let batches = Batches::default();
        let now = Instant(1_000_000);
        let id = batches.begin("a", 0, now).expect("the first");
        let write = |_: &[PreparedPassword]| Ok::<_, ()>(());
        assert!(batches.waiting("a", now).is_none() && batches.list(id, now, write).is_none(), "it is being made");
        batches.end(id, Stage::Made, now);
        assert!(batches.waiting("b", now).is_none() && batches.waiting("a", now).is_some());
        assert_eq!(batches.list(id, now, |_| Err::<(), _>(())), Some(Err(())));
        assert_eq!(batches.list(id, now, write), Some(Ok(())), "a list that could not be written can be fetched again");
        assert_eq!(batches.list(id, now, write), None, "once");
        assert!(batches.listed("b", now).is_none() && batches.listed("a", now).is_some());
        batches.issued(id + 1, now);
        assert!(batches.seen(now).is_some(), "another one");
        batches.issued(id, now);
        assert_eq!(batches.seen(now), None);
    }
}
