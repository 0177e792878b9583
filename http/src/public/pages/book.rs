//! `POST /book`: books what was confirmed.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::RequestKey;
use sesshu_engine::view::Done;

use super::choose::choose_again;
use super::confirm::confirm_href;
use super::go_to;
use super::place::read_legs;
use super::visitor::Visitor;
use crate::problem::{Problem, Step, Wrong};
use crate::public::body::read_form;
use crate::public::desk::App;

#[derive(Deserialize)]
pub(crate) struct BookForm {
    #[serde(default)]
    place: String,
    #[serde(default)]
    key: String,
}

pub(crate) async fn post_book(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let form: BookForm = read_form(&desk.config, request).await?;
    let key = RequestKey::new(&form.key).ok_or_else(|| Problem::invalid(Wrong::field("key")))?;
    let legs = read_legs(&form.place)?;
    let login = visitor.login_for(&desk, Step::Book, &confirm_href(&legs, None))?;
    let again = choose_again(&desk, &legs, None);
    let done = desk.book(&login, legs, key).await.map_err(|refused| go_on(refused, &again))?;
    Ok(go_to(&done_href(&done)))
}

/// A refusal leads back to the choice; an unknown outcome to one's own bookings.
pub(crate) fn go_on(refused: Problem, choose: &str) -> Problem {
    if refused.code.status().is_server_error() { refused } else { refused.go_on_at(choose) }
}

/// The page that proves it.
pub(crate) fn done_href(done: &Done) -> String {
    let numbers: Vec<String> = done.bookings.iter().map(|booking| booking.number.to_string()).collect();
    format!("/done?number={}", numbers.join(","))
}
