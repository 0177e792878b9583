//! Values with their units, as people and programs read them.

use std::time::Duration;

use super::time::long;
use crate::core::contact::Language;
use crate::core::level::Level;
use crate::core::metric::{Bad, Metric, Unit};
use crate::core::threshold::Threshold;

/// From where on it is as bad as `level`.
#[must_use]
pub const fn limit(threshold: &Threshold, level: Level) -> Option<f64> {
    match level {
        Level::Warning => threshold.warning,
        Level::Critical => threshold.critical,
    }
}

/// The unit's stable name for programs.
#[must_use]
pub const fn unit_code(unit: Unit) -> &'static str {
    match unit {
        Unit::Percent => "percent",
        Unit::Mib => "mib",
        Unit::Days => "days",
        Unit::Hours => "hours",
        Unit::Seconds => "seconds",
        Unit::Ms => "ms",
        Unit::PagesPerSecond => "pages_per_second",
        Unit::Count => "count",
        Unit::Yes => "yes",
    }
}

/// `value` of `metric` with its unit: `84%`, `1.5 GiB`, `2日`. A yes or no is said in words.
#[must_use]
pub fn value(metric: Metric, value: f64, language: Language) -> String {
    let ja = language == Language::Ja;
    let with = |ja_unit: &str, en_unit: &str| {
        let number = number(value);
        if ja { format!("{number}{ja_unit}") } else { format!("{number} {en_unit}") }
    };
    match metric.unit() {
        Unit::Percent => format!("{}%", number(value)),
        Unit::Mib if value >= 1_024.0 => format!("{} GiB", number(value / 1_024.0)),
        Unit::Mib => format!("{} MiB", number(value)),
        Unit::Days => with("日", "days"),
        Unit::Hours if value >= 72.0 => format!("{}{}", number(value / 24.0), if ja { "日" } else { " days" }),
        Unit::Hours => with("時間", "hours"),
        Unit::Seconds if value >= 60.0 => long(Duration::from_secs(value.min(1e9) as u64), language),
        Unit::Seconds => with("秒", "s"),
        Unit::Ms if value >= 1_000.0 => format!("{}{}", number(value / 1_000.0), if ja { "秒" } else { " s" }),
        Unit::Ms => with("ミリ秒", "ms"),
        Unit::PagesPerSecond => with("ページ/秒", "pages/s"),
        Unit::Count => with("件", ""),
        Unit::Yes => match (value >= 1.0, ja) {
            (true, true) => "起きている",
            (false, true) => "起きていない",
            (true, false) => "yes",
            (false, false) => "no",
        }
        .to_owned(),
    }
    .trim_end()
    .to_owned()
}

/// `80%以上`, `at least 80%`: from where on it is bad.
#[must_use]
pub fn from(metric: Metric, at: f64, language: Language) -> String {
    let value = value(metric, at, language);
    match (metric.bad(), language) {
        (Bad::High, Language::Ja) => format!("{value}以上"),
        (Bad::Low, Language::Ja) => format!("{value}以下"),
        (Bad::High, Language::En) => format!("{value} or more"),
        (Bad::Low, Language::En) => format!("{value} or less"),
    }
}

/// Three digits are enough to judge, and a whole number needs no point.
fn number(value: f64) -> String {
    let text = if value.abs() < 10.0 { format!("{value:.1}") } else { format!("{value:.0}") };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_has_its_words() {
        let cases = [
            (Metric::DiskUse, 84.4, "84%", "84%"),
            (Metric::ErrorRate, 1.25, "1.2%", "1.2%"),
            (Metric::DiskFree, 768.0, "768 MiB", "768 MiB"),
            (Metric::DiskFree, 1_536.0, "1.5 GiB", "1.5 GiB"),
            (Metric::DaysToFull, 2.5, "2.5日", "2.5 days"),
            (Metric::BackupAge, 26.0, "26時間", "26 hours"),
            (Metric::BackupAge, 96.0, "4日", "4 days"),
            (Metric::ClockDrift, 2.0, "2秒", "2 s"),
            (Metric::WatcherSilent, 600.0, "10分", "10 min"),
            (Metric::CommitMs, 120.0, "120ミリ秒", "120 ms"),
            (Metric::QueueAgeMs, 2_500.0, "2.5秒", "2.5 s"),
            (Metric::SwapActivity, 200.0, "200ページ/秒", "200 pages/s"),
            (Metric::LookupsUnusual, 1.0, "1件", "1"),
            (Metric::NotReady, 1.0, "起きている", "yes"),
        ];
        for (metric, number, ja, en) in cases {
            assert_eq!(
                (value(metric, number, Language::Ja).as_str(), value(metric, number, Language::En).as_str()),
                (ja, en)
            );
        }
        assert_eq!(from(Metric::DiskUse, 80.0, Language::Ja), "80%以上");
        assert_eq!(from(Metric::DaysToFull, 3.0, Language::En), "3 days or less");
    }
}
