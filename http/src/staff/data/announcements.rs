//! `/site/announcements`: what the city announces on the resident pages, shown beforehand as it will look.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::site::{Announcement, AnnouncementKind, Site};
use sesshu_engine::core::time::Instant;

use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::site::kind_words;
use super::site_form::{Field, Typed, fields, revision, said, text, worded};

#[derive(Template)]
#[template(path = "staff/data/announcement.html")]
struct AnnouncementPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    /// Its id; none for a new one.
    id: Option<&'a str>,
    revision: u64,
    /// Code, words, whether it is this one.
    kinds: Vec<(&'static str, &'static str, bool)>,
    /// Field, label, value.
    moments: [(&'static str, &'static str, String); 2],
    titles: Vec<Field>,
    bodies: Vec<Field>,
    /// What it will look like, language by language.
    preview: Vec<Preview>,
    kind: &'static str,
}

struct Preview {
    lang: &'static str,
    html: &'static str,
    title: String,
    body: String,
}

pub(in crate::staff) async fn get_new(State(desk): State<Console>, staff: Staff) -> Result<Response, StaffProblem> {
    shown(&desk, &staff, StatusCode::OK, FormErrors::default(), None, &Typed::new(), false)
}

pub(in crate::staff) async fn get_announcement(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, StaffProblem> {
    let site = desk.engine.site();
    let one = site.announcements.iter().find(|one| *one.id == *id).ok_or(StaffProblem::NotFound)?;
    shown(&desk, &staff, StatusCode::OK, FormErrors::default(), Some(&id), &as_typed(one), false)
}

/// An announcement as its form would send it.
fn as_typed(one: &Announcement) -> Typed {
    let instant = |at: Option<Instant>| at.map_or_else(String::new, local);
    let mut typed = Typed::from([
        ("kind".into(), one.kind.code().into()),
        ("shown_from".into(), instant(one.shown_from)),
        ("shown_until".into(), instant(one.shown_until)),
    ]);
    for (name, words) in [("title", &one.title), ("body", &one.body)] {
        typed.extend(fields(name, |lang| said(words, lang)).into_iter().map(|field| (field.id, field.value)));
    }
    typed
}

/// An instant as a browser's field for date and time has it.
fn local(at: Instant) -> String {
    format!("{}T{}", at.city_day(), at.city_clock())
}

fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    id: Option<&str>,
    typed: &Typed,
    preview: bool,
) -> Result<Response, StaffProblem> {
    let value = |id: &str| typed.get(id).cloned().unwrap_or_default();
    let chosen = kind_of(typed);
    let of = |name: &'static str| fields(name, |lang| value(&format!("{name}-{}", lang.code())));
    let (titles, bodies) = (of("title"), of("body"));
    let previews = titles.iter().zip(&bodies).filter(|(title, _)| preview && !title.value.trim().is_empty());
    let previews = previews.map(|(title, body)| Preview {
        lang: title.lang,
        html: title.html,
        title: title.value.clone(),
        body: body.value.clone(),
    });
    let announcement = AnnouncementPage {
        f: desk.frame(Some(staff)),
        id,
        revision: desk.engine.site().revision,
        kinds: AnnouncementKind::ALL.map(|kind| (kind.code(), kind_words(kind), kind == chosen)).to_vec(),
        moments: [
            ("shown_from", "表示を始める日時（空欄：すぐに）", value("shown_from")),
            ("shown_until", "表示を終える日時（空欄：削除するまで）", value("shown_until")),
        ],
        preview: previews.collect(),
        errors,
        titles,
        bodies,
        kind: chosen.code(),
    };
    page(status, &announcement)
}

fn kind_of(typed: &Typed) -> AnnouncementKind {
    let code = typed.get("kind").map_or("", String::as_str);
    AnnouncementKind::ALL.into_iter().find(|kind| kind.code() == code).unwrap_or_default()
}

pub(in crate::staff) async fn post_new(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(typed): StaffForm<Typed>,
) -> Result<Response, StaffProblem> {
    put(&desk, &staff, None, &typed).await
}

pub(in crate::staff) async fn post_announcement(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffForm(typed): StaffForm<Typed>,
) -> Result<Response, StaffProblem> {
    put(&desk, &staff, Some(&id), &typed).await
}

/// Shows, changes or adds one; a new one stands first, and gets its name from the moment.
async fn put(desk: &StaffDesk, staff: &Staff, id: Option<&str>, typed: &Typed) -> Result<Response, StaffProblem> {
    let mut next = Site::clone(&desk.engine.site());
    let at = match id {
        Some(id) => Some(next.announcements.iter().position(|one| *one.id == *id).ok_or(StaffProblem::NotFound)?),
        None => None,
    };
    if typed.get("do").is_some_and(|what| what == "preview") {
        return shown(desk, staff, StatusCode::OK, FormErrors::default(), id, typed, true);
    }
    let before = at.map(|at| next.announcements[at].clone());
    let mut errors = FormErrors::default();
    let shown_from = instant(typed, "shown_from", &mut errors);
    let shown_until = instant(typed, "shown_until", &mut errors);
    if !errors.is_empty() {
        return shown(desk, staff, StatusCode::BAD_REQUEST, errors, id, typed, false);
    }
    let new_id = || format!("a{}", desk.engine.now().0).into();
    let one = Announcement {
        id: before.as_ref().map_or_else(new_id, |before| before.id.clone()),
        kind: kind_of(typed),
        shown_from,
        shown_until,
        title: worded(typed, "title", before.as_ref().map(|before| &before.title)),
        body: worded(typed, "body", before.as_ref().map(|before| &before.body)),
    };
    match at {
        Some(at) => next.announcements[at] = one,
        None => next.announcements.insert(0, one),
    }
    match desk.say(next, revision(typed), staff, 2).await? {
        Ok(()) => Ok(go_to("/site?done=saved")),
        Err(errors) => shown(desk, staff, StatusCode::BAD_REQUEST, errors, id, typed, false),
    }
}

/// The instant in a field; an empty one is none.
fn instant(typed: &Typed, id: &'static str, errors: &mut FormErrors) -> Option<Instant> {
    let typed = text(typed, id);
    let read = typed.parse().ok();
    if read.is_none() && !typed.is_empty() {
        errors.add(id, "日付と時刻を、2026-12-01 09:00 のように入力してください。");
    }
    read
}

pub(in crate::staff) async fn post_delete(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffForm(typed): StaffForm<Typed>,
) -> Result<Response, StaffProblem> {
    let mut next = Site::clone(&desk.engine.site());
    let at = next.announcements.iter().position(|one| *one.id == *id).ok_or(StaffProblem::NotFound)?;
    let gone = next.announcements.remove(at);
    match desk.say(next, revision(&typed), &staff, 0).await? {
        Ok(()) => Ok(go_to("/site?done=deleted")),
        Err(errors) => shown(&desk, &staff, StatusCode::CONFLICT, errors, Some(&id), &as_typed(&gone), false),
    }
}
