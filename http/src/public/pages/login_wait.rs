//! The page of those who wait for their turn to log in: how many come first, how long it takes, and the other line. It renews itself.
//! The password is typed when it is one's turn, so that nobody types it in vain.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;

use super::frame::Frame;
use super::page;
use super::refused::percent_encoded;
use super::visitor::Visitor;
use super::wait::so_many_people;
use crate::auth::gate::Waits;
use crate::auth::ticket::Purpose;
use crate::lang::Text;
use crate::problem::{Problem, Step};
use crate::public::desk::Desk;

const REFRESH: HeaderName = HeaderName::from_static("refresh");
/// Above this a wait is only said to be long: nobody can know it to the minute.
const ESTIMATE_SECONDS_MAX: u32 = 60 * 60;

/// Where somebody stands, and where they go on.
pub(super) struct Stands<'a> {
    pub(super) purpose: Purpose,
    pub(super) next: &'a str,
    pub(super) not_done: Option<Step>,
    pub(super) waits: Waits,
}

#[derive(Template)]
#[template(path = "login_wait.html")]
struct LoginWaitPage<'a> {
    f: Frame<'a>,
    ahead: Text,
    estimate: Text,
    again_seconds: u32,
    minutes: u32,
    not_done: Option<Step>,
    purpose: Purpose,
    /// Whether the ID was typed and is kept.
    keeps_id: bool,
    own_href: String,
    other_href: String,
}

/// The page.
pub(super) fn wait_page(
    desk: &Desk,
    visitor: &Visitor,
    status: StatusCode,
    stands: &Stands<'_>,
    keeps_id: bool,
) -> Result<Response, Problem> {
    let f = visitor.frame(desk);
    let Waits { ahead, estimate_seconds, again_seconds, .. } = stands.waits;
    let estimate = match estimate_seconds {
        0..=60 => f.say("login_wait.soon"),
        seconds if seconds > ESTIMATE_SECONDS_MAX => f.say("login_wait.long"),
        seconds => f.say1("login_wait.minutes", "minutes", &seconds.div_ceil(60).to_string()),
    };
    let other = match stands.purpose {
        Purpose::Book => Purpose::View,
        Purpose::View => Purpose::Book,
    };
    let wait = LoginWaitPage {
        ahead: f.say1("login_wait.ahead", "people", &so_many_people(&f, ahead)),
        estimate,
        again_seconds,
        minutes: desk.config.login_queue.admitted_minutes,
        not_done: stands.not_done,
        purpose: stands.purpose,
        keeps_id,
        own_href: stands.href(stands.purpose),
        other_href: stands.href(other),
        f,
    };
    let refresh = HeaderValue::try_from(format!("{again_seconds}; url={}", wait.own_href));
    let mut answer = page(visitor, status, &wait)?;
    answer.headers_mut().extend(refresh.ok().map(|refresh| (REFRESH, refresh)));
    Ok(answer)
}

impl Stands<'_> {
    /// The login for `purpose`. It names no ID.
    fn href(&self, purpose: Purpose) -> String {
        let mut href = format!("/login?for={}&next={}", purpose.code(), percent_encoded(self.next));
        if let Some(step) = self.not_done {
            href.push_str("&not_done=");
            href.push_str(step.code());
        }
        href
    }
}
