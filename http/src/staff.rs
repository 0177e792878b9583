//! The listener for staff, as far as this release goes: it says that the console opens later.

use std::sync::Arc;

use axum::Router;
use axum::response::{Html, Response};
use axum::routing::get;

use crate::secure_headers::SecureHeaders;

/// The routes of the staff listener.
pub fn staff_router() -> Router {
    let headers = Arc::new(SecureHeaders::of_pages());
    let with_headers = move |mut response: Response| {
        headers.add(response.headers_mut(), false);
        std::future::ready(response)
    };
    let page = get(async || Html(include_str!("../assets/staff.html")));
    Router::new().route("/", page).layer(axum::middleware::map_response(with_headers))
}
