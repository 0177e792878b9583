//! Time as the monitor's rules take it: the wall clock for people, steady time for durations.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant of the wall clock, in milliseconds since 1970 (UTC). It may jump.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WallMs(pub i64);

impl WallMs {
    /// The instant `duration` later.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` it is; zero if it is before it.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Now: what the clocks say at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock.
    pub wall: WallMs,
    /// Time since some instant of this process's life that never jumps and stands still while the machine is suspended.
    pub steady: Duration,
}

/// How long ago something was, by steady time: a wall clock that jumps changes nothing about it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age {
    /// How old it was at `from`.
    base: Duration,
    from: Duration,
}

impl Age {
    /// Of something that is now.
    pub(super) const fn zero(now: Now) -> Self {
        Self { base: Duration::ZERO, from: now.steady }
    }

    /// Of something of an earlier life of this process, which only the wall clock can tell; at most `max`.
    pub(super) fn of_wall(now: Now, then: WallMs, max: Duration) -> Self {
        Self { base: now.wall.since(then).min(max), from: now.steady }
    }

    /// How old it is.
    pub(super) const fn at(self, now: Now) -> Duration {
        self.base.saturating_add(now.steady.saturating_sub(self.from))
    }
}
