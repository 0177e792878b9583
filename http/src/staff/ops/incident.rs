//! `/ops/incidents/{no}`: one incident: what to do, what happened when, who was told, and the measured values around it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_monitor::MonitorHandle;
use sesshu_monitor::board::{Board, Span};
use sesshu_monitor::core::incident::{Incident, IncidentNo};
use sesshu_monitor::core::message::About;
use sesshu_monitor::core::order::Order;
use sesshu_monitor::core::time::WallMs;

use super::chart::{Chart, Window};
use super::glance::OpenIncident;
use super::history::{chart, window};
use super::words;
use crate::staff::desk::{Console, Staff};
use crate::staff::form::{StaffForm, StaffQuery};
use crate::staff::frame::Frame;
use crate::staff::page::{go_to, page};
use crate::staff::problem::StaffProblem;

/// How much of the time before and after an incident its chart shows.
const AROUND_MS: i64 = 30 * 60 * 1_000;

#[derive(Template)]
#[template(path = "staff/ops/incident.html")]
struct IncidentPage<'a> {
    f: Frame<'a>,
    done: &'static str,
    code: &'static str,
    it: OpenIncident,
    ended: Option<String>,
    /// When and what.
    steps: Vec<(String, String)>,
    deliveries: Vec<Tried>,
    calls: Vec<String>,
    chart: Option<Chart>,
}

/// A delivery that ended, or is on its way.
struct Tried {
    at: String,
    to: String,
    channel: &'static str,
    about: String,
    outcome: String,
    answer: String,
}

#[derive(Deserialize)]
pub(in crate::staff) struct IncidentQuery {
    #[serde(default)]
    done: String,
}

pub(in crate::staff) async fn get_incident(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
    StaffQuery(query): StaffQuery<IncidentQuery>,
) -> Result<Response, StaffProblem> {
    let no = number(&no)?;
    let (monitor, board) = desk.monitored().ok_or(StaffProblem::NotFound)?;
    let incident = find(&board, no)?;
    let now = desk.wall();
    let history = monitor.history(Span::Day);
    let calls = board.state.hand_calls.iter().filter(|call| call.incident == Some(no)).map(|call| {
        let how = if call.reached { "つながった" } else { "つながらなかった" };
        format!("{} {} が {} に電話した（{how}）", words::at(call.at), words::actor(&call.by), call.contact)
    });
    let shown = IncidentPage {
        f: desk.frame(Some(&staff)),
        done: if query.done == "acknowledged" {
            "対応中にしました。ほかの人への連絡は止まります。"
        } else {
            ""
        },
        code: incident.cause.metric.code(),
        it: OpenIncident::of(incident, &board, &history, now),
        ended: incident.resolved_at.map(words::at),
        steps: incident.history.iter().map(|step| (words::at(step.at), words::change(&step.what))).collect(),
        deliveries: tried(&board, no),
        calls: calls.collect(),
        chart: around(monitor, &board, incident, now),
    };
    page(StatusCode::OK, &shown)
}

fn number(text: &str) -> Result<IncidentNo, StaffProblem> {
    text.parse().map(IncidentNo).map_err(|_| StaffProblem::NotFound)
}

fn find(board: &Arc<Board>, no: IncidentNo) -> Result<&Incident, StaffProblem> {
    let all = board.state.open.iter().chain(&board.state.ended);
    all.into_iter().find(|incident| incident.no == no).ok_or(StaffProblem::NotFound)
}

fn tried(board: &Board, no: IncidentNo) -> Vec<Tried> {
    let tells = |about: &About| matches!(about, About::Incident { no: of, .. } if *of == no);
    let waiting = board.state.waiting.iter().filter(|message| tells(&message.about)).map(|message| Tried {
        at: words::at(message.at),
        to: message.to.to_string(),
        channel: words::channel(message.lane.channel),
        about: words::about(&message.about),
        outcome: if message.tries == 0 {
            "送信中".into()
        } else {
            format!("× 届いていない（{}回失敗）", message.tries)
        },
        answer: message.last_answer.to_string(),
    });
    let ended = board.state.deliveries.iter().filter(|delivery| tells(&delivery.about)).map(|delivery| Tried {
        at: words::at(delivery.at),
        to: delivery.to.to_string(),
        channel: words::channel(delivery.channel),
        about: words::about(&delivery.about),
        outcome: words::outcome(delivery.outcome).into(),
        answer: delivery.answer.to_string(),
    });
    waiting.chain(ended).collect()
}

/// The chart around an incident, from the finer history if that reaches back to its beginning.
fn around(monitor: &MonitorHandle, board: &Board, incident: &Incident, now: WallMs) -> Option<Chart> {
    let from = WallMs(incident.since.0 - AROUND_MS);
    let until = incident.resolved_at.map_or(now.0 + 1, |at| (at.0 + AROUND_MS).min(now.0 + 1));
    let span = if from >= window(Span::Day, now).from { Span::Day } else { Span::Week };
    let Window { step_ms, .. } = window(span, now);
    let history = monitor.history(span);
    let series = history.iter().find(|series| series.cause == incident.cause)?;
    chart("chart".into(), board, series, Window { from, until: WallMs(until), step_ms }, &[incident])
}

#[derive(Deserialize)]
pub(in crate::staff) struct AcknowledgeForm {
    /// Where to go on: the incident's own page, else the glance.
    #[serde(default)]
    page: String,
}

pub(in crate::staff) async fn post_acknowledge(
    State(desk): State<Console>,
    staff: Staff,
    Path(no): Path<String>,
    StaffForm(form): StaffForm<AcknowledgeForm>,
) -> Result<Response, StaffProblem> {
    let incident = number(&no)?;
    desk.order(Order::Acknowledge { incident, by: staff.actor() }).await?;
    Ok(match form.page.as_str() {
        "incident" => go_to(&format!("/ops/incidents/{}?done=acknowledged", incident.0)),
        _ => go_to("/ops?done=acknowledged"),
    })
}
