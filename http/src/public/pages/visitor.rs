//! Who looks at a page, in which language, and where.

use axum::extract::Request;
use axum::http::Uri;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderMap, HeaderValue};

use super::frame::Frame;
use crate::auth::cookie::{self, CookieName};
use crate::auth::token::Login;
use crate::config::{Client, PublicConfig};
use crate::lang::Lang;
use crate::problem::{Problem, Step};
use crate::public::desk::Desk;

/// How long a chosen language is kept, in seconds.
const LANGUAGE_SECONDS: i64 = 365 * 24 * 60 * 60;

/// A visitor of a page.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) lang: Lang,
    /// Whether the language was chosen just now.
    chosen: bool,
    pub(crate) client: Client,
    uri: Uri,
    headers: HeaderMap,
}

impl Visitor {
    pub(crate) fn of(config: &PublicConfig, request: &Request) -> Self {
        let headers = request.headers();
        let (lang, chosen) = page_lang(request.uri(), headers.get(COOKIE), headers.get(ACCEPT_LANGUAGE));
        let client = config.client(request.extensions(), headers);
        Self { lang, chosen, client, uri: request.uri().clone(), headers: headers.clone() }
    }

    /// What stands around the page.
    pub(crate) fn frame<'a>(&self, desk: &'a Desk) -> Frame<'a> {
        let logged_in = self.login(desk).is_ok();
        Frame::new(&desk.config, self.lang, &self.uri, logged_in)
    }

    /// The visitor's login.
    pub(crate) fn login(&self, desk: &Desk) -> Result<Login, Problem> {
        desk.login_of(&self.headers, self.client.https)
    }

    /// The login of somebody who is about to do `step`. If it has expired, they hear that nothing was done, and come back to
    /// `again`.
    pub(crate) fn login_for(&self, desk: &Desk, step: Step, again: &str) -> Result<Login, Problem> {
        self.login(desk).map_err(|problem| Problem { not_done: Some(step), ..problem.go_on_at(again) })
    }

    pub(crate) const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) const fn uri(&self) -> &Uri {
        &self.uri
    }

    pub(super) fn language_cookie(&self) -> Option<HeaderValue> {
        let keep = || cookie::write(CookieName::Language, self.lang.code(), LANGUAGE_SECONDS, self.client.https);
        self.chosen.then(keep).flatten()
    }
}

/// The language of a page: as `?lang=` says, else as chosen before, else as the browser likes; and whether it was said.
pub(crate) fn page_lang(uri: &Uri, cookies: Option<&HeaderValue>, accept: Option<&HeaderValue>) -> (Lang, bool) {
    let said = parameter(uri, "lang").and_then(Lang::from_code);
    let kept = || cookies.and_then(|cookies| Lang::from_code(cookie::read_in(cookies, CookieName::Language, false)?));
    match said {
        Some(lang) => (lang, true),
        None => (kept().unwrap_or_else(|| Lang::accepted(accept)), false),
    }
}

/// The parameter `name` of an address, as it stands there.
pub(crate) fn parameter<'a>(uri: &'a Uri, name: &str) -> Option<&'a str> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    pairs.into_iter().find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_said_then_kept_then_liked() {
        let cookie = HeaderValue::from_static("sesshu-lang=en");
        let likes = HeaderValue::from_static("en");
        let (plain, said) = (Uri::from_static("/choose?dose=1"), Uri::from_static("/choose?dose=1&lang=ja"));
        assert_eq!(page_lang(&plain, None, None), (Lang::Ja, false));
        assert_eq!(page_lang(&plain, None, Some(&likes)), (Lang::En, false));
        assert_eq!(page_lang(&plain, Some(&cookie), None), (Lang::En, false));
        assert_eq!(page_lang(&said, Some(&cookie), Some(&likes)), (Lang::Ja, true));
        assert_eq!(page_lang(&Uri::from_static("/?lang=xx"), None, None), (Lang::Ja, false));
    }
}
