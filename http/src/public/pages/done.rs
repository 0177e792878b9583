//! `GET /done`: the booking's number and everything that one needs on the day.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::refusal::RefusalCode;

use super::frame::Frame;
use super::place::{PlaceText, read_number};
use super::visitor::{Visitor, parameter};
use super::{go_to, page};
use crate::problem::Problem;
use crate::public::desk::App;

#[derive(Template)]
#[template(path = "done.html")]
struct DonePage<'a> {
    f: Frame<'a>,
    title: String,
    name: String,
    bookings: Vec<(String, PlaceText, String)>,
}

pub(crate) async fn get_done(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let me = desk.me(&visitor.login(&desk)?)?;
    let f = visitor.frame(&desk);
    let mut bookings = Vec::new();
    for text in parameter(visitor.uri(), "number").unwrap_or_default().split(',').take(2) {
        let number = read_number(text)?;
        let own = me.bookings.iter().find(|booking| booking.number == number);
        let booking = own.ok_or(RefusalCode::NoSuchBooking)?;
        if !booking.state.is_live() {
            // It was booked once, and is not any more.
            return Ok(go_to("/my"));
        }
        let until = f.lang.instant(desk.engine.change_deadline(booking.date));
        bookings.push((number.grouped(), PlaceText::of_booking(&f, booking), f.say1("my.until", "at", &until)));
    }
    let changed = parameter(visitor.uri(), "changed").is_some();
    let title = f.say(if changed { "done.title_change" } else { "done.title" }).into_owned();
    page(&visitor, StatusCode::OK, &DonePage { f, title, name: me.name_kana, bookings })
}
