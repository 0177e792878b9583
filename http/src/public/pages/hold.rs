//! `POST /hold`: keeps the chosen place while the person confirms.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;

use super::choose::choose_href;
use super::go_to;
use super::place::{read_legs, read_number};
use super::visitor::Visitor;
use crate::problem::Problem;
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
    let login = visitor.login(&desk)?;
    let form: HoldForm = read_form(&desk.config, request).await?;
    let legs = read_legs(&form.place)?;
    let changes = (!form.changes.is_empty()).then(|| read_number(&form.changes)).transpose()?;
    let again = legs.first().map(|leg| {
        let date = desk.engine.place(*leg).map(|place| place.date);
        choose_href(&leg.dose.to_string(), date, &form.changes)
    });
    desk.hold(&login, legs, changes).await.map_err(|refused| match again {
        Some(href) => refused.go_on_at(href),
        None => refused,
    })?;
    Ok(go_to("/confirm"))
}
