//! Engine time: monotonic from a wall-clock anchor. This file alone reads the wall clock.

#![allow(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Instant as StdInstant, SystemTime, UNIX_EPOCH};

use crate::core::time::Instant;

/// Where engine time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The time now; never earlier than the time given before.
    fn now(&self) -> Instant;

    /// How far the wall clock has run away from engine time since the start, in milliseconds.
    fn drift_ms(&self) -> i64 {
        0
    }
}

/// The wall clock at the start, then the machine's monotonic clock: a clock that is set while the server runs opens nothing
/// early and nothing late.
#[derive(Debug)]
pub struct SystemClock {
    anchor: Instant,
    started: StdInstant,
}

impl SystemClock {
    /// Anchors now, but not before `last`, the journal's last instant.
    #[must_use]
    pub fn not_before(last: Instant) -> Self {
        Self { anchor: wall().max(last), started: StdInstant::now() }
    }
}

fn wall() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        self.anchor.plus_ms(i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn drift_ms(&self) -> i64 {
        wall().ms_since(self.now())
    }
}

/// A clock that stands until it is moved, for tests and simulation.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub const fn at(now: Instant) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves it on by `ms` milliseconds.
    pub fn advance_ms(&self, ms: u32) {
        self.0.fetch_add(i64::from(ms), Ordering::AcqRel);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(Ordering::Acquire))
    }
}
