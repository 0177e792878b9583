//! The growing delay for those who guess passwords. It belongs to an ID *as seen from one network* or from one known browser,
//! so no stranger can lock a person out. A loose bound per network slows those who try many IDs; a carrier's NAT passes it.
//!
//! Memory is fixed: tables of sets, in which the least suspicious entry gives way.

use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use sesshu_engine::core::ids::CityId;
use sesshu_engine::core::time::Instant;

use super::device::DeviceNo;

/// Wrong passwords that cost nothing.
const FREE_FAILURES: u32 = 5;
const DELAY_FIRST_MS: i64 = 1_000;
const DELAY_MS_MAX: i64 = 15 * 60 * 1_000;
/// After this long without a try, failures are forgotten.
const FORGET_AFTER_MS: i64 = 60 * 60 * 1_000;
/// Wrong passwords that one network may try in a window.
const NETWORK_FAILURES_MAX: u32 = 600;
const NETWORK_WINDOW_MS: i64 = 10 * 60 * 1_000;

const PERSON_ENTRIES: usize = 1 << 16;
const NETWORK_ENTRIES: usize = 1 << 14;
const SET_ENTRIES: usize = 8;
const SHARDS: usize = 64;

const _: () = assert!(FORGET_AFTER_MS > DELAY_MS_MAX, "a delay must not be forgotten while it lasts");
const _: () = assert!(NETWORK_ENTRIES.is_multiple_of(SET_ENTRIES * SHARDS) && PERSON_ENTRIES > NETWORK_ENTRIES);

/// Where a request comes from, as far as guessing is concerned: an IPv4 address, or an IPv6 network of /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    /// The whole address.
    V4(u32),
    /// The first 64 bits.
    V6(u64),
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }
}

/// Whose tries are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Bucket {
    /// An ID as tried from a network; none stands for everything that is not an ID.
    From(Option<CityId>, Network),
    /// An ID as tried from a browser that has logged in with it before.
    Known(CityId, DeviceNo),
    /// A staff login, by the start of its hash, as tried from a network. Whether there is such a login makes no difference.
    Staff(u64, Network),
}

impl Bucket {
    /// The tries of the staff login `login` from `network`.
    pub(crate) fn of_staff(login: &str, network: Network) -> Self {
        let hash = blake3::hash(login.as_bytes());
        Self::Staff(hash.as_bytes().iter().take(8).fold(0, |bits, &byte| bits << 8 | u64::from(byte)), network)
    }

    /// The network whose tries are counted too. A known browser has shown that it is no guesser.
    const fn network(&self) -> Option<&Network> {
        match self {
            Self::From(_, network) | Self::Staff(_, network) => Some(network),
            Self::Known(..) => None,
        }
    }
}

/// The memory of failures.
#[derive(Debug)]
pub(crate) struct Throttle {
    people: Table,
    networks: Table,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { people: Table::new(PERSON_ENTRIES), networks: Table::new(NETWORK_ENTRIES) }
    }

    /// Lets a try begin, or says how many milliseconds to wait. A try counts as failed until it is known not to be, so that
    /// many at once gain nothing; waiting tries do not prolong the delay.
    pub(crate) fn begin(&self, bucket: Bucket, now: Instant) -> Result<(), i64> {
        if let Some(network) = bucket.network() {
            self.networks.with(network, |entry| entry.network_wait_ms(now)).map_or(Ok(()), Err)?;
        }
        self.people.with(&bucket, |entry| {
            entry.person_wait_ms(now).map_or(Ok(()), Err)?;
            *entry = Entry { failures: entry.failures.saturating_add(1), at: now, ..*entry };
            Ok(())
        })
    }

    /// The password was right: all is forgiven.
    pub(crate) fn succeeded(&self, bucket: Bucket) {
        self.people.with(&bucket, |entry| entry.failures = 0);
    }

    /// The password was wrong.
    pub(crate) fn failed(&self, bucket: Bucket, now: Instant) {
        if let Some(network) = bucket.network() {
            self.networks.with(network, |entry| {
                if now.ms_since(entry.at) >= NETWORK_WINDOW_MS || entry.failures == 0 {
                    *entry = Entry { failures: 0, at: now, ..*entry };
                }
                entry.failures = entry.failures.saturating_add(1);
            });
        }
    }

    /// The password was not looked at.
    pub(crate) fn undone(&self, bucket: Bucket) {
        self.people.with(&bucket, |entry| entry.failures = entry.failures.saturating_sub(1));
    }
}

/// Failures under one key, and since when (a network) or until when (a person) they were.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    tag: u64,
    failures: u32,
    at: Instant,
}

impl Entry {
    fn person_wait_ms(&mut self, now: Instant) -> Option<i64> {
        let since_ms = now.ms_since(self.at);
        if since_ms >= FORGET_AFTER_MS {
            self.failures = 0;
        }
        let doublings = self.failures.checked_sub(FREE_FAILURES)?.min(20);
        let delay_ms = (DELAY_FIRST_MS << doublings).min(DELAY_MS_MAX);
        (since_ms < delay_ms).then(|| delay_ms - since_ms)
    }

    fn network_wait_ms(&mut self, now: Instant) -> Option<i64> {
        let since_ms = now.ms_since(self.at);
        (self.failures >= NETWORK_FAILURES_MAX && since_ms < NETWORK_WINDOW_MS).then(|| NETWORK_WINDOW_MS - since_ms)
    }
}

