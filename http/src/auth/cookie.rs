//! Our cookies: read from a request, written into an answer. `__Host-` and Secure exactly when the browser sees HTTPS.

use axum::http::header::{COOKIE, HeaderMap, HeaderValue};

/// The cookies that we set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CookieName {
    /// The login token.
    Login,
    /// The browser that has logged in before.
    Device,
    /// A place in the line in front of the login.
    Ticket,
    /// The ID that somebody typed who waits there, so that they need not type it again.
    TypedId,
    /// A member of staff who is signed in.
    Staff,
    /// The language of the pages. It and the next two are no secret, and the same with and without HTTPS.
    Language,
    /// Whether the pages show furigana.
    Furigana,
    /// Whether the pages have larger text.
    TextSize,
}

impl CookieName {
    const fn text(self, https: bool) -> &'static str {
        match (self, https) {
            (Self::Login, true) => "__Host-sesshu",
            (Self::Login, false) => "sesshu",
            (Self::Device, true) => "__Host-sesshu-device",
            (Self::Device, false) => "sesshu-device",
            (Self::Ticket, true) => "__Host-sesshu-ticket",
            (Self::Ticket, false) => "sesshu-ticket",
            (Self::TypedId, true) => "__Host-sesshu-id",
            (Self::TypedId, false) => "sesshu-id",
            (Self::Staff, true) => "__Host-sesshu-staff",
            (Self::Staff, false) => "sesshu-staff",
            (Self::Language, _) => "sesshu-lang",
            (Self::Furigana, _) => "sesshu-furigana",
            (Self::TextSize, _) => "sesshu-text",
        }
    }

    /// Residents follow links to us from letters and searches and stay logged in; nobody links into the console.
    const fn same_site(self) -> &'static str {
        match self {
            Self::Staff => "Strict",
            Self::Login
            | Self::Device
            | Self::Ticket
            | Self::TypedId
            | Self::Language
            | Self::Furigana
            | Self::TextSize => "Lax",
        }
    }
}

/// The value of our cookie `name`.
pub(crate) fn read(headers: &HeaderMap, name: CookieName, https: bool) -> Option<&str> {
    headers.get_all(COOKIE).iter().find_map(|value| read_in(value, name, https))
}

/// The value of our cookie `name` in one `Cookie` header.
pub(crate) fn read_in(header: &HeaderValue, name: CookieName, https: bool) -> Option<&str> {
    let name = name.text(https);
    header.to_str().ok()?.split(';').find_map(|pair| {
        let (key, value) = pair.trim().split_once('=')?;
        (key == name).then_some(value)
    })
}

/// The `Set-Cookie` that keeps `value` for `seconds`; none if it could not be a header, which our own values always can.
pub(crate) fn write(name: CookieName, value: &str, seconds: i64, https: bool) -> Option<HeaderValue> {
    let secure = if https { "; Secure" } else { "" };
    let (text, site) = (name.text(https), name.same_site());
    HeaderValue::try_from(format!("{text}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite={site}{secure}")).ok()
}

/// The `Set-Cookie` that removes `name`.
pub(crate) fn remove(name: CookieName, https: bool) -> Option<HeaderValue> {
    write(name, "", 0, https)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn cookies_are_host_bound_and_secure_exactly_on_https() {
        let text =
            |https| write(CookieName::Login, "v", 60, https).expect("a cookie").to_str().expect("text").to_owned();
        assert_eq!(text(true), "__Host-sesshu=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        assert_eq!(text(false), "sesshu=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax");
    }

    proptest! {
        #[test]
        fn what_is_set_is_read_back_among_anything_else(value in "[A-Za-z0-9_-]{0,90}", others in "[ -:<-~]{0,40}", https in any::<bool>()) {
            prop_assume!(!others.contains("sesshu"));
            let set = write(CookieName::Login, &value, 60, https).expect("a cookie");
            let pair = set.to_str().expect("text").split(';').next().expect("a pair").to_owned();
            let header = HeaderValue::try_from(format!("{others}; {pair};{others}")).expect("a header");
            prop_assert_eq!(read_in(&header, CookieName::Login, https), Some(value.as_str()));
            prop_assert_eq!(read_in(&header, CookieName::Login, !https), None);
        }

        #[test]
        fn any_header_is_read_or_not(bytes in proptest::collection::vec(0x20_u8..0x7f, 0..80)) {
            let header = HeaderValue::from_bytes(&[b"sesshu", &bytes[..]].concat()).expect("a header");
            for name in [CookieName::Login, CookieName::Device, CookieName::Language] {
                let value = read_in(&header, name, false);
                prop_assert!(value.is_none_or(|value| !value.contains(';') && header.to_str().is_ok_and(|text| text.contains(value))));
            }
        }
    }

    #[test]
    fn a_cookie_is_found_among_others_and_only_under_its_full_name() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; sesshu-lang=en;sesshu = no;; x"));
        headers.append(COOKIE, HeaderValue::from_static("sesshu=token=="));
        assert_eq!(read(&headers, CookieName::Login, false), Some("token=="));
        assert_eq!(read(&headers, CookieName::Language, true), Some("en"));
        assert_eq!(read(&headers, CookieName::Login, true), None);
        assert_eq!(read(&headers, CookieName::Device, false), None);
    }
}
