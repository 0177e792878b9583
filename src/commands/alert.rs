//! `alert …`: what is wrong, who takes care of it, what is kept quiet, and the phone list. With a server or without one.

use serde_json::{Value, json};
use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::cause::Cause;
use sesshu_monitor::core::contact::Language;
use sesshu_monitor::core::incident::{Incident, IncidentChange, IncidentNo};
use sesshu_monitor::core::level::Level;
use sesshu_monitor::core::metric::Metric;
use sesshu_monitor::core::order::Order;
use sesshu_monitor::core::silence::{Covers, Silence};
use sesshu_monitor::core::state::State;
use sesshu_monitor::core::time::WallMs;
use sesshu_monitor::words::{cause, instant, value};

use super::{print, test_alerts};
use crate::cli::{AlertCommand, YesNo};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::monitoring::{MonitorJob, ask};
use crate::terminal::{japanese, words};

/// How many ended incidents and calls are listed.
const ENDED_SHOWN: usize = 10;

/// Does one of the commands.
pub(crate) async fn alert(folder: &DataFolder, command: AlertCommand) -> Result<(), Failure> {
    let by = || "".into();
    match command {
        AlertCommand::Test(args) => test_alerts(folder, &args).await,
        AlertCommand::List => {
            let (state, _) = known(folder).await?;
            let ended: Vec<&Incident> = state.ended.iter().take(ENDED_SHOWN).collect();
            let shown = json!({
                "open": state.open, "ended": ended, "silences": state.silences, "waiting": state.waiting.len(),
            });
            print(folder, &shown, |_| listed(&state))
        }
        AlertCommand::Show { incident } => {
            let (state, _) = known(folder).await?;
            let none =
                || Failure::refused(words("その番号の障害はありません。", "there is no incident of that number"));
            let of = |one: &&Incident| one.no == IncidentNo(incident);
            let found = state.open.iter().chain(&state.ended).find(of).ok_or_else(none)?;
            let about = found.no;
            let deliveries: Vec<_> = state.deliveries.iter().filter(|one| one.about.is_of(about)).collect();
            let waiting: Vec<_> = state.waiting.iter().filter(|one| one.about.is_of(about)).collect();
            let calls: Vec<_> = state.hand_calls.iter().filter(|call| call.incident == Some(about)).collect();
            let shown = json!({ "incident": found, "deliveries": deliveries, "waiting": waiting, "hand_calls": calls });
            print(folder, &shown, |_| {
                let mut text = format!("{}\n{}", line(found), steps(found));
                for one in deliveries {
                    let (to, channel, subject) = (&one.to, one.channel.code(), &one.subject);
                    text.push_str(&format!("\n  {}  {channel} {to}: {subject}  {}", instant(one.at), one.answer));
                }
                for one in waiting {
                    let (to, channel, answer) = (&one.to, one.lane.channel.code(), &one.last_answer);
                    let waits = words("未達", "waits");
                    text.push_str(&format!("\n  {waits}  {channel} {to}: {}  {answer}", one.subject));
                }
                text
            })
        }
        AlertCommand::Ack { incident } => {
            let order = Order::Acknowledge { incident: IncidentNo(incident), by: by() };
            let done = ordered(folder, order).await?;
            print(folder, &done, |_| words("対応中にしました。", "It is acknowledged: nobody else is told.").into())
        }
        AlertCommand::Silence { covers, until, from, reason } => {
            let from = from.map(|from| time("--from", &from)).transpose()?;
            let order = Order::Silence {
                covers: covered(&covers)?,
                from,
                until: time("--until", &until)?,
                by: by(),
                reason: reason.into(),
            };
            let done = ordered(folder, order).await?;
            let no = done["done"]["silence"].clone();
            print(folder, &done, |_| {
                if japanese() {
                    format!("抑止 {no} を設定しました。終わるときにまだ続いている障害は、そのときに知らせます。")
                } else {
                    format!("Silence {no} is set. What is still wrong at its end is told then.")
                }
            })
        }
        AlertCommand::Unsilence { silence } => {
            let done = ordered(folder, Order::EndSilence { no: silence, by: by() }).await?;
            print(folder, &done, |_| words("抑止を終えました。", "The silence has ended.").into())
        }
        AlertCommand::Calls => {
            let (state, contacts) = known(folder).await?;
            let shown = json!({ "contacts": phone_list(&contacts), "calls": state.hand_calls });
            print(folder, &shown, |shown| called_by_hand(shown, &state))
        }
        AlertCommand::Called { contact, reached, incident } => {
            let (incident, reached) = (incident.map(IncidentNo), reached == YesNo::Yes);
            let order = Order::LogCall { contact: contact.into(), incident, notice: None, reached, by: by() };
            let done = ordered(folder, order).await?;
            print(folder, &done, |_| words("記録しました。", "It is noted.").into())
        }
    }
}

async fn known(folder: &DataFolder) -> Result<(State, Value), Failure> {
    let mut known = ask(folder, MonitorJob::State).await?;
    let state = serde_json::from_value(known["state"].take()).map_err(Failure::internal)?;
    Ok((state, known["contacts"].take()))
}

async fn ordered(folder: &DataFolder, order: Order) -> Result<Value, Failure> {
    ask(folder, MonitorJob::Order(order)).await
}

