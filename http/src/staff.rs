//! The listener for staff, as far as this release goes: it says that the console opens later.

use axum::Router;
use axum::response::Html;
use axum::routing::get;

use crate::secure_headers;

/// The routes of the staff listener.
pub fn staff_router() -> Router {
    Router::new().route("/", get(async || Html(include_str!("../assets/staff.html")))).layer(
        axum::middleware::map_response(async |mut response: axum::response::Response| {
            secure_headers::add(response.headers_mut(), false, false);
            response
        }),
    )
}
