//! `GET /my`: a person's own bookings, and the next one to make. Nothing else.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::decide::NextDose;
use sesshu_engine::core::ids::{BookingNumber, DoseNo};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::view::{BookingView, Me, Standing};

use super::again::{after_opening_s, again_after};
use super::choose::{Wish, can_pair};
use super::frame::Frame;
use super::page;
use super::place::{PlaceText, dose_markup, read_number};
use super::slip::changeable_until;
use super::visitor::{Visitor, parameter};
use super::wait::{QueueText, is_shut, standing_text};
use crate::auth::token::Login;
use crate::lang::Text;
use crate::problem::Problem;
use crate::public::desk::{App, Desk};

#[derive(Template)]
#[template(path = "my.html")]
struct MyPage<'a> {
    f: Frame<'a>,
    name: String,
    said: Option<Text>,
    /// Those that stand.
    bookings: Vec<BookingText>,
    /// Those that the city has cancelled and nothing has replaced.
    cancelled_by_city: Vec<BookingText>,
    /// Those that are over.
    past: Vec<BookingText>,
    next: Option<NextText>,
    /// Where the person stands, if they wait for their turn or for an opening.
    queue: Option<QueueText>,
    nothing_left: Option<Text>,
    has_contact: bool,
}

struct BookingText {
    number: String,
    shown_number: String,
    place: PlaceText,
    state: Text,
    /// Until when it can be changed, if it still can.
    changeable_until: Option<Text>,
    live: bool,
}

struct NextText {
    dates: Text,
    why: Option<Text>,
    /// Why it cannot be booked yet, if so.
    not_yet: Option<Text>,
    /// The ways to book it, the best one first.
    ways: Vec<(String, Text)>,
}

pub(crate) async fn get_my(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let login = visitor.login()?;
    let me = desk.me(&login)?;
    let f = visitor.frame(&desk);
    let replaced =
        |booking: &BookingView| me.bookings.iter().any(|other| other.dose == booking.dose && other.state.is_live());
    let (mut bookings, mut cancelled_by_city, mut past) = (Vec::new(), Vec::new(), Vec::new());
    for booking in &me.bookings {
        let list = match booking.state {
            state if state.is_live() => &mut bookings,
            BookingState::CancelledByCity if !replaced(booking) => &mut cancelled_by_city,
            _ => &mut past,
        };
        list.push(booking_text(&desk, &f, booking));
    }
    let nothing_left = match me.next {
        Some(_) => None,
        None if me.left_roll => Some(f.say1("my.left_roll", "phone", f.phone)),
        None => Some(f.say("my.none_left")),
    };
    let now = desk.engine.now();
    let standing = standing(&desk, &login, &me);
    let next = me.next.map(|next| next_text(&desk, &f, &me, next));
    let way = next.as_ref().and_then(|next| next.ways.first()).map(|(href, _)| &**href);
    let my = MyPage {
        queue: standing_text(&f, &standing, now, way.unwrap_or_default()),
        said: said(&f, &me, visitor.uri()),
        name: me.name_kana.clone(),
        bookings,
        cancelled_by_city,
        past,
        next,
        nothing_left,
        has_contact: desk.engine.has_contact(login.resident),
        f,
    };
    let answer = page(&visitor, StatusCode::OK, &my)?;
    Ok(match standing {
        Standing::Before { opens_at } => again_after(answer, after_opening_s(opens_at, now)),
        Standing::Open | Standing::Waiting(_) => answer,
    })
}

/// Where the person stands, as far as that is of use to them: not beside places that they could take now, nor for somebody who can
/// take none, nor while new bookings are paused.
fn standing(desk: &Desk, login: &Login, me: &Me) -> Standing {
    if me.next.is_none() || desk.paused().is_some() {
        return Standing::Open;
    }
    match desk.standing(login) {
        Standing::Before { .. } if !is_shut(desk, me) => Standing::Open,
        Standing::Waiting(_) if me.opens_at.is_some() || me.in_no_wave => Standing::Open,
        standing => standing,
    }
}

fn next_text(desk: &Desk, f: &Frame<'_>, me: &Me, next: NextDose) -> NextText {
    let (dose, from) = (dose_markup(f, next.dose), f.lang.date(next.from));
    let dates = match next.to {
        Some(to) => f.say_with("my.next_from_to", &[("dose", &dose), ("from", &from), ("to", &f.lang.date(to))]),
        None => f.say_with("my.next_from", &[("dose", &dose), ("from", &from)]),
    };
    let wish = Wish::for_dose(next.dose);
    let one = (wish.href(), f.say1("my.book", "dose", &dose));
    let ways = match next.dose.next().filter(|_| can_pair(desk, me, next.dose)) {
        None => vec![one],
        Some(second) => {
            let values = [("first", &*dose), ("second", &dose_markup(f, second))];
            let pair = (Wish { pair: true, ..wish }.href(), f.say_with("my.book_pair", &values));
            vec![pair, (one.0, f.say1("my.book_one", "dose", &dose))]
        }
    };
    NextText { dates, why: why(desk, f, me, next), not_yet: not_yet(f, me), ways }
}

/// Why the next dose is not before its first date: the interval to the dose before.
fn why(desk: &Desk, f: &Frame<'_>, me: &Me, next: NextDose) -> Option<Text> {
    let before = next.dose.previous()?;
    let booking = me.bookings.iter().find(|booking| booking.dose == before && booking.state.is_live())?;
    if next.from <= desk.engine.now().city_day() {
        return None;
    }
    let days = next.from.days_since(booking.date).to_string();
    Some(f.say_with(
        "my.why",
        &[("dose", &dose_markup(f, before)), ("date", &f.lang.date(booking.date)), ("days", &days)],
    ))
}

/// What the person has just done, as far as it is really so.
fn said(f: &Frame<'_>, me: &Me, uri: &axum::http::Uri) -> Option<Text> {
    let asked = parameter(uri, "cancelled").unwrap_or_default().split(',').take(usize::from(DoseNo::MAX));
    let is_cancelled = |number: &BookingNumber| {
        let mut own = me.bookings.iter().filter(|booking| booking.number == *number);
        own.any(|booking| booking.state == BookingState::Cancelled)
    };
    let numbers = asked.filter_map(|number| read_number(number).ok()).filter(is_cancelled);
    let numbers: Vec<String> = numbers.map(BookingNumber::grouped).collect();
    (!numbers.is_empty()).then(|| f.say1("my.cancelled", "number", &numbers.join(&f.markup("word.and").0)))
}

/// Why nothing can be booked by this person yet, if so: their wave has not opened, or there is none for them.
pub(super) fn not_yet(f: &Frame<'_>, me: &Me) -> Option<Text> {
    if me.in_no_wave {
        return Some(f.say1("my.no_wave", "phone", f.phone));
    }
    me.opens_at.map(|opens_at| f.say1("my.opens", "at", &f.lang.starting(opens_at)))
}

fn booking_text(desk: &Desk, f: &Frame<'_>, booking: &BookingView) -> BookingText {
    BookingText {
        number: booking.number.to_string(),
        shown_number: booking.number.grouped(),
        place: PlaceText::of_booking(f, booking),
        state: f.say(&format!("booking.{}", booking.state.code())),
        changeable_until: changeable_until(desk, f, booking),
        live: booking.state.is_live(),
    }
}
