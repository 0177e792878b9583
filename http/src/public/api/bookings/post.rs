//! `POST /bookings`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use crate::problem::{Problem, ProblemBody};
use crate::public::api::booking::BookingsBody;
use crate::public::api::json;
use crate::public::api::places::PlacesBody;
use crate::public::body::{read_body, read_json, request_key};
use crate::public::desk::App;

#[utoipa::path(post, path = "/api/v1/bookings", request_body = PlacesBody,
    params(("Idempotency-Key" = String, Header, description = "1–64 visible ASCII characters; the same key gives the same answer")),
    responses(
    (status = 201, description = "Booked, durably", body = BookingsBody),
    (status = 200, description = "The same key again: the first answer", body = BookingsBody),
    (status = 400, description = "`invalid`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 401, description = "`login_required`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "`no_such_slot`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "`key_reused`, `not_open`, `closed`, `not_eligible`, `already_booked`, `interval`, `full`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`: more holds and changes in a minute than anybody makes", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`queued`: others come first, with `ahead`, `estimate_seconds` and `places_left`; `busy`; `paused`: no new bookings are taken over the web for now; `unavailable`: the outcome is not known, repeat with the same key", body = ProblemBody, content_type = "application/problem+json"),
), security(("bearer" = []), ("cookie" = [])))]
pub(crate) async fn post_bookings(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let client = desk.config.client(&parts.extensions, &parts.headers);
    let login = desk.login_of(&parts.headers, client.https)?;
    let key = request_key(&parts.headers)?;
    let bytes = read_body(&desk.config, &parts.headers, body).await?;
    let legs = read_json::<PlacesBody>(&parts.headers, &bytes)?.into_booking()?;
    let done = desk.book(&login, legs, key).await?;
    let status = if done.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok(json(status, &BookingsBody::from(&*done.bookings)))
}
