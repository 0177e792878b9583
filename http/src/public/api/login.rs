//! `POST /login`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::json;
use crate::auth::ticket::Purpose;
use crate::problem::ProblemBody;
use crate::public::body::{read_body, read_json};
use crate::public::desk::App;
use crate::public::logins::NotIn;

/// The letter's ID and password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LoginRequest)]
pub(crate) struct LoginBody {
    /// 4–20 digits of any width; hyphens and spaces do not matter.
    #[schema(example = "0012345678")]
    id: String,
    #[schema(format = Password)]
    password: String,
    /// What the login is for: `book`, or `view` to see, change or cancel. While people go in by turns each has a line of its own, and a
    /// login for `view` takes new places only from its turn on.
    #[serde(default, rename = "for")]
    #[schema(example = "book", default = "book", value_type = Option<String>)]
    purpose: PurposeBody,
}

/// See [`LoginBody::purpose`].
#[derive(Deserialize, Default, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum PurposeBody {
    #[default]
    Book,
    View,
}

impl From<PurposeBody> for Purpose {
    fn from(purpose: PurposeBody) -> Self {
        match purpose {
            PurposeBody::Book => Self::Book,
            PurposeBody::View => Self::View,
        }
    }
}

/// A login.
#[derive(Serialize, ToSchema)]
#[schema(as = Login)]
pub(crate) struct LoggedInBody {
    name_kana: String,
    /// To be sent as `Authorization: Bearer`, unless the cookie is used.
    token: String,
    /// RFC 3339.
    expires_at: String,
}

#[utoipa::path(post, path = "/api/v1/login", request_body = LoginBody,
    params(("X-Sesshu-Ticket" = Option<String>, Header, description = "The ticket of an earlier answer, for clients that keep no cookies")), responses(
    (status = 200, description = "Logged in; the answer also sets the cookie", body = LoggedInBody),
    (status = 400, description = "`invalid`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 401, description = "`invalid_credentials`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 429, description = "`too_many_attempts`", body = ProblemBody, content_type = "application/problem+json"),
    (status = 503, description = "`busy`; with `ahead` and `estimate_seconds` while people go in by turns: come back with the ticket of the answer, as cookie or header `X-Sesshu-Ticket`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn post_login(State(desk): State<App>, request: Request) -> Result<Response, NotIn> {
    let (parts, body) = request.into_parts();
    let client = desk.config.client(&parts.extensions, &parts.headers);
    let bytes = read_body(&desk.config, &parts.headers, body).await?;
    let typed: LoginBody = read_json(&parts.headers, &bytes)?;
    let granted = desk.log_in((&typed.id, &typed.password), typed.purpose.into(), &parts.headers, client).await?;
    let expires_at = granted.expires_at.to_rfc3339();
    let mut answer =
        json(StatusCode::OK, &LoggedInBody { name_kana: granted.name_kana, token: granted.token, expires_at });
    for cookie in granted.cookies.into_iter().flatten() {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}
