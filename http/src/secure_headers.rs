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

/// JSON runs nothing and shows nothing: there is no need to say what it may load.
const API_CSP: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

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
    /// Those of pages.
    pub(crate) fn of_pages() -> Self {
        Self::new(of_any(PAGE_CSP).into_iter().chain(of_shown()).collect())
    }

    /// Those of the page that describes the JSON interface.
    pub(crate) fn of_docs() -> Self {
        Self::new(of_any(DOCS_CSP).into_iter().chain(of_shown()).collect())
    }

    /// Those of the JSON interface: a rush has many such answers, and what they do not need costs as much as what they say.
    pub(crate) fn of_api() -> Self {
        Self::new(of_any(API_CSP).into_iter().collect())
    }

    fn new(plain: HeaderMap) -> Self {
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

/// What every answer has.
fn of_any(content_security_policy: HeaderValue) -> [(HeaderName, HeaderValue); 5] {
    [
        (CONTENT_SECURITY_POLICY, content_security_policy),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (RESOURCE_POLICY, HeaderValue::from_static("same-origin")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ]
}

/// What an answer has besides that a browser shows: it may have links and scripts.
fn of_shown() -> [(HeaderName, HeaderValue); 3] {
    [
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (PERMISSIONS_POLICY, HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=(), usb=()")),
        (OPENER_POLICY, HeaderValue::from_static("same-origin")),
    ]
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
        let api = of(&SecureHeaders::of_api(), false);
        assert_eq!(api[CONTENT_SECURITY_POLICY], API_CSP);
        assert_eq!((api.len(), page.len(), docs.len()), (5, 8, 9));
        assert!(!page.contains_key(STRICT_TRANSPORT_SECURITY));
        assert_eq!(page[CACHE_CONTROL], "no-store");
        assert!(!page[CONTENT_SECURITY_POLICY].to_str().expect("text").contains("unsafe"));
        assert!(docs[CONTENT_SECURITY_POLICY].to_str().expect("text").contains("style-src 'self' 'unsafe-inline'"));
    }
}
