//! What surrounds every handler of the console: networks that may reach it, who is signed in, the bound on requests at once, the
//! deadline, the net for panics, the security headers, and the rendering of problems.

use std::panic::AssertUnwindSafe;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use askama::Template;
use axum::extract::{MatchedPath, Request, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;

use super::desk::{Console, Staff, StaffDesk};
use super::frame::Frame;
use super::page::page;
use super::problem::StaffProblem;
use crate::cross_site::is_from_insecure_page;
use crate::secure_headers::SecureHeaders;
use crate::shell::OwnBody;

/// How long somebody who is sent away waits, in seconds.
const RETRY_AFTER_S: u32 = 3;

static HEADERS: LazyLock<SecureHeaders> = LazyLock::new(SecureHeaders::of_pages);

/// The layer.
pub(super) async fn shell(State(desk): State<Console>, mut request: Request, next: Next) -> Response {
    let client = desk.config.client(request.extensions(), request.headers());
    let changes = !request.method().is_safe();
    let allowed = desk.config.allows(client.address);
    let staff = if allowed { desk.staff_of(request.headers(), request.uri(), client) } else { None };
    let answer = if !allowed {
        Err(StaffProblem::OtherNetwork)
    } else if changes && client.https && is_from_insecure_page(request.headers()) {
        Err(StaffProblem::CrossSite)
    } else if let Some(_inside) = Inside::enter(&desk) {
        request.extensions_mut().insert(client);
        if let Some(staff) = &staff {
            request.extensions_mut().insert(staff.clone());
        }
        worked_on(&desk, request, next, changes).await
    } else {
        Err(StaffProblem::Busy)
    };
    let mut answer = rendered(answer.unwrap_or_else(IntoResponse::into_response), &desk, staff.as_ref());
    HEADERS.add(answer.headers_mut(), client.https);
    answer
}

async fn worked_on(desk: &StaffDesk, request: Request, next: Next, changes: bool) -> Result<Response, StaffProblem> {
    let route = request.extensions().get::<MatchedPath>().cloned();
    let work = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(desk.config.request_timeout, work).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_panic)) => {
            tracing::error!(
                route = route.as_ref().map_or("none", MatchedPath::as_str),
                "a handler of the console panicked"
            );
            Err(StaffProblem::Internal)
        }
        // Nobody knows how far a change got; a mere question can be asked again.
        Err(_) if changes => Err(StaffProblem::Unavailable),
        Err(_) => Err(StaffProblem::Busy),
    }
}

/// A place among the requests that are worked on at once; given back when dropped.
struct Inside<'a>(&'a AtomicUsize);

impl<'a> Inside<'a> {
    fn enter(desk: &'a StaffDesk) -> Option<Self> {
        let inside = Self(&desk.requests_in_flight);
        let before = inside.0.fetch_add(1, Ordering::Relaxed);
        (before < desk.config.requests_in_flight_max).then_some(inside)
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Template)]
#[template(path = "staff/problem.html")]
struct ProblemPage<'a> {
    f: Frame<'a>,
    problem: &'a StaffProblem,
    signed_out: bool,
}

/// Gives an answer that stands for a problem its page.
fn rendered(mut answer: Response, desk: &StaffDesk, staff: Option<&Staff>) -> Response {
    let status = answer.status();
    let is_page = answer.extensions().get::<OwnBody>().is_some();
    if is_page || !status.is_client_error() && !status.is_server_error() {
        return answer;
    }
    let problem = answer.extensions_mut().remove().unwrap_or_else(|| StaffProblem::of_status(status));
    let shown = ProblemPage { f: desk.frame(staff), signed_out: problem == StaffProblem::SignedOut, problem: &problem };
    // The page of a problem that cannot be rendered either has no body; its status still tells.
    let mut rendered = page(status, &shown).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    for (name, value) in answer.headers() {
        if *name != CONTENT_TYPE && *name != CONTENT_LENGTH {
            rendered.headers_mut().append(name, value.clone());
        }
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        rendered.headers_mut().insert(RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S));
    }
    rendered
}
