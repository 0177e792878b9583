//! A file as answer: saved, never shown, never kept on the way.

use axum::body::Body;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use sesshu_engine::roll::TableEncoding;

/// A table under the name `name`, which is of ASCII letters, digits, hyphens and dots.
pub(super) fn table(bytes: Vec<u8>, name: &str, encoding: TableEncoding) -> Response {
    file(bytes, name, &format!("text/csv; charset={}", encoding.charset()))
}

/// A file under the name `name`.
pub(super) fn file(bytes: Vec<u8>, name: &str, kind: &str) -> Response {
    let mut answer = Body::from(bytes).into_response();
    let headers = answer.headers_mut();
    let headers_of =
        [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""))];
    for (header, value) in headers_of {
        headers.extend(HeaderValue::try_from(value).ok().map(|value| (header, value)));
    }
    answer
}
