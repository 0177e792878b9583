//! How much of the line's room each network may take. Whoever sends more than its share gets later turns, behind one another and not
//! before everybody else: the start times of fair queueing. A burst is free, since a carrier puts many people behind one address.
//!
//! It must not know what is asked for.

use super::device::DeviceNo;
use super::network::{Network, WideNetwork};
use super::sets::Sets;

const ENTRIES: usize = 1 << 15;
/// A browser that has logged in before is not charged to its network: so many people may use it at once, and it gets this part of
/// what is done.
const DEVICE_BURST: f64 = 8.0;
const DEVICE_SHARE: f64 = 0.02;
const NEAR_SHARE: f64 = 0.25;
/// How much more a wide network may take than a near one.
const WIDE_BURSTS: f64 = 2.0;
const WIDE_SHARE: f64 = 0.33;

/// Who is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// A browser that is known for the ID that it tries.
    Known(DeviceNo),
    /// Anybody else, by network.
    From(Network),
}

/// What is charged. Each is counted apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Charged {
    /// A place in the line of those who book.
    Book,
    /// A place in the line of those who see, change or cancel.
    View,
    /// A password that is checked.
    Try,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Known(DeviceNo),
    Near(Network),
    Wide(WideNetwork),
}

/// What the networks have used: until when what was charged is used up, in microseconds of the line.
#[derive(Debug)]
pub(crate) struct Shares(Sets<i64>);

/// How much may be used.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowed {
    /// How many may come at once from one near network.
    pub(crate) burst: f64,
    /// How many of all are served in a second.
    pub(crate) per_second: f64,
}

impl Shares {
    pub(crate) fn new() -> Self {
        Self(Sets::new(ENTRIES))
    }

    /// Charges one to `source`. Says the moment that its share allows, `base` or later; None, and nothing is charged, if that is
    /// after `no_later_than`. Callers come one at a time: the two networks of a source are looked at and then charged.
    pub(crate) fn charge(
        &self,
        what: Charged,
        source: Source,
        base: i64,
        no_later_than: i64,
        allowed: Allowed,
    ) -> Option<i64> {
        let keys = match source {
            Source::Known(device) => [Some((Key::Known(device), DEVICE_BURST, DEVICE_SHARE)), None],
            Source::From(network) => [
                Some((Key::Near(network), allowed.burst, NEAR_SHARE)),
                Some((Key::Wide(network.wide()), allowed.burst * WIDE_BURSTS, WIDE_SHARE)),
            ],
        };
        let charges = keys.into_iter().flatten().map(|(key, burst, share)| {
            let cost_us = (1e6 / (allowed.per_second * share).max(0.01)) as i64;
            ((what, key), cost_us, cost_us.saturating_mul(burst as i64))
        });
        let allowed_at = charges.clone().map(|(key, _, free_us)| self.0.with(&key, |used| (*used - free_us).max(base)));
        let at = allowed_at.max().unwrap_or(base);
        if at > no_later_than {
            return None;
        }
        for (key, cost_us, _) in charges {
            self.0.with(&key, |used| *used = (*used).max(base).saturating_add(cost_us));
        }
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: Allowed = Allowed { burst: 100.0, per_second: 80.0 };
    const SECOND: i64 = 1_000_000;

    fn from(address: u32) -> Source {
        Source::From(Network::V4(address))
    }

    fn turns(shares: &Shares, count: usize, source: impl Fn(u32) -> Source) -> Vec<i64> {
        let turn = |n| shares.charge(Charged::Book, source(n), 0, i64::MAX, ALLOWED).expect("no bound");
        (0..count as u32).map(turn).collect()
    }

    #[test]
    fn one_address_has_a_burst_for_nothing_and_then_a_quarter_of_the_pace() {
        let turns = turns(&Shares::new(), 300, |_| from(1 << 8));
        assert!(turns[..=100].iter().all(|turn| *turn == 0));
        assert_eq!(turns[299], 199 * SECOND / 20);
    }

    #[test]
    fn a_thousand_addresses_of_wide_networks_share_what_their_networks_have() {
        let within_one = turns(&Shares::new(), 1_000, |n| from(n % 256));
        assert!(within_one[999] > 28 * SECOND, "{}", within_one[999]);
        let elsewhere = turns(&Shares::new(), 1_000, |n| from(n << 8));
        assert_eq!(elsewhere[999], 0, "everybody from a network of their own");
    }

    #[test]
    fn others_are_not_charged_and_neither_is_a_known_browser() {
        let shares = Shares::new();
        let _ = turns(&shares, 5_000, |_| from(0x0101));
        assert_eq!(shares.charge(Charged::Book, from(0x0201), 0, 0, ALLOWED), Some(0));
        assert_eq!(shares.charge(Charged::Try, from(0x0101), 0, 0, ALLOWED), Some(0), "counted apart");
        let key = super::super::device::DeviceKey::derive(&[1; 32]);
        let id = sesshu_engine::core::ids::CityId::from_digits("1111").expect("an ID");
        let device = key.known(&key.after_login(None, id, 7), id).expect("known");
        assert_eq!(shares.charge(Charged::Book, Source::Known(device), 0, 0, ALLOWED), Some(0));
    }

    #[test]
    fn what_is_refused_is_not_charged_and_time_gives_it_back() {
        let shares = Shares::new();
        let _ = turns(&shares, 500, |_| from(7));
        for _ in 0..1_000 {
            assert_eq!(shares.charge(Charged::Book, from(7), 0, SECOND, ALLOWED), None);
        }
        let base = 60 * SECOND;
        assert_eq!(shares.charge(Charged::Book, from(7), base, base, ALLOWED), Some(base));
    }
}
