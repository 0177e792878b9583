//! What an incident is about: a metric, and of what.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::metric::Metric;

/// The longest subject, in bytes.
pub const SUBJECT_BYTES_MAX: usize = 64;

/// A metric of a subject: `disk_use` of `data`. There is at most one open incident for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cause {
    /// What is measured.
    pub metric: Metric,
    /// Of what: `data`, `backups`, a channel's or an account's name; empty if there is only one.
    pub subject: Box<str>,
}

impl Cause {
    /// The cause; what is longer than a subject may be is cut off.
    #[must_use]
    pub fn new(metric: Metric, subject: &str) -> Self {
        let mut end = subject.len().min(SUBJECT_BYTES_MAX);
        while !subject.is_char_boundary(end) {
            end -= 1;
        }
        Self { metric, subject: subject[..end].into() }
    }
}

/// `disk_use` or `disk_use/data`, as commands take it.
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.metric.code())?;
        if self.subject.is_empty() { Ok(()) } else { write!(f, "/{}", self.subject) }
    }
}
