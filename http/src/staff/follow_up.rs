//! `/follow-up`: whom the city has to reach about a booking, why, how, and what came of it.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::BookingNumber;
use sesshu_engine::core::staff::{ExportReason, FollowUp, Reached};
use sesshu_engine::roll::{TableEncoding, write_table};
use sesshu_engine::{FollowUpPage, FollowUpQuery, FollowUpRow};

use super::desk::{Console, Staff, StaffDesk};
use super::download::table_answer;
use super::form::{FormErrors, StaffForm, StaffQuery};
use super::frame::Frame;
use super::page::{go_to, page};
use super::problem::StaffProblem;
use super::venue::InWords;
use super::words::export_reason_words;

/// Which part of the lists a page shows, as its address says it. Forms carry it along.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct ListQuery {
    /// The list by its code; empty is all of them.
    #[serde(default)]
    why: String,
    /// `1` for those with whom nothing is left to do.
    #[serde(default)]
    done: String,
    /// How many to pass over.
    #[serde(default)]
    skip: String,
}

impl ListQuery {
    fn read(&self) -> Result<FollowUpQuery, StaffProblem> {
        let why =
            if self.why.is_empty() { None } else { Some(FollowUp::of_code(&self.why).ok_or(StaffProblem::NotFound)?) };
        let skip = if self.skip.is_empty() { Ok(0) } else { self.skip.parse() };
        let skip = skip.map_err(|_| StaffProblem::NotFound)?;
        Ok(FollowUpQuery { why, done: self.done == "1", skip })
    }
}

/// The address of a part of the lists.
fn href(query: FollowUpQuery) -> String {
    let why = query.why.map_or("", FollowUp::code);
    format!("/follow-up?why={why}&done={}&skip={}", u8::from(query.done), query.skip)
}

/// A list with how many are on it.
struct ListLink {
    words: String,
    href: String,
    count: usize,
    is_here: bool,
}

/// A reason for an export, as its form offers it.
struct ReasonChoice {
    code: &'static str,
    words: &'static str,
    /// Whether it was chosen, kept after an error.
    is_chosen: bool,
}

#[derive(Template)]
#[template(path = "staff/follow_up/lists.html")]
struct ListsPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    query: FollowUpQuery,
    lists: Vec<ListLink>,
    /// The same list with those who are done, or who are not.
    others: ListLink,
    shown: FollowUpPage,
    next_href: Option<String>,
    reasons: Vec<ReasonChoice>,
    /// What was chosen, kept after an error.
    encoding: &'a str,
}

impl ListsPage<'_> {
    fn why(&self) -> &'static str {
        self.query.why.map_or("", FollowUp::code)
    }

    /// Whether CP932 was chosen.
    fn is_cp932(&self) -> bool {
        self.encoding == TableEncoding::Cp932.code()
    }

    fn done(&self) -> u8 {
        u8::from(self.query.done)
    }
}

pub(super) async fn get_follow_up(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<ListQuery>,
) -> Result<Response, StaffProblem> {
    let query = query.read()?;
    lists_page(&desk, &staff, query, StatusCode::OK, FormErrors::default(), "", "").await
}

async fn lists_page(
    desk: &StaffDesk,
    staff: &Staff,
    query: FollowUpQuery,
    status: StatusCode,
    errors: FormErrors,
    reason: &str,
    encoding: &str,
) -> Result<Response, StaffProblem> {
    let shown = desk.engine.follow_ups(query, &staff.by()).await?;
    let of = |(open, done): (usize, usize), wanted: bool| if wanted { done } else { open };
    let count = |why: Option<FollowUp>, wanted: bool| -> usize {
        let counted = FollowUp::ALL.iter().zip(&shown.counts);
        counted.filter(|(one, _)| why.is_none_or(|why| why == **one)).map(|(_, counts)| of(*counts, wanted)).sum()
    };
    let link = |why: Option<FollowUp>, done: bool, words: String| {
        let to = FollowUpQuery { why, done, skip: 0 };
        ListLink { words, href: href(to), count: count(why, done), is_here: why == query.why }
    };
    let all = std::iter::once((None, "すべて".to_owned()));
    let lists = all.chain(FollowUp::ALL.iter().map(|why| (Some(*why), why.words())));
    let lists = lists.map(|(why, words)| link(why, query.done, words)).collect();
    let others = if query.done { "まだの人" } else { "済んだ人" };
    let others = link(query.why, !query.done, others.to_owned());
    let next_href = shown.next_skip.map(|skip| href(FollowUpQuery { skip, ..query }));
    let choice = |one: &ExportReason| ReasonChoice {
        code: one.code(),
        words: export_reason_words(*one),
        is_chosen: one.code() == reason,
    };
    let reasons = ExportReason::ALL.iter().map(choice).collect();
    let f = desk.frame(Some(staff));
    page(status, &ListsPage { f, errors, query, lists, others, shown, next_href, reasons, encoding })
}

