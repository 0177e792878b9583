//! `POST /venue/{venue}/no-shows`: at the end of the day, everybody who has not come. How many they are has to be typed.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::NoShowRefusal;

use super::bar::{BarPage, VenueBar};
use super::day::{DayQuery, day_page};
use crate::staff::dates::instant_words;
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::page::go_to;
use crate::staff::problem::StaffProblem;

#[derive(Deserialize)]
pub(in crate::staff) struct NoShowsForm {
    #[serde(default)]
    count: String,
}

pub(in crate::staff) async fn post_no_shows(
    State(desk): State<Console>,
    staff: Staff,
    Path(venue): Path<String>,
    StaffForm(form): StaffForm<NoShowsForm>,
) -> Result<Response, StaffProblem> {
    let bar = VenueBar::of(&desk, &staff, &venue, BarPage::Day)?;
    let mut errors = FormErrors::default();
    let mut status = StatusCode::BAD_REQUEST;
    match form.count.trim().parse() {
        Err(_) => errors.add("count", "人数を半角の数字で入力してください。"),
        Ok(count) => match desk.engine.mark_no_shows(bar.id, count, staff.by()).await {
            Ok(marked) => return Ok(go_to(&format!("{}?marked={marked}", bar.href()))),
            Err(NoShowRefusal::NotYet(ends)) => {
                status = StatusCode::CONFLICT;
                errors.add("count", format!("最後の枠が終わる{}より前には記録できません。", instant_words(ends)));
            }
            Err(NoShowRefusal::OtherCount(waiting)) => {
                status = StatusCode::CONFLICT;
                errors.add(
                    "count",
                    format!("まだ来ていない人は{waiting}人です。名簿を確かめて、その人数を入力してください。"),
                );
            }
            Err(NoShowRefusal::Refused(refusal)) => return Err(refusal.into()),
        },
    }
    day_page(&desk, &staff, &venue, &DayQuery::default(), status, errors, &form.count).await
}
