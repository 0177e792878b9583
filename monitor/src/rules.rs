//! The rules for a Prometheus that watches a Sesshu server, made from the table of metrics with its usual thresholds: what the monitor
//! judges by itself is judged there by the same numbers.

use crate::core::contact::Language;
use crate::core::level::Level;
use crate::core::metric::{Bad, Metric, Side};
use crate::manual::{name, what_to_do};

/// What stands at the head of the file.
const HEAD: &str = "\
# Rules for a Prometheus that scrapes Sesshu's ops listener (/metrics) with job: sesshu.
# Made by `sesshu alert rules` from the table of metrics and its usual thresholds: do not edit it, give your own rules a file of their own.
# A critical alert comes together with the warning of the same metric: let Alertmanager inhibit the milder one.
groups:
  - name: sesshu
    rules:
";

/// The file of rules, as YAML.
#[must_use]
pub fn prometheus_rules() -> String {
    let mut text = HEAD.to_owned();
    for metric in Metric::ALL {
        let Some(subject) = measured(*metric) else { continue };
        let usual = metric.usual();
        for (level, limit) in Level::ALL.into_iter().zip([usual.warning, usual.critical]) {
            if let Some(limit) = limit {
                text.push_str(&rule(*metric, level, &format!("{subject} {limit}"), usual.for_seconds));
            }
        }
    }
    text.push_str(&rule(Metric::Unreachable, Level::Critical, "absent(sesshu_monitor_sampled_at_seconds)", 120));
    text
}

/// What Prometheus has of `metric`, with the comparison that finds it bad; none of what the outside watcher alone measures.
fn measured(metric: Metric) -> Option<String> {
    let compared = match metric.bad() {
        Bad::High => ">=",
        Bad::Low => "<=",
    };
    let series = match (metric, metric.side()) {
        // What Prometheus sees itself is better than what a server that is away says of itself.
        (Metric::Unreachable, _) => "1 - up{job=\"sesshu\"}".to_owned(),
        (Metric::MonitorSilent, _) => "time() - sesshu_monitor_sampled_at_seconds".to_owned(),
        (Metric::Undelivered, _) => "sesshu_alerts_undelivered_seconds".to_owned(),
        (_, Side::Watcher) => return None,
        (metric, Side::Server | Side::Both) => format!("sesshu_monitor_reading{{metric=\"{}\"}}", metric.code()),
    };
    Some(format!("{series} {compared}"))
}

fn rule(metric: Metric, level: Level, expr: &str, for_seconds: u32) -> String {
    let (mark, code) = match level {
        Level::Warning => ("警告", "warning"),
        Level::Critical => ("重大", "critical"),
    };
    // Of what: only readings carry a subject.
    let of = if expr.starts_with("sesshu_monitor_reading") { " {{ $labels.subject }}" } else { "" };
    let value = if expr.starts_with("absent") { "" } else { " {{ $value }}" };
    let absent = if expr.starts_with("absent") { "Absent" } else { "" };
    format!(
        "      - alert: Sesshu{}{absent}\n        expr: '{expr}'\n        for: {for_seconds}s\n        labels:\n          \
         severity: {code}\n        annotations:\n          summary: '【{mark}】{}{of}{value}'\n          description: '{}'\n          \
         summary_en: '[{code}] {}{of}{value}'\n          description_en: '{}'\n          runbook: 'docs/alerts.md#{}'\n",
        camel(metric.code()),
        quoted(name(metric, Language::Ja)),
        steps(metric, Language::Ja),
        quoted(name(metric, Language::En)),
        steps(metric, Language::En),
        metric.code(),
    )
}

/// What to do now, on one line.
fn steps(metric: Metric, language: Language) -> String {
    let steps = what_to_do(metric, language).iter().enumerate().map(|(nth, step)| format!("{}. {step}", nth + 1));
    quoted(&steps.collect::<Vec<_>>().join(" "))
}

/// As it stands between single quotes.
fn quoted(text: &str) -> String {
    text.replace('\'', "''")
}

/// `disk_use` as `DiskUse`.
fn camel(code: &str) -> String {
    let mut camel = String::with_capacity(code.len());
    for word in code.split('_') {
        let mut letters = word.chars();
        camel.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        camel.push_str(letters.as_str());
    }
    camel
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_file_is_what_is_made() {
        let file = include_str!("../../docs/prometheus-rules.yml");
        assert!(file == prometheus_rules(), "write it anew: sesshu alert rules > docs/prometheus-rules.yml");
    }

    #[test]
    fn every_metric_that_the_server_measures_has_a_rule_for_each_of_its_levels() {
        let rules = prometheus_rules();
        for metric in Metric::ALL.iter().filter(|metric| metric.side() != Side::Watcher) {
            let usual = metric.usual();
            let levels = usize::from(usual.warning.is_some()) + usize::from(usual.critical.is_some());
            let name = format!("- alert: Sesshu{}\n", camel(metric.code()));
            assert_eq!(rules.matches(&name).count(), levels, "{}", metric.code());
        }
        assert!(rules.contains("expr: 'sesshu_monitor_reading{metric=\"days_to_full\"} <= 3'"));
        assert!(rules.contains("expr: 'absent(sesshu_monitor_sampled_at_seconds)'"));
    }
}
