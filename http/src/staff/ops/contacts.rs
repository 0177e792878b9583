//! `/ops/contacts`: who is told, in which order, by which ways; the list of people to call by hand, and the log of those calls.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_monitor::board::Board;
use sesshu_monitor::core::contact::Contact;
use sesshu_monitor::core::incident::IncidentNo;
use sesshu_monitor::core::order::Order;

use super::{orders, words};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

/// How many calls are listed.
const CALLS_SHOWN_MAX: usize = 50;

#[derive(Template)]
#[template(path = "staff/ops/contacts.html")]
struct ContactsPage<'a> {
    f: Frame<'a>,
    done: bool,
    rows: Vec<Row>,
    /// Number and words of open incidents, for the log.
    incidents: Vec<(u64, String)>,
    /// When, who, whom, how, about what.
    calls: Vec<[String; 5]>,
    no_monitor: Option<&'static str>,
}

struct Row {
    /// Its place in the list, for the ids of its fields.
    nth: usize,
    name: String,
    /// Place in the order in which alerts go out; none if they get none.
    order: Option<usize>,
    notices: bool,
    language: &'static str,
    ways: Vec<String>,
    call_by_hand: Option<String>,
    last_call: Option<String>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct ContactsQuery {
    #[serde(default)]
    done: String,
}

pub(in crate::staff) async fn get_contacts(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<ContactsQuery>,
) -> Result<Response, StaffProblem> {
    let board = desk.monitored().map(|(_, board)| board);
    let open = |board: &Board| {
        board.state.open.iter().map(|incident| (incident.no.0, words::cause(&incident.cause))).collect()
    };
    let shown = ContactsPage {
        f: desk.frame(Some(&staff)),
        done: query.done == "logged",
        rows: board.as_deref().map(rows).unwrap_or_default(),
        incidents: board.as_deref().map(open).unwrap_or_default(),
        calls: board.as_deref().map(calls).unwrap_or_default(),
        no_monitor: board.is_none().then_some(orders::NO_MONITOR),
    };
    page(StatusCode::OK, &shown)
}

fn rows(board: &Board) -> Vec<Row> {
    let mut place = 0;
    let row = |(nth, contact): (usize, &Contact)| {
        if contact.alerts {
            place += 1;
        }
        let last = board.state.hand_calls.iter().find(|call| call.contact == contact.name);
        Row {
            nth,
            name: contact.name.to_string(),
            order: contact.alerts.then_some(place),
            notices: contact.notices,
            language: match contact.language {
                sesshu_monitor::core::contact::Language::Ja => "日本語",
                sesshu_monitor::core::contact::Language::En => "英語",
            },
            ways: contact
                .channels
                .iter()
                .map(|(kind, address)| format!("{} {}", words::channel(*kind), words::address(*kind, address)))
                .collect(),
            call_by_hand: contact.call_by_hand.as_deref().map(str::to_owned),
            last_call: last.map(|call| {
                let how = if call.reached { "つながった" } else { "つながらなかった" };
                format!("{} {how}", words::at(call.at))
            }),
        }
    };
    board.contacts.iter().enumerate().map(row).collect()
}

fn calls(board: &Board) -> Vec<[String; 5]> {
    let row = |call: &sesshu_monitor::core::state::HandCall| {
        let how = if call.reached { "○ つながった" } else { "× つながらなかった" };
        let about = call.incident.map_or_else(String::new, |no| format!("異常 {}", no.0));
        [words::at(call.at), words::actor(&call.by), call.contact.to_string(), how.into(), about]
    };
    board.state.hand_calls.iter().take(CALLS_SHOWN_MAX).map(row).collect()
}

#[derive(Deserialize)]
pub(in crate::staff) struct CallForm {
    #[serde(default)]
    contact: String,
    #[serde(default)]
    reached: String,
    #[serde(default)]
    incident: String,
}

pub(in crate::staff) async fn post_call(
    State(desk): State<Console>,
    staff: Staff,
    StaffForm(form): StaffForm<CallForm>,
) -> Result<Response, StaffProblem> {
    let invalid = || StaffProblem::Invalid("電話の結果を読み取れませんでした。何も記録していません。".into());
    let reached = match form.reached.as_str() {
        "yes" => true,
        "no" => false,
        _ => return Err(invalid()),
    };
    let incident = match form.incident.as_str() {
        "" => None,
        no => Some(no.parse().map(IncidentNo).map_err(|_| invalid())?),
    };
    let contact = form.contact.as_str().into();
    desk.order(Order::LogCall { contact, incident, notice: None, reached, by: staff.actor() }).await?;
    Ok(go_to("/ops/contacts?done=logged"))
}