#[derive(Deserialize)]
pub(super) struct ReachedForm {
    #[serde(default)]
    about: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    reached: String,
    #[serde(default)]
    why: String,
    #[serde(default)]
    done: String,
    #[serde(default)]
    skip: String,
}

pub(super) async fn post_follow_up(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ReachedForm>,
) -> Result<Response, StaffProblem> {
    let back = ListQuery { why: form.why, done: form.done, skip: form.skip }.read()?;
    let number: BookingNumber = form.number.parse().map_err(|_| StaffProblem::NotFound)?;
    let about = FollowUp::of_code(&form.about).ok_or(StaffProblem::NotFound)?;
    let reached = Reached::of_code(&form.reached);
    let reached = reached.ok_or_else(|| StaffProblem::Invalid("結果を選んでください。".into()))?;
    desk.engine.follow_up(about, number, reached, staff.by()).await?;
    Ok(go_to(&href(back)))
}

#[derive(Deserialize)]
pub(super) struct ExportForm {
    #[serde(default)]
    why: String,
    #[serde(default)]
    done: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    encoding: String,
}

pub(super) async fn post_follow_up_export(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<ExportForm>,
) -> Result<Response, StaffProblem> {
    desk.exports_go_on()?;
    let query = ListQuery { why: form.why, done: form.done, skip: String::new() }.read()?;
    let mut errors = FormErrors::default();
    let reason = ExportReason::of_code(&form.reason);
    if reason.is_none() {
        errors.add("reason", "何に使うかを選んでください。");
    }
    let encoding = TableEncoding::of_code(&form.encoding);
    if encoding.is_none() {
        errors.add("encoding", "文字コードを選んでください。");
    }
    let (Some(reason), Some(encoding)) = (reason, encoding) else {
        let status = StatusCode::BAD_REQUEST;
        return lists_page(&desk, &staff, query, status, errors, &form.reason, &form.encoding).await;
    };
    let rows = desk.engine.export_follow_ups(query, reason, &staff.by()).await?;
    let header =
        ["理由", "氏名カナ", "予約番号", "会場", "日付", "開始", "回数", "連絡方法", "連絡先", "結果", "担当", "日時"];
    match write_table(&header, &rows.iter().map(line).collect::<Vec<_>>(), encoding) {
        Ok(bytes) => Ok(table_answer(bytes, "follow-up.csv", encoding)),
        Err(wrong) => {
            let (line, character) = (wrong.line, wrong.character);
            let says = format!("{line}行目の「{character}」はCP932で書けません。UTF-8を選んでください。");
            errors.add("encoding", says);
            lists_page(&desk, &staff, query, StatusCode::CONFLICT, errors, &form.reason, &form.encoding).await
        }
    }
}

fn line(row: &FollowUpRow) -> Vec<String> {
    let (kind, contact) =
        row.contact.as_ref().map_or_else(Default::default, |(kind, value)| (kind.words(), value.clone()));
    let done = row.followed_up.as_ref();
    vec![
        row.why.words(),
        row.name_kana.clone(),
        row.booking.number.grouped(),
        row.booking.venue.name.clone(),
        row.booking.date.to_string(),
        row.booking.start.to_string(),
        row.booking.dose.to_string(),
        kind,
        contact,
        done.map_or_else(String::new, |done| done.reached.words()),
        done.and_then(|done| done.by.as_deref()).unwrap_or_default().to_owned(),
        done.map_or_else(String::new, |done| done.at.to_rfc3339()),
    ]
}
