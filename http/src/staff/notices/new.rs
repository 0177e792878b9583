//! `/notices/new`: a new notice. It is shown as people will read it before it is said.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_monitor::core::notice::NoticeText;
use sesshu_monitor::core::order::{Done, Order};

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm, StaffQuery};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::typed::TypedNotice;
use super::words::{plain, usual_failure, usual_maintenance};

#[derive(Template)]
#[template(path = "staff/notices/new.html")]
struct NewPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    typed: &'a TypedNotice,
    /// What is shown before it is said; empty before that.
    preview: Vec<Preview>,
    mark: String,
    contacts: usize,
    by_hand: usize,
}

/// The text in one language.
pub(super) struct Preview {
    pub(super) name: &'static str,
    pub(super) html: &'static str,
    pub(super) said: String,
    /// Whether the Japanese text stands in for it.
    pub(super) stands_in: bool,
}

/// The text as people read it, language by language.
pub(super) fn preview_of(text: &NoticeText) -> Vec<Preview> {
    let languages = [("日本語", "ja", "ja"), ("やさしい日本語", "ja", "ja-easy"), ("English", "en", "en")];
    let one = |(name, html, code)| {
        let (said, own) = text.for_readers_of(code);
        Preview { name, html: if own { html } else { "ja" }, said: plain(said), stands_in: !own }
    };
    languages.into_iter().map(one).collect()
}

#[derive(Deserialize)]
pub(in crate::staff) struct NewQuery {
    #[serde(default)]
    kind: String,
}

pub(in crate::staff) async fn get_new(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<NewQuery>,
) -> Result<Response, StaffProblem> {
    let maintenance = query.kind == "maintenance";
    let usual = if maintenance { usual_maintenance() } else { usual_failure() };
    let typed = TypedNotice {
        kind: if maintenance { "maintenance" } else { "failure" }.into(),
        ja: usual.ja.into(),
        easy: usual.easy.unwrap_or_default().into(),
        en: usual.en.unwrap_or_default().into(),
        ..TypedNotice::default()
    };
    show(&desk, &staff, StatusCode::OK, FormErrors::default(), &typed, false)
}

pub(in crate::staff) async fn post_new(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(typed): StaffForm<TypedNotice>,
) -> Result<Response, StaffProblem> {
    let (kind, errors) = typed.checked(desk.engine.now());
    if !errors.is_empty() {
        return show(&desk, &staff, StatusCode::BAD_REQUEST, errors, &typed, false);
    }
    if !typed.is_to_be_said() {
        return show(&desk, &staff, StatusCode::OK, FormErrors::default(), &typed, true);
    }
    let text = typed.text();
    let known = text.checked().ok();
    let board = desk.monitor()?.board();
    let mut open = board.state.notices.iter().filter(|notice| notice.ended_at.is_none() && notice.kind == kind);
    // A form that is sent twice says it once.
    if let Some(same) = open.find(|notice| notice.latest().map(|saying| &saying.text) == known.as_ref()) {
        return Ok(go_to(&format!("/notices/{}?done=said", same.no.0)));
    }
    let by = format!("staff:{}", staff.login).into();
    let quiet = typed.quiet == "yes";
    match desk.ask_monitor(Order::GiveNotice { kind, text, by, quiet }).await? {
        Ok(Done::Notice(no, _)) => Ok(go_to(&format!("/notices/{}?done=said", no.0))),
        Ok(_) => Ok(go_to("/notices")),
        Err(errors) => show(&desk, &staff, StatusCode::BAD_REQUEST, errors, &typed, false),
    }
}

fn show(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    typed: &TypedNotice,
    preview: bool,
) -> Result<Response, StaffProblem> {
    let board = desk.monitor()?.board();
    let wanting = board.contacts.iter().filter(|contact| contact.notices);
    let (written, by_hand): (Vec<_>, Vec<_>) = wanting.partition(|contact| !contact.channels.is_empty());
    let new = NewPage {
        f: desk.frame(Some(staff)),
        errors,
        preview: if preview { preview_of(&typed.text()) } else { Vec::new() },
        mark: typed.mark(),
        typed,
        contacts: written.len(),
        by_hand: by_hand.len(),
    };
    page(status, &new)
}
