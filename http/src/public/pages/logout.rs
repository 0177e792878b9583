//! `POST /logout`. Whoever is not logged in is out already.

use axum::extract::{Request, State};
use axum::http::header::SET_COOKIE;
use axum::response::Response;

use super::go_to;
use super::visitor::Visitor;
use crate::auth::cookie::{self, CookieName};
use crate::problem::Problem;
use crate::public::desk::App;

pub(crate) async fn post_logout(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    if let Ok(login) = visitor.login(&desk) {
        desk.log_out(&login).await?;
    }
    let mut answer = go_to("/");
    if let Some(cookie) = cookie::remove(CookieName::Login, visitor.client.https) {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(answer)
}