fn time(option: &str, text: &str) -> Result<WallMs, Failure> {
    let at: Instant = text.parse().map_err(|error| Failure::usage(format!("{option}: {error}")))?;
    Ok(WallMs(at.0))
}

/// `all`, `disk_use`, `disk_use/data`.
fn covered(text: &str) -> Result<Covers, Failure> {
    if text == "all" {
        return Ok(Covers::Everything);
    }
    let (code, subject) = text.split_once('/').map_or((text, None), |(code, subject)| (code, Some(subject)));
    let unknown = || {
        let all: Vec<&str> = Metric::ALL.iter().map(|metric| metric.code()).collect();
        Failure::usage(format!("{}: {code} (all, {})", words("知らない指標です", "unknown metric"), all.join(", ")))
    };
    let metric = Metric::of_code(code).ok_or_else(unknown)?;
    Ok(subject.map_or(Covers::Metric(metric), |subject| Covers::Cause(Cause::new(metric, subject))))
}

const fn level(level: Level, language: Language) -> &'static str {
    match (level, language) {
        (Level::Warning, Language::Ja) => "警告",
        (Level::Critical, Language::Ja) => "重大",
        (level, Language::En) => level.code(),
    }
}

fn language() -> Language {
    if japanese() { Language::Ja } else { Language::En }
}

/// An incident in one line.
fn line(incident: &Incident) -> String {
    let language = language();
    let metric = incident.cause.metric;
    let mut text = format!(
        "#{} [{}] {}  {}  {}",
        incident.no.0,
        level(incident.level, language),
        cause(&incident.cause, language),
        value(metric, incident.value, language),
        instant(incident.since),
    );
    if let Some(ended) = incident.resolved_at {
        text.push_str(&format!(" - {}", instant(ended)));
    } else if let Some((_, by)) = &incident.acknowledged {
        text.push_str(&format!("  {} {by}", words("対応中", "acknowledged by")));
    } else if incident.told_at.is_none() {
        text.push_str(words("  未通知", "  told nobody yet"));
    }
    if incident.is_flapping() {
        text.push_str(&format!("  {} {}", words("断続", "comes and goes"), incident.flaps));
    }
    if !incident.note.is_empty() {
        text.push_str(&format!("\n    {}", incident.note));
    }
    text
}

fn steps(incident: &Incident) -> String {
    let language = language();
    let step = |change: &IncidentChange| match change {
        IncidentChange::Level(to) => level(*to, language).to_owned(),
        IncidentChange::Acknowledged(by) => format!("{} {by}", words("対応中", "acknowledged by")),
        IncidentChange::Escalated(to) => format!("{} {to}", words("次の連絡先へ", "next contact:")),
        IncidentChange::Repeated => words("再通知", "told again").to_owned(),
        IncidentChange::Resolved(_) => words("解消", "resolved").to_owned(),
    };
    let lines = incident.history.iter().map(|one| format!("  {}  {}", instant(one.at), step(&one.what)));
    lines.collect::<Vec<_>>().join("\n")
}

fn silence(silence: &Silence) -> String {
    let covers = match &silence.covers {
        Covers::Everything => words("すべて", "everything").to_owned(),
        Covers::Metric(metric) => metric.code().to_owned(),
        Covers::Cause(cause) => cause.to_string(),
    };
    let (from, until) = (instant(silence.from), instant(silence.until));
    format!(
        "{} {}: {covers}  {from} - {until}  {} ({})",
        words("抑止", "silence"),
        silence.no,
        silence.reason,
        silence.by
    )
}

fn listed(state: &State) -> String {
    let mut lines: Vec<String> = state.open.iter().map(line).collect();
    if lines.is_empty() {
        lines.push(words("起きている障害はありません。", "Nothing is wrong.").into());
    }
    lines.extend(state.silences.iter().map(silence));
    if !state.waiting.is_empty() {
        lines.push(format!("{}: {}", words("まだ届いていない通知", "messages not delivered yet"), state.waiting.len()));
    }
    if !state.ended.is_empty() {
        lines.push(words("最近終わったもの:", "Ended lately:").into());
        lines.extend(state.ended.iter().take(ENDED_SHOWN).map(line));
    }
    lines.join("\n")
}

/// Whom a person can call.
fn phone_list(contacts: &Value) -> Vec<Value> {
    let all = contacts.as_array().map(Vec::as_slice).unwrap_or_default();
    let with = all.iter().filter(|contact| contact["call_by_hand"].is_string());
    with.map(|contact| json!({ "name": contact["name"], "number": contact["call_by_hand"] })).collect()
}

fn called_by_hand(shown: &Value, state: &State) -> String {
    let people = shown["contacts"].as_array().map(Vec::as_slice).unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let mut lines: Vec<String> =
        people.iter().map(|person| format!("{}  {}", text(&person["number"]), text(&person["name"]))).collect();
    if lines.is_empty() {
        lines.push(words("電話で呼ぶ人は設定されていません。", "Nobody to call by hand is configured.").into());
    }
    for call in state.hand_calls.iter().take(ENDED_SHOWN) {
        let reached =
            if call.reached { words("つながった", "reached") } else { words("つながらず", "not reached") };
        let about = call.incident.map(|no| format!(" #{}", no.0)).unwrap_or_default();
        lines.push(format!("  {}  {}{about}  {reached} ({})", instant(call.at), call.contact, call.by));
    }
    lines.join("\n")
}
