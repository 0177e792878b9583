//! Gauges: each reading against its threshold, as a bar with a mark at each level, in groups that people look for.

use sesshu_monitor::board::{Board, Gauge};
use sesshu_monitor::core::metric::{Bad, Metric, Unit};
use sesshu_monitor::core::threshold::Threshold;

use super::words;

pub(super) const BAR_WIDTH: u32 = 240;

/// Readings that belong together.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) dials: Vec<Dial>,
}

/// A reading as it is shown.
pub(super) struct Dial {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) note: String,
    pub(super) state: &'static str,
    pub(super) class: &'static str,
    pub(super) threshold: String,
    pub(super) bar: Option<Bar>,
}

/// A bar and its marks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) length: u32,
    /// Where the levels begin: x and class.
    pub(super) marks: Vec<(u32, &'static str)>,
}

const GROUPS: [&str; 6] = ["応答", "記録", "バックアップ", "機械", "ディスク", "外部監視と通知"];

/// To which group a metric belongs.
const fn group(metric: Metric) -> usize {
    match metric {
        Metric::Unreachable
        | Metric::NotReady
        | Metric::LoginFailed
        | Metric::PlacesUnreadable
        | Metric::AnswerMs
        | Metric::ErrorRate
        | Metric::BusyRate
        | Metric::LoginQueueMs
        | Metric::SwitchOff
        | Metric::SwitchesDamaged => 0,
        Metric::StoreSuspended | Metric::QueueAgeMs | Metric::CommitMs | Metric::LookupsUnusual => 1,
        Metric::BackupAge
        | Metric::BackupFailed
        | Metric::BackupDamaged
        | Metric::CopyFailed
        | Metric::JournalLag
        | Metric::DrillOverdue
        | Metric::DrillFailed => 2,
        Metric::CpuUse
        | Metric::MemoryUse
        | Metric::SwapUse
        | Metric::SwapActivity
        | Metric::OpenFiles
        | Metric::ClockDrift => 3,
        Metric::DiskUse | Metric::DiskFree | Metric::InodesUse | Metric::DaysToFull => 4,
        Metric::ClockDifference
        | Metric::CertificateDays
        | Metric::SamplerFailed
        | Metric::Undelivered
        | Metric::MonitorSilent
        | Metric::WatcherSilent => 5,
    }
}

/// All gauges in their groups; a group without one is left out.
pub(super) fn groups(board: &Board) -> Vec<Group> {
    let of = |(nth, title): (usize, &'static str)| {
        let gauges =
            board.gauges.iter().filter(|gauge| group(gauge.reading.cause.metric) == nth && says_something(gauge));
        Group { title, dials: gauges.map(dial).collect() }
    };
    GROUPS.into_iter().enumerate().map(of).filter(|group| !group.dials.is_empty()).collect()
}

/// That each thing can be measured, or that nothing is switched off, is no news; the contrary is.
fn says_something(gauge: &Gauge) -> bool {
    let quiet = [Metric::SamplerFailed, Metric::SwitchOff, Metric::SwitchesDamaged];
    !quiet.contains(&gauge.reading.cause.metric) || gauge.reading.value > 0.0 || gauge.level.is_some()
}

/// The name of each group with its causes' metrics in the order of the page: for pages that show them in the same order.
pub(super) fn group_title(metric: Metric) -> &'static str {
    GROUPS[group(metric)]
}

fn dial(gauge: &Gauge) -> Dial {
    let metric = gauge.reading.cause.metric;
    let threshold = gauge.threshold.as_ref();
    Dial {
        name: words::cause(&gauge.reading.cause),
        value: words::value(metric, gauge.reading.value),
        note: gauge.reading.note.to_string(),
        state: if threshold.is_some() { words::level(gauge.level) } else { "監視しない" },
        class: words::level_class(gauge.level),
        threshold: threshold.map_or_else(String::new, |threshold| words::threshold(metric, threshold)),
        bar: threshold.and_then(|threshold| bar(metric, gauge.reading.value, threshold)),
    }
}

/// The bar; none for what is either so or not. Its end is a whole (100%), or lies far enough behind the thresholds to see them.
fn bar(metric: Metric, value: f64, threshold: &Threshold) -> Option<Bar> {
    let farthest = threshold.critical.into_iter().chain(threshold.warning).fold(0.0, f64::max);
    let end = match (metric.unit(), metric.bad()) {
        (Unit::Yes | Unit::Count, _) => return None,
        (Unit::Percent, _) => 100.0,
        (_, Bad::High) => farthest * 1.25,
        (_, Bad::Low) => farthest * 3.0,
    };
    let x = |value: f64| ((value / end).clamp(0.0, 1.0) * f64::from(BAR_WIDTH)).round() as u32;
    let mark = |limit: Option<f64>, class| Some((x(limit?), class));
    let marks = [mark(threshold.warning, "warning"), mark(threshold.critical, "critical")];
    (end > 0.0).then(|| Bar { length: x(value), marks: marks.into_iter().flatten().collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_ends_where_its_thresholds_can_be_seen_and_never_beyond() {
        let of = |metric: Metric, value| bar(metric, value, &metric.usual());
        assert_eq!(
            of(Metric::DiskUse, 50.0),
            Some(Bar { length: 120, marks: vec![(192, "warning"), (216, "critical")] })
        );
        assert_eq!(of(Metric::CommitMs, 99_999.0).map(|bar| bar.length), Some(BAR_WIDTH));
        assert_eq!(of(Metric::DaysToFull, 14.0).map(|bar| bar.length), Some(80));
        assert_eq!(of(Metric::NotReady, 1.0), None);
    }

    #[test]
    fn every_metric_has_its_group() {
        for metric in Metric::ALL {
            assert!(!group_title(*metric).is_empty());
        }
    }
}
