//! `/audit/person`: from the ID on somebody's letter to the entries about them. The ID is sent as a form, so that it stands in no
//! address and no log.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::event_kind::EventKind;
use sesshu_engine::roll::parse_typed_city_id;

use super::filter::Filter;
use super::list::shown_again;
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{FormErrors, StaffForm};
use crate::staff::page::go_to;
use crate::staff::problem::StaffProblem;

#[derive(Deserialize)]
pub(in crate::staff) struct PersonForm {
    #[serde(default)]
    id: String,
}

pub(in crate::staff) async fn post_person(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<PersonForm>,
) -> Result<Response, StaffProblem> {
    let id = parse_typed_city_id(&form.id);
    let wrong = |says: &str| {
        let mut errors = FormErrors::default();
        errors.add("id", says);
        shown_again(&desk, &staff, &Filter::default(), &form.id, errors)
    };
    let Ok(id) = id else {
        return wrong("接種券番号を数字で入力してください。");
    };
    let Some(person) = desk.engine.find(id) else {
        return wrong("この番号の人は登録されていません。番号を確かめてください。");
    };
    let filter = Filter { person: person.to_string(), kind: EventKind::View.code().to_owned(), ..Filter::default() };
    Ok(go_to(&filter.href("/audit")))
}
