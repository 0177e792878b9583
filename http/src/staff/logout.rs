//! `/logout`: ends it here, not only in the browser.

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::desk::Console;
use super::page::go_to;
use crate::auth::cookie::{self, CookieName};
use crate::config::Client;

pub(super) async fn post_logout(
    State(desk): State<Console>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
) -> Response {
    if let Some(token) = cookie::read(&headers, CookieName::Staff, client.https) {
        desk.sign_out(token).await;
    }
    let mut answer = go_to("/login?done=logout");
    answer.headers_mut().extend(cookie::remove(CookieName::Staff, client.https).map(|cookie| (SET_COOKIE, cookie)));
    answer
}
