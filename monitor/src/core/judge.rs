//! Judges one cause: from its readings to a level. A pure function over samples and a given time.

use std::time::Duration;

use super::level::Level;
use super::metric::{Bad, Metric};
use super::threshold::Threshold;

/// What is known of one cause. Values between a threshold and its hysteresis change nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Judge {
    level: Option<Level>,
    /// Since when (steady time) each level's threshold has been passed without a break.
    passed_since: [Option<Duration>; 2],
    /// Since when each level's threshold has been cleared, hysteresis included, without a break.
    cleared_since: [Option<Duration>; 2],
}

impl Judge {
    /// A judge who goes on with a level that was found before a restart.
    #[must_use]
    pub fn at(level: Option<Level>) -> Self {
        Self { level, ..Self::default() }
    }

    /// The level that stands.
    #[must_use]
    pub const fn level(&self) -> Option<Level> {
        self.level
    }

    /// Takes a value that was measured at the steady time `at`, and answers the level that stands from now on.
    pub fn see(&mut self, metric: Metric, threshold: &Threshold, value: f64, at: Duration) -> Option<Level> {
        let mut stands = None;
        for level in Level::ALL {
            let nth = level as usize;
            let limit = match level {
                Level::Warning => threshold.warning,
                Level::Critical => threshold.critical,
            };
            let Some(limit) = limit else { continue };
            let (passed, cleared) = match metric.bad() {
                Bad::High => (value >= limit, value < limit - threshold.back),
                Bad::Low => (value <= limit, value > limit + threshold.back),
            };
            since(&mut self.passed_since[nth], passed, at);
            since(&mut self.cleared_since[nth], cleared, at);
            let lasted = |from: Option<Duration>, seconds: u32| {
                from.is_some_and(|from| at.saturating_sub(from) >= Duration::from_secs(u64::from(seconds)))
            };
            let stood = self.level >= Some(level);
            let has_begun = lasted(self.passed_since[nth], threshold.for_seconds);
            let has_ended = lasted(self.cleared_since[nth], threshold.clear_seconds);
            if has_begun || (stood && !has_ended) {
                stands = Some(level);
            }
        }
        self.level = stands;
        stands
    }

    /// Time went by in which nothing was measured, or the machine was suspended: what was about to begin or to end begins anew.
    pub fn break_off(&mut self) {
        self.passed_since = [None; 2];
        self.cleared_since = [None; 2];
    }
}

fn since(from: &mut Option<Duration>, holds: bool, at: Duration) {
    if holds {
        from.get_or_insert(at);
    } else {
        *from = None;
    }
}
