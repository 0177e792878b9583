//! Which parts of the service are closed. Everybody who serves people looks here, on each request, for the price of one load; who turns
//! the switches, and how that survives a restart, is the composition root's matter.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use sesshu_engine::core::switch::Switch;
use sesshu_engine::core::time::Instant;

/// How seldom free places are shown anew while their lists are closed, in milliseconds. Bookings are decided on the places themselves all
/// the same.
pub(crate) const SLOW_LISTS_MS: i64 = 30_000;

/// Since when a part is closed, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed {
    /// Since when.
    pub since: Instant,
    /// When it opens by itself; none if a person has to.
    pub until: Option<Instant>,
}

/// All switches as they stand. Clones show the same ones.
#[derive(Debug, Clone, Default)]
pub struct Switches(Arc<Stand>);

#[derive(Debug, Default)]
struct Stand {
    parts: [Part; Switch::ALL.len()],
    revision: AtomicU64,
}

/// One switch; [`OPEN`] and [`NO_END`] are instants of 1970, which no server has seen.
#[derive(Debug, Default)]
struct Part {
    since_ms: AtomicI64,
    until_ms: AtomicI64,
}

const OPEN: i64 = 0;
const NO_END: i64 = 0;

impl Switches {
    /// Whether this part is closed.
    #[must_use]
    pub fn is_off(&self, switch: Switch) -> bool {
        self.part(switch).since_ms.load(Ordering::Relaxed) != OPEN
    }

    /// Since when it is closed, if it is.
    #[must_use]
    pub fn closed(&self, switch: Switch) -> Option<Closed> {
        let part = self.part(switch);
        let since = part.since_ms.load(Ordering::Acquire);
        (since != OPEN).then(|| {
            let until = part.until_ms.load(Ordering::Relaxed);
            Closed { since: Instant(since), until: (until != NO_END).then_some(Instant(until)) }
        })
    }

    /// Turns a switch: closes the part, or opens it. It counts for every request that begins after this.
    pub fn set(&self, switch: Switch, closed: Option<Closed>) {
        let part = self.part(switch);
        let until = closed.and_then(|closed| closed.until).map_or(NO_END, |until| until.0);
        part.until_ms.store(until, Ordering::Relaxed);
        part.since_ms.store(closed.map_or(OPEN, |closed| closed.since.0), Ordering::Release);
        self.0.revision.fetch_add(1, Ordering::Release);
    }

    /// Grows with each turn: what was rendered before one is rendered anew.
    pub(crate) fn revision(&self) -> u64 {
        self.0.revision.load(Ordering::Acquire)
    }

    /// Those that are closed, in their order.
    pub(crate) fn all_closed(&self) -> impl Iterator<Item = (Switch, Closed)> {
        Switch::ALL.iter().filter_map(|switch| Some((*switch, self.closed(*switch)?)))
    }

    fn part(&self, switch: Switch) -> &Part {
        &self.0.parts[switch as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_closed_until_it_is_opened_and_the_others_stay_open() {
        let switches = Switches::default();
        let seen_by_others = switches.clone();
        assert_eq!(seen_by_others.all_closed().count(), 0);
        let closed = Closed { since: Instant(5), until: Some(Instant(9)) };
        switches.set(Switch::Lists, Some(closed));
        assert_eq!(seen_by_others.all_closed().collect::<Vec<_>>(), [(Switch::Lists, closed)]);
        assert!(seen_by_others.is_off(Switch::Lists) && !seen_by_others.is_off(Switch::NewBookings));
        switches.set(Switch::Lists, Some(Closed { until: None, ..closed }));
        assert_eq!(seen_by_others.closed(Switch::Lists).map(|closed| closed.until), Some(None));
        switches.set(Switch::Lists, None);
        assert_eq!((seen_by_others.closed(Switch::Lists), seen_by_others.revision()), (None, 3));
    }
}
