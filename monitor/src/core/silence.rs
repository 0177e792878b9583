//! Times in which nobody is told: silences and maintenance windows. Incidents are kept all the same.

use serde::{Deserialize, Serialize};

use super::cause::Cause;
use super::incident::Actor;
use super::metric::Metric;
use super::time::WallMs;

/// A silence or a maintenance window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its number; never given twice.
    pub no: u64,
    /// What it covers.
    pub covers: Covers,
    /// From when on.
    pub from: WallMs,
    /// Until when, that instant excluded. What is still wrong then is told then.
    pub until: WallMs,
    /// Who asked for it.
    pub by: Actor,
    /// Why.
    pub reason: Box<str>,
}

/// What a silence covers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// Everything: a maintenance window.
    Everything,
    /// A metric of every subject.
    Metric(Metric),
    /// One cause.
    Cause(Cause),
}

impl Silence {
    /// Whether it is about `cause`.
    #[must_use]
    pub fn is_about(&self, cause: &Cause) -> bool {
        match &self.covers {
            Covers::Everything => true,
            Covers::Metric(metric) => *metric == cause.metric,
            Covers::Cause(one) => one == cause,
        }
    }

    /// Whether it keeps `cause` quiet at `now`.
    #[must_use]
    pub fn keeps_quiet(&self, cause: &Cause, now: WallMs) -> bool {
        self.is_about(cause) && self.from <= now && now < self.until
    }
}
