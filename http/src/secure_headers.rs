//! The security headers of every answer.

use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// Nothing but our own style sheets, script, images and forms: nothing inline, no frame, no third party.
const PAGE_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'",
);
/// Swagger UI brings its own scripts, and styles its elements from them.
const DOCS_CSP: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
     font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);

const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The headers, made once: an answer gets a copy.
#[derive(Debug)]
pub(crate) struct SecureHeaders {
    plain: HeaderMap,
    https: HeaderMap,
}

impl SecureHeaders {
    /// Those of pages and of the JSON interface.
    pub(crate) fn of_pages() -> Self {
        Self::with(PAGE_CSP)
    }

    /// Those of the page that describes the JSON interface.
    pub(crate) fn of_docs() -> Self {
        Self::with(DOCS_CSP)
    }

    fn with(content_security_policy: HeaderValue) -> Self {
        let plain = HeaderMap::from_iter([
            (CONTENT_SECURITY_POLICY, content_security_policy),
            (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
            (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
            (
                PERMISSIONS_POLICY,
                HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
            ),
            (OPENER_POLICY, HeaderValue::from_static("same-origin")),
            (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
            (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ]);
        let mut https = plain.clone();
        https.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
        Self { plain, https }
    }

    /// Puts them before an answer's own headers; `https` tells whether the browser sees HTTPS. What a handler says itself
    /// stays: how long its answer may be kept.
    pub(crate) fn add(&self, headers: &mut HeaderMap, https: bool) {
        let ours = if https { &self.https } else { &self.plain };
        let own = std::mem::replace(headers, ours.clone());
        headers.extend(own);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::header::SET_COOKIE;

    #[test]
    fn an_answer_keeps_its_own_headers_beside_ours() {
        let mut headers = HeaderMap::new();
        headers.append(SET_COOKIE, HeaderValue::from_static("a=1"));
        headers.append(SET_COOKIE, HeaderValue::from_static("b=2"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        SecureHeaders::of_pages().add(&mut headers, true);
        assert_eq!(headers.get_all(SET_COOKIE).iter().collect::<Vec<_>>(), ["a=1", "b=2"]);
        assert_eq!(headers.get_all(CACHE_CONTROL).iter().collect::<Vec<_>>(), ["no-cache"]);
        assert_eq!(headers[X_FRAME_OPTIONS], "DENY");
        assert!(headers.contains_key(STRICT_TRANSPORT_SECURITY));
    }

    #[test]
    fn only_https_is_told_to_stay_on_https_and_nothing_but_docs_may_have_anything_inline() {
        let of = |ours: &SecureHeaders, https| {
            let mut headers = HeaderMap::new();
            ours.add(&mut headers, https);
            headers
        };
        let (page, docs) = (of(&SecureHeaders::of_pages(), false), of(&SecureHeaders::of_docs(), true));
        assert!(!page.contains_key(STRICT_TRANSPORT_SECURITY));
        assert_eq!(page[CACHE_CONTROL], "no-store");
        assert!(!page[CONTENT_SECURITY_POLICY].to_str().expect("text").contains("unsafe"));
        assert!(docs[CONTENT_SECURITY_POLICY].to_str().expect("text").contains("style-src 'self' 'unsafe-inline'"));
    }
}
