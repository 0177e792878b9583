//! What an alert says: what, since when, how bad, what to do, how to say that one takes care of it.

use super::chart::Chart;
use super::time::{clock, long, when};
use super::value::{from, limit, value};
use super::{Tell, Text, Why};
use crate::core::cause::Cause;
use crate::core::contact::Language;
use crate::core::incident::Incident;
use crate::core::level::Level;
use crate::core::metric::Unit;
use crate::manual;

/// What a mail or a webhook says.
#[must_use]
pub fn alert(tell: &Tell<'_>) -> Text {
    let mut lines = vec![opening(tell), String::new()];
    lines.extend(facts(tell));
    lines.extend(chart(tell));
    if tell.why == Why::Resolved {
        lines.push(String::new());
        lines.push(say(tell, "することはありません。", "Nothing needs to be done."));
    } else {
        lines.extend(what_to_do(tell));
        lines.extend(how_to_acknowledge(tell));
    }
    // Somebody may have been told by several channels.
    let mut told: Vec<&str> = Vec::new();
    for name in tell.told {
        if !told.contains(name) {
            told.push(name);
        }
    }
    if !told.is_empty() {
        let names = told.join(if tell.language == Language::Ja { "、" } else { ", " });
        lines.push(String::new());
        lines.push(say(tell, &format!("ほかに知らせた先：{names}"), &format!("Others who were told: {names}")));
    }
    lines.push(String::new());
    lines.push(say(
        tell,
        &format!("{}・通知番号 {}・{}", tell.name, tell.incident.no.0, tell.incident.cause),
        &format!("{} · incident {} · {}", tell.name, tell.incident.no.0, tell.incident.cause),
    ));
    let mut body = lines.join("\n");
    body.push('\n');
    Text { subject: subject(tell), body }
}

/// What a call says: short, to be read aloud.
#[must_use]
pub fn spoken(tell: &Tell<'_>) -> Text {
    let incident = tell.incident;
    let (what, at) = (named(incident, tell.language), clock(incident.since, tell.language));
    let body = match (tell.language, tell.why) {
        (Language::Ja, Why::Resolved) => format!("{}の監視です。{what}は、おさまりました。", tell.name),
        (Language::En, Why::Resolved) => format!("This is the monitor of {}. Over: {what}.", tell.name),
        (Language::Ja, _) => {
            let level = if incident.level == Level::Critical { "重大な警報" } else { "警告" };
            format!(
                "{}の監視です。{level}です。{what}。{at}からです。対応できるときは、確認の操作をしてください。",
                tell.name
            )
        }
        (Language::En, _) => {
            let level = if incident.level == Level::Critical { "critical alert" } else { "warning" };
            format!(
                "This is the monitor of {}. A {level}: {what}, since {at}. Please acknowledge if you take care of it.",
                tell.name
            )
        }
    };
    Text { subject: subject(tell), body }
}

/// What it is about, in words: `ディスク使用率（data）`.
#[must_use]
pub fn cause(cause: &Cause, language: Language) -> String {
    let name = manual::name(cause.metric, language);
    match (cause.subject.is_empty(), language) {
        (true, _) => name.to_owned(),
        (false, Language::Ja) => format!("{name}（{}）", cause.subject),
        (false, Language::En) => format!("{name} ({})", cause.subject),
    }
}

/// The cause with its value, where that tells more than the cause.
fn named(incident: &Incident, language: Language) -> String {
    let metric = incident.cause.metric;
    let name = cause(&incident.cause, language);
    if metric.unit() == Unit::Yes { name } else { format!("{name} {}", value(metric, incident.value, language)) }
}

fn subject(tell: &Tell<'_>) -> String {
    let incident = tell.incident;
    let level = match (incident.level, tell.language) {
        (Level::Warning, Language::Ja) => "警告",
        (Level::Critical, Language::Ja) => "重大",
        (level, Language::En) => level.code(),
    };
    let more = match (tell.why, tell.language) {
        (Why::Began | Why::Worse | Why::Resolved, _) => "",
        (Why::Escalated, Language::Ja) => "・未対応",
        (Why::Escalated, Language::En) => ", not acknowledged",
        (Why::Repeated | Why::StillWrong, Language::Ja) => "・継続",
        (Why::Repeated | Why::StillWrong, Language::En) => ", goes on",
        (Why::Flapping, Language::Ja) => "・断続",
        (Why::Flapping, Language::En) => ", comes and goes",
    };
    let mark = match (tell.why, tell.language) {
        (Why::Resolved, Language::Ja) => "【解消】".to_owned(),
        (Why::Resolved, Language::En) => "[resolved] ".to_owned(),
        (_, Language::Ja) => format!("【{level}{more}】"),
        (_, Language::En) => format!("[{level}{more}] "),
    };
    format!("{mark}{} - {}", named(incident, tell.language), tell.name)
}

fn opening(tell: &Tell<'_>) -> String {
    let what = cause(&tell.incident.cause, tell.language);
    match (tell.why, tell.language) {
        (Why::Began, Language::Ja) => format!("{what}：異常を検知しました。"),
        (Why::Began, Language::En) => format!("{what}: something is wrong."),
        (Why::Worse, Language::Ja) => format!("{what}：悪化しました。"),
        (Why::Worse, Language::En) => format!("{what}: it got worse."),
        (Why::Escalated, Language::Ja) => format!("{what}：まだだれも対応を始めていないため、あなたに知らせます。"),
        (Why::Escalated, Language::En) => format!("{what}: nobody has acknowledged it yet, so you are told."),
        (Why::Repeated, Language::Ja) => format!("{what}：続いています。まだだれも対応を始めていません。"),
        (Why::Repeated, Language::En) => format!("{what}: it goes on, and nobody has acknowledged it."),
        (Why::StillWrong, Language::Ja) => format!("{what}：通知の停止が終わりましたが、まだ続いています。"),
        (Why::StillWrong, Language::En) => format!("{what}: the silence is over, and it still goes on."),
        (Why::Flapping, Language::Ja) => format!("{what}：起きたりおさまったりしています。以後はまとめて知らせます。"),
        (Why::Flapping, Language::En) => format!("{what}: it comes and goes. From now on you are told less often."),
        (Why::Resolved, Language::Ja) => format!("{what}：おさまりました。"),
        (Why::Resolved, Language::En) => format!("{what}: it is over."),
    }
}

