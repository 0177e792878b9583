//! `/audit/export`: entries of a time as a file, by pseudonym. That it was written, why, and how long it is, is in the audit before
//! the file is sent.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::Entry;
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::core::staff::ExportReason;
use sesshu_engine::roll::{TableEncoding, write_table};

use super::filter::{Filter, given};
use super::labels::kind_words;
use super::sentences::sentence;
use super::{rows, unreadable};
use crate::staff::desk::{Console, Staff};
use crate::staff::download::table_answer;
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;
use crate::staff::words::export_reason_words;

/// The longest file, in rows: one for each event.
const ROWS_MAX: usize = 100_000;
const HEADING: [&str; 8] = ["記録番号", "日時", "だれが", "通話", "種類", "内容", "対象者（仮名番号）", "対象者の数"];

#[derive(Template)]
#[template(path = "staff/audit/export.html")]
struct ExportPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    form: &'a ExportForm,
    rows_max: usize,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::staff) struct ExportForm {
    maker: String,
    person: String,
    call: String,
    kind: String,
    from: String,
    to: String,
    reason: String,
}

impl ExportForm {
    fn filter(&self) -> Filter {
        Filter {
            maker: self.maker.clone(),
            person: self.person.clone(),
            call: self.call.clone(),
            kind: self.kind.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            ..Filter::default()
        }
    }

    /// What else than the time narrows it, in words.
    fn narrowed(&self) -> Vec<String> {
        let kind = EventKind::of_code(&self.kind).map(kind_words).unwrap_or_default();
        let parts =
            [("だれが", &*self.maker), ("対象者の仮名番号", &self.person), ("通話", &self.call), ("種類", kind)];
        parts.iter().filter(|(_, value)| !value.is_empty()).map(|(name, value)| format!("{name}：{value}")).collect()
    }
}

impl ExportPage<'_> {
    fn reasons() -> impl Iterator<Item = (&'static str, &'static str)> {
        ExportReason::ALL.iter().map(|reason| (reason.code(), export_reason_words(*reason)))
    }
}

pub(in crate::staff) async fn get_export(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(form): StaffQuery<ExportForm>,
) -> Result<Response, StaffProblem> {
    let errors = FormErrors::default();
    page(StatusCode::OK, &ExportPage { f: desk.frame(Some(&staff)), errors, form: &form, rows_max: ROWS_MAX })
}

pub(in crate::staff) async fn post_export(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ExportForm>,
) -> Result<Response, StaffProblem> {
    desk.exports_go_on()?;
    let again = |errors| {
        let shown = ExportPage { f: desk.frame(Some(&staff)), errors, form: &form, rows_max: ROWS_MAX };
        page(StatusCode::BAD_REQUEST, &shown)
    };
    let reason = ExportReason::of_code(&form.reason);
    let (query, reason) = match (form.filter().query(ROWS_MAX), missing(&form), reason) {
        (Ok(query), missing, Some(reason)) if missing.is_empty() => (query, reason),
        (Err(wrong), ..) => return again(wrong),
        (Ok(_), missing, _) => return again(missing),
    };
    let found = desk.engine.audit(query).await.map_err(|error| unreadable(&error))?;
    let events: usize = found.entries.iter().map(|(_, entry)| entry.events.len()).sum();
    if found.next_before.is_some() || events > ROWS_MAX {
        let mut errors = FormErrors::default();
        errors.add("from", format!("この期間の記録は{ROWS_MAX}行を超えます。期間を短くするか、絞り込んでください。"));
        return again(errors);
    }
    let rows = u32::try_from(events).unwrap_or(u32::MAX);
    let (engine, entries) = (desk.engine.clone(), found.entries);
    let encoding = TableEncoding::Utf8Bom;
    let file = tokio::task::spawn_blocking(move || write_table(&HEADING, &table(&engine, &entries), encoding)).await;
    let file = file.map_err(|_| StaffProblem::Internal)?.expect("UTF-8 has every character");
    desk.engine.note_audit_export(reason, rows, staff.by()).await?;
    Ok(table_answer(file, &format!("audit-{}.csv", desk.engine.now().city_day()), encoding))
}

/// The fields that were left empty.
fn missing(form: &ExportForm) -> FormErrors {
    let mut errors = FormErrors::default();
    let fields = [
        ("from", &form.from, "いつからの記録かを入力してください。"),
        ("to", &form.to, "いつまでの記録かを入力してください。"),
        ("reason", &form.reason, "書き出す目的を選んでください。"),
    ];
    for (field, typed, says) in fields {
        if given(typed).is_none() || field == "reason" && ExportReason::of_code(typed).is_none() {
            errors.add(field, says);
        }
    }
    errors
}

/// A row for each event.
fn table(engine: &EngineHandle, entries: &[(u64, Entry)]) -> Vec<Vec<String>> {
    let mut table = Vec::new();
    for (seq, entry) in entries {
        for event in &entry.events {
            let said = sentence(engine, event);
            let people: Vec<String> = said.people.iter().map(ToString::to_string).collect();
            table.push(vec![
                seq.to_string(),
                entry.at.to_rfc3339(),
                rows::who(&entry.by),
                rows::call(&entry.by),
                kind_words(EventKind::of(event)).into(),
                said.says,
                people.join(" "),
                said.people_count.to_string(),
            ]);
        }
    }
    table
}
