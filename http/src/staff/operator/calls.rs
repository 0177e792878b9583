//! `/calls`: a call begins with its reason.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::staff::CallReason;

use super::call::{CallBar, person_href, reason_words};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/operator/calls.html")]
struct CallsPage<'a> {
    f: Frame<'a>,
    /// The call that is going on, and where it goes on.
    running: Option<(CallBar, String)>,
    /// Each reason with its key.
    reasons: Vec<(usize, &'static str, &'static str)>,
    ended: bool,
    not_identified: bool,
}

#[derive(Deserialize)]
pub(in crate::staff) struct CallsQuery {
    #[serde(default)]
    ended: String,
}

pub(in crate::staff) async fn get_calls(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<CallsQuery>,
) -> Result<Response, StaffProblem> {
    let running = desk.engine.running_call(&staff.login).map(|call| {
        let on_line = call.resident.is_some();
        (CallBar::of(&call), if on_line { person_href(&call) } else { format!("/calls/{}", call.call) })
    });
    let reasons = (1..).zip(CallReason::ALL).map(|(key, reason)| (key, reason.code(), reason_words(*reason))).collect();
    let (ended, not_identified) = (query.ended == "yes", query.ended == "not_identified");
    page(StatusCode::OK, &CallsPage { f: desk.frame(Some(&staff)), running, reasons, ended, not_identified })
}

#[derive(Deserialize)]
pub(in crate::staff) struct OpenForm {
    #[serde(default)]
    reason: String,
}

pub(in crate::staff) async fn post_calls(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<OpenForm>,
) -> Result<Response, StaffProblem> {
    let reason = CallReason::of_code(&form.reason)
        .ok_or_else(|| StaffProblem::Invalid("電話の用件を選んでください。".into()))?;
    let call = desk.engine.open_call(&staff.login, reason).await?;
    Ok(go_to(&format!("/calls/{}", call.call)))
}
