//! The texts of alerts: pure functions of what there is to tell.

use crate::core::contact::Language;
use crate::core::incident::Incident;
use crate::core::threshold::Threshold;
use crate::core::time::WallMs;

mod alert;
mod chart;
mod notice;
mod other;
mod time;
mod value;

pub use alert::{alert, cause, spoken};
pub use notice::{notice, overrun, plain};
pub use other::{summary, test};
pub use time::{clock, instant, long, when};
pub use value::{from, limit, unit_code, value};

/// Why somebody is told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It began, or began again.
    Began,
    /// It got worse.
    Worse,
    /// Nobody has acknowledged it; this contact is the next one.
    Escalated,
    /// It still goes on and nobody has acknowledged it.
    Repeated,
    /// A silence has ended, and it still goes on.
    StillWrong,
    /// It comes and goes: from now on it is told less often.
    Flapping,
    /// It ended.
    Resolved,
}

/// What there is to tell.
#[derive(Debug, Clone, Copy)]
pub struct Tell<'a> {
    /// The incident, as it is now.
    pub incident: &'a Incident,
    /// The threshold of its metric.
    pub threshold: Option<&'a Threshold>,
    /// Why it is told.
    pub why: Why,
    /// In which language.
    pub language: Language,
    /// The city's name, or the watcher's.
    pub name: &'a str,
    /// The console's address, if it is configured.
    pub console: Option<&'a str>,
    /// The names of the contacts that were told before.
    pub told: &'a [&'a str],
    /// The greatest value of each minute of the last hour, the oldest first.
    pub recent: &'a [f32],
    /// The wall clock.
    pub now: WallMs,
}

/// A line and a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// The line.
    pub subject: String,
    /// The text.
    pub body: String,
}
