//! The record of a restore drill (復元訓練): the evidence for the city's file.

use serde::{Deserialize, Serialize};

use super::manifest::Counts;
use super::name::Generation;

/// One drill, from the choice of a generation to a booking on the restored server. Times are RFC 3339 with the city's offset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillRecord {
    /// Who held it: `schedule`, `uid:0`, `staff:LOGIN`.
    pub by: String,
    /// When it began.
    pub began_at: String,
    /// Which generation was restored.
    pub generation: Generation,
    /// Whether the journal that was shipped after it was restored too.
    pub with_journal: bool,
    /// From the beginning to the first booking that the restored server acknowledged, in milliseconds: the recovery time.
    pub recovery_ms: u64,
    /// How long before the drill's beginning the restored data ended, in seconds: what would have been lost.
    pub data_age_seconds: u64,
    /// What was restored.
    pub counts: Counts,
    /// The digest of the restored data.
    pub digest: String,
    /// What was done, with how long each step took, in milliseconds.
    pub steps: Vec<DrillStep>,
    /// What went wrong; none if all went well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// One step of a drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillStep {
    /// Which: `restore`, `verify`, `serve`, `login`, `read`, `book`, `check`.
    pub name: String,
    /// How long it took, in milliseconds.
    pub ms: u64,
}
