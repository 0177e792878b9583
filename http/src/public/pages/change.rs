//! `/change`: another place for a booking. The old one is kept until the new one is won.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::RequestKey;

use super::book::{done_href, go_on};
use super::choose::Wish;
use super::confirm::confirm_href;
use super::go_to;
use super::own::own_booking;
use super::place::{read_legs, read_number};
use super::visitor::Visitor;
use crate::problem::{Again, Problem, Step, Wrong};
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
    let (visitor, _) = Visitor::of(&desk, request);
    let me = desk.me(&visitor.login()?)?;
    let booking = own_booking(&me, &number)?;
    Ok(go_to(&Wish { changes: Some(booking.number), ..Wish::for_dose(booking.dose) }.href()))
}

pub(crate) async fn post_change(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, body) = Visitor::of(&desk, request);
    let form: ChangeForm = visitor.form(&desk, body).await?;
    let key = RequestKey::new(&form.key).ok_or_else(|| Problem::invalid(Wrong::field("key")))?;
    let number = read_number(&form.number)?;
    let legs = read_legs(&form.place)?;
    let [leg] = *legs else { return Err(Problem::invalid(Wrong::field("place"))) };
    let login = visitor.login_for(Step::Change, &confirm_href(&legs, Some(number)))?;
    let fields = vec![("key", form.key), ("place", form.place), ("number", form.number)];
    let form = Again { action: "/change", fields };
    match desk.change(&login, number, leg.session, leg.slot, key).await {
        Ok(done) => Ok(go_to(&format!("{}&changed=1", done_href(&done)))),
        Err(refused) => Err(go_on(&desk, &login, refused, &legs, Some(number), form)),
    }
}
