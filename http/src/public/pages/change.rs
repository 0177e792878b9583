//! `/change`: another place for a booking. The old one is kept until the new one is won.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::RequestKey;
use sesshu_engine::core::refusal::RefusalCode;

use super::book::{done_href, go_on};
use super::choose::{choose_again, choose_href};
use super::confirm::confirm_href;
use super::go_to;
use super::place::{read_legs, read_number};
use super::visitor::Visitor;
use crate::problem::{Problem, Step, Wrong};
use crate::public::body::read_form;
use crate::public::desk::App;

#[derive(Deserialize)]
pub(crate) struct ChangeForm {
    #[serde(default)]
    number: String,
    #[serde(default)]
    place: String,
    #[serde(default)]
    key: String,
}

/// To the choice of the new place.
pub(crate) async fn get_change(
    State(desk): State<App>,
    Path(number): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let me = desk.me(&visitor.login(&desk)?)?;
    let number = read_number(&number)?;
    let own = me.bookings.iter().find(|booking| booking.number == number);
    let booking = own.ok_or(RefusalCode::NoSuchBooking)?;
    Ok(go_to(&choose_href(&booking.dose.to_string(), None, &number.to_string())))
}

pub(crate) async fn post_change(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let form: ChangeForm = read_form(&desk.config, request).await?;
    let key = RequestKey::new(&form.key).ok_or_else(|| Problem::invalid(Wrong::field("key")))?;
    let number = read_number(&form.number)?;
    let legs = read_legs(&form.place)?;
    let [leg] = *legs else { return Err(Problem::invalid(Wrong::field("place"))) };
    let login = visitor.login_for(&desk, Step::Change, &confirm_href(&legs, Some(number)))?;
    let again = choose_again(&desk, &legs, Some(number));
    let changed = desk.change(&login, number, leg.session, leg.slot, key).await;
    let done = changed.map_err(|refused| go_on(refused, &again))?;
    Ok(go_to(&format!("{}&changed=1", done_href(&done))))
}
