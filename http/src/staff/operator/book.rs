//! `POST /calls/{call}/{turn}/book`: books, or moves, what was read back.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{Channel, RequestKey};

use super::call::OnLine;
use super::done::done_href;
use super::place::{changes_of, legs_of};
use super::refused::{Again, Asked, refused_page};
use crate::staff::desk::Console;
use crate::staff::form::StaffForm;
use crate::staff::page::go_to;
use crate::staff::problem::StaffProblem;

#[derive(Deserialize)]
pub(in crate::staff) struct BookForm {
    #[serde(default)]
    place: String,
    #[serde(default)]
    changes: String,
    #[serde(default)]
    key: String,
}

pub(in crate::staff) async fn post_book(
    State(desk): State<Console>,
    line: OnLine,
    StaffForm(form): StaffForm<BookForm>,
) -> Result<Response, StaffProblem> {
    let key = RequestKey::new(&form.key)
        .ok_or_else(|| StaffProblem::Invalid("この画面はもう使えません。枠を選び直してください。".into()))?;
    let legs = legs_of(&form.place)?;
    let changes = changes_of(&line, &form.changes)?;
    let (resident, by) = (line.resident, line.by());
    let answer = match (changes, &*legs) {
        (None, _) => desk.engine.book(resident, legs.clone(), key, by, Channel::Phone).await,
        (Some(number), [to]) => {
            desk.engine.move_booking(resident, number, to.session, to.slot, key, by, Channel::Phone).await
        }
        (Some(_), _) => return Err(StaffProblem::Invalid("変更先の枠は1つだけ選んでください。".into())),
    };
    match answer {
        Ok(done) => {
            Ok(go_to(&done_href(&line.base(), &done.bookings, if changes.is_some() { "moved" } else { "booked" })))
        }
        Err(refusal) => {
            let fields = vec![("place", form.place), ("changes", form.changes), ("key", form.key)];
            let again = Again { action: format!("{}/book", line.base()), fields };
            refused_page(&desk, &line, &refusal, Asked { legs: &legs, changes, pair: false, again })
        }
    }
}
