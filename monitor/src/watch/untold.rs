//! Which of the server's own readings the watcher judges: those of which the server told nobody. So nobody is told twice, and
//! nothing stays untold when the server's channels are dead.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::core::cause::Cause;
use crate::core::metric::Bad;
use crate::core::threshold::Threshold;

/// How long the server may take to tell somebody before the watcher does.
const SERVER_TELLS_WITHIN: Duration = Duration::from_mins(1);

/// Since when (steady time) each cause is past its threshold without that the server's people know.
#[derive(Debug, Default)]
pub(super) struct Untold {
    since: BTreeMap<Cause, Duration>,
}

/// What is known of one of the server's readings.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// The value.
    pub(super) value: f64,
    /// The watcher's own threshold.
    pub(super) threshold: Option<Threshold>,
    /// Whether the server's people know of its incident; none if it has none.
    pub(super) told_by_server: Option<bool>,
    /// Whether the watcher has an open incident of it.
    pub(super) open_here: bool,
}

impl Untold {
    /// Whether the watcher judges the reading of `cause` at the steady time `now`.
    pub(super) fn is_ours(&mut self, cause: &Cause, known: Known, now: Duration) -> bool {
        // What was once told from here is also ended from here.
        let past = known.threshold.is_some_and(|threshold| is_past(cause.metric.bad(), &threshold, known.value));
        if known.open_here || !past {
            self.since.remove(cause);
            return true;
        }
        if known.told_by_server == Some(true) {
            self.since.remove(cause);
            return false;
        }
        let since = *self.since.entry(cause.clone()).or_insert(now);
        now.saturating_sub(since) >= SERVER_TELLS_WITHIN
    }

    /// Forgets the causes that are measured no more.
    pub(super) fn keep(&mut self, measured: impl Fn(&Cause) -> bool) {
        self.since.retain(|cause, _| measured(cause));
    }
}

fn is_past(bad: Bad, threshold: &Threshold, value: f64) -> bool {
    [threshold.warning, threshold.critical].into_iter().flatten().any(|limit| match bad {
        Bad::High => value >= limit,
        Bad::Low => value <= limit,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::metric::Metric;

    #[test]
    fn only_what_the_server_tells_nobody_is_told_from_here() {
        let cause = Cause::new(Metric::DiskUse, "data");
        let full = |told_by_server, open_here| Known {
            value: 95.0,
            threshold: Some(Metric::DiskUse.usual()),
            told_by_server,
            open_here,
        };
        let well = Known { value: 10.0, ..full(None, false) };
        // (second, what is known, whether it is judged here)
        let cases = [
            (0, well, true),
            (5, full(None, false), false),
            (60, full(Some(false), false), false),
            (65, full(Some(false), false), true),
            (70, full(Some(true), false), false),
            (75, full(Some(false), false), false),
            (134, full(Some(false), false), false),
            (135, full(Some(false), false), true),
            (140, full(Some(true), true), true),
            (145, well, true),
            (150, full(None, false), false),
        ];
        let mut untold = Untold::default();
        for (second, known, ours) in cases {
            let judged = untold.is_ours(&cause, known, Duration::from_secs(second));
            assert_eq!(judged, ours, "at {second} s");
        }
        untold.keep(|_| false);
        assert!(!untold.is_ours(&cause, full(None, false), Duration::from_secs(500)), "it begins anew");
    }
}
