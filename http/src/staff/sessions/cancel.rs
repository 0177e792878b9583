//! `/sessions/{session}/cancel`: the city cancels a session. Its bookings are counted first, and the count is typed.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::PlannedSession;
use sesshu_engine::core::session::SessionPhase;

use super::line::SessionLine;
use super::one::named;
use super::typed::number;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

#[derive(Template)]
#[template(path = "staff/sessions/cancel.html")]
struct CancelPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    line: SessionLine,
    bookings: usize,
    typed: &'a str,
}

#[derive(Deserialize)]
pub(in crate::staff) struct CancelForm {
    #[serde(default)]
    count: String,
}

fn show(
    desk: &StaffDesk,
    staff: &Staff,
    planned: &PlannedSession,
    typed: &str,
    errors: FormErrors,
) -> Result<Response, StaffProblem> {
    let line = SessionLine::of(planned, &desk.engine.campaign_setup(), desk.engine.now());
    let bookings = desk.engine.bookings_to_cancel(line.id);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    page(status, &CancelPage { f: desk.frame(Some(staff)), errors, line, bookings, typed })
}

/// The session, if it can be cancelled.
fn standing(desk: &StaffDesk, id: &str) -> Result<PlannedSession, StaffProblem> {
    let planned = named(desk, id)?;
    match planned.session.phase {
        SessionPhase::Published { .. } | SessionPhase::Closed { .. } => Ok(planned),
        SessionPhase::Cancelled { .. } => Err(StaffProblem::Conflict("この接種会は、すでに中止されています。".into())),
        SessionPhase::Draft | SessionPhase::Discarded => Err(StaffProblem::NotFound),
    }
}

pub(in crate::staff) async fn get_cancel(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, StaffProblem> {
    let planned = standing(&desk, &id)?;
    show(&desk, &staff, &planned, "", FormErrors::default())
}

pub(in crate::staff) async fn post_cancel(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
    StaffForm(form): StaffForm<CancelForm>,
) -> Result<Response, StaffProblem> {
    let planned = standing(&desk, &id)?;
    let bookings = desk.engine.bookings_to_cancel(planned.session.id);
    let mut errors = FormErrors::default();
    if number(&form.count) != u64::try_from(bookings).ok() {
        errors.add("count", format!("取り消される予約の数（{bookings}）を入力してください。"));
        return show(&desk, &staff, &planned, &form.count, errors);
    }
    match desk.engine.begin_to_cancel(planned.session.id, staff.by()).await {
        Ok(()) => {
            go_on(&desk, &staff, &planned);
            Ok(go_to(&format!("/sessions/{id}?done=cancel")))
        }
        Err(error) => show(&desk, &staff, &planned, &form.count, FormErrors::whole(campaign_words(&error))),
    }
}

/// Goes on where a fault has stopped the cancelling.
pub(in crate::staff) async fn post_cancel_rest(
    State(desk): State<Console>,
    staff: Staff,
    Path(id): Path<String>,
) -> Result<Response, StaffProblem> {
    let planned = named(&desk, &id)?;
    if !matches!(planned.session.phase, SessionPhase::Cancelled { .. }) {
        return Err(StaffProblem::NotFound);
    }
    go_on(&desk, &staff, &planned);
    Ok(go_to(&format!("/sessions/{id}?done=cancel")))
}

/// Cancels the bookings beside the answer: there may be many, and the page tells how many are left. Whoever does it twice changes
/// nothing: each booking ends once.
fn go_on(desk: &Console, staff: &Staff, planned: &PlannedSession) {
    let (engine, by, session) = (desk.engine.clone(), staff.by(), planned.session.id);
    tokio::spawn(async move {
        if let Err(error) = engine.cancel_session(session, by).await {
            tracing::error!(%error, session = session.0, "bookings of a cancelled session are left; the page goes on with them");
        }
    });
}
