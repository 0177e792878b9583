//! The pages that people see: one thing per page, nothing that needs a script. They ask the desk, as the JSON interface does,
//! and never decide.

use askama::Template;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};

pub(crate) mod assets;
pub(crate) mod book;
pub(crate) mod calendar;
pub(crate) mod cancel;
pub(crate) mod change;
pub(crate) mod choose;
pub(crate) mod confirm;
pub(crate) mod contact;
pub(crate) mod done;
pub(crate) mod frame;
pub(crate) mod hold;
pub(crate) mod login;
pub(crate) mod logout;
pub(crate) mod my;
pub(crate) mod nearest;
pub(crate) mod place;
pub(crate) mod qr;
pub(crate) mod reading;
pub(crate) mod refused;
pub(crate) mod slip;
pub(crate) mod theme;
pub(crate) mod top;
pub(crate) mod visitor;

use crate::problem::{Code, Problem};
use crate::ready::gzip_for;
use visitor::Visitor;

/// From this size on, in bytes, a page about a person is compressed: smaller ones arrive at once on a slow line too, and in the rush
/// the work is better spent elsewhere.
const PACKED_BYTES_MIN: usize = 12 * 1024;

/// A page as answer. What the visitor has just said about their reading is kept.
fn page(visitor: &Visitor, status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let html = template.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be rendered");
        Problem::from(Code::Internal)
    })?;
    let mut response = match packed(visitor.headers(), &html) {
        None => (status, html).into_response(),
        Some(packed) => (status, [(CONTENT_ENCODING, "gzip")], packed).into_response(),
    };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    for cookie in visitor.cookies() {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The page compressed, if it is large and its asker reads that.
fn packed(headers: &HeaderMap, html: &str) -> Option<Bytes> {
    if html.len() >= PACKED_BYTES_MIN { gzip_for(headers, html.as_bytes()) } else { None }
}

/// On to another page, so that a reload sends nothing twice.
fn go_to(href: &str) -> Response {
    Redirect::to(href).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::ACCEPT_ENCODING;

    #[test]
    fn a_large_page_is_compressed_for_whoever_reads_that() {
        let (large, small) = ("会場 ".repeat(4_000), "会場".to_owned());
        let asking = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("gzip"))]);
        assert!(packed(&asking, &large).is_some_and(|bytes| bytes.len() < large.len() / 10));
        assert_eq!(packed(&asking, &small), None);
        assert_eq!(packed(&HeaderMap::new(), &large), None);
    }
}
