//! `/ops/history`: 24 hours or 7 days of everything that is measured, as charts with their tables.

use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_monitor::board::{Board, Series, Span};
use sesshu_monitor::core::incident::Incident;
use sesshu_monitor::core::time::WallMs;

use super::chart::{Chart, Window};
use super::{gauges, orders};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

#[derive(Template)]
#[template(path = "staff/ops/history.html")]
struct HistoryPage<'a> {
    f: Frame<'a>,
    week: bool,
    /// Charts in groups, with the group's name.
    groups: Vec<(&'static str, Vec<Chart>)>,
    no_monitor: Option<&'static str>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct HistoryQuery {
    #[serde(default)]
    span: String,
}

pub(in crate::staff) async fn get_history(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<HistoryQuery>,
) -> Result<Response, StaffProblem> {
    let week = match query.span.as_str() {
        "" | "day" => false,
        "week" => true,
        _ => return Err(StaffProblem::NotFound),
    };
    let span = if week { Span::Week } else { Span::Day };
    let now = desk.wall();
    let groups = match desk.monitored() {
        Some((monitor, board)) => grouped(&board, &monitor.history(span), window(span, now)),
        None => Vec::new(),
    };
    let no_monitor = desk.config.monitor.is_none().then_some(orders::NO_MONITOR);
    page(StatusCode::OK, &HistoryPage { f: desk.frame(Some(&staff)), week, groups, no_monitor })
}

/// The window of a whole span that ends now.
pub(super) fn window(span: Span, now: WallMs) -> Window {
    let (length, step) = match span {
        Span::Day => (Duration::from_hours(24), Duration::from_mins(1)),
        Span::Week => (Duration::from_hours(24 * 7), Duration::from_mins(10)),
    };
    let step_ms = step.as_millis() as i64;
    // The point of the minute that runs belongs to it.
    Window { from: WallMs(now.0 - length.as_millis() as i64), until: WallMs(now.0 + 1), step_ms }
}

fn grouped(board: &Board, history: &[Series], window: Window) -> Vec<(&'static str, Vec<Chart>)> {
    let incidents: Vec<&Incident> = board.state.open.iter().chain(&board.state.ended).collect();
    let mut groups: Vec<(&'static str, Vec<Chart>)> = Vec::new();
    for (nth, series) in history.iter().enumerate() {
        let Some(chart) = chart(format!("chart-{nth}"), board, series, window, &incidents) else { continue };
        let title = gauges::group_title(series.cause.metric);
        match groups.iter_mut().find(|(of, _)| *of == title) {
            Some((_, charts)) => charts.push(chart),
            None => groups.push((title, vec![chart])),
        }
    }
    groups
}

/// The chart of one series, with the threshold that counts now.
pub(super) fn chart(
    id: String,
    board: &Board,
    series: &Series,
    window: Window,
    incidents: &[&Incident],
) -> Option<Chart> {
    let gauge = board.gauges.iter().find(|gauge| gauge.reading.cause == series.cause);
    Chart::of(id, series, gauge.and_then(|gauge| gauge.threshold.as_ref()), window, incidents)
}
