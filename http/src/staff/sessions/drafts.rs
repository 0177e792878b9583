//! `/sessions/drafts`: what is drafted and what was thrown away, which can be taken up again.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::SessionId;

use super::line::{SessionLine, Standing, all_lines};
use super::typed::Typed;
use crate::staff::desk::{Console, Staff, StaffDesk};
use crate::staff::form::{FormErrors, StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;
use crate::staff::words::campaign_words;

#[derive(Template)]
#[template(path = "staff/sessions/drafts.html")]
struct DraftsPage<'a> {
    f: Frame<'a>,
    errors: FormErrors,
    done: &'a str,
    drafts: Vec<SessionLine>,
    discarded: Vec<SessionLine>,
    places: u64,
    proposed: bool,
}

#[derive(Deserialize)]
pub(in crate::staff) struct DraftsQuery {
    #[serde(default)]
    done: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct RestoreForm {
    #[serde(default)]
    id: String,
}

fn show(desk: &StaffDesk, staff: &Staff, done: &str, errors: FormErrors) -> Result<Response, StaffProblem> {
    let (setup, now) = (desk.engine.campaign_setup(), desk.engine.now());
    let mut lines = all_lines(&desk.engine.planned_sessions(), &setup, now);
    let discarded = lines.extract_if(.., |line| line.standing == Standing::Discarded).collect();
    lines.retain(|line| line.standing == Standing::Draft);
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::CONFLICT };
    let shown = DraftsPage {
        f: desk.frame(Some(staff)),
        errors,
        done,
        places: lines.iter().map(|line| line.places).sum(),
        drafts: lines,
        discarded,
        proposed: setup.proposal.is_some(),
    };
    page(status, &shown)
}

pub(in crate::staff) async fn get_drafts(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<DraftsQuery>,
) -> Result<Response, StaffProblem> {
    show(&desk, &staff, &query.done, FormErrors::default())
}

pub(in crate::staff) async fn post_discard(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(fields): StaffForm<Vec<(String, String)>>,
) -> Result<Response, StaffProblem> {
    let chosen: Result<Vec<SessionId>, _> = Typed(fields).all("id").map(str::parse).collect();
    let chosen = chosen.map_err(|_| StaffProblem::NotFound)?;
    if chosen.is_empty() {
        return show(&desk, &staff, "", FormErrors::whole("破棄する下書きを選んでください。"));
    }
    match desk.engine.discard_drafts(&chosen, staff.by()).await {
        Ok(()) => Ok(go_to("/sessions/drafts?done=discarded")),
        Err(error) => show(&desk, &staff, "", FormErrors::whole(campaign_words(&error))),
    }
}

pub(in crate::staff) async fn post_restore(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<RestoreForm>,
) -> Result<Response, StaffProblem> {
    let id: SessionId = form.id.parse().map_err(|_| StaffProblem::NotFound)?;
    match desk.engine.restore_draft(id, staff.by()).await {
        Ok(()) => Ok(go_to("/sessions/drafts?done=restored")),
        Err(error) => show(&desk, &staff, "", FormErrors::whole(campaign_words(&error))),
    }
}
