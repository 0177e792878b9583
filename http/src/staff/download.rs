//! A table as answer: saved, not shown, and never kept on the way.

use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};
use sesshu_engine::roll::TableEncoding;

/// A table under the name `name`, which is of ASCII letters, digits, hyphens and dots.
pub(super) fn table_answer(bytes: Vec<u8>, name: &str, encoding: TableEncoding) -> Response {
    let mut answer = bytes.into_response();
    let headers = [
        (CONTENT_TYPE, format!("text/csv; charset={}", encoding.charset())),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    for (header, value) in headers {
        if let Ok(value) = HeaderValue::try_from(value) {
            answer.headers_mut().insert(header, value);
        }
    }
    answer
}
