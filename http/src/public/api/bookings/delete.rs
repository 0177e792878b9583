//! `DELETE /bookings/{number}`: the place is free again.

use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::number;
use crate::problem::{Problem, ProblemBody};
use crate::public::api::booking::BookingsBody;
use crate::public::api::json;
use crate::public::desk::App;

#[utoipa::path(delete, path = "/api/v1/bookings/{number}", params(("number" = String, Path)), responses(
    (status = 200, description = "Cancelled, with the doses that cannot stand without it; again: the same", body = BookingsBody),
    (status = 401, description = "`login_required`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 404, description = "`no_such_booking`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 409, description = "`too_late`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`busy`, `unavailable`", body = ProblemBody, content_type = "application/problem+json"),
), security(("bearer" = []), ("cookie" = [])))]
pub(crate) async fn delete_booking(
    State(desk): State<App>,
    Path(text): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let client = desk.config.client(request.extensions(), request.headers());
    let login = desk.login_of(request.headers(), client.https)?;
    let cancelled = desk.cancel(&login, number(&text)?).await?;
    Ok(json(StatusCode::OK, &BookingsBody::from(&*cancelled)))
}
