//! `/notices/{no}`: one notice, what was said of it, how it goes on, who was told, and whom to call.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_monitor::core::notice::{Notice, NoticeKind, NoticeNo};
use sesshu_monitor::core::order::Order;
use sesshu_monitor::core::time::WallMs;

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm, StaffQuery};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::new::{Preview, preview_of};
use super::record::way_words;
use super::typed::TypedNotice;
use super::words::{at, kind_words, phase_words, plain, usual_end};

#[derive(Template)]
#[template(path = "staff/notices/one.html")]
struct OnePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    no: u64,
    kind: &'static str,
    phase: &'static str,
    open: bool,
    /// When planned work is.
    planned: Option<(String, String)>,
    sayings: Vec<Saying>,
    typed: &'a TypedNotice,
    preview: Vec<Preview>,
    mark: String,
    end: EndTexts,
    contacts: usize,
    told: Vec<ToldRow>,
    calls: Vec<CallRow>,
    done: &'a str,
}

struct Saying {
    at: String,
    by: String,
    texts: Vec<Preview>,
}

/// The usual text of the end.
struct EndTexts {
    ja: String,
    easy: String,
    en: String,
}

struct ToldRow {
    at: String,
    to: String,
    way: &'static str,
    result: &'static str,
    answer: String,
}

struct CallRow {
    name: String,
    number: String,
    /// When and how the latest call ended.
    called: Option<(String, &'static str)>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct OneQuery {
    #[serde(default)]
    done: String,
}

pub(in crate::staff) async fn get_one(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
    StaffQuery(query): StaffQuery<OneQuery>,
) -> Result<Response, StaffProblem> {
    let notice = found(&desk, &no)?;
    let typed = TypedNotice::default();
    show(&desk, &staff, StatusCode::OK, FormErrors::default(), &notice, &typed, false, &query.done)
}

pub(super) fn found(desk: &StaffDesk, no: &str) -> Result<Notice, StaffProblem> {
    let no = no.parse().map(NoticeNo).map_err(|_| StaffProblem::NotFound)?;
    desk.monitor()?.board().state.notice(no).cloned().ok_or(StaffProblem::NotFound)
}

pub(in crate::staff) async fn post_one(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
    StaffForm(typed): StaffForm<TypedNotice>,
) -> Result<Response, StaffProblem> {
    let notice = found(&desk, &no)?;
    let text = typed.text();
    let same = notice.latest().map(|saying| &saying.text) == text.checked().ok().as_ref();
    // A form that is sent twice says it once.
    if typed.is_to_be_said() && same && (typed.end == "yes") == notice.ended_at.is_some() {
        return Ok(go_to(&format!("/notices/{}?done=said", notice.no.0)));
    }
    if notice.ended_at.is_some() {
        return Err(StaffProblem::Conflict("このお知らせは、すでに終わっています。".into()));
    }
    let (_, errors) = typed.checked(desk.engine.now());
    if !errors.is_empty() {
        return show(&desk, &staff, StatusCode::BAD_REQUEST, errors, &notice, &typed, false, "");
    }
    if !typed.is_to_be_said() {
        return show(&desk, &staff, StatusCode::OK, FormErrors::default(), &notice, &typed, true, "");
    }
    let (no, by) = (notice.no, format!("staff:{}", staff.login).into());
    let end = typed.end == "yes";
    let order = if end { Order::EndNotice { no, text, by } } else { Order::UpdateNotice { no, text, by } };
    match desk.ask_monitor(order).await? {
        Ok(_) => Ok(go_to(&format!("/notices/{}?done=said", no.0))),
        Err(errors) => show(&desk, &staff, StatusCode::BAD_REQUEST, errors, &notice, &typed, false, ""),
    }
}

/// A call that was made.
#[derive(Deserialize)]
pub(in crate::staff) struct CalledForm {
    #[serde(default)]
    contact: String,
    #[serde(default)]
    reached: String,
}

pub(in crate::staff) async fn post_called(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
    StaffForm(form): StaffForm<CalledForm>,
) -> Result<Response, StaffProblem> {
    let notice = found(&desk, &no)?;
    let reached = match &*form.reached {
        "yes" => true,
        "no" => false,
        _ => return Err(StaffProblem::Invalid("つながったかどうかを選んでください。".into())),
    };
    let by = format!("staff:{}", staff.login).into();
    let (contact, no) = (form.contact.into(), Some(notice.no));
    match desk.ask_monitor(Order::LogCall { contact, incident: None, notice: no, reached, by }).await? {
        Ok(_) => Ok(go_to(&format!("/notices/{}?done=called#calls", notice.no.0))),
        Err(_) => Err(StaffProblem::Invalid("連絡先が正しくありません。".into())),
    }
}

#[allow(clippy::too_many_arguments, reason = "the page and its form in one of its states")]
fn show(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    notice: &Notice,
    typed: &TypedNotice,
    preview: bool,
    done: &str,
) -> Result<Response, StaffProblem> {
    let board = desk.monitor()?.board();
    let usual = usual_end(notice.kind);
    let told = board.state.told_of(notice.no).into_iter().map(|one| ToldRow {
        at: at(one.at),
        way: way_words(one.channel),
        result: one.result.words(),
        to: one.to.into(),
        answer: one.answer.into(),
    });
    let calls = board.state.to_call(&board.contacts, notice.no);
    let calls = calls.iter().map(|call| CallRow {
        name: call.contact.name.to_string(),
        number: call.number.to_owned(),
        called: call.called.map(|call| (at(call.at), if call.reached { "つながった" } else { "つながらなかった" })),
    });
    let one = OnePage {
        f: desk.frame(Some(staff)),
        errors,
        no: notice.no.0,
        kind: kind_words(notice.kind),
        phase: phase_words(notice.phase(WallMs(desk.engine.now().0))),
        open: notice.ended_at.is_none(),
        planned: match notice.kind {
            NoticeKind::Maintenance { from, until } => Some((at(from), at(until))),
            NoticeKind::Failure => None,
        },
        sayings: notice
            .sayings
            .iter()
            .rev()
            .map(|saying| Saying { at: at(saying.at), by: saying.by.to_string(), texts: preview_of(&saying.text) })
            .collect(),
        preview: if preview { preview_of(&typed.text()) } else { Vec::new() },
        mark: typed.mark(),
        end: EndTexts {
            ja: plain(&usual.ja),
            easy: usual.easy.unwrap_or_default().into(),
            en: usual.en.unwrap_or_default().into(),
        },
        typed,
        contacts: board.contacts.iter().filter(|contact| contact.notices && !contact.channels.is_empty()).count(),
        told: told.collect(),
        calls: calls.collect(),
        done,
    };
    page(status, &one)
}
