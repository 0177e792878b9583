//! `notice list`, `show`, `record`, `page`: what was said, who was told, and the page for a front server.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use sesshu_engine::core::time::Instant;
use sesshu_engine::roll::{TableEncoding, write_table};
use sesshu_monitor::clock::Clock;
use sesshu_monitor::core::contact::Contact;
use sesshu_monitor::core::notice::{Notice, NoticeKind, NoticeNo};
use sesshu_monitor::core::notice_record::Told;
use sesshu_monitor::core::state::State;
use sesshu_monitor::core::time::WallMs;

use super::notice::line;
use super::print;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::monitoring::{self, MonitorJob};
use crate::notices::{page_of, page_path, put_page};
use crate::terminal::words;

/// All that the monitor remembers, and who is told.
pub(super) async fn state_of(folder: &DataFolder) -> Result<(State, Vec<Contact>), Failure> {
    let mut answer = monitoring::ask(folder, MonitorJob::State).await?;
    let state = serde_json::from_value(answer["state"].take()).map_err(Failure::internal)?;
    Ok((state, folder.config_or_failure()?.monitor.contacts()))
}

fn found(state: &State, no: NoticeNo) -> Result<&Notice, Failure> {
    let missing = || Failure::refused(format!("{} {}", words("お知らせはありません：", "there is no notice"), no.0));
    state.notice(no).ok_or_else(missing)
}

fn instant(at: WallMs) -> String {
    Instant(at.0).to_rfc3339()
}

fn as_json(notice: &Notice, now: WallMs) -> Value {
    let planned = match notice.kind {
        NoticeKind::Maintenance { from, until } => Some((from, until)),
        NoticeKind::Failure => None,
    };
    let sayings = notice.sayings.iter().map(|saying| {
        let text = &saying.text;
        json!({ "at": instant(saying.at), "by": saying.by, "ja": text.ja, "easy": text.easy, "en": text.en })
    });
    json!({
        "number": notice.no.0,
        "kind": if planned.is_some() { "maintenance" } else { "failure" },
        "phase": notice.phase(now).code(),
        "from": planned.map(|(from, _)| instant(from)),
        "until": planned.map(|(_, until)| instant(until)),
        "ended_at": notice.ended_at.map(instant),
        "sayings": sayings.collect::<Vec<_>>(),
    })
}

/// Lists the notices.
pub(super) async fn list(folder: &DataFolder) -> Result<(), Failure> {
    let (state, _) = state_of(folder).await?;
    let now = Clock::start().now().wall;
    let notices: Vec<Value> = state.notices.iter().map(|notice| as_json(notice, now)).collect();
    print(folder, &json!({ "notices": notices }), |_| {
        let lines: Vec<String> = state.notices.iter().map(|notice| line(notice, now)).collect();
        if lines.is_empty() {
            words("お知らせはありません。", "there are no notices").into()
        } else {
            lines.join("\n")
        }
    })
}

fn way(told: &Told) -> &'static str {
    told.channel.map_or("call_by_hand", |channel| channel.code())
}

fn told_json(told: &Told) -> Value {
    json!({
        "at": instant(told.at),
        "to": told.to,
        "way": way(told),
        "result": told.result.code(),
        "subject": told.subject,
        "answer": told.answer,
    })
}

/// Shows one notice.
pub(super) async fn show(folder: &DataFolder, no: NoticeNo) -> Result<(), Failure> {
    let (state, contacts) = state_of(folder).await?;
    let now = Clock::start().now().wall;
    let notice = found(&state, no)?;
    let (told, calls) = (state.told_of(no), state.to_call(&contacts, no));
    let mut value = as_json(notice, now);
    value["told"] = told.iter().map(told_json).collect();
    value["to_call"] = calls
        .iter()
        .map(|call| {
            let reached = call.called.map(|called| called.reached);
            json!({ "contact": call.contact.name, "number": call.number, "reached": reached })
        })
        .collect();
    print(folder, &value, |_| {
        let mut lines = vec![line(notice, now)];
        if let NoticeKind::Maintenance { from, until } = notice.kind {
            lines.push(format!("       {} – {}", instant(from), instant(until)));
        }
        for saying in &notice.sayings {
            lines.push(format!("\n{}  {}", instant(saying.at), saying.by));
            let text = &saying.text;
            let said = [("ja", Some(&text.ja)), ("easy", text.easy.as_ref()), ("en", text.en.as_ref())];
            lines.extend(said.iter().filter_map(|(name, said)| Some(format!("  {name}: {}", said.as_ref()?))));
        }
        lines.push(format!("\n{}", words("知らせた記録：", "told:")));
        lines.extend(told.iter().map(|one| {
            let result = words(one.result.words(), one.result.code());
            format!("  {}  {}  {}  {result}  {}", instant(one.at), one.to, way(one), one.answer)
        }));
        let to_call = calls.iter().filter(|call| call.called.is_none_or(|called| !called.reached));
        lines.extend(
            to_call.map(|call| format!("  {} {} {}", words("電話する：", "to call:"), call.contact.name, call.number)),
        );
        lines.join("\n")
    })
}

/// Writes the record as a table.
pub(super) async fn record(folder: &DataFolder, no: NoticeNo, out: Option<&Path>) -> Result<(), Failure> {
    let (state, _) = state_of(folder).await?;
    found(&state, no)?;
    let told = state.told_of(no);
    let heading = ["日時", "連絡先", "方法", "結果", "件名", "応答・担当"];
    let row = |one: &Told| {
        [&*instant(one.at), &*one.to, way(one), one.result.words(), &*one.subject, &*one.answer]
            .map(str::to_owned)
            .to_vec()
    };
    let rows: Vec<Vec<String>> = told.iter().rev().map(row).collect();
    let written = write_table(&heading, &rows, TableEncoding::Utf8Bom);
    let bytes = written.map_err(|_| Failure::internal("UTF-8 has every character"))?;
    let Some(out) = out else {
        let text = String::from_utf8(bytes).map_err(Failure::internal)?;
        let value = json!({ "told": told.iter().map(told_json).collect::<Vec<_>>() });
        return print(folder, &value, |_| text.trim_end().to_owned());
    };
    let mut file = std::fs::File::create_new(out).map_err(Failure::io(out.display()))?;
    file.write_all(&bytes).map_err(Failure::io(out.display()))?;
    print(folder, &json!({ "file": out.display().to_string(), "rows": told.len() }), |_| out.display().to_string())
}

/// Writes the page for a front server. It needs no store, and does without what the monitor remembers if that cannot be read.
pub(super) async fn page(folder: &DataFolder, out: Option<PathBuf>) -> Result<(), Failure> {
    let config = folder.config_or_failure()?;
    let notices = match state_of(folder).await {
        Ok((state, _)) => state.notices,
        Err(failure) => {
            let without = words("お知らせなしのページを書きます", "the page is written without notices");
            eprintln!("{without}: {failure}");
            Vec::new()
        }
    };
    let path = out.unwrap_or_else(|| page_path(folder, &config));
    put_page(&path, &page_of(&config, &notices, Clock::start().now().wall.0))?;
    print(folder, &json!({ "file": path.display().to_string() }), |_| path.display().to_string())
}
