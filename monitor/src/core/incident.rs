//! An incident: one cause that is or was wrong, from its first alert to its end.

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::contact::ChannelKind;
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
    /// How many contacts of the chain have been told in this round; a repeat begins a new one.
    #[serde(default)]
    pub round: u8,
    /// Who is owed the word of its end, and by which channels.
    #[serde(default)]
    pub told: Vec<Told>,
    /// How often it began again within the hour: it stays open, and quiet, until it has been well for a while.
    pub flaps: u32,
    /// What happened to it, in order; bounded.
    pub history: Vec<IncidentStep>,
}

/// A contact who was told by a channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The contact's name.
    pub to: Box<str>,
    /// By which channel.
    pub channel: ChannelKind,
}

/// How often something comes and goes within the hour before it is kept open as one that does.
const FLAPS_QUIET: u32 = 2;
/// The most steps that are kept; the latest ones, and the first.
pub const STEPS_MAX: usize = 60;

impl Incident {
    /// Whether it comes and goes: it stays open until it has been well for a while, and is told less often.
    #[must_use]
    pub const fn is_flapping(&self) -> bool {
        self.flaps >= FLAPS_QUIET
    }

    /// Notes what happened.
    pub(super) fn step(&mut self, at: WallMs, what: IncidentChange) {
        if self.history.len() >= STEPS_MAX {
            self.history.remove(1);
        }
        self.history.push(IncidentStep { at, what });
    }
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
