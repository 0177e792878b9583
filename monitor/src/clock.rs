//! The clocks of this process. This file alone reads them.

#![allow(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::core::time::{Now, WallMs};

/// The wall clock and steady time since this clock was made.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: Instant,
}

impl Clock {
    /// A clock whose steady time begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now() }
    }

    /// What the clocks say.
    #[must_use]
    pub fn now(&self) -> Now {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let wall = WallMs(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
        Now { wall, steady: self.started.elapsed() }
    }
}
