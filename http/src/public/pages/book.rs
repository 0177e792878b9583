//! `POST /book`: books what was confirmed.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{BookingNumber, RequestKey};
use sesshu_engine::core::leg::Legs;
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::view::Done;

use super::choose::choose_again;
use super::confirm::confirm_href;
use super::go_to;
use super::nearest::with_nearest;
use super::place::read_legs;
use super::visitor::Visitor;
use super::wait::{QUEUED, to_waiting_room};
use crate::auth::token::Login;
use crate::problem::{Again, Code, GoOn, Problem, Step, Wrong};
use crate::public::desk::{App, Desk};

#[derive(Deserialize)]
pub(crate) struct BookForm {
    #[serde(default)]
    place: String,
    #[serde(default)]
    key: String,
}

pub(crate) async fn post_book(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, body) = Visitor::of(&desk, request);
    let form: BookForm = visitor.form(&desk, body).await?;
    let key = RequestKey::new(&form.key).ok_or_else(|| Problem::invalid(Wrong::field("key")))?;
    let legs = read_legs(&form.place)?;
    let login = visitor.login_for(Step::Book, &confirm_href(&legs, None))?;
    let form = Again { action: "/book", fields: vec![("key", form.key), ("place", form.place)] };
    match desk.book(&login, legs.clone(), key).await {
        Ok(done) => Ok(go_to(&done_href(&done))),
        Err(refused) if refused.code == QUEUED => Ok(to_waiting_room(&choose_again(&desk, &legs, None))),
        Err(refused) => Err(go_on(&desk, &login, refused, &legs, None, form)),
    }
}

/// A refusal leads back to the choice, or to places near by. If nothing was decided, or the outcome is not known, the same form
/// may be sent again: its key makes that safe.
pub(super) fn go_on(
    desk: &Desk,
    login: &Login,
    refused: Problem,
    legs: &Legs,
    changes: Option<BookingNumber>,
    form: Again,
) -> Problem {
    let choose = choose_again(desk, legs, changes);
    match refused.code {
        Code::Refused(RefusalCode::Busy | RefusalCode::Unavailable) => {
            refused.go_on(GoOn { href: choose.into(), again: Some(form), ..GoOn::default() })
        }
        _ => with_nearest(desk, login, refused, legs, changes, choose),
    }
}

/// The page that proves it.
pub(super) fn done_href(done: &Done) -> String {
    let numbers: Vec<String> = done.bookings.iter().map(|booking| booking.number.to_string()).collect();
    format!("/done?number={}", numbers.join(","))
}
