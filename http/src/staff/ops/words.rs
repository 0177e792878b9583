//! What the monitor knows, in words of the people who read it.

use std::time::Duration;

use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::cause::Cause;
use sesshu_monitor::core::contact::{ChannelKind, Language};
use sesshu_monitor::core::incident::{Ending, IncidentChange};
use sesshu_monitor::core::level::Level;
use sesshu_monitor::core::message::{About, Outcome};
use sesshu_monitor::core::metric::{Bad, Metric};
use sesshu_monitor::core::silence::Covers;
use sesshu_monitor::core::threshold::Threshold;
use sesshu_monitor::core::time::WallMs;
use sesshu_monitor::{manual, words as monitor_words};

use crate::staff::dates::instant_words;

/// A metric's name.
pub(super) fn name(metric: Metric) -> &'static str {
    manual::name(metric, Language::Ja)
}

/// What to do now, in this order: the same words as in the alert.
pub(super) fn what_to_do(metric: Metric) -> &'static [String] {
    manual::what_to_do(metric, Language::Ja)
}

/// A value with its unit.
pub(super) fn value(metric: Metric, value: f64) -> String {
    monitor_words::value(metric, value, Language::Ja)
}

/// A cause: its metric, and of what.
pub(super) fn cause(cause: &Cause) -> String {
    monitor_words::cause(cause, Language::Ja)
}

/// A level with its mark, so that no colour is needed to tell them apart.
pub(super) const fn level(level: Option<Level>) -> &'static str {
    match level {
        None => "○ 正常",
        Some(Level::Warning) => "△ 警告",
        Some(Level::Critical) => "× 重大",
    }
}

/// A level's class.
pub(super) const fn level_class(level: Option<Level>) -> &'static str {
    match level {
        None => "well",
        Some(Level::Warning) => "warning",
        Some(Level::Critical) => "critical",
    }
}

/// From where on a value is too much.
pub(super) fn threshold(metric: Metric, threshold: &Threshold) -> String {
    let side = match metric.bad() {
        Bad::High => "以上",
        Bad::Low => "以下",
    };
    let limit = |words: &str, limit: Option<f64>| Some(format!("{words} {}{side}", value(metric, limit?)));
    let limits: Vec<String> =
        [limit("警告", threshold.warning), limit("重大", threshold.critical)].into_iter().flatten().collect();
    limits.join("、")
}

/// An instant, with its date.
pub(super) fn at(wall: WallMs) -> String {
    instant_words(Instant(wall.0))
}

/// A duration, in its two largest units.
pub(super) fn lasted(duration: Duration) -> String {
    monitor_words::long(duration, Language::Ja)
}

/// Who did something.
pub(super) fn actor(by: &str) -> String {
    match by.split_once(':') {
        Some(("staff", login)) => format!("職員 {login}"),
        Some(("uid", uid)) => format!("コマンド（利用者 {uid}）"),
        Some(("phone", contact)) => format!("電話 {contact}"),
        _ => by.into(),
    }
}

/// A way to reach somebody.
pub(super) const fn channel(kind: ChannelKind) -> &'static str {
    match kind {
        ChannelKind::Mail => "メール",
        ChannelKind::Webhook => "ウェブフック",
        ChannelKind::Phone => "自動の電話",
    }
}

/// How a delivery ended.
pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered => "○ 届いた",
        Outcome::Acknowledged => "○ 出て、対応中にした",
        Outcome::Placed => "電話をかけている",
        Outcome::Unanswered => "△ 出なかった",
        Outcome::Failed => "△ 失敗（再送する）",
        Outcome::NotNeeded => "送る必要がなくなった",
        Outcome::GivenUp => "× 届けられない",
    }
}

/// What a message tells of.
pub(super) fn about(about: &About) -> String {
    match about {
        About::Incident { no, resolved: false, .. } => format!("異常 {} の通知", no.0),
        About::Incident { no, resolved: true, .. } => format!("異常 {} の解消", no.0),
        About::Notice(no) => format!("お知らせ {}", no.0),
        About::Summary => "まとめ".into(),
        About::Test => "試験".into(),
    }
}

/// What happened to an incident.
pub(super) fn change(change: &IncidentChange) -> String {
    match change {
        IncidentChange::Level(now) => format!("{} になった", level(Some(*now))),
        IncidentChange::Acknowledged(by) => format!("{} が対応中にした", actor(by)),
        IncidentChange::Escalated(to) => format!("対応する人がいないため、{to} にも知らせた"),
        IncidentChange::Repeated => "もう一度知らせた".into(),
        IncidentChange::Resolved(Ending::Well) => "○ 正常に戻った".into(),
        IncidentChange::Resolved(Ending::Gone) => "測定の対象がなくなったため終わった".into(),
    }
}

/// What a silence covers.
pub(super) fn covers(covers: &Covers) -> String {
    match covers {
        Covers::Everything => "すべて（メンテナンス）".into(),
        Covers::Metric(metric) => name(*metric).into(),
        Covers::Cause(one) => cause(one),
    }
}

/// An address without what only its owner may know: of a URL, the part behind the host is often a secret.
pub(super) fn address(kind: ChannelKind, address: &str) -> String {
    match (kind, address.split_once("://")) {
        (ChannelKind::Webhook, Some((scheme, rest))) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let host = host.rsplit('@').next().unwrap_or_default();
            format!("{scheme}://{host}/…")
        }
        _ => address.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhooks_secret_part_is_not_shown() {
        let cases = [
            (ChannelKind::Webhook, "https://user:pw@hooks.example/services/T1/SECRET", "https://hooks.example/…"),
            (ChannelKind::Webhook, "http://127.0.0.1:9000?key=SECRET", "http://127.0.0.1:9000/…"),
            (ChannelKind::Mail, "ops@example.jp", "ops@example.jp"),
        ];
        for (kind, whole, shown) in cases {
            assert_eq!(address(kind, whole), shown);
        }
    }

    #[test]
    fn a_threshold_says_which_way_is_bad() {
        assert_eq!(threshold(Metric::DiskUse, &Metric::DiskUse.usual()), "警告 80%以上、重大 90%以上");
        assert_eq!(threshold(Metric::DaysToFull, &Metric::DaysToFull.usual()), "警告 14日以下、重大 3日以下");
        assert_eq!(threshold(Metric::LookupsUnusual, &Metric::LookupsUnusual.usual()), "警告 1件以上");
    }
}
