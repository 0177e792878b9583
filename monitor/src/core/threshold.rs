//! From where on a value is too much, and for how long it must be.

/// The threshold of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    /// From where on it is a warning, in the metric's unit; none is never.
    pub warning: Option<f64>,
    /// From where on it is critical; none is never.
    pub critical: Option<f64>,
    /// How long it must last before anybody hears of it, in seconds.
    pub for_seconds: u32,
    /// How far a value must come back behind the threshold before it is well again (hysteresis), in the metric's unit.
    pub back: f64,
    /// How long it must then stay there, in seconds.
    pub clear_seconds: u32,
    /// How often an incident that nobody has acknowledged is told again, in minutes; 0 is never.
    pub repeat_minutes: u32,
}
