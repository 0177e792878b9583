//! `/site`: what the city says on the resident pages: announcements, wordings, venues, colours; and the way back to what it said
//! before the last change.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::site::{Announcement, AnnouncementKind, Site};
use sesshu_engine::core::site_change::{ChangeKind, SiteChange};
use sesshu_engine::core::time::Instant;

use super::super::dates::instant_words;
use super::super::desk::{Console, Staff, StaffDesk};
use super::super::form::{FormErrors, StaffForm, StaffQuery};
use super::super::frame::Frame;
use super::super::page::{go_to, page};
use super::super::problem::StaffProblem;
use super::site_form::{Typed, revision};

#[derive(Template)]
#[template(path = "staff/data/site.html")]
struct SitePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'static str,
    revision: u64,
    announcements: Vec<Line>,
    texts: usize,
    /// What taking the last change back would change: what, and how.
    back: Vec<(String, &'static str)>,
}

struct Line {
    id: Box<str>,
    kind: &'static str,
    title: Box<str>,
    when: String,
    state: &'static str,
}

#[derive(Deserialize)]
pub(in crate::staff) struct DoneQuery {
    #[serde(default)]
    done: String,
}

pub(in crate::staff) async fn get_site(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<DoneQuery>,
) -> Result<Response, StaffProblem> {
    let done = match query.done.as_str() {
        "saved" => "保存しました。住民の画面に、すぐに反映されます。",
        "deleted" => "お知らせを削除しました。下の「1つ前に戻す」で元に戻せます。",
        "undone" => "1つ前の内容に戻しました。",
        _ => "",
    };
    site(&desk, &staff, StatusCode::OK, FormErrors::default(), done)
}

fn site(
    desk: &StaffDesk,
    staff: &Staff,
    status: StatusCode,
    errors: FormErrors,
    done: &'static str,
) -> Result<Response, StaffProblem> {
    let (site, before, now) = (desk.engine.site(), desk.engine.site_before(), desk.engine.now());
    let shown = SitePage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        revision: site.revision,
        announcements: site.announcements.iter().map(|one| Line::of(one, now)).collect(),
        texts: site.texts.values().map(std::collections::BTreeMap::len).sum(),
        back: change_words(&site.changes_to(&before)),
    };
    page(status, &shown)
}

impl Line {
    fn of(one: &Announcement, now: Instant) -> Self {
        let state = match one.shown_from {
            _ if one.is_shown(now) => "○ 表示中",
            Some(from) if now < from => "－ これから",
            _ => "－ 終了",
        };
        let end = |instant: Option<Instant>| instant.map_or_else(String::new, instant_words);
        let when = match (one.shown_from, one.shown_until) {
            (None, None) => "ずっと".into(),
            (from, until) => format!("{} 〜 {}", end(from), end(until)),
        };
        Self { id: one.id.clone(), kind: kind_words(one.kind), title: one.title.ja.clone(), when, state }
    }
}

/// A kind of announcement as staff call it.
pub(super) const fn kind_words(kind: AnnouncementKind) -> &'static str {
    match kind {
        AnnouncementKind::Information => "お知らせ",
        AnnouncementKind::Maintenance => "メンテナンス",
        AnnouncementKind::Urgent => "緊急",
    }
}

/// Changes as staff read them: what, and how.
pub(super) fn change_words(changes: &[SiteChange]) -> Vec<(String, &'static str)> {
    let one = |change: &SiteChange| {
        let mut words = change.place.0.iter().map(|word| &**word);
        let what = match words.next() {
            Some("theme") => "色",
            Some("bring") => "持ち物",
            Some("announcement") => "お知らせ",
            Some("venue") => "会場",
            _ => "文言",
        };
        let rest: Vec<&str> = words.collect();
        let what = if rest.is_empty() { what.to_owned() } else { format!("{what} {}", rest.join(" ")) };
        let how = match change.how {
            ChangeKind::New => "追加",
            ChangeKind::Changed => "変更",
            ChangeKind::Gone => "削除",
            ChangeKind::Reordered => "並べ替え",
        };
        (what, how)
    };
    changes.iter().map(one).collect()
}

pub(in crate::staff) async fn post_undo(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(typed): StaffForm<Typed>,
) -> Result<Response, StaffProblem> {
    let before = Site::clone(&desk.engine.site_before());
    match desk.say(before, revision(&typed), &staff, 0).await? {
        Ok(()) => Ok(go_to("/site?done=undone")),
        Err(errors) => site(&desk, &staff, StatusCode::CONFLICT, errors, ""),
    }
}
