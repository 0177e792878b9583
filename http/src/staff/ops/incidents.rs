//! `/ops/incidents`: all incidents that are remembered, the latest first.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_monitor::board::Board;
use sesshu_monitor::core::incident::Incident;
use sesshu_monitor::core::level::Level;
use sesshu_monitor::core::metric::Metric;
use sesshu_monitor::core::time::WallMs;

use super::{orders, words};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/ops/incidents.html")]
struct IncidentsPage<'a> {
    f: Frame<'a>,
    filter: IncidentsQuery,
    /// Codes and names of metrics that have had an incident.
    metrics: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    no_monitor: Option<&'static str>,
}

struct Row {
    no: u64,
    level: &'static str,
    class: &'static str,
    name: String,
    since: String,
    lasted: String,
    worst: String,
    acknowledged: String,
    state: &'static str,
}

#[derive(Deserialize)]
pub(in crate::staff) struct IncidentsQuery {
    #[serde(default)]
    state: String,
    #[serde(default)]
    level: String,
    #[serde(default)]
    metric: String,
}

impl IncidentsQuery {
    fn takes(&self, incident: &Incident) -> bool {
        let open = incident.resolved_at.is_none();
        (self.state.is_empty() || (self.state == "open") == open)
            && (self.level.is_empty() || self.level == incident.worst.code())
            && (self.metric.is_empty() || self.metric == incident.cause.metric.code())
    }

    /// Whether it asks for nothing that there is not.
    fn is_known(&self) -> bool {
        matches!(self.state.as_str(), "" | "open" | "ended")
            && (self.level.is_empty() || Level::ALL.iter().any(|level| level.code() == self.level))
            && (self.metric.is_empty() || Metric::of_code(&self.metric).is_some())
    }
}

pub(in crate::staff) async fn get_incidents(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(filter): StaffQuery<IncidentsQuery>,
) -> Result<Response, StaffProblem> {
    if !filter.is_known() {
        return Err(StaffProblem::NotFound);
    }
    let now = desk.wall();
    let board = desk.monitored().map(|(_, board)| board);
    let incidents = board.as_deref().map(all).unwrap_or_default();
    let mut metrics: Vec<Metric> = incidents.iter().map(|incident| incident.cause.metric).collect();
    metrics.sort_unstable();
    metrics.dedup();
    let shown = IncidentsPage {
        f: desk.frame(Some(&staff)),
        metrics: metrics.into_iter().map(|metric| (metric.code(), words::name(metric))).collect(),
        rows: incidents.into_iter().filter(|incident| filter.takes(incident)).map(|one| Row::of(one, now)).collect(),
        filter,
        no_monitor: board.is_none().then_some(orders::NO_MONITOR),
    };
    page(StatusCode::OK, &shown)
}

/// All of them, the latest first.
fn all(board: &Board) -> Vec<&Incident> {
    let mut all: Vec<&Incident> = board.state.open.iter().chain(&board.state.ended).collect();
    all.sort_by_key(|incident| std::cmp::Reverse((incident.since, incident.no)));
    all
}

impl Row {
    fn of(incident: &Incident, now: WallMs) -> Self {
        let by = incident.acknowledged.as_ref().map(|(_, by)| words::actor(by));
        Self {
            no: incident.no.0,
            level: words::level(Some(incident.worst)),
            class: words::level_class(Some(incident.worst)),
            name: words::cause(&incident.cause),
            since: words::at(incident.since),
            lasted: words::lasted(incident.resolved_at.unwrap_or(now).since(incident.since)),
            worst: words::value(incident.cause.metric, incident.worst_value),
            state: match (incident.resolved_at, &by) {
                (Some(_), _) => "○ 解消",
                (None, Some(_)) => "対応中",
                (None, None) => "× 未対応",
            },
            acknowledged: by.unwrap_or_default(),
        }
    }
}
