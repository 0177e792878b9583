//! `POST /hold`: keeps the chosen place, or the two of a pair, while the person confirms.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;

use super::choose::choose_again;
use super::go_to;
use super::nearest::with_nearest;
use super::place::{read_legs, read_number};
use super::visitor::Visitor;
use super::wait::{QUEUED, is_choice, to_waiting_room};
use crate::problem::{Problem, Step, What};
use crate::public::desk::App;

#[derive(Deserialize)]
pub(crate) struct HoldForm {
    #[serde(default)]
    place: String,
    /// The place of the second dose of a pair.
    #[serde(default)]
    second: String,
    /// Whether two places are chosen.
    #[serde(default)]
    pair: String,
    #[serde(default)]
    changes: String,
    /// The choice as the person saw it.
    #[serde(default)]
    back: String,
}

pub(crate) async fn post_hold(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, body) = Visitor::of(&desk, request);
    let form: HoldForm = visitor.form(&desk, body).await?;
    let back = Some(form.back).filter(|back| is_choice(back));
    let missing = form.place.is_empty() || !form.pair.is_empty() && form.second.is_empty();
    if let Some(back) = back.as_ref().filter(|_| missing) {
        return Ok(go_to(&format!("{back}&missing=1")));
    }
    let places = [&*form.place, &*form.second].into_iter().filter(|place| !place.is_empty()).collect::<Vec<_>>();
    let legs = read_legs(&places.join(","))?;
    let changes = (!form.changes.is_empty()).then(|| read_number(&form.changes)).transpose()?;
    if changes.is_some() && legs.len() > 1 {
        return Err(Problem::invalid(What::ChangesPair));
    }
    let again = back.unwrap_or_else(|| choose_again(&desk, &legs, changes));
    let step = if changes.is_some() { Step::Change } else { Step::Book };
    let login = visitor.login_for(step, &again)?;
    match desk.hold(&login, legs.clone(), changes).await {
        Ok(_) => Ok(go_to("/confirm")),
        Err(refused) if refused.code == QUEUED => Ok(to_waiting_room(&again)),
        Err(refused) => Err(with_nearest(&desk, &login, refused, &legs, changes, again)),
    }
}
