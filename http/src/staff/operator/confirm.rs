//! `/calls/{call}/{turn}/confirm/{hold}`: the sentence that is read back, and the one big button. The places are kept meanwhile.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::HoldId;

use super::call::{CallBar, OnLine};
use super::spoken::PlaceWords;
use crate::public::pages::place::write_legs;
use crate::staff::desk::Console;
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/operator/confirm.html")]
struct ConfirmPage<'a> {
    f: Frame<'a>,
    bar: CallBar,
    base: String,
    name_kana: String,
    places: Vec<PlaceWords>,
    /// The booking that moves: where it was.
    from: Option<PlaceWords>,
    until: String,
    hold: String,
    legs: String,
    changes: String,
    key: String,
}

pub(in crate::staff) async fn get_confirm(
    State(desk): State<Console>,
    Path((_, _, hold)): Path<(String, String, String)>,
    line: OnLine,
) -> Result<Response, StaffProblem> {
    let base = line.base();
    let id: HoldId = hold.parse().map_err(|_| StaffProblem::NotFound)?;
    // What was held may have been booked or given back since: the person's page says how things stand.
    let Some(hold) = desk.engine.current_hold(line.resident).filter(|hold| hold.id == id) else {
        return Ok(go_to(&base));
    };
    let places = hold.legs.iter().filter_map(|leg| desk.engine.place(*leg));
    let moving = line.who.me.bookings.iter().find(|booking| Some(booking.number) == hold.changes);
    let shown = ConfirmPage {
        f: desk.frame(Some(&line.staff)),
        bar: line.bar(),
        name_kana: line.who.me.name_kana.clone(),
        places: places.map(|place| PlaceWords::of_place(&place)).collect(),
        from: moving.map(PlaceWords::of_booking),
        until: hold.expires_at.city_clock().to_string(),
        hold: hold.id.to_string(),
        legs: write_legs(&hold.legs),
        changes: hold.changes.map_or_else(String::new, |number| number.to_string()),
        // Of the hold, so that a page which is loaded again still books once.
        key: format!("call-{}-{}", line.call.call, hold.id),
        base,
    };
    page(StatusCode::OK, &shown)
}
