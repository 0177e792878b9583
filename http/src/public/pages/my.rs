//! `GET /my`: a person's own bookings, and the next one to make.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::{BookingNumber, DoseNo};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::view::{BookingView, Me};

use super::choose::choose_href;
use super::frame::Frame;
use super::page;
use super::place::{PlaceText, dose_text, read_number};
use super::visitor::{Visitor, parameter};
use crate::problem::Problem;
use crate::public::desk::{App, Desk};

#[derive(Template)]
#[template(path = "my.html")]
struct MyPage<'a> {
    f: Frame<'a>,
    name: String,
    cancelled: Option<String>,
    bookings: Vec<BookingText>,
    next: Option<NextText>,
}

struct BookingText {
    number: String,
    shown_number: String,
    place: PlaceText,
    state: String,
    /// Until when it can be changed, if it still can.
    changeable_until: Option<String>,
}

struct NextText {
    dates: String,
    /// Why it cannot be booked yet, if so.
    not_yet: Option<String>,
    href: String,
    title: String,
}

pub(crate) async fn get_my(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let me = desk.me(&visitor.login(&desk)?)?;
    let f = visitor.frame(&desk);
    let bookings = me.bookings.iter().map(|booking| booking_text(&desk, &f, booking)).collect();
    let next = me.next.map(|next| {
        let from = f.lang.date(next.from);
        let dates = match next.to {
            Some(to) => f.lang.say_with("my.next_from_to", &[("from", &from), ("to", &f.lang.date(to))]),
            None => f.say1("my.next_from", "from", &from),
        };
        NextText {
            dates,
            not_yet: not_yet(&f, &me),
            href: choose_href(&next.dose.to_string(), None, ""),
            title: f.say1("my.book", "dose", &dose_text(&f, next.dose)),
        }
    });
    let cancelled = cancelled_text(&f, &me, parameter(visitor.uri(), "cancelled").unwrap_or_default());
    page(&visitor, StatusCode::OK, &MyPage { f, name: me.name_kana, cancelled, bookings, next })
}

/// That these bookings are cancelled, as far as they are this person's and really are.
fn cancelled_text(f: &Frame<'_>, me: &Me, numbers: &str) -> Option<String> {
    let asked = numbers.split(',').take(usize::from(DoseNo::MAX)).filter_map(|number| read_number(number).ok());
    let is_cancelled = |number: &BookingNumber| {
        let mut own = me.bookings.iter().filter(|booking| booking.number == *number);
        own.any(|booking| booking.state == BookingState::Cancelled)
    };
    let numbers: Vec<String> = asked.filter(is_cancelled).map(BookingNumber::grouped).collect();
    (!numbers.is_empty()).then(|| f.say1("my.cancelled", "number", &numbers.join(f.say("word.and").as_ref())))
}

/// Why nothing can be booked by this person yet, if so: their wave has not opened, or there is none for them.
pub(super) fn not_yet(f: &Frame<'_>, me: &Me) -> Option<String> {
    if me.in_no_wave {
        return Some(f.say1("my.no_wave", "phone", f.phone));
    }
    me.opens_at.map(|opens_at| f.say1("my.opens", "at", &f.lang.starting(opens_at)))
}

fn booking_text(desk: &Desk, f: &Frame<'_>, booking: &BookingView) -> BookingText {
    let until = desk.engine.change_deadline(booking.date);
    let changeable = booking.state == BookingState::Booked && desk.engine.now() <= until;
    BookingText {
        number: booking.number.to_string(),
        shown_number: booking.number.grouped(),
        place: PlaceText::of_booking(f, booking),
        state: f.say(&format!("booking.{}", booking.state.code())).into_owned(),
        changeable_until: changeable.then(|| f.say1("my.until", "at", &f.lang.instant(until))),
    }
}
