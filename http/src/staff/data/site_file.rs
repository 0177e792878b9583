//! `/site/file`: all that the city says on the resident pages as one file, out and in. What comes in is shown first.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::site::Site;
use sesshu_engine::roll::{Lang as WordsIn, SITE_FILE_BYTES_MAX, SiteError, parse_site, write_site};

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::download;
use super::site::change_words;
use super::site_form::Typed;
use super::upload::Upload;
use crate::site_flags::site_flags;

/// A file that waits for its confirmation.
pub(super) struct SiteDraft {
    site: Site,
    /// What is worth a look.
    flags: Vec<SiteError>,
    /// The revision that its changes were shown against.
    shown: u64,
}

#[derive(Template)]
#[template(path = "staff/data/site_file.html")]
struct FilePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    /// What is wrong with a file that was sent.
    wrong: Vec<Line>,
    bytes_max_mib: usize,
}

#[derive(Template)]
#[template(path = "staff/data/site_check.html")]
struct CheckPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    changes: Vec<(String, &'static str)>,
    flags: Vec<Line>,
}

struct Line {
    number: u64,
    place: String,
    reason: String,
}

impl Line {
    fn of(error: &SiteError) -> Self {
        Self { number: error.line, place: error.place.to_string(), reason: error.reason.text(WordsIn::Ja) }
    }
}

pub(in crate::staff) async fn get_file(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    file(&desk, &staff, StatusCode::OK, FormErrors::default(), Vec::new())
}

fn file(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    wrong: Vec<Line>,
) -> Result<Response, StaffProblem> {
    let bytes_max_mib = SITE_FILE_BYTES_MAX / (1024 * 1024);
    page(status, &FilePage { f: desk.frame(Some(staff)), errors, wrong, bytes_max_mib })
}

pub(in crate::staff) async fn get_toml(State(desk): State<Console>) -> Response {
    download::file(write_site(&desk.engine.site()).into_bytes(), "site.toml", "application/toml; charset=utf-8")
}

pub(in crate::staff) async fn post_file(
    State(desk): State<Console>,
    staff: Staff,
    upload: Upload,
) -> Result<Response, StaffProblem> {
    let mut errors = FormErrors::default();
    if upload.file.is_empty() {
        errors.add("file", "ファイルを選んでください。");
        return file(&desk, &staff, StatusCode::BAD_REQUEST, errors, Vec::new());
    }
    let read = tokio::task::spawn_blocking(move || parse_site(&upload.file)).await;
    let read = read.map_err(|_| StaffProblem::Internal)?;
    if !read.errors.is_empty() {
        errors.add("file", format!("誤りが{}件あります。何も変わっていません。", read.errors.len()));
        return file(&desk, &staff, StatusCode::BAD_REQUEST, errors, read.errors.iter().map(Line::of).collect());
    }
    let flags = site_flags(&desk.engine, &read);
    let draft = SiteDraft { site: read.site, flags, shown: desk.engine.site().revision };
    desk.data.site_files.put(&staff.login, desk.engine.now(), Arc::new(draft));
    Ok(go_to("/site/file/check"))
}

pub(in crate::staff) async fn get_check(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    match desk.data.site_files.get(&staff.login, desk.engine.now()) {
        Some(draft) => check(&desk, &staff, &draft, StatusCode::OK, FormErrors::default()),
        None => Ok(go_to("/site/file")),
    }
}

fn check(
    desk: &StaffDesk,
    staff: &Staff,
    draft: &SiteDraft,
    status: StatusCode,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let changes = change_words(&desk.engine.site().changes_to(&draft.site));
    let flags = draft.flags.iter().map(Line::of).collect();
    page(status, &CheckPage { f: desk.frame(Some(staff)), errors, changes, flags })
}

pub(in crate::staff) async fn post_confirm(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(_nothing): StaffForm<Typed>,
) -> Result<Response, StaffProblem> {
    let Some(draft) = desk.data.site_files.get(&staff.login, desk.engine.now()) else {
        return Ok(go_to("/site/file"));
    };
    if desk.say(draft.site.clone(), draft.shown, &staff, 0).await?.is_ok() {
        desk.data.site_files.take(&staff.login, desk.engine.now());
        return Ok(go_to("/site?done=saved"));
    }
    // Shown anew against what is said now.
    let shown = desk.engine.site().revision;
    let again = Arc::new(SiteDraft { site: draft.site.clone(), flags: draft.flags.clone(), shown });
    desk.data.site_files.put(&staff.login, desk.engine.now(), Arc::clone(&again));
    let says = "確認のあいだに、ほかの人が内容を変えました。下はいまの内容との違いです。もう一度確かめてください。";
    check(&desk, &staff, &again, StatusCode::CONFLICT, FormErrors::whole(says))
}
