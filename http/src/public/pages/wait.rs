//! `GET /wait`: the waiting room for new bookings. It says how many come first, for how long, and whether places may run out; it
//! renews itself, and leads on to the choice when it is the person's turn. Everybody asks for it over and over in the worst minute, so
//! it is rendered once for all who would read the same, and each gets their own figures put in.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::header::{CONTENT_TYPE, HeaderValue, SET_COOKIE};
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::view::{Me, Standing};

use super::again::{after_opening_s, again_after, spread};
use super::frame::Frame;
use super::go_to;
use super::refused::percent_encoded;
use super::visitor::Visitor;
use crate::metrics::count_refusal;
use crate::notices;
use crate::problem::{Code, Problem};
use crate::public::api::lists::Moment;
use crate::public::desk::{App, Desk, LOOK_AGAIN_SECONDS_MIN};

mod kept;
mod room;
mod words;

pub(crate) use kept::KeptWaits;
use kept::{BACK_IN_ADDRESSES, Figures, WaitKey};
use room::Shape;
pub(super) use words::{QueueText, so_many_people, standing_text};

/// A page that waits for an opening far ahead is renewed after so many seconds all the same: the city may have moved it.
const BEFORE_SECONDS_MAX: u32 = 300;

#[derive(Deserialize)]
pub(crate) struct WaitQuery {
    /// The choice that the person came from, and goes back to.
    #[serde(default)]
    back: String,
}

pub(crate) async fn get_wait(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let login = visitor.login()?;
    let query: WaitQuery = visitor.query()?;
    // Whoever does not say what they want hears at the choice whether there is anything for them.
    let Some(back) = Some(&*query.back).filter(|back| is_choice(back)) else { return Ok(go_to("/choose")) };
    if desk.paused().is_some() {
        // Nobody waits for what is paused: the choice says so.
        return Ok(go_to(back));
    }
    match desk.standing(&login) {
        Standing::Before { opens_at } if is_shut(&desk, &desk.me(&login)?) => {
            let page = wait_page(&desk, &visitor, Shape::Before { opens_at }, &Figures::new(back));
            // Nobody knows their place before the draw, so that nothing is lost by coming late in this.
            let usual = BEFORE_SECONDS_MAX + spread(5);
            Ok(again_after(page, after_opening_s(opens_at, desk.engine.now()).min(usual)))
        }
        Standing::Before { .. } | Standing::Open => Ok(go_to(&format!("{back}&turn=1"))),
        Standing::Waiting(waiting) => {
            let seconds = waiting.look_again_seconds.max(LOOK_AGAIN_SECONDS_MIN);
            let (shape, figures) = (Shape::of(&waiting), Figures::of(&waiting, seconds, back));
            Ok(again_after(wait_page(&desk, &visitor, shape, &figures), seconds))
        }
    }
}

fn wait_page(desk: &Desk, visitor: &Visitor, shape: Shape, figures: &Figures<'_>) -> Response {
    let key = WaitKey { reading: visitor.reading, shape };
    let now = desk.engine.now();
    let moment = Moment::of_words(now, &desk.engine.site());
    let moment = moment.with_notices(notices::revision(desk.config.monitor.as_ref()) + desk.config.switches.revision());
    let page = desk.waits.get(key, moment, || {
        let uri = Uri::try_from(format!("/wait?back={BACK_IN_ADDRESSES}")).unwrap_or_default();
        room::render(Frame::new(desk, visitor.reading, &uri, true), shape, now)
    });
    let mut answer = Response::new(Body::from(page.with(figures)));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    answer.headers_mut().extend(visitor.cookies().map(|cookie| (SET_COOKIE, cookie)));
    answer
}

/// The refusal that leads to the waiting room.
pub(super) const QUEUED: Code = Code::Refused(RefusalCode::Queued);

/// On to the waiting room, for somebody who wanted a place: the choice that they made stays in the address.
pub(super) fn to_waiting_room(back: &str) -> Response {
    count_refusal(QUEUED.name());
    go_to(&wait_href(back))
}

/// The waiting room on the way to the choice `back`.
pub(super) fn wait_href(back: &str) -> String {
    format!("/wait?back={}", percent_encoded(back))
}

/// Whether a form's or an address's `back` is the address of a choice: it must not lead elsewhere.
pub(super) fn is_choice(back: &str) -> bool {
    let ours = |byte: u8| byte.is_ascii_alphanumeric() || b"=&-_".contains(&byte);
    back.len() <= 200 && back.strip_prefix("/choose?").is_some_and(|query| query.bytes().all(ours))
}

/// Whether there is nothing that `me` could take before the next opening.
pub(super) fn is_shut(desk: &Desk, me: &Me) -> bool {
    let sessions = &desk.availability().sessions;
    me.opens_at.is_some() || me.in_no_wave || !sessions.iter().any(|session| session.state == PublicState::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_leads_back_to_the_choice_and_nowhere_else() {
        assert!(is_choice("/choose?dose=1&date=2026-12-05&venue=3"));
        for wrong in ["", "/choose", "/choose?a=//evil", "//evil.example", "/my?a=1", "/choose?a=\r\nb"] {
            assert!(!is_choice(wrong), "{wrong:?}");
        }
        assert_eq!(wait_href("/choose?dose=1&pair=1"), "/wait?back=/choose%3Fdose%3D1%26pair%3D1");
    }
}
