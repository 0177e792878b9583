//! What everybody may read of the monitor at any time, without asking the actor: an immutable picture, made anew with each change.

use crate::core::cause::Cause;
use crate::core::contact::Contact;
use crate::core::level::Level;
use crate::core::sample::Reading;
use crate::core::state::State;
use crate::core::threshold::Threshold;
use crate::core::time::WallMs;

/// The picture.
#[derive(Debug, Clone, Default)]
pub struct Board {
    /// When everything was last measured; none before the first time.
    pub sampled_at: Option<WallMs>,
    /// The latest readings with their thresholds, in the order of the metrics.
    pub gauges: Vec<Gauge>,
    /// All that is remembered.
    pub state: State,
    /// Who is told.
    pub contacts: Vec<Contact>,
    /// Since when the state on disk is not the latest because it cannot be written.
    pub unsaved_since: Option<WallMs>,
}

/// A reading against its threshold.
#[derive(Debug, Clone, PartialEq)]
pub struct Gauge {
    /// The reading.
    pub reading: Reading,
    /// Its threshold; none if it is not watched.
    pub threshold: Option<Threshold>,
    /// The level that stands.
    pub level: Option<Level>,
}

/// A point of a chart: what was measured in a span of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// When the span began.
    pub at: WallMs,
    /// The smallest value.
    pub min: f32,
    /// The mean value.
    pub mean: f32,
    /// The greatest value.
    pub max: f32,
}

/// How far back a chart goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Span {
    /// 24 hours, a point a minute.
    Day,
    /// 7 days, a point every ten minutes.
    Week,
}

/// What was measured of one cause over a span, the oldest point first. Minutes without a reading have no point.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Of what.
    pub cause: Cause,
    /// The points.
    pub points: Vec<Point>,
}
