//! The growing delay for those who guess passwords. It belongs to an ID *as seen from one network* or from one known browser,
//! so no stranger can lock a person out. Loose bounds per network, near and wide, slow those who try many IDs: beyond them tries trickle
//! on, so that nobody behind a carrier's NAT is locked out by a neighbour, and each person who gets in makes up for a failure.
//!
//! Memory is fixed: tables of sets, in which the least suspicious entry gives way.

use sesshu_engine::core::ids::CityId;
use sesshu_engine::core::time::Instant;

use super::device::DeviceNo;
use super::network::Network;
use super::sets::{Remembered, Sets};

/// Wrong passwords that cost nothing.
const FREE_FAILURES: u32 = 5;
const DELAY_FIRST_MS: i64 = 1_000;
const DELAY_MS_MAX: i64 = 15 * 60 * 1_000;
/// After this long without a try, failures are forgotten.
const FORGET_AFTER_MS: i64 = 60 * 60 * 1_000;
/// How long a network's failures are counted, and how often one person's right password makes up for one of them.
const NETWORK_WINDOW_MS: i64 = 10 * 60 * 1_000;

/// Wrong passwords that a network may try in a window, and how far apart its tries are afterwards.
struct Bound {
    failures_max: u32,
    apart_ms: i64,
}

const NEAR: Bound = Bound { failures_max: 600, apart_ms: 1_000 };
const WIDE: Bound = Bound { failures_max: 3_000, apart_ms: 200 };

const PERSON_ENTRIES: usize = 1 << 16;
const NETWORK_ENTRIES: usize = 1 << 14;

const _: () = assert!(FORGET_AFTER_MS > DELAY_MS_MAX, "a delay must not be forgotten while it lasts");
const _: () = assert!(PERSON_ENTRIES > NETWORK_ENTRIES && WIDE.failures_max > NEAR.failures_max);

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
    people: Sets<Tries>,
    near: Sets<NetworkTries>,
    wide: Sets<NetworkTries>,
}

impl Throttle {
    pub(crate) fn new() -> Self {
        Self { people: Sets::new(PERSON_ENTRIES), near: Sets::new(NETWORK_ENTRIES), wide: Sets::new(NETWORK_ENTRIES) }
    }

    /// Lets a try begin, or says how many milliseconds to wait. A try counts as failed until it is known not to be, so that
    /// many at once gain nothing; waiting tries do not prolong the delay.
    pub(crate) fn begin(&self, bucket: Bucket, now: Instant) -> Result<(), i64> {
        self.people.with(&bucket, |tries| tries.wait_ms(now).map_or(Ok(()), Err))?;
        if let Some(network) = bucket.network() {
            self.near.with(network, |tries| tries.let_through(&NEAR, now))?;
            self.wide.with(&network.wide(), |tries| tries.let_through(&WIDE, now))?;
        }
        self.people.with(&bucket, |tries| {
            tries.failures = tries.failures.saturating_add(1);
            tries.at = now;
        });
        Ok(())
    }

    /// The password was right: all is forgiven, and the network one failure of somebody else.
    pub(crate) fn succeeded(&self, bucket: Bucket, now: Instant) {
        let makes_up = self.people.with(&bucket, |tries| {
            tries.failures = 0;
            let long_ago = now.ms_since(tries.made_up_at) >= NETWORK_WINDOW_MS;
            tries.made_up_at = if long_ago { now } else { tries.made_up_at };
            long_ago
        });
        if makes_up && let Some(network) = bucket.network() {
            self.near.with(network, NetworkTries::forgive_one);
            self.wide.with(&network.wide(), NetworkTries::forgive_one);
        }
    }

    /// The password was wrong.
    pub(crate) fn failed(&self, bucket: Bucket, now: Instant) {
        if let Some(network) = bucket.network() {
            self.near.with(network, |tries| tries.fail(now));
            self.wide.with(&network.wide(), |tries| tries.fail(now));
        }
    }

    /// The password was not looked at.
    pub(crate) fn undone(&self, bucket: Bucket) {
        self.people.with(&bucket, |tries| tries.failures = tries.failures.saturating_sub(1));
    }
}

/// One person's tries from one place.
#[derive(Debug, Clone, Copy, Default)]
struct Tries {
    failures: u32,
    at: Instant,
    /// When a right password last made up for a failure of the network.
    made_up_at: Instant,
}

impl Remembered for Tries {
    type Worth = (u32, Instant);

    fn worth(&self) -> Self::Worth {
        (self.failures, self.at)
    }
}

