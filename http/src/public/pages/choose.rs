//! `GET /choose`: the free places for a dose, beginning with the first free date. Only what the person may book is offered.

use std::collections::{BTreeMap, HashSet};

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::SessionId;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::core::time::Day;
use sesshu_engine::view::SessionView;

use super::frame::Frame;
use super::page;
use super::place::{dose_text, free_text, read_number};
use super::visitor::Visitor;
use crate::problem::Problem;
use crate::public::api::days::read_dose;
use crate::public::body::read_query;
use crate::public::desk::App;

/// How many dates are offered at once.
const DATES_MAX: usize = 120;

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    f: Frame<'a>,
    title: String,
    changes: String,
    sessions: Vec<SessionText>,
    any_open: bool,
    dates: Vec<DateText>,
    shown_date: String,
}

struct SessionText {
    venue: String,
    vaccine: String,
    note: String,
    slots: Vec<SlotText>,
}

struct SlotText {
    /// The value of the form's field; none if it cannot be chosen.
    value: Option<String>,
    time: String,
    free: String,
}

struct DateText {
    href: String,
    date: String,
    free: String,
    current: bool,
}

#[derive(Deserialize)]
pub(crate) struct ChooseQuery {
    #[serde(default)]
    dose: String,
    #[serde(default)]
    date: String,
    #[serde(default)]
    changes: String,
}

pub(crate) async fn get_choose(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let visitor = Visitor::of(&desk.config, &request);
    let login = visitor.login(&desk)?;
    let query: ChooseQuery = read_query(visitor.uri())?;
    let dose = read_dose(&query.dose)?;
    let changes = (!query.changes.is_empty()).then(|| read_number(&query.changes)).transpose()?;
    let asked_date = (!query.date.is_empty()).then(|| query.date.parse::<Day>());
    let asked_date = asked_date.transpose().map_err(|_| Problem::invalid("date: 2026-12-05"))?;
    let feasible: HashSet<SessionId> = desk.engine.feasible(login.resident, dose, changes).into_iter().collect();
    let now = desk.engine.availability();
    let mut days: BTreeMap<Day, Vec<&SessionView>> = BTreeMap::new();
    for session in now.sessions.iter().filter(|session| feasible.contains(&session.id)) {
        days.entry(session.date).or_default().push(session);
    }
    let f = visitor.frame(&desk);
    let changes = changes.map(|number| number.to_string()).unwrap_or_default();
    let open = |sessions: &[&SessionView]| sessions.iter().any(|session| session.state == PublicState::Open);
    let first = days.iter().find(|(_, sessions)| open(sessions)).or_else(|| days.iter().next()).map(|(day, _)| *day);
    let shown = asked_date.filter(|day| days.contains_key(day)).or(first);
    let dates = days.iter().take(DATES_MAX).map(|(day, sessions)| {
        let state = PublicState::of_all(sessions.iter().map(|session| session.state));
        let free = sessions.iter().flat_map(|session| &session.slots).map(|slot| slot.free).sum();
        DateText {
            href: choose_href(&query.dose, Some(*day), &changes),
            date: f.lang.date(*day),
            free: free_text(&f, state.unwrap_or(PublicState::Closed), free),
            current: Some(*day) == shown,
        }
    });
    let dates = dates.collect();
    let sessions = shown.and_then(|day| days.get(&day)).map_or(&[][..], Vec::as_slice);
    let sessions: Vec<SessionText> = sessions.iter().map(|session| session_text(&f, session, &query.dose)).collect();
    let title = if changes.is_empty() { "choose.title" } else { "choose.title_change" };
    let choose = ChoosePage {
        title: f.say1(title, "dose", &dose_text(&f, dose)),
        any_open: sessions.iter().flat_map(|session| &session.slots).any(|slot| slot.value.is_some()),
        shown_date: shown.map(|day| f.lang.date(day)).unwrap_or_default(),
        f,
        changes,
        sessions,
        dates,
    };
    page(&visitor, StatusCode::OK, &choose)
}

fn session_text(f: &Frame<'_>, session: &SessionView, dose: &str) -> SessionText {
    let slots = session.slots.iter().map(|slot| SlotText {
        value: (slot.state == PublicState::Open).then(|| format!("{}-{}-{dose}", session.id, slot.id)),
        time: f.lang.times(slot.start, slot.end),
        free: free_text(f, slot.state, slot.free),
    });
    let note = match session.state {
        PublicState::BeforeOpen => f.say1("choose.opens", "at", &f.lang.instant(session.opens_at)),
        _ => String::new(),
    };
    SessionText {
        venue: session.venue.name.clone(),
        vaccine: session.vaccine.to_string(),
        note,
        slots: slots.collect(),
    }
}

/// The address of the choice for `dose`, on `date`, for a change of booking `changes` if it is not empty.
pub(crate) fn choose_href(dose: &str, date: Option<Day>, changes: &str) -> String {
    let date = date.map(|date| format!("&date={date}")).unwrap_or_default();
    let changes = if changes.is_empty() { String::new() } else { format!("&changes={changes}") };
    format!("/choose?dose={dose}{date}{changes}")
}
