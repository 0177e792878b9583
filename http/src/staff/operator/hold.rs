//! `POST /calls/{call}/{turn}/hold` and `/release`: a place is kept while people talk, or given back.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{Channel, HoldId};
use sesshu_engine::core::leg::Legs;
use sesshu_engine::core::refusal::RefusalCode;

use super::call::OnLine;
use super::place::{Wish, changes_of, leg_of, legs_of};
use super::refused::{Again, Asked, refused_page};
use crate::public::pages::place::write_legs;
use crate::staff::desk::Console;
use crate::staff::form::StaffForm;
use crate::staff::page::go_to;
use crate::staff::problem::StaffProblem;

#[derive(Deserialize)]
pub(in crate::staff) struct HoldForm {
    /// One place, or both of a pair.
    #[serde(default)]
    place: String,
    /// The first place of a pair, whose second one is `place`.
    #[serde(default)]
    with: String,
    /// Whether the second place of a pair is chosen afterwards.
    #[serde(default)]
    pair: String,
    #[serde(default)]
    changes: String,
}

pub(in crate::staff) async fn post_hold(
    State(desk): State<Console>,
    line: OnLine,
    StaffForm(form): StaffForm<HoldForm>,
) -> Result<Response, StaffProblem> {
    let legs = if form.with.is_empty() {
        legs_of(&form.place)?
    } else {
        let pair = Legs::pair(leg_of(&form.with)?, leg_of(&form.place)?);
        pair.ok_or_else(|| StaffProblem::Invalid("2つの枠の回数が続いていません。".into()))?
    };
    let changes = changes_of(&line, &form.changes)?;
    let pair = form.pair == "yes" && legs.len() == 1 && changes.is_none();
    let base = line.base();
    match desk.engine.hold(line.resident, legs.clone(), changes, Channel::Phone).await {
        Ok(_) if pair => Ok(go_to(&Wish::PairSecond(legs[0]).href(&base))),
        Ok(hold) => Ok(go_to(&format!("{base}/confirm/{}", hold.id))),
        Err(refusal) => {
            let fields = vec![
                ("place", write_legs(&legs)),
                ("pair", if pair { "yes" } else { "" }.into()),
                ("changes", form.changes),
            ];
            let again = Again { action: format!("{base}/hold"), fields };
            refused_page(&desk, &line, &refusal, Asked { legs: &legs, changes, pair, again })
        }
    }
}

#[derive(Deserialize)]
pub(in crate::staff) struct ReleaseForm {
    #[serde(default)]
    hold: String,
}

/// Gives the hold back and leads to the choice that it came from. One that has ended leads to the person.
pub(in crate::staff) async fn post_release(
    State(desk): State<Console>,
    line: OnLine,
    StaffForm(form): StaffForm<ReleaseForm>,
) -> Result<Response, StaffProblem> {
    let base = line.base();
    let named = form.hold.parse::<HoldId>().ok();
    let current = desk.engine.current_hold(line.resident).filter(|hold| Some(hold.id) == named);
    let Some(hold) = current else { return Ok(go_to(&base)) };
    match desk.engine.release(line.resident, hold.id).await {
        Ok(()) => {}
        Err(refusal) if refusal.code == RefusalCode::NoSuchHold => {}
        Err(refusal) => return Err(refusal.into()),
    }
    let wish = Wish::of(&hold.legs, hold.changes);
    Ok(go_to(&wish.map_or(base.clone(), |wish| wish.href(&base))))
}
