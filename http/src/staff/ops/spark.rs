//! A chart as small as a word: the last hours of one cause, with the threshold that it has passed.

use sesshu_monitor::board::Series;
use sesshu_monitor::core::threshold::Threshold;

/// How many points it has.
const POINTS: usize = 60;
pub(super) const WIDTH: u32 = 180;
pub(super) const HEIGHT: u32 = 40;

/// The picture.
pub(super) struct Spark {
    /// The line.
    pub(super) line: String,
    /// Where the thresholds lie, with their class.
    pub(super) limits: Vec<(u32, &'static str)>,
}

impl Spark {
    /// The last points of `series`; none with fewer than two.
    pub(super) fn of(series: &Series, threshold: Option<&Threshold>) -> Option<Self> {
        let points = &series.points[series.points.len().saturating_sub(POINTS)..];
        if points.len() < 2 {
            return None;
        }
        let limits = threshold.map_or([None, None], |threshold| [threshold.warning, threshold.critical]);
        let most = points.iter().map(|point| f64::from(point.max)).chain(limits.into_iter().flatten());
        let most = most.fold(f64::MIN_POSITIVE, f64::max) * 1.1;
        let y = |value: f64| HEIGHT - ((value / most).clamp(0.0, 1.0) * f64::from(HEIGHT)).round() as u32;
        let x = |n: usize| n as u32 * WIDTH / (points.len() as u32 - 1);
        let line = points.iter().enumerate().map(|(n, point)| format!("{},{}", x(n), y(f64::from(point.mean))));
        let classes = ["warning", "critical"];
        Some(Self {
            line: line.collect::<Vec<_>>().join(" "),
            limits: limits.into_iter().zip(classes).filter_map(|(limit, class)| Some((y(limit?), class))).collect(),
        })
    }
}
