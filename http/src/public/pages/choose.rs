//! `GET /choose`: the free places for a dose, beginning with the first free date. Only what the person may book is offered; if
//! that is nothing, the page says why.

use std::collections::{BTreeMap, HashSet};

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::ids::{BookingNumber, DoseNo, SessionId};
use sesshu_engine::core::resident::Leg;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::core::time::Day;
use sesshu_engine::view::{BookingView, Me, SessionView};

use super::frame::Frame;
use super::my::not_yet;
use super::page;
use super::place::{DAY_FEW, SLOT_FEW, dose_text, free_text, read_number};
use super::visitor::Visitor;
use crate::problem::{Problem, What, Wrong};
use crate::public::api::days::read_dose;
use crate::public::body::read_query;
use crate::public::desk::{App, Desk};

mod instead;

use instead::{Instead, can_change};

/// How many dates are offered at once.
const DATES_MAX: usize = 120;

#[derive(Template)]
#[template(path = "choose.html")]
struct ChoosePage<'a> {
    f: Frame<'a>,
    title: String,
    changes: String,
    instead: Option<InsteadText>,
    sessions: Vec<SessionText>,
    any_open: bool,
    dates: Vec<DateText>,
    shown_date: String,
}

/// What is said instead of places.
struct InsteadText {
    why: String,
    href: String,
    next: String,
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
    let me = desk.me(&login)?;
    let query: ChooseQuery = read_query(visitor.uri())?;
    let dose = read_dose(&query.dose)?;
    let changes = (!query.changes.is_empty()).then(|| read_number(&query.changes)).transpose()?;
    let asked_date = (!query.date.is_empty()).then(|| query.date.parse::<Day>());
    let asked_date = asked_date.transpose().map_err(|_| Problem::invalid(Wrong::about(What::Date, "date")))?;
    let f = visitor.frame(&desk);
    let changeable =
        |booking: &BookingView| can_change(booking, desk.engine.now(), desk.engine.change_deadline(booking.date));
    let instead = Instead::of(&me, dose, changes, changeable)?.map(|instead| instead_text(&f, &me, dose, instead));
    let feasible: HashSet<SessionId> = match instead {
        Some(_) => HashSet::new(),
        None => desk.engine.feasible(login.resident, dose, changes).into_iter().collect(),
    };
    let now = desk.engine.availability();
    let mut days: BTreeMap<Day, Vec<&SessionView>> = BTreeMap::new();
    for session in now.sessions.iter().filter(|session| feasible.contains(&session.id)) {
        days.entry(session.date).or_default().push(session);
    }
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
            free: free_text(&f, state.unwrap_or(PublicState::Closed), free, DAY_FEW),
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
        instead,
        changes,
        sessions,
        dates,
    };
    page(&visitor, StatusCode::OK, &choose)
}

fn instead_text(f: &Frame<'_>, me: &Me, dose: DoseNo, instead: Instead) -> InsteadText {
    let text = |why: String, href: String, next: &str| InsteadText { why, href, next: f.say(next).into_owned() };
    let my = || "/my".to_owned();
    match instead {
        Instead::Booked(number) => {
            text(f.say1("choose.booked", "dose", &dose_text(f, dose)), format!("/change/{number}"), "my.change")
        }
        Instead::Done => text(f.say1("choose.done", "dose", &dose_text(f, dose)), my(), "next.my"),
        Instead::NotYet => text(not_yet(f, me).unwrap_or_default(), my(), "next.my"),
        Instead::First(first) => {
            let doses = [("dose", dose_text(f, dose)), ("first", dose_text(f, first))];
            let why = f.lang.say_with("choose.first", &doses.each_ref().map(|(name, text)| (*name, text.as_str())));
            InsteadText {
                why,
                href: choose_href(&first.to_string(), None, ""),
                next: f.say1("my.book", "dose", &dose_text(f, first)),
            }
        }
        Instead::NoneLeft => text(f.say1("choose.none_left", "phone", f.phone), my(), "next.my"),
    }
}

fn session_text(f: &Frame<'_>, session: &SessionView, dose: &str) -> SessionText {
    let slots = session.slots.iter().map(|slot| SlotText {
        value: (slot.state == PublicState::Open).then(|| format!("{}-{}-{dose}", session.id, slot.id)),
        time: f.lang.times(slot.start, slot.end),
        free: free_text(f, slot.state, slot.free, SLOT_FEW),
    });
    let note = match session.state {
        PublicState::BeforeOpen => f.say1("choose.opens", "at", &f.lang.starting(session.opens_at)),
        _ => String::new(),
    };
    SessionText {
        venue: session.venue.name.clone(),
        vaccine: session.vaccine.to_string(),
        note,
        slots: slots.collect(),
    }
}

/// The address of the choice of another place than these, for a change of booking `changes` if it is one.
pub(crate) fn choose_again(desk: &Desk, legs: &[Leg], changes: Option<BookingNumber>) -> String {
    let first = legs.first();
    let dose = first.map_or(DoseNo::FIRST, |leg| leg.dose);
    let date = first.and_then(|leg| desk.engine.place(*leg)).map(|place| place.date);
    choose_href(&dose.to_string(), date, &changes.map(|number| number.to_string()).unwrap_or_default())
}

/// The address of the choice for `dose`, on `date`, for a change of booking `changes` if it is not empty.
pub(crate) fn choose_href(dose: &str, date: Option<Day>, changes: &str) -> String {
    let date = date.map(|date| format!("&date={date}")).unwrap_or_default();
    let changes = if changes.is_empty() { String::new() } else { format!("&changes={changes}") };
    format!("/choose?dose={dose}{date}{changes}")
}
