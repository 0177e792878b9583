//! `POST /hold`: keeps the chosen place while the person confirms.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;

use super::choose::choose_again;
use super::go_to;
use super::place::{read_legs, read_number};
use super::visitor::Visitor;
use crate::problem::{Problem, Step, What};
use crate::public::body::read_form;
use crate::public::desk::App;

#[derive(Deserialize)]
pub(crate) struct HoldForm {
    #[serde(default)]
    place: String,
    #[serde(default)]
    changes: String,
}

pub(crate) async fn post_hold(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let form: HoldForm = read_form(&desk.config, request).await?;
    let legs = read_legs(&form.place)?;
    let changes = (!form.changes.is_empty()).then(|| read_number(&form.changes)).transpose()?;
    if changes.is_some() && legs.len() > 1 {
        return Err(Problem::invalid(What::ChangesPair));
    }
    let again = choose_again(&desk, &legs, changes);
    let step = if changes.is_some() { Step::Change } else { Step::Book };
    let login = visitor.login_for(&desk, step, &again)?;
    desk.hold(&login, legs, changes).await.map_err(|refused| refused.go_on_at(again))?;
    Ok(go_to("/confirm"))
}
