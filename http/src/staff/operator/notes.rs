//! `POST /calls/{call}/{turn}/clinic` and `/password`: what is noted about the person on the line.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::call::OnLine;
use crate::staff::desk::Console;
use crate::staff::form::StaffForm;
use crate::staff::page::go_to;
use crate::staff::problem::StaffProblem;

#[derive(Deserialize)]
pub(in crate::staff) struct ClinicForm {
    #[serde(default)]
    clinic: String,
}

/// Notes that a clinic vaccinates them, or takes that back.
pub(in crate::staff) async fn post_clinic(
    State(desk): State<Console>,
    line: OnLine,
    StaffForm(form): StaffForm<ClinicForm>,
) -> Result<Response, StaffProblem> {
    desk.engine.note_clinic(line.resident, form.clinic == "yes", line.by()).await?;
    Ok(go_to(&line.base()))
}

/// Asks for a new password, which goes by post to the address that the city has: nobody here sees or sets one.
pub(in crate::staff) async fn post_password(
    State(desk): State<Console>,
    line: OnLine,
) -> Result<Response, StaffProblem> {
    desk.engine.request_password(line.resident, line.by()).await?;
    Ok(go_to(&line.base()))
}
