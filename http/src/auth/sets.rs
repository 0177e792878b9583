//! A hash table of fixed size for what is remembered of strangers: each key belongs to one small set of entries, in which the one
//! that is worth least gives way. However many keys come, memory stays as it is.

use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Mutex, PoisonError};

const SET_ENTRIES: usize = 8;
const SHARDS: usize = 64;

/// What is remembered under a key.
pub(crate) trait Remembered: Copy + Default {
    /// What decides who gives way.
    type Worth: Ord;

    /// How much it is worth to remember this.
    fn worth(&self) -> Self::Worth;
}

/// A moment, in microseconds: the earliest gives way.
impl Remembered for i64 {
    type Worth = Self;

    fn worth(&self) -> Self {
        *self
    }
}

type Shard<V> = Mutex<Box<[Entry<V>]>>;

/// The table. The hash of a key stands for it.
#[derive(Debug)]
pub(crate) struct Sets<V> {
    shards: Box<[Shard<V>]>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry<V> {
    tag: u64,
    value: V,
}

impl<V: Remembered> Sets<V> {
    /// With room for so many entries: a multiple of 512.
    pub(crate) fn new(entries: usize) -> Self {
        let shard = || Mutex::new(vec![Entry::default(); entries / SHARDS].into_boxed_slice());
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hasher: RandomState::new() }
    }

    /// Calls `with` on what is remembered of `key`, something new if it is nothing.
    pub(crate) fn with<R>(&self, key: &impl Hash, with: impl FnOnce(&mut V) -> R) -> R {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shards[hash as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let sets = shard.len() / SET_ENTRIES;
        let first = (hash as usize / SHARDS % sets) * SET_ENTRIES;
        let set = &mut shard[first..first + SET_ENTRIES];
        let found = set.iter().position(|entry| entry.tag == hash);
        let place = found.unwrap_or_else(|| {
            let least = (0..SET_ENTRIES).min_by_key(|&at| set[at].value.worth()).unwrap_or(0);
            set[least] = Entry { tag: hash, value: V::default() };
            least
        });
        with(&mut set[place].value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Remembered for u32 {
        type Worth = Self;

        fn worth(&self) -> Self {
            *self
        }
    }

    #[test]
    fn the_least_gives_way_and_whatever_is_worth_more_stays() {
        let sets = Sets::<u32>::new(512);
        sets.with(&"kept", |value| *value = 1_000);
        for n in 0..100_000_u32 {
            sets.with(&n, |value| *value += 1);
        }
        assert_eq!(sets.with(&"kept", |value| *value), 1_000);
        assert_eq!(sets.with(&0_u32, |value| *value), 0, "it gave way");
    }
}