fn facts(tell: &Tell<'_>) -> Vec<String> {
    let (incident, language) = (tell.incident, tell.language);
    let metric = incident.cause.metric;
    let mut lines = Vec::new();
    if metric.unit() != Unit::Yes {
        let now = value(metric, incident.value, language);
        lines.push(say(tell, &format!("今の値：{now}"), &format!("Value now: {now}")));
        if incident.worst_value.total_cmp(&incident.value).is_ne() {
            let worst = value(metric, incident.worst_value, language);
            lines.push(say(tell, &format!("最も悪い値：{worst}"), &format!("Worst value: {worst}")));
        }
    }
    lines.extend(tell.threshold.and_then(|threshold| thresholds(tell, threshold)));
    let since = when(incident.since, language);
    let until = incident.resolved_at.filter(|_| tell.why == Why::Resolved);
    let lasted = long(until.unwrap_or(tell.now).since(incident.since), language);
    lines.push(say(tell, &format!("始まり：{since}"), &format!("Since: {since}")));
    if let Some(until) = until {
        let until = when(until, language);
        lines.push(say(tell, &format!("終わり：{until}"), &format!("Until: {until}")));
    }
    lines.push(say(tell, &format!("続いた時間：{lasted}"), &format!("For: {lasted}")));
    if incident.flaps > 0 {
        let times = incident.flaps;
        lines.push(say(tell, &format!("この間に再び起きた回数：{times}回"), &format!("Began again: {times} times")));
    }
    if !incident.note.is_empty() {
        lines.push(say(tell, &format!("補足：{}", incident.note), &format!("Note: {}", incident.note)));
    }
    lines
}

fn thresholds(tell: &Tell<'_>, threshold: &crate::core::threshold::Threshold) -> Option<String> {
    let (metric, language) = (tell.incident.cause.metric, tell.language);
    if metric.unit() == Unit::Yes {
        return None;
    }
    let each = |level, ja, en| {
        let from = from(metric, limit(threshold, level)?, language);
        Some(say(tell, &format!("{ja} {from}"), &format!("{en} {from}")))
    };
    let levels: Vec<String> = [each(Level::Warning, "警告", "warning"), each(Level::Critical, "重大", "critical")]
        .into_iter()
        .flatten()
        .collect();
    let levels = levels.join(if language == Language::Ja { "、" } else { ", " });
    Some(say(tell, &format!("しきい値：{levels}"), &format!("Thresholds: {levels}")))
}

fn chart(tell: &Tell<'_>) -> Vec<String> {
    let (incident, language) = (tell.incident, tell.language);
    let metric = incident.cause.metric;
    let at = tell.threshold.and_then(|threshold| limit(threshold, incident.level));
    // A yes or no has no shape.
    let Some(chart) = Some(metric.unit()).filter(|unit| *unit != Unit::Yes).and_then(|_| Chart::of(tell.recent, at))
    else {
        return Vec::new();
    };
    let (low, high) = (value(metric, chart.low, language), value(metric, chart.high, language));
    let mark = chart.mark.zip(at).map_or_else(String::new, |(mark, at)| {
        let at = value(metric, at, language);
        say(tell, &format!("、{mark} はしきい値 {at} の高さ"), &format!(", {mark} is as high as the threshold {at}"))
    });
    vec![
        String::new(),
        say(tell, "直近1時間（1分ごと、右が今）", "The last hour (a bar a minute, now at the right)"),
        chart.bars,
        say(tell, &format!("▁ は {low}、█ は {high}{mark}"), &format!("▁ is {low}, █ is {high}{mark}")),
    ]
}

fn what_to_do(tell: &Tell<'_>) -> Vec<String> {
    let steps = manual::what_to_do(tell.incident.cause.metric, tell.language);
    let steps = steps.iter().enumerate().map(|(nth, step)| format!("{}. {step}", nth + 1));
    [String::new(), say(tell, "今すること", "What to do")].into_iter().chain(steps).collect()
}

fn how_to_acknowledge(tell: &Tell<'_>) -> Vec<String> {
    let no = tell.incident.no.0;
    if let Some((at, by)) = &tell.incident.acknowledged {
        let at = when(*at, tell.language);
        return vec![
            String::new(),
            say(tell, &format!("対応中：{by}（{at}から）"), &format!("Acknowledged: {by}, {at}")),
        ];
    }
    let mut lines = vec![
        String::new(),
        say(
            tell,
            "対応を始めるとき（ほかの人への連絡が止まります）",
            "If you take care of it (nobody else is then told)",
        ),
    ];
    if let Some(console) = tell.console {
        lines.push(format!("{}/ops/incidents/{no}", console.trim_end_matches('/')));
    }
    lines.push(format!("sesshu alert ack {no}"));
    lines
}

fn say(tell: &Tell<'_>, ja: &str, en: &str) -> String {
    match tell.language {
        Language::Ja => ja,
        Language::En => en,
    }
    .to_owned()
}

#[cfg(test)]
mod tests;
