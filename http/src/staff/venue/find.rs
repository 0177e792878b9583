//! `POST /venue/{venue}/find`: the search field. A number, typed or scanned, leads to its person; kana to those whose name has it. It is a
//! form, so that no name stands in an address.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::{DayPart, DayPerson};

use super::bar::{BarPage, VenueBar};
use super::words::{InWords, NumberTyped, number_typed};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

#[derive(Deserialize)]
pub(in crate::staff) struct FindForm {
    #[serde(default)]
    q: String,
}

#[derive(Template)]
#[template(path = "staff/venue/find.html")]
struct FindPage<'a> {
    f: Frame<'a>,
    bar: VenueBar,
    errors: FormErrors,
    people: Vec<DayPerson>,
}

pub(in crate::staff) async fn post_find(
    State(desk): State<Console>,
    staff: Staff,
    Path(venue): Path<String>,
    StaffForm(form): StaffForm<FindForm>,
) -> Result<Response, StaffProblem> {
    let mut bar = VenueBar::of(&desk, &staff, &venue, BarPage::Other)?;
    bar.searched = form.q.trim().to_owned();
    let mut people = Vec::new();
    match number_typed(&form.q) {
        NumberTyped::Number(number) => return Ok(go_to(&format!("{}/people/{number}", bar.href()))),
        NumberTyped::Wrong => {
            bar.wrong =
                Some("この番号の予約はありません。数字が違うか、足りないか、多すぎます。もう一度入力してください。");
        }
        NumberTyped::Other if bar.searched.is_empty() => bar.wrong = Some("予約番号か、氏名のカナを入力してください。"),
        NumberTyped::Other => {
            let today = desk.engine.now().city_day();
            people = desk.engine.day_people(bar.id, today, DayPart::Named(&bar.searched), &staff.by()).await?;
        }
    }
    if let [only] = people.as_slice() {
        return Ok(go_to(&format!("{}/people/{}", bar.href(), only.number)));
    }
    let mut errors = FormErrors::default();
    if let Some(wrong) = bar.wrong {
        errors.add("q", wrong);
    }
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    page(status, &FindPage { f: desk.frame(Some(&staff)), bar, errors, people })
}