/// A hash table of fixed size: each key belongs to one small set of entries.
#[derive(Debug)]
struct Table {
    shards: Box<[Mutex<Box<[Entry]>>]>,
    hasher: RandomState,
}

impl Table {
    fn new(entries: usize) -> Self {
        let shard = || Mutex::new(vec![Entry::default(); entries / SHARDS].into_boxed_slice());
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), hasher: RandomState::new() }
    }

    /// Calls `with` on the entry of `key`, a new one if it has none.
    fn with<R>(&self, key: &impl Hash, with: impl FnOnce(&mut Entry) -> R) -> R {
        let hash = self.hasher.hash_one(key);
        let mut shard = self.shards[hash as usize % SHARDS].lock().unwrap_or_else(PoisonError::into_inner);
        let sets = shard.len() / SET_ENTRIES;
        let first = (hash as usize / SHARDS % sets) * SET_ENTRIES;
        let set = &mut shard[first..first + SET_ENTRIES];
        let found = set.iter().position(|entry| entry.tag == hash);
        let place = found.unwrap_or_else(|| {
            let least = (0..SET_ENTRIES).min_by_key(|&at| (set[at].failures, set[at].at)).unwrap_or(0);
            set[least] = Entry { tag: hash, ..Entry::default() };
            least
        });
        with(&mut set[place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(1_800_000_000_000);

    fn person(digits: &str, host: u8) -> Bucket {
        Bucket::From(CityId::from_digits(digits), Network::from(IpAddr::from([192, 0, 2, host])))
    }

    fn fail(throttle: &Throttle, bucket: Bucket, now: Instant) -> Result<(), i64> {
        throttle.begin(bucket, now)?;
        throttle.failed(bucket, now);
        Ok(())
    }

    #[test]
    fn the_delay_doubles_after_five_failures_up_to_a_quarter_of_an_hour() {
        let (throttle, bucket, mut now) = (Throttle::new(), person("1111", 1), NOW);
        for _ in 0..5 {
            assert_eq!(fail(&throttle, bucket, now), Ok(()));
        }
        for expected_s in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
            assert_eq!(fail(&throttle, bucket, now), Err(expected_s * 1_000));
            now = now.plus_ms(expected_s * 1_000 - 1);
            assert_eq!(fail(&throttle, bucket, now), Err(1), "waiting tries do not prolong the delay");
            now = now.plus_ms(1);
            assert_eq!(fail(&throttle, bucket, now), Ok(()));
        }
    }

    #[test]
    fn a_success_forgives_and_so_does_an_hour() {
        let throttle = Throttle::new();
        for (bucket, digits) in [(person("1111", 1), "success"), (person("2222", 1), "time")] {
            for _ in 0..5 {
                fail(&throttle, bucket, NOW).expect("free");
            }
            assert!(throttle.begin(bucket, NOW).is_err(), "{digits}");
        }
        throttle.succeeded(person("1111", 1));
        assert_eq!(throttle.begin(person("1111", 1), NOW), Ok(()));
        assert_eq!(throttle.begin(person("2222", 1), NOW.plus_minutes(60)), Ok(()));
    }

    #[test]
    fn a_stranger_delays_neither_another_network_nor_a_known_browser() {
        let (throttle, owner) = (Throttle::new(), CityId::from_digits("1111").expect("an ID"));
        for _ in 0..50 {
            let _ = fail(&throttle, person("1111", 66), NOW);
        }
        assert_eq!(throttle.begin(person("1111", 1), NOW), Ok(()));
        let cookie = super::super::device::DeviceKey::derive(&[1; 32]);
        let device = cookie.known(&cookie.after_login(None, owner, 5), owner).expect("known");
        assert_eq!(throttle.begin(Bucket::Known(owner, device), NOW), Ok(()));
    }

    #[test]
    fn many_tries_at_once_gain_nothing_and_a_busy_engine_costs_nothing() {
        let (throttle, bucket) = (Throttle::new(), person("1111", 1));
        assert_eq!((0..100).filter(|_| throttle.begin(bucket, NOW).is_ok()).count(), 5);
        let bucket = person("2222", 1);
        for _ in 0..100 {
            throttle.begin(bucket, NOW).expect("never failed");
            throttle.undone(bucket);
        }
    }

    #[test]
    fn a_network_that_tries_many_ids_waits_for_its_window_to_end() {
        let throttle = Throttle::new();
        for n in 0..NETWORK_FAILURES_MAX {
            assert_eq!(fail(&throttle, person(&format!("{n:06}"), 1), NOW), Ok(()));
        }
        assert_eq!(fail(&throttle, person("777777", 1), NOW.plus_ms(1)), Err(NETWORK_WINDOW_MS - 1));
        assert_eq!(fail(&throttle, person("777777", 2), NOW), Ok(()));
        assert_eq!(fail(&throttle, person("777777", 1), NOW.plus_ms(NETWORK_WINDOW_MS)), Ok(()));
    }

    #[test]
    fn ipv6_counts_by_the_network_of_64_bits() {
        let network = |text: &str| Network::from(text.parse::<IpAddr>().expect("an address"));
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn a_flood_of_ids_does_not_displace_a_guesser() {
        let (throttle, guesser) = (Throttle::new(), person("1111", 1));
        for _ in 0..8 {
            let _ = fail(&throttle, guesser, NOW);
        }
        for n in 0..200_000_u32 {
            let bucket = Bucket::From(CityId::from_digits(&format!("{n:08}")), Network::V4(n));
            let _ = throttle.begin(bucket, NOW);
        }
        assert!(throttle.begin(guesser, NOW).is_err());
    }
}
