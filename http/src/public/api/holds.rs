//! `POST /holds` and `DELETE /holds/{hold}`.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sesshu_engine::core::ids::HoldId;
use sesshu_engine::core::refusal::RefusalCode;
use utoipa::ToSchema;

use super::places::PlacesBody;
use super::{as_text, json};
use crate::problem::{Problem, ProblemBody};
use crate::public::body::{read_body, read_json};
use crate::public::desk::App;

/// A hold.
#[derive(Serialize, ToSchema)]
#[schema(as = Hold)]
pub(crate) struct HoldBody {
    /// Its name, for `DELETE /holds/{hold}`.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "00c0ffee00c0ffee")]
    hold: HoldId,
    /// RFC 3339.
    expires_at: String,
}

#[utoipa::path(post, path = "/api/v1/holds", request_body = PlacesBody, responses(
    (status = 201, description = "The place is kept; it replaces one's old hold", body = HoldBody),
    (status = 400, description = "`invalid`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 401, description = "`login_required`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "`no_such_slot`, `no_such_booking`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "As for bookings", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`: more holds and changes in a minute than anybody makes", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`queued`: others come first, with `ahead`, `estimate_seconds` and `places_left`; `busy`; `paused`: no new bookings are taken over the web for now", body = ProblemBody, content_type = "application/problem+json"),
), security(("bearer" = []), ("cookie" = [])))]
pub(crate) async fn post_holds(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let client = desk.config.client(&parts.extensions, &parts.headers);
    let login = desk.login_of(&parts.headers, client.https)?;
    let bytes = read_body(&desk.config, &parts.headers, body).await?;
    let (legs, changes) = read_json::<PlacesBody>(&parts.headers, &bytes)?.into_hold()?;
    let hold = desk.hold(&login, legs, changes).await?;
    Ok(json(StatusCode::CREATED, &HoldBody { hold: hold.id, expires_at: hold.expires_at.to_rfc3339() }))
}

#[utoipa::path(delete, path = "/api/v1/holds/{hold}", params(("hold" = String, Path)), responses(
    (status = 204, description = "The place is free again"),
    (status = 401, description = "`login_required`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "`no_such_hold`", body = ProblemBody, content_type = "application/problem+json"),
), security(("bearer" = []), ("cookie" = [])))]
pub(crate) async fn delete_hold(
    State(desk): State<App>,
    Path(hold): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let client = desk.config.client(request.extensions(), request.headers());
    let login = desk.login_of(request.headers(), client.https)?;
    let hold: HoldId = hold.parse().map_err(|_| RefusalCode::NoSuchHold)?;
    desk.release(&login, hold).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
