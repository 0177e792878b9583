//! `GET /choose`: the free places for a dose, or for two doses together, beginning with the first free date. Only what the person
//! may book is offered; if that is nothing, the page says why.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::{BookingNumber, DoseNo};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::view::{BookingView, Me, Standing};

use super::again::{after_opening_s, on_after};
use super::frame::Frame;
use super::my::not_yet;
use super::place::dose_markup;
use super::refused::problem_text;
use super::visitor::Visitor;
use super::wait::{QueueText, is_shut, standing_text, wait_href};
use super::{go_to, page};
use crate::lang::Text;
use crate::problem::Problem;
use crate::public::desk::{App, Desk};

mod instead;
mod offer;
mod places;
mod wish;

use instead::{Instead, can_change};
pub(crate) use places::KeptPlaces;
use places::{Offered, Places};
use wish::ChooseQuery;
pub(crate) use wish::Wish;

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    f: Frame<'a>,
    name: String,
    title: Text,
    wish: Wish,
    instead: Option<InsteadText>,
    places: Places,
    missing: bool,
    /// That it is the person's turn now, after they waited.
    turn: bool,
    /// Where they stand, if they wait for an opening.
    queue: Option<QueueText>,
}

/// What is said instead of places.
struct InsteadText {
    why: Text,
    href: String,
    next: Text,
}

pub(crate) async fn get_choose(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let login = visitor.login()?;
    let me = desk.me(&login)?;
    let query: ChooseQuery = visitor.query()?;
    let usual = match me.next {
        Some(next) => Wish { pair: can_pair(&desk, &me, next.dose), ..Wish::for_dose(next.dose) },
        // Nothing is left to choose: their own page says what they have.
        None if query.dose.is_empty() => return Ok(go_to("/my")),
        None => Wish::for_dose(DoseNo::FIRST),
    };
    let wish = Wish::read(&query, usual)?;
    let f = visitor.frame(&desk);
    let changeable =
        |booking: &BookingView| can_change(booking, desk.engine.now(), desk.engine.change_deadline(booking.date));
    let instead = Instead::of(&me, wish.dose, wish.changes, changeable)?;
    let title = match (wish.pair, wish.changes) {
        (true, _) => {
            f.say_with("choose.title_pair", &both(&f, wish.dose).each_ref().map(|(name, text)| (*name, &**text)))
        }
        (false, None) => f.say1("choose.title", "dose", &dose_markup(&f, wish.dose)),
        (false, Some(_)) => f.say1("choose.title_change", "dose", &dose_markup(&f, wish.dose)),
    };
    // A change keeps the place that it has: it waits for nobody. And nobody waits for what is paused.
    let takes_new =
        wish.changes.is_none() && matches!(instead, None | Some(Instead::NotYet)) && desk.paused().is_none();
    let standing = if takes_new { desk.standing(&login) } else { Standing::Open };
    if matches!(standing, Standing::Waiting(_)) && instead.is_none() {
        return Ok(go_to(&wait_href(&wish.href())));
    }
    let instead = instead.map(|instead| instead_text(&f, &me, wish.dose, instead));
    let instead = instead.or_else(|| wish.changes.is_none().then(|| paused_text(&desk, &f)).flatten());
    let places =
        if instead.is_none() { Offered::to(&desk, &login, &me, &f, wish).places(&desk, &f) } else { Places::default() };
    let missing = !query.missing.is_empty();
    let now = desk.engine.now();
    let opens_at = match standing {
        Standing::Before { opens_at } if is_shut(&desk, &me) => Some(opens_at),
        _ => None,
    };
    let choose = ChoosePage {
        turn: !query.turn.is_empty() && takes_new && places.can_go_on,
        queue: opens_at.and_then(|_| standing_text(&f, &standing, now, "")),
        title,
        name: me.name_kana,
        wish,
        instead,
        places,
        missing,
        f,
    };
    let answer = page(&visitor, StatusCode::OK, &choose)?;
    Ok(match opens_at {
        Some(opens_at) => on_after(answer, after_opening_s(opens_at, now), &wait_href(&wish.href())),
        None => answer,
    })
}

/// Whether this person could book the dose after `dose` with it: they have none for it, and sessions give it.
pub(super) fn can_pair(desk: &Desk, me: &Me, dose: DoseNo) -> bool {
    let Some(next) = dose.next() else { return false };
    let free = !me.bookings.iter().any(|booking| booking.dose == next && booking.state.is_live());
    free && desk.availability().sessions.iter().any(|session| session.doses.contains(&next))
}

fn both(f: &Frame<'_>, dose: DoseNo) -> [(&'static str, String); 2] {
    let second = dose.next().map(|next| dose_markup(f, next)).unwrap_or_default();
    [("first", dose_markup(f, dose)), ("second", second)]
}

fn instead_text(f: &Frame<'_>, me: &Me, dose: DoseNo, instead: Instead) -> InsteadText {
    let text = |why: Text, href: String, next: &str| InsteadText { why, href, next: f.say(next) };
    let my = || "/my".to_owned();
    let own = dose_markup(f, dose);
    match instead {
        Instead::Booked(number) => {
            text(f.say1("choose.booked", "dose", &own), format!("/change/{number}"), "my.change")
        }
        Instead::Done => text(f.say1("choose.done", "dose", &own), my(), "next.my"),
        Instead::NotYet => text(not_yet(f, me).unwrap_or_default(), my(), "next.my"),
        Instead::First(first) => {
            let why = f.say_with("choose.first", &[("dose", &own), ("first", &dose_markup(f, first))]);
            let next = f.say1("my.book", "dose", &dose_markup(f, first));
            InsteadText { why, href: Wish::for_dose(first).href(), next }
        }
        Instead::NoneLeft => text(f.say1("choose.none_left", "phone", f.phone), my(), "next.my"),
        Instead::LeftRoll => text(f.say1("my.left_roll", "phone", f.phone), my(), "next.my"),
    }
}

/// That no new bookings are taken, instead of places that nobody would get.
fn paused_text(desk: &Desk, f: &Frame<'_>) -> Option<InsteadText> {
    let paused = desk.paused()?;
    Some(InsteadText { why: problem_text(f, &paused), href: "/my".to_owned(), next: f.say("next.my") })
}

/// The address of the choice of other places than `legs`, for a change of booking `changes` if it is one.
pub(crate) fn choose_again(desk: &Desk, legs: &Legs, changes: Option<BookingNumber>) -> String {
    let date = |leg: &Leg| desk.engine.place(*leg).map(|place| place.date);
    let wish = Wish::for_dose(legs[0].dose);
    let date2 = legs.get(1).and_then(date);
    Wish { date: date(&legs[0]), date2, pair: legs.len() > 1, changes, ..wish }.href()
}
