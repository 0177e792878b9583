//! `PUT /bookings/{number}`: another place for the same booking.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::number;
use crate::problem::{Problem, ProblemBody};
use crate::public::api::booking::BookingsBody;
use crate::public::api::json;
use crate::public::api::places::NewPlaceBody;
use crate::public::body::{read_body, read_json, request_key};
use crate::public::desk::App;

#[utoipa::path(put, path = "/api/v1/bookings/{number}", request_body = NewPlaceBody,
    params(("number" = String, Path), ("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters")),
    responses(
    (status = 200, description = "Moved; the number stays", body = BookingsBody),
    (status = 400, description = "`invalid`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 401, description = "`login_required`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "`no_such_booking`, `no_such_slot`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "`key_reused`, `too_late`, then as for bookings", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`: more holds and changes in a minute than anybody makes", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`busy`, `unavailable`", body = ProblemBody, content_type = "application/problem+json"),
), security(("bearer" = []), ("cookie" = [])))]
pub(crate) async fn put_booking(
    State(desk): State<App>,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let client = desk.config.client(&parts.extensions, &parts.headers);
    let login = desk.login_of(&parts.headers, client.https)?;
    let key = request_key(&parts.headers)?;
    let bytes = read_body(&desk.config, &parts.headers, body).await?;
    let (session, slot) = read_json::<NewPlaceBody>(&parts.headers, &bytes)?.place();
    let done = desk.change(&login, number(&text)?, session, slot, key).await?;
    Ok(json(StatusCode::OK, &BookingsBody::from(&*done.bookings)))
}
