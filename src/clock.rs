//! The wall clock of commands. This file alone of the command line reads it.

#![allow(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970 (UTC).
pub(crate) fn wall_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
