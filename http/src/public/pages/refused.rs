//! The page of a "no": what happened, what to do next, whom to call. And the way to the login for those who are not in.

use askama::Template;
use axum::extract::Request;
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, COOKIE, HeaderValue};
use axum::http::{Method, Uri};
use axum::response::{IntoResponse, Response};
use sesshu_engine::core::leg::Legs;
use sesshu_engine::core::refusal::RefusalCode;

use super::again::{again_after, spread};
use super::frame::Frame;
use super::go_to;
use super::place::{PlaceText, write_legs};
use super::reading::Reading;
use crate::auth::cookie::{CookieName, read_in};
use crate::config::PublicConfig;
use crate::lang::{Lang, Text};
use crate::problem::{Again, Code, Problem};
use crate::public::desk::Desk;

/// What the shell remembers of a request: enough to answer a problem in the person's language. Cloning headers is cheap.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) method: Method,
    uri: Uri,
    pub(crate) https: bool,
    cookies: Option<HeaderValue>,
    accept: Option<HeaderValue>,
}

impl Asked {
    pub(crate) fn of(config: &PublicConfig, request: &Request) -> Self {
        let headers = request.headers();
        let https = config.tls || config.trusted_proxy.is_some() && config.client(request.extensions(), headers).https;
        Self {
            method: request.method().clone(),
            uri: request.uri().clone(),
            https,
            cookies: headers.get(COOKIE).cloned(),
            accept: headers.get(ACCEPT_LANGUAGE).cloned(),
        }
    }

    /// Whether a program asks.
    pub(crate) fn is_api(&self) -> bool {
        self.uri.path().starts_with("/api/")
    }

    /// The language of the answer.
    pub(crate) fn lang(&self) -> Lang {
        if self.is_api() { Lang::accepted(self.accept.as_ref()) } else { self.reading().lang }
    }

    fn reading(&self) -> Reading {
        Reading::of(&self.uri, self.cookies.as_ref(), self.accept.as_ref()).0
    }

    fn carried_login(&self) -> bool {
        self.cookies.as_ref().is_some_and(|cookies| read_in(cookies, CookieName::Login, self.https).is_some())
    }
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage<'a> {
    f: Frame<'a>,
    title: Text,
    detail: Text,
    /// In how many seconds the page asks again by itself.
    asks_again_s: Option<u32>,
    /// Places near the one that is gone: what the form sends, and the words.
    nearest: Vec<(String, Vec<PlaceText>)>,
    changes: String,
    /// The form that may be sent again.
    again: Option<&'a Again>,
    next_href: &'a str,
    next_text: Text,
}

