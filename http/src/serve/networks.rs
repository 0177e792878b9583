//! How many connections each network has open, and how fast it opens them. A network is an IPv4 address or an IPv6 /64: behind one
//! address of a mobile carrier stand thousands of people, so the shares are generous. The table has a fixed size; what does not fit in
//! it is let in uncounted, under the cap of all.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};

use crate::auth::network::Network;
use crate::load::ConnectionRefused;

const ENTRIES: usize = 1 << 15;
const SET_ENTRIES: usize = 8;
const SHARDS: usize = 64;

const _: () = assert!(ENTRIES.is_multiple_of(SET_ENTRIES * SHARDS));

/// What one network may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    /// Connections that are open at once.
    pub(super) open_max: u32,
    /// New connections a second, lasting.
    pub(super) arrivals_per_s: u32,
    /// New connections at once, after a while without any.
    pub(super) burst: u32,
}

/// The table.
#[derive(Debug)]
pub(super) struct Networks {
    shards: Box<[Mutex<Box<[Entry]>>]>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    tag: u64,
    open: u32,
    /// When its arrivals so far would be over if they came evenly, in microseconds.
    due_us: u64,
}

/// A connection's place in its network's share; given back when dropped.
#[derive(Debug)]
pub(super) struct NetworkPlace {
    networks: Arc<Networks>,
    tag: u64,
}

impl Drop for NetworkPlace {
    fn drop(&mut self) {
        self.networks.with(self.tag, |set| {
            if let Some(entry) = set.iter_mut().find(|entry| entry.tag == self.tag) {
                entry.open = entry.open.saturating_sub(1);
            }
        });
    }
}

impl Networks {
    pub(super) fn new() -> Self {
        let shard = || Mutex::new(vec![Entry::default(); ENTRIES / SHARDS].into_boxed_slice());
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hasher: RandomState::new() }
    }

    /// Counts a connection from `network` at `now_us`, or says why it may not be. None is let in uncounted.
    pub(super) fn enter(
        self: &Arc<Self>,
        network: Network,
        share: Share,
        now_us: u64,
    ) -> Result<Option<NetworkPlace>, ConnectionRefused> {
        // Nought marks an entry of nobody.
        let tag = self.hasher.hash_one(network) | 1;
        let counted = self.with(tag, |set| {
            let found = set.iter().position(|entry| entry.tag == tag);
            let Some(at) = found.or_else(|| free_entry(set)) else { return Ok(false) };
            if found.is_none() {
                set[at] = Entry { tag, ..Entry::default() };
            }
            set[at].arrive(share, now_us).map(|()| true)
        })?;
        Ok(counted.then(|| NetworkPlace { networks: Arc::clone(self), tag }))
    }

    fn with<R>(&self, tag: u64, with: impl FnOnce(&mut [Entry]) -> R) -> R {
        let mut shard = self.shards[(tag >> 1) as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let sets = shard.len() / SET_ENTRIES;
        let first = ((tag >> 1) as usize / SHARDS % sets) * SET_ENTRIES;
        with(&mut shard[first..first + SET_ENTRIES])
    }
}

/// The entry of a network that has nothing open and came longest ago.
fn free_entry(set: &[Entry]) -> Option<usize> {
    (0..set.len()).filter(|&at| set[at].open == 0).min_by_key(|&at| set[at].due_us)
}

impl Entry {
    fn arrive(&mut self, share: Share, now_us: u64) -> Result<(), ConnectionRefused> {
        let each_us = 1_000_000 / u64::from(share.arrivals_per_s.max(1));
        let due_us = self.due_us.max(now_us);
        if due_us - now_us > each_us * u64::from(share.burst.saturating_sub(1)) {
            return Err(ConnectionRefused::TooFast);
        }
        if self.open >= share.open_max {
            return Err(ConnectionRefused::Network);
        }
        self.due_us = due_us + each_us;
        self.open += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARE: Share = Share { open_max: 3, arrivals_per_s: 10, burst: 5 };

    fn enter(networks: &Arc<Networks>, host: u32, now_us: u64) -> Result<Option<NetworkPlace>, ConnectionRefused> {
        networks.enter(Network::V4(host), SHARE, now_us)
    }

    #[test]
    fn a_network_has_its_share_and_no_other_hears_of_it() {
        let networks = Arc::new(Networks::new());
        let mut open: Vec<_> = (0..3).map(|_| enter(&networks, 7, 0).expect("room")).collect();
        assert_eq!(enter(&networks, 7, 0).err(), Some(ConnectionRefused::Network));
        assert!(enter(&networks, 8, 0).is_ok());
        open.pop();
        assert!(enter(&networks, 7, 0).is_ok());
    }

    #[test]
    fn whoever_opens_and_closes_all_the_time_is_slowed_down() {
        let networks = Arc::new(Networks::new());
        let let_in = |from_us: u64, to_us: u64| {
            (from_us..to_us).step_by(1_000).filter(|&now_us| enter(&networks, 7, now_us).is_ok()).count()
        };
        assert_eq!(let_in(0, 100_000), 5, "a burst");
        let lasting = let_in(100_000, 10_100_000);
        assert!((99..=101).contains(&lasting), "{lasting} in ten seconds");
        assert!(enter(&networks, 8, 10_100_000).is_ok());
        assert_eq!(let_in(12_000_000, 12_050_000), 5, "and forgiven after a while");
    }

    #[test]
    fn a_flood_of_networks_neither_grows_the_table_nor_forgets_who_is_there() {
        let networks = Arc::new(Networks::new());
        let _there: Vec<_> = (0..3).map(|_| enter(&networks, 7, 0).expect("room")).collect();
        for host in 1_000..200_000 {
            drop(enter(&networks, host, 1));
        }
        assert_eq!(enter(&networks, 7, 2_000_000).err(), Some(ConnectionRefused::Network));
    }
}
