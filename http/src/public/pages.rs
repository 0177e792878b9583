//! The pages that people see: one thing per page, nothing that needs a script. They ask the desk, as the JSON interface does,
//! and never decide.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};

pub(crate) mod again;
pub(crate) mod assets;
pub(crate) mod book;
pub(crate) mod calendar;
pub(crate) mod cancel;
pub(crate) mod change;
pub(crate) mod choose;
pub(crate) mod confirm;
pub(crate) mod contact;
pub(crate) mod done;
pub(crate) mod draw;
pub(crate) mod frame;
pub(crate) mod hold;
pub(crate) mod login;
mod login_wait;
pub(crate) mod logout;
pub(crate) mod my;
pub(crate) mod nearest;
mod own;
pub(crate) mod place;
pub(crate) mod qr;
pub(crate) mod reading;
pub(crate) mod refused;
pub(crate) mod slip;
pub(crate) mod theme;
pub(crate) mod top;
pub(crate) mod visitor;
pub(crate) mod wait;

use crate::problem::{Code, Problem};
use visitor::Visitor;

/// A page as answer. What the visitor has just said about their reading is kept.
fn page(visitor: &Visitor, status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Problem::from(Code::Internal)
    })?;
    let mut response = (status, html).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    for cookie in visitor.cookies() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// On to another page, so that a reload sends nothing twice.
fn go_to(href: &str) -> Response {
    Redirect::to(href).into_response()
}
