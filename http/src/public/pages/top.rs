//! `GET /`: what this is, when there are places, how to log in.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::core::ids::DoseNo;
use sesshu_engine::core::session::PublicState;

use super::frame::Frame;
use super::page;
use super::place::{dose_text, free_text};
use super::visitor::{Visitor, parameter};
use crate::problem::Problem;
use crate::public::api::days::{days_of, read_dose};
use crate::public::desk::App;

/// How many days are shown: the page stays within 14 KB.
const DAYS_MAX: usize = 40;

#[derive(Template)]
#[template(path = "top.html")]
struct TopPage<'a> {
    f: Frame<'a>,
    dose: String,
    days: Vec<DayText>,
    other_doses: Vec<(u8, String)>,
    opens: Option<String>,
}

struct DayText {
    date: String,
    free: String,
    open: bool,
}

pub(crate) async fn get_top(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let dose = parameter(visitor.uri(), "dose").map_or(Ok(DoseNo::FIRST), read_dose)?;
    let f = visitor.frame(&desk);
    let now = desk.engine.availability();
    let over = |state| matches!(state, PublicState::Closed | PublicState::Cancelled);
    let days = days_of(&now, dose).filter(|(_, _, state)| !over(*state)).take(DAYS_MAX);
    let days = days.map(|(date, free, state)| DayText {
        date: f.lang.date(date),
        free: free_text(&f, state, free),
        open: state == PublicState::Open,
    });
    let days: Vec<DayText> = days.collect();
    let mut doses: Vec<DoseNo> = now.sessions.iter().flat_map(|session| session.doses.iter().copied()).collect();
    doses.sort_unstable();
    doses.dedup();
    let before = now.sessions.iter().filter(|session| session.state == PublicState::BeforeOpen);
    let opens = before.map(|session| session.opens_at).min();
    let other_doses = doses.into_iter().filter(|other| *other != dose);
    let other_doses = other_doses.map(|other| (other.get(), dose_text(&f, other))).collect();
    let opens = opens.map(|at| f.say1("top.opens", "at", &f.lang.instant(at)));
    let dose = dose_text(&f, dose);
    page(&visitor, StatusCode::OK, &TopPage { f, dose, days, other_doses, opens })
}