impl Tries {
    fn wait_ms(&mut self, now: Instant) -> Option<i64> {
        let since_ms = now.ms_since(self.at);
        if since_ms >= FORGET_AFTER_MS {
            self.failures = 0;
        }
        let doublings = self.failures.checked_sub(FREE_FAILURES)?.min(20);
        let delay_ms = (DELAY_FIRST_MS << doublings).min(DELAY_MS_MAX);
        (since_ms < delay_ms).then(|| delay_ms - since_ms)
    }
}

/// The wrong passwords of a network in a window.
#[derive(Debug, Clone, Copy, Default)]
struct NetworkTries {
    failures: u32,
    since: Instant,
    let_through_at: Instant,
}

impl Remembered for NetworkTries {
    type Worth = (u32, Instant);

    fn worth(&self) -> Self::Worth {
        (self.failures, self.since)
    }
}

impl NetworkTries {
    fn let_through(&mut self, bound: &Bound, now: Instant) -> Result<(), i64> {
        if self.failures < bound.failures_max || now.ms_since(self.since) >= NETWORK_WINDOW_MS {
            return Ok(());
        }
        let wait_ms = bound.apart_ms - now.ms_since(self.let_through_at);
        if wait_ms > 0 {
            return Err(wait_ms);
        }
        self.let_through_at = now;
        Ok(())
    }

    fn fail(&mut self, now: Instant) {
        if now.ms_since(self.since) >= NETWORK_WINDOW_MS || self.failures == 0 {
            *self = Self { failures: 0, since: now, ..*self };
        }
        self.failures = self.failures.saturating_add(1);
    }

    const fn forgive_one(&mut self) {
        self.failures = self.failures.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

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
        throttle.succeeded(person("1111", 1), NOW);
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
    fn a_network_that_tries_many_ids_trickles_until_its_window_ends_and_locks_nobody_out() {
        let throttle = Throttle::new();
        for n in 0..NEAR.failures_max {
            assert_eq!(fail(&throttle, person(&format!("{n:06}"), 1), NOW), Ok(()));
        }
        let neighbour = |n: u32| person(&format!("77{n:04}"), 1);
        assert_eq!(fail(&throttle, neighbour(0), NOW.plus_ms(1)), Ok(()), "one of them goes on");
        let passed = (0..60_000).filter(|ms| fail(&throttle, neighbour(1 + *ms), NOW.plus_ms(i64::from(*ms))).is_ok());
        assert_eq!(passed.count(), 59, "one a second");
        assert_eq!(throttle.begin(person("777777", 2), NOW), Ok(()), "another address");
        assert_eq!(throttle.begin(person("777777", 1), NOW.plus_ms(NETWORK_WINDOW_MS)), Ok(()));
    }

    #[test]
    fn a_thousand_addresses_of_one_network_are_counted_together_and_more_loosely() {
        let throttle = Throttle::new();
        let mut passed = 0;
        for n in 0..20_000_u32 {
            let address =
                IpAddr::from(std::net::Ipv6Addr::from((0x2001_0db8_u128 << 96) | u128::from(n % 1_000) << 64));
            let bucket = Bucket::From(CityId::from_digits(&format!("{n:08}")), Network::from(address));
            passed += u32::from(fail(&throttle, bucket, NOW.plus_ms(i64::from(n))).is_ok());
        }
        assert!((WIDE.failures_max..WIDE.failures_max + 100).contains(&passed), "{passed}");
        assert_eq!(throttle.begin(person("1111", 1), NOW), Ok(()), "another network");
    }

    #[test]
    fn thousands_behind_one_address_who_mistype_as_people_do_are_not_slowed() {
        let throttle = Throttle::new();
        for n in 0..6_000_u32 {
            let (bucket, now) = (person(&format!("{n:06}"), 1), NOW.plus_ms(i64::from(n) * 50));
            // Every third person needs two tries.
            if n.is_multiple_of(3) {
                assert_eq!(fail(&throttle, bucket, now), Ok(()), "person {n}");
            }
            assert_eq!(throttle.begin(bucket, now), Ok(()), "person {n}");
            throttle.succeeded(bucket, now);
        }
    }

    #[test]
    fn an_account_of_ones_own_pays_for_one_guess_and_no_more() {
        let (throttle, own) = (Throttle::new(), person("1111", 1));
        let passed = (0..2_000_u32).filter(|n| {
            throttle.begin(own, NOW).is_ok_and(|()| {
                throttle.succeeded(own, NOW);
                true
            }) && fail(&throttle, person(&format!("{n:06}"), 1), NOW).is_ok()
        });
        let passed = passed.count() as u32;
        assert!((NEAR.failures_max - 1..=NEAR.failures_max + 2).contains(&passed), "{passed}");
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
