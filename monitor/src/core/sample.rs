//! What was measured at one instant.

use super::cause::Cause;
use super::metric::Metric;

/// The most readings of one sample.
pub const READINGS_MAX: usize = 128;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What was measured.
    pub cause: Cause,
    /// The value, in the metric's unit; finite.
    pub value: f64,
    /// What makes it grow or explains it, for a person: the largest file, a server's answer. Empty if there is nothing to say.
    pub note: Box<str>,
}

impl Reading {
    /// A value without a note.
    #[must_use]
    pub fn new(metric: Metric, subject: &str, value: f64) -> Self {
        Self { cause: Cause::new(metric, subject), value, note: "".into() }
    }
}

/// The readings of one instant. What could not be read is missing, and a reading of [`Metric::SamplerFailed`] says so.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// The readings, at most one for each cause.
    pub readings: Vec<Reading>,
}
