//! `/calls/{call}/end`: a call ends with what came of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::CallError;
use sesshu_engine::core::staff::{CallId, CallOutcome};

use super::call::{CallBar, InCall, person_href};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::StaffForm;
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/operator/end.html")]
struct EndPage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    back: String,
    /// Each outcome with its key.
    outcomes: Vec<(usize, &'static str, &'static str)>,
}

pub(in crate::staff) async fn get_end(State(desk): State<Console>, within: InCall) -> Result<Response, StaffProblem> {
    let call = &within.call;
    let back = if call.resident.is_some() { person_href(call) } else { format!("/calls/{}", call.call) };
    let outcomes =
        (1..).zip(CallOutcome::ALL).map(|(key, outcome)| (key, outcome.code(), outcome_words(*outcome))).collect();
    page(StatusCode::OK, &EndPage { f: desk.frame(Some(&within.staff)), bar: CallBar::of(call), back, outcomes })
}

#[derive(Deserialize)]
pub(in crate::staff) struct EndForm {
    #[serde(default)]
    outcome: String,
}

/// Ending a call again changes nothing, so the call need not be going on.
pub(in crate::staff) async fn post_end(
    State(desk): State<Console>,
    staff: Staff,
    Path(call): Path<String>,
    StaffForm(form): StaffForm<EndForm>,
) -> Result<Response, StaffProblem> {
    let call: CallId = call.parse().map_err(|_| StaffProblem::NotFound)?;
    let outcome =
        CallOutcome::of_code(&form.outcome).ok_or_else(|| match desk.engine.see_call(&staff.login, call) {
            Some(_) => StaffProblem::Invalid("電話の結果を選んでください。".into()),
            None => StaffProblem::NotFound,
        })?;
    match desk.engine.end_call(&staff.login, call, outcome).await {
        Ok(()) => Ok(go_to("/calls?ended=yes")),
        Err(CallError::Refused(refusal)) => Err(refusal.into()),
        Err(CallError::NoSuchCall | CallError::Repeated | CallError::TooManyLookups { .. }) => {
            Err(StaffProblem::NotFound)
        }
    }
}

const fn outcome_words(outcome: CallOutcome) -> &'static str {
    match outcome {
        CallOutcome::Done => "用件が済んだ",
        CallOutcome::NothingToDo => "手続きは要らなかった",
        CallOutcome::NoPlace => "希望に合う枠がなかった",
        CallOutcome::NotIdentified => "ご本人と確認できなかった",
        CallOutcome::Dropped => "電話が切れた",
    }
}
