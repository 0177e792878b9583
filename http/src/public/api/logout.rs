//! `POST /logout`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};

use crate::auth::cookie::{self, CookieName};
use crate::problem::{Problem, ProblemBody};
use crate::public::desk::App;

#[utoipa::path(post, path = "/api/v1/logout", responses(
    (status = 204, description = "Logged out; the token has ended"),
    (status = 401, description = "`login_required`", body = ProblemBody, content_type = "application/problem+json"),
), security(("bearer" = []), ("cookie" = [])))]
pub(crate) async fn post_logout(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let client = desk.config.client(&parts.extensions, &parts.headers);
    let login = desk.login_of(&parts.headers, client.https)?;
    desk.log_out(&login).await?;
    let mut answer = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie::remove(CookieName::Login, client.https) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}
