//! Against requests that another site makes somebody's browser send. There are no tokens: browsers say where a request comes from.

use axum::http::header::{HeaderMap, HeaderValue, ORIGIN};
use tower_http::csrf::CsrfLayer;

use crate::config::TrustedProxy;

/// The layer of a listener behind `proxy`. An origin that is none is left out: the composition root checks it before.
pub(crate) fn cross_site_layer(proxy: Option<&TrustedProxy>) -> CsrfLayer {
    let origin = proxy.and_then(|proxy| proxy.origin.as_deref());
    let with_origin = origin.and_then(|origin| CsrfLayer::new().add_trusted_origin(origin).ok());
    with_origin.unwrap_or_default()
}

/// Whether a page that came without TLS sends this. The layer against cross-site requests compares hosts only, and whoever
/// sits on the wire can make up such a page under our own host.
pub(crate) fn is_from_insecure_page(headers: &HeaderMap) -> bool {
    let scheme = |origin: &HeaderValue| origin.as_bytes().get(..7).is_some_and(|s| s.eq_ignore_ascii_case(b"http://"));
    headers.get_all(ORIGIN).iter().any(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_without_tls_is_known_by_its_origin() {
        let cases = [
            (Some("http://yoyaku.example"), true),
            (Some("HTTP://yoyaku.example"), true),
            (Some("https://yoyaku.example"), false),
            (Some("null"), false),
            (None, false),
        ];
        for (origin, insecure) in cases {
            let headers = origin.map(|origin| (ORIGIN, HeaderValue::from_static(origin)));
            assert_eq!(is_from_insecure_page(&headers.into_iter().collect()), insecure, "{origin:?}");
        }
    }
}
