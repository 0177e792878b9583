//! `GET /done`: the booking's number and everything that one needs on the day.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::frame::Frame;
use super::own::own_booking;
use super::slip::{Slip, bring};
use super::visitor::{Visitor, parameter};
use super::{go_to, page};
use crate::lang::Text;
use crate::problem::Problem;
use crate::public::desk::App;

#[derive(Template)]
#[template(path = "done.html")]
struct DonePage<'a> {
    f: Frame<'a>,
    /// Whether a booking was changed, rather than made.
    changed: bool,
    name: String,
    slips: Vec<Slip>,
    bring: Vec<Text>,
    has_contact: bool,
}

pub(crate) async fn get_done(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let login = visitor.login()?;
    let me = desk.me(&login)?;
    let f = visitor.frame(&desk);
    let mut slips = Vec::new();
    for text in parameter(visitor.uri(), "number").unwrap_or_default().split(',').take(2) {
        let booking = own_booking(&me, text)?;
        if !booking.state.is_live() {
            // It was booked once, and is not any more.
            return Ok(go_to("/my"));
        }
        slips.push(Slip::of(&desk, &f, booking));
    }
    let changed = parameter(visitor.uri(), "changed").is_some();
    let has_contact = desk.engine.has_contact(login.resident);
    let done = DonePage { bring: bring(&f), changed, name: me.name_kana, slips, has_contact, f };
    page(&visitor, StatusCode::OK, &done)
}
