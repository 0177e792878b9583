//! `GET /confirm`: the place that is kept, until when, and the one button that books it.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sesshu_engine::core::ids::BookingNumber;
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::view::HoldView;

use super::choose::choose_again;
use super::frame::Frame;
use super::page;
use super::place::{PlaceText, read_legs, read_number, write_legs};
use super::visitor::{Visitor, parameter};
use crate::lang::Text;
use crate::problem::{Code, Problem};
use crate::public::desk::{App, Desk};

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    f: Frame<'a>,
    name: String,
    /// Whether a booking is changed.
    changes: bool,
    /// The place that the booking has now, for a change.
    old: Option<PlaceText>,
    places: Vec<PlaceText>,
    until: Text,
    remaining: Text,
    /// The same for a script, in milliseconds.
    remaining_ms: i64,
    action: &'static str,
    /// What the form sends: the same key however often the button is pressed, so that it books once.
    key: String,
    place: String,
    number: String,
    other_href: String,
}

pub(crate) async fn get_confirm(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let login = visitor.login()?;
    let me = desk.me(&login)?;
    let Some((hold, legs)) = desk.engine.current_hold(login.resident).and_then(with_legs) else {
        return Err(no_hold(&desk, visitor.uri()));
    };
    let f = visitor.frame(&desk);
    let places: Option<Vec<_>> = legs.iter().map(|leg| desk.engine.place(*leg)).collect();
    let places = places.ok_or(RefusalCode::NoSuchSlot)?;
    let own = |number| me.bookings.iter().find(|booking| booking.number == number);
    let changes = hold.changes.is_some();
    let until = f.lang.clock(hold.expires_at.city_clock());
    let remaining_ms = hold.expires_at.ms_since(desk.engine.now()).max(0);
    let confirm = ConfirmPage {
        name: me.name_kana.clone(),
        changes,
        places: places.iter().map(|place| PlaceText::of_place(&f, place)).collect(),
        old: hold.changes.and_then(own).map(|booking| PlaceText::of_booking(&f, booking)),
        until: f.say1(if changes { "confirm.until_change" } else { "confirm.until" }, "at", &until),
        remaining: f.text(f.lang.remaining(remaining_ms)),
        remaining_ms,
        action: if changes { "/change" } else { "/book" },
        key: new_key()?,
        place: write_legs(&legs),
        other_href: choose_again(&desk, &legs, hold.changes),
        number: hold.changes.map(|number| number.to_string()).unwrap_or_default(),
        f,
    };
    page(&visitor, StatusCode::OK, &confirm)
}

/// A hold with its places as a booking names them.
fn with_legs(hold: HoldView) -> Option<(HoldView, Legs)> {
    Legs::of(&hold.legs).map(|legs| (hold, legs))
}

/// The address of the confirmation of these places. Which place is confirmed is decided by the hold alone; the address leads
/// back to the choice when the hold is over.
pub(crate) fn confirm_href(legs: &[Leg], changes: Option<BookingNumber>) -> String {
    let changes = changes.map(|number| format!("&number={number}")).unwrap_or_default();
    format!("/confirm?place={}{changes}", write_legs(legs))
}

/// Nothing is kept (any more): on to the choice, if the address says of what.
fn no_hold(desk: &Desk, uri: &Uri) -> Problem {
    let problem = Problem::from(RefusalCode::NoSuchHold);
    let changes = parameter(uri, "number").and_then(|number| read_number(number).ok());
    match parameter(uri, "place").and_then(|place| read_legs(place).ok()) {
        Some(legs) => problem.go_on_at(choose_again(desk, &legs, changes)),
        None => problem,
    }
}

fn new_key() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Code::Internal)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
