//! The clocks of backups. This file alone reads them.

#![allow(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sesshu_engine::core::time::Instant;

/// What the clocks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock: people may set it.
    pub wall: Instant,
    /// Steady time since some beginning: it never goes back.
    pub steady: Duration,
}

/// Where time comes from; days are simulated with another one.
pub trait Clock: Send + Sync + 'static {
    /// What the clocks say.
    fn now(&self) -> Now;
}

/// The clocks of the machine.
#[derive(Debug)]
pub struct SystemClock {
    started: std::time::Instant,
}

impl SystemClock {
    /// Steady time begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { started: std::time::Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { wall: Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)), steady: self.started.elapsed() }
    }
}
