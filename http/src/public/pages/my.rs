//! `GET /my`: a person's own bookings, and the next one to make.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::view::BookingView;

use super::frame::Frame;
use super::page;
use super::place::{PlaceText, dose_text};
use super::visitor::{Visitor, parameter};
use crate::problem::Problem;
use crate::public::desk::{App, Desk};

#[derive(Template)]
#[template(path = "my.html")]
struct MyPage<'a> {
    f: Frame<'a>,
    name: String,
    cancelled: bool,
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
    dose: u8,
    title: String,
    dates: String,
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
        NextText { dose: next.dose.get(), title: f.say1("my.book", "dose", &dose_text(&f, next.dose)), dates }
    });
    let cancelled = parameter(visitor.uri(), "cancelled").is_some();
    page(&visitor, StatusCode::OK, &MyPage { f, name: me.name_kana, cancelled, bookings, next })
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