/// The page of `problem`; without a login, the way to it.
pub(crate) fn refused_page(desk: &Desk, asked: &Asked, problem: &Problem) -> Response {
    if problem.code == Code::LoginRequired {
        return go_to(&login_href(asked, problem));
    }
    let own_page = asked.own_page();
    let f = Frame::new(desk, asked.reading(), &own_page, asked.carried_login());
    let (next_href, next_key) = next_step(problem);
    let go_on = problem.go_on.as_deref();
    let places = |legs: &Legs| {
        let places = legs.iter().filter_map(|leg| desk.engine.place(*leg));
        (write_legs(legs), places.map(|place| PlaceText::of_place(&f, &place)).collect())
    };
    let busy = problem.code == Code::Refused(RefusalCode::Busy);
    let asks_again_s = (busy && asked.method == Method::GET).then(spread_seconds);
    let page = RefusedPage {
        title: f.say(&problem.title_key()),
        detail: problem_text(&f, problem),
        asks_again_s,
        nearest: go_on.map(|go_on| go_on.nearest.iter().map(places).collect()).unwrap_or_default(),
        changes: go_on.and_then(|go_on| go_on.changes).map(|number| number.to_string()).unwrap_or_default(),
        again: go_on.and_then(|go_on| go_on.again.as_ref()),
        next_href,
        next_text: f.say(next_key),
        f,
    };
    let html = page.render().unwrap_or_default();
    let answer = (problem.code.status(), [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    match asks_again_s {
        Some(seconds) => again_after(answer, seconds),
        None => answer,
    }
}

/// What happened and what to do.
pub(super) fn problem_text(f: &Frame<'_>, problem: &Problem) -> Text {
    let (detail, in_language) = f.markup(&problem.detail_key());
    let foreign = (!in_language).then(|| Lang::JA.html());
    Text::new((detail.into_owned() + &problem.particulars(f.lang)).into(), f.reading.furigana, foreign)
}

/// Six to thirteen seconds.
fn spread_seconds() -> u32 {
    6 + spread(3)
}

/// Where a person goes on after this problem.
fn next_step(problem: &Problem) -> (&str, &'static str) {
    use RefusalCode::{AlreadyBooked, KeyReused, NoSuchBooking, TooLate};
    let about_place =
        !matches!(problem.code, Code::Paused | Code::Refused(AlreadyBooked | KeyReused | NoSuchBooking | TooLate));
    let busy = matches!(problem.code, Code::Refused(RefusalCode::Busy | RefusalCode::Unavailable));
    if let Some(go_on) = problem.go_on.as_ref().filter(|_| about_place && !busy) {
        return (&go_on.href, "next.choose");
    }
    match problem.code {
        Code::Refused(RefusalCode::Unavailable) => ("/my", "next.check"),
        Code::Refused(RefusalCode::Busy) => ("/", "next.top"),
        Code::Paused | Code::Refused(_) => ("/my", "next.my"),
        _ => ("/", "next.top"),
    }
}

impl Asked {
    /// The page to show again in another language: an address that only takes forms has none.
    fn own_page(&self) -> Uri {
        if self.method == Method::GET { self.uri.clone() } else { Uri::from_static("/my") }
    }
}

/// The login that leads back to where the person was, and says what was not done.
fn login_href(asked: &Asked, problem: &Problem) -> String {
    let own_page = asked.own_page();
    let own_page = own_page.path_and_query().map_or("/my", |next| next.as_str());
    let next = percent_encoded(problem.go_on.as_ref().map_or(own_page, |go_on| &go_on.href));
    match problem.not_done {
        Some(step) => format!("/login?next={next}&not_done={}", step.code()),
        None if asked.carried_login() => format!("/login?next={next}&expired=1"),
        None => format!("/login?next={next}"),
    }
}

/// A text as the value of a query's parameter.
pub(super) fn percent_encoded(text: &str) -> String {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let digits = [b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            encoded.extend(digits.map(char::from));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expired_login_comes_back_to_where_it_was() {
        let asked = |method, uri: &'static str, cookies| {
            let asked = Asked { method, uri: Uri::from_static(uri), https: false, cookies, accept: None };
            login_href(&asked, &Code::LoginRequired.into())
        };
        let cookie = HeaderValue::from_static("sesshu=x");
        assert_eq!(
            asked(Method::GET, "/choose?dose=1&date=2026-12-05", None),
            "/login?next=/choose%3Fdose%3D1%26date%3D2026-12-05"
        );
        assert_eq!(asked(Method::GET, "/my", Some(cookie.clone())), "/login?next=/my&expired=1");
        assert_eq!(asked(Method::POST, "/logout", Some(cookie)), "/login?next=/my&expired=1");
    }

    #[test]
    fn a_step_that_was_not_done_is_named_and_taken_up_again() {
        let asked =
            Asked { method: Method::POST, uri: Uri::from_static("/book"), https: false, cookies: None, accept: None };
        let expired = Problem::from(Code::LoginRequired).go_on_at("/confirm?place=1-0-1");
        let expired = Problem { not_done: Some(crate::problem::Step::Book), ..expired };
        assert_eq!(login_href(&asked, &expired), "/login?next=/confirm%3Fplace%3D1-0-1&not_done=book");
    }
}
