//! Closing and opening again: one session at its page, or many at `/sessions/close` in an emergency.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::SessionId;
use sesshu_engine::core::time::Day;

use super::fields::Choice;
use super::line::{SessionLine, Standing, all_lines};
use super::one::{named, show};
use super::typed::{Typed, number};
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

#[derive(Template)]
#[template(path = "staff/sessions/close.html")]
struct ClosePage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'a str,
    scope: &'a Scope,
    venues: Vec<Choice>,
    /// What would be closed.
    open: Vec<SessionLine>,
    closed: Vec<SessionLine>,
    places: u64,
    booked: u64,
    typed: &'a str,
}

/// Which sessions: all, those of a venue, those of a day, or those of a venue on a day.
#[derive(Deserialize, Default)]
pub(in crate::staff) struct Scope {
    #[serde(default)]
    venue: String,
    #[serde(default)]
    day: String,
    #[serde(default)]
    done: String,
    /// The count that was typed.
    #[serde(default)]
    count: String,
}

impl Scope {
    /// Whether it is one that names a day rightly, if it names one.
    fn day(&self) -> Result<Option<Day>, &'static str> {
        if self.day.is_empty() {
            return Ok(None);
        }
        self.day.parse().map(Some).map_err(|_| "日付を2026-12-05のように入力してください。")
    }

    fn holds(&self, line: &SessionLine, day: Option<Day>) -> bool {
        (self.venue.is_empty() || line.venue_id.to_string() == self.venue) && day.is_none_or(|day| line.date == day)
    }
}

const fn takes_bookings(standing: Standing) -> bool {
    matches!(standing, Standing::BeforeOpen | Standing::Open | Standing::Full)
}

fn shown(
    desk: &StaffDesk,
    staff: &Staff,
    scope: &Scope,
    day: Option<Day>,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let (setup, now) = (desk.engine.campaign_setup(), desk.engine.now());
    let mut open = all_lines(&desk.engine.planned_sessions(), &setup, now);
    let closed = open.extract_if(.., |line| line.standing == Standing::Closed).collect();
    open.retain(|line| takes_bookings(line.standing) && scope.holds(line, day));
    let venue = |venue: &std::sync::Arc<sesshu_engine::core::setup::Venue>| {
        let value = venue.id.to_string();
        Choice { chosen: value == scope.venue, label: venue.name.clone(), value }
    };
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let shown = ClosePage {
        f: desk.frame(Some(staff)),
        errors,
        done: &scope.done,
        scope,
        venues: setup.venues.iter().map(venue).collect(),
        places: open.iter().map(|line| line.free).sum(),
        booked: open.iter().map(|line| u64::from(line.booked)).sum(),
        open,
        closed,
        typed: &scope.count,
    };
    page(status, &shown)
}

pub(in crate::staff) async fn get_close(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(scope): StaffQuery<Scope>,
) -> Result<Response, StaffProblem> {
    let mut errors = FormErrors::default();
    let day = scope.day().unwrap_or_else(|says| {
        errors.add("day", says);
        None
    });
    shown(&desk, &staff, &scope, day, errors)
}

pub(in crate::staff) async fn post_close(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(scope): StaffForm<Scope>,
) -> Result<Response, StaffProblem> {
    let mut errors = FormErrors::default();
    let day = match scope.day() {
        Ok(day) => day,
        Err(says) => {
            errors.add("day", says);
            return shown(&desk, &staff, &scope, None, errors);
        }
    };
    let (setup, now) = (desk.engine.campaign_setup(), desk.engine.now());
    let lines = all_lines(&desk.engine.planned_sessions(), &setup, now);
    let open = lines.iter().filter(|line| takes_bookings(line.standing) && scope.holds(line, day));
    let open: Vec<SessionId> = open.map(|line| line.id).collect();
    if open.is_empty() {
        errors = FormErrors::whole("受付を止める接種会がありません。");
    } else if number(&scope.count) != u64::try_from(open.len()).ok() {
        errors.add("count", format!("止める接種会の数（{}）を入力してください。", open.len()));
    } else {
        let (closed, result) = desk.engine.close_sessions(&open, staff.by()).await;
        match result {
            Ok(()) => return Ok(go_to("/sessions/close?done=closed")),
            Err(error) => {
                let says =
                    format!("{closed}回の接種会の受付を止めました。残りは止まっていません：{}", campaign_words(&error));
                errors = FormErrors::whole(says);
            }
        }
    }
    shown(&desk, &staff, &scope, day, errors)
}

pub(in crate::staff) async fn post_reopen_many(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(fields): StaffForm<Vec<(String, String)>>,
) -> Result<Response, StaffProblem> {
    let chosen: Result<Vec<SessionId>, _> = Typed(fields).all("id").map(str::parse).collect();
    let chosen = chosen.map_err(|_| StaffProblem::NotFound)?;
    let scope = Scope::default();
    if chosen.is_empty() {
        return shown(&desk, &staff, &scope, None, FormErrors::whole("受付を再開する接種会を選んでください。"));
    }
    for (made, id) in chosen.into_iter().enumerate() {
        if let Err(error) = desk.engine.reopen_session(id, staff.by()).await {
            let says = format!("{made}回の接種会の受付を再開しました。次で止まりました：{}", campaign_words(&error));
            return shown(&desk, &staff, &scope, None, FormErrors::whole(says));
        }
    }
    Ok(go_to("/sessions/close?done=reopened"))
}

pub(in crate::staff) async fn post_close_one(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, StaffProblem> {
    let planned = named(&desk, &id)?;
    match desk.engine.close_session(planned.session.id, staff.by()).await {
        Ok(()) => Ok(go_to(&format!("/sessions/{id}?done=closed"))),
        Err(error) => show(&desk, &staff, &planned, None, "", FormErrors::whole(campaign_words(&error))),
    }
}

pub(in crate::staff) async fn post_reopen_one(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, StaffProblem> {
    let planned = named(&desk, &id)?;
    match desk.engine.reopen_session(planned.session.id, staff.by()).await {
        Ok(()) => Ok(go_to(&format!("/sessions/{id}?done=reopened"))),
        Err(error) => show(&desk, &staff, &planned, None, "", FormErrors::whole(campaign_words(&error))),
    }
}
