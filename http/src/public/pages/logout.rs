//! `/logout`. Whoever is not logged in is out already. Afterwards nothing of the person is left in the browser, and the next one
//! of the family can go on.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{HeaderName, HeaderValue, SET_COOKIE};
use axum::response::Response;

use super::frame::Frame;
use super::visitor::Visitor;
use super::{go_to, page};
use crate::auth::cookie::{self, CookieName};
use crate::problem::Problem;
use crate::public::desk::App;

/// Pages of the person that the browser keeps for its back button go too.
const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    f: Frame<'a>,
}

/// That nobody is logged in, and how the next person goes on; or the button, for whoever is.
pub(crate) async fn get_logout(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    page(&visitor, StatusCode::OK, &LogoutPage { f: visitor.frame(&desk) })
}

pub(crate) async fn post_logout(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    if let Ok(login) = visitor.login() {
        desk.log_out(&login).await?;
    }
    let mut answer = go_to("/logout");
    let headers = answer.headers_mut();
    headers.extend(cookie::remove(CookieName::Login, visitor.client.https).map(|cookie| (SET_COOKIE, cookie)));
    headers.insert(CLEAR_SITE_DATA, HeaderValue::from_static("\"cache\""));
    Ok(answer)
}
