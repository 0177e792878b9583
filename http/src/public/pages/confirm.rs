//! `GET /confirm`: the place that is kept, until when, and the one button that books it.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sesshu_engine::core::refusal::RefusalCode;

use super::choose::choose_href;
use super::frame::Frame;
use super::page;
use super::place::{PlaceText, write_legs};
use super::visitor::Visitor;
use crate::problem::{Code, Problem};
use crate::public::desk::App;

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    f: Frame<'a>,
    name: String,
    places: Vec<PlaceText>,
    until: String,
    action: &'static str,
    /// What the form sends: the same key however often the button is pressed, so that it books once.
    key: String,
    place: String,
    number: String,
    other_href: String,
}

pub(crate) async fn get_confirm(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let login = visitor.login(&desk)?;
    let me = desk.me(&login)?;
    let hold = desk.engine.current_hold(login.resident).ok_or(RefusalCode::NoSuchHold)?;
    let f = visitor.frame(&desk);
    let places: Option<Vec<_>> = hold.legs.iter().map(|leg| desk.engine.place(*leg)).collect();
    let places = places.filter(|places| !places.is_empty()).ok_or(RefusalCode::NoSuchSlot)?;
    let number = hold.changes.map(|number| number.to_string()).unwrap_or_default();
    let confirm = ConfirmPage {
        name: me.name_kana,
        places: places.iter().map(|place| PlaceText::of_place(&f, place)).collect(),
        until: f.say1("confirm.until", "at", &f.lang.clock(hold.expires_at.city_clock())),
        action: if hold.changes.is_some() { "/change" } else { "/book" },
        key: new_key()?,
        place: write_legs(&hold.legs),
        other_href: choose_href(&places[0].dose.to_string(), Some(places[0].date), &number),
        number,
        f,
    };
    page(&visitor, StatusCode::OK, &confirm)
}

fn new_key() -> Result<String, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| Code::Internal)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}
