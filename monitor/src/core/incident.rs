//! An incident: one cause that is or was wrong, from its first alert to its end.

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::level::Level;
use super::time::WallMs;

/// The number of an incident; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IncidentNo(pub u64);

/// Who did something to an incident or a notice: `staff:sato`, `uid:1000`, `phone:当番`.
pub type Actor = Box<str>;

/// An incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Its number.
    pub no: IncidentNo,
    /// What it is about.
    pub cause: Cause,
    /// How bad it is now, or was when it ended.
    pub level: Level,
    /// How bad it has been at the worst.
    pub worst: Level,
    /// Since when.
    pub since: WallMs,
    /// The latest value.
    pub value: f64,
    /// The worst value.
    pub worst_value: f64,
    /// What a person should know of the value.
    pub note: Box<str>,
    /// When and by whom it was acknowledged.
    pub acknowledged: Option<(WallMs, Actor)>,
    /// When it ended.
    pub resolved_at: Option<WallMs>,
    /// To how many contacts of the chain it has been told; escalation goes on from there.
    pub told_contacts: u8,
    /// When anybody was last told of it.
    pub told_at: Option<WallMs>,
    /// How often it began again within the hour: it stays open, and quiet, until it has been well for a while.
    pub flaps: u32,
    /// What happened to it, in order; bounded.
    pub history: Vec<IncidentStep>,
}

/// What happened to an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentStep {
    /// When.
    pub at: WallMs,
    /// What.
    pub what: IncidentChange,
}

/// A change of an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentChange {
    /// It began, or got better or worse.
    Level(Level),
    /// Somebody took care of it.
    Acknowledged(Actor),
    /// Nobody had, and the next contact was told.
    Escalated(Box<str>),
    /// It was told again.
    Repeated,
    /// It ended, and why.
    Resolved(Ending),
}

/// Why an incident ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The value is well again.
    Well,
    /// The thing is measured no more.
    Gone,
}
