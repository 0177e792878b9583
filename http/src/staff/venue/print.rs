//! `/venue/{venue}/print`: everybody of a day on paper, for when the power is cut. By slot, then by name, with boxes to tick.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::time::Day;
use sesshu_engine::{DayPart, DayPerson, DaySlot};

use super::bar::{BarPage, VenueBar};
use super::day::day_asked;
use super::words::InWords;
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, Staff};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

#[derive(Deserialize)]
pub(in crate::staff) struct PrintQuery {
    #[serde(default)]
    day: String,
}

/// A slot with its people.
struct PrintedSlot {
    slot: DaySlot,
    people: Vec<DayPerson>,
}

#[derive(Template)]
#[template(path = "staff/venue/print.html")]
struct PrintPage<'a> {
    f: Frame<'a>,
    bar: VenueBar,
    day: Day,
    /// When it was made: what happened since is not on the paper.
    made_at: String,
    slots: Vec<PrintedSlot>,
    people: usize,
}

pub(in crate::staff) async fn get_print(
    State(desk): State<Console>,
    staff: Staff,
    Path(venue): Path<String>,
    StaffQuery(query): StaffQuery<PrintQuery>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::Print)?;
    let now = desk.engine.now();
    let day = day_asked(&query.day, now.city_day())?;
    let mut people = desk.engine.day_people(bar.id, day, DayPart::All, &staff.by()).await?;
    let count = people.len();
    let mut slots = Vec::new();
    for slot in desk.engine.day_slots(bar.id, day, &staff.by())? {
        let (here, rest) =
            people.into_iter().partition(|person| person.session == slot.session && person.slot == slot.slot);
        people = rest;
        slots.push(PrintedSlot { slot, people: here });
    }
    let f = desk.frame(Some(&staff));
    page(StatusCode::OK, &PrintPage { f, bar, day, made_at: instant_words(now), slots, people: count })
}
