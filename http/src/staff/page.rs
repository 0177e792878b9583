//! A page as answer, and the way on to another.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};

use super::problem::StaffProblem;
use crate::shell::OwnBody;

/// A page. One with an error status, such as a form that comes back, says itself what is wrong.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Result<Response, StaffProblem> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page of the console cannot be rendered");
        StaffProblem::Internal
    })?;
    let mut answer = (status, html).into_response();
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer.extensions_mut().insert(OwnBody);
    Ok(answer)
}

/// On to another page, so that a reload sends nothing twice.
pub(super) fn go_to(href: &str) -> Response {
    Redirect::to(href).into_response()
}
