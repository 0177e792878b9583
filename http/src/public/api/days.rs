//! `GET /days`.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use sesshu_engine::core::ids::DoseNo;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::core::time::Day;
use sesshu_engine::view::Availability;
use utoipa::ToSchema;

use super::as_text;
use super::lists::{JSON_LIST, ListKey, Moment};
use crate::problem::{Problem, ProblemBody, What};
use crate::public::body::read_query;
use crate::public::desk::App;

/// The dose asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DaysQuery {
    dose: String,
}

/// The days on which a dose is given.
#[derive(Serialize, ToSchema)]
#[schema(as = Days)]
pub(crate) struct DaysBody {
    days: Vec<DayBody>,
}

/// One day.
#[derive(Serialize, ToSchema)]
#[schema(as = Day)]
pub(crate) struct DayBody {
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, format = Date)]
    date: Day,
    /// What residents on the web could take now.
    free: u32,
    /// `before_open`, `open`, `full`, `closed` or `cancelled`.
    #[schema(example = "open")]
    state: &'static str,
}

#[utoipa::path(get, path = "/api/v1/days", params(("dose" = u8, Query, minimum = 1, maximum = 9, example = 1, description = "A dose of the series")), responses(
    (status = 200, description = "The days, with ETag", body = DaysBody),
    (status = 304, description = "Not modified"),
    (status = 400, description = "`invalid`", body = ProblemBody, content_type = "application/problem+json"),
))]
pub(crate) async fn get_days(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let query: DaysQuery = read_query(request.uri())?;
    let dose = read_dose(&query.dose)?;
    let now = desk.availability();
    let list = desk.lists.get(ListKey::Days(dose), Moment::of_list(&now), || {
        let days = days_of(&now, dose);
        let days = days.map(|(date, free, state)| DayBody { date, free, state: state.code() }).collect();
        serde_json::to_vec(&DaysBody { days }).unwrap_or_default()
    });
    Ok(list.answer(request.headers(), JSON_LIST))
}

/// A dose of a query.
pub(crate) fn read_dose(text: &str) -> Result<DoseNo, Problem> {
    let number = text.parse().ok().filter(|_| text.len() == 1).and_then(DoseNo::new);
    number.ok_or_else(|| Problem::invalid(What::Dose))
}

/// The days on which `dose` is given, with the free places and the state of each.
pub(crate) fn days_of(now: &Availability, dose: DoseNo) -> impl Iterator<Item = (Day, u32, PublicState)> {
    let mut days: BTreeMap<Day, (u32, PublicState)> = BTreeMap::new();
    for session in now.sessions.iter().filter(|session| session.doses.contains(&dose)) {
        let free = session.slots.iter().map(|slot| slot.free).sum::<u32>();
        let day = days.entry(session.date).or_insert((0, session.state));
        day.0 = day.0.saturating_add(free);
        day.1 = PublicState::of_all([day.1, session.state]).unwrap_or(day.1);
    }
    days.into_iter().map(|(date, (free, state))| (date, free, state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dose_is_one_digit_from_1_to_9() {
        assert_eq!(read_dose("2").map_err(|problem| problem.code), Ok(DoseNo::new(2).expect("a dose")));
        for wrong in ["", "0", "10", "+1", "1 ", "１", "01", "x"] {
            assert!(read_dose(wrong).is_err(), "{wrong}");
        }
    }
}
