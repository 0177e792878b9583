//! The JSON interface for residents under `/api/v1`: one file a noun, shapes beside them.

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use serde::Serialize;

use text::AsText;

pub(crate) mod booking;
pub(crate) mod bookings;
pub(crate) mod days;
pub(crate) mod docs;
pub(crate) mod holds;
pub(crate) mod lists;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod me;
pub(crate) mod notices;
pub(crate) mod places;
pub(crate) mod queue;
pub(crate) mod sessions;
mod text;

/// A JSON answer.
fn json(status: StatusCode, body: &impl Serialize) -> Response {
    let mut bytes = Vec::with_capacity(512);
    // Our shapes have text keys and no failing parts, so that writing them into memory cannot fail.
    if serde_json::to_writer(&mut bytes, body).is_err() {
        bytes.clear();
    }
    json_bytes(status, bytes.into())
}

fn json_bytes(status: StatusCode, bytes: Bytes) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// Writes a value as its text: ids, dates and times are strings in JSON.
fn as_text<T: AsText, S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(value.as_text().as_str())
}
