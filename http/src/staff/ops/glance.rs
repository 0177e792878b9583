//! `/ops`: everything at a glance, the worst first. It renews itself every quarter of a minute, and that keeps nobody signed in.

use std::cmp::Reverse;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use sesshu_engine::core::recent::LATELY_MINUTES;
use sesshu_monitor::board::{Board, Series, Span};
use sesshu_monitor::core::incident::Incident;
use sesshu_monitor::core::level::Level;
use sesshu_monitor::core::metric::Metric;
use sesshu_monitor::core::time::WallMs;

use super::gauges::{self, Group};
use super::lanes::{LaneRow, lanes, told};
use super::rush::Rush;
use super::spark::Spark;
use super::{orders, words};
use crate::staff::desk::{Console, Staff};
use crate::staff::form::StaffQuery;
use crate::staff::frame::Frame;
use crate::staff::page::page;
use crate::staff::problem::StaffProblem;

/// After this long without a sample the picture is an old one.
const STALE_AFTER: Duration = Duration::from_mins(1);

#[derive(Template)]
#[template(path = "staff/ops/glance.html")]
struct GlancePage<'a> {
    f: Frame<'a>,
    /// What was just done.
    done: &'static str,
    /// Whether a browser without the script loads the page anew by itself.
    renewed: bool,
    rush: Rush,
    lately_minutes: usize,
    view: Option<View>,
    no_monitor: &'static str,
}

/// What the page shows.
struct View {
    sampled_at: String,
    stale: Option<String>,
    unsaved: Option<String>,
    critical: usize,
    warning: usize,
    unacknowledged: usize,
    incidents: Vec<OpenIncident>,
    ended_lately: usize,
    groups: Vec<Group>,
    /// When disks are full, in sentences.
    full: Vec<String>,
    backups: Option<String>,
    lanes: Vec<LaneRow>,
    undelivered: usize,
    /// Whom nothing reaches but a person at a phone.
    contacts: usize,
    /// Silences: what, from, until, whether it counts now.
    silences: Vec<(String, String, String, bool)>,
    /// Watchers: name, heard ago, its oldest undelivered alert.
    watchers: Vec<(String, String, String)>,
}

/// An open incident.
pub(super) struct OpenIncident {
    pub(super) no: u64,
    pub(super) level: &'static str,
    pub(super) class: &'static str,
    pub(super) name: String,
    pub(super) note: String,
    pub(super) since: String,
    pub(super) lasted: String,
    pub(super) value: String,
    pub(super) worst: String,
    pub(super) threshold: String,
    pub(super) steps: &'static [String],
    pub(super) acknowledged: Option<String>,
    pub(super) quiet: Option<String>,
    pub(super) flaps: u32,
    pub(super) told: Vec<String>,
    pub(super) spark: Option<Spark>,
}

#[derive(Deserialize)]
pub(in crate::staff) struct GlanceQuery {
    #[serde(default)]
    auto: String,
    #[serde(default)]
    done: String,
}

pub(in crate::staff) async fn get_glance(
    State(desk): State<Console>,
    staff: Staff,
    StaffQuery(query): StaffQuery<GlanceQuery>,
) -> Result<Response, StaffProblem> {
    let now = desk.wall();
    let view = desk.monitored().map(|(monitor, board)| View::of(&board, &monitor.history(Span::Day), now));
    let shown = GlancePage {
        f: desk.frame(Some(&staff)),
        done: if query.done == "acknowledged" {
            "対応中にしました。ほかの人への連絡は止まります。"
        } else {
            ""
        },
        renewed: query.auto != "off",
        rush: Rush::of(&*desk.engine.pulse().await),
        lately_minutes: LATELY_MINUTES,
        view,
        no_monitor: orders::NO_MONITOR,
    };
    page(StatusCode::OK, &shown)
}

impl View {
    fn of(board: &Board, history: &[Series], now: WallMs) -> Self {
        let mut open: Vec<&Incident> = board.state.open.iter().collect();
        open.sort_by_key(|incident| (Reverse(incident.level), incident.acknowledged.is_some(), incident.since));
        let count = |level| open.iter().filter(|incident| incident.level == level).count();
        let stale = match board.sampled_at {
            None => Some("まだ一度も測定していません。".to_owned()),
            Some(at) if now.since(at) > STALE_AFTER => {
                Some(format!("測定が{}止まっています。下の値は古い値です。", words::lasted(now.since(at))))
            }
            Some(_) => None,
        };
        let day = Duration::from_hours(24);
        let lately = |incident: &&Incident| incident.resolved_at.is_some_and(|at| now.since(at) < day);
        Self {
            sampled_at: board.sampled_at.map_or_else(|| "なし".into(), words::at),
            stale,
            unsaved: board.unsaved_since.map(words::at),
            critical: count(Level::Critical),
            warning: count(Level::Warning),
            unacknowledged: open.iter().filter(|incident| incident.acknowledged.is_none()).count(),
            incidents: open.iter().map(|incident| OpenIncident::of(incident, board, history, now)).collect(),
            ended_lately: board.state.ended.iter().filter(lately).count(),
            groups: gauges::groups(board),
            full: full(board),
            backups: backups(board),
            lanes: lanes(board),
            undelivered: board.state.waiting.iter().filter(|message| message.tries > 0).count(),
            contacts: board.contacts.len(),
            silences: silences(board, now),
            watchers: watchers(board, now),
        }
    }
}

impl OpenIncident {
    pub(super) fn of(incident: &Incident, board: &Board, history: &[Series], now: WallMs) -> Self {
        let metric = incident.cause.metric;
        let gauge = board.gauges.iter().find(|gauge| gauge.reading.cause == incident.cause);
        let threshold = gauge.and_then(|gauge| gauge.threshold.as_ref());
        let series = history.iter().find(|series| series.cause == incident.cause);
        let quiet = board.state.silences.iter().find(|silence| silence.keeps_quiet(&incident.cause, now));
        let until = incident.resolved_at.unwrap_or(now);
        Self {
            no: incident.no.0,
            level: words::level(Some(incident.level)),
            class: words::level_class(Some(incident.level)),
            name: words::cause(&incident.cause),
            note: incident.note.to_string(),
            since: words::at(incident.since),
            lasted: words::lasted(until.since(incident.since)),
            value: words::value(metric, incident.value),
            worst: words::value(metric, incident.worst_value),
            threshold: threshold.map_or_else(String::new, |threshold| words::threshold(metric, threshold)),
            steps: words::what_to_do(metric),
            acknowledged: incident
                .acknowledged
                .as_ref()
                .map(|(at, by)| format!("{} が {} に対応中にしました", words::actor(by), words::at(*at))),
            quiet: quiet.map(|silence| format!("{}まで通知停止（{}）", words::at(silence.until), silence.reason)),
            flaps: incident.flaps,
            told: told(board, incident.no),
            spark: series.and_then(|series| Spark::of(series, threshold)),
        }
    }
}

fn full(board: &Board) -> Vec<String> {
    let forecasts = board.gauges.iter().filter(|gauge| gauge.reading.cause.metric == Metric::DaysToFull);
    let sentence = |gauge: &sesshu_monitor::board::Gauge| {
        let reading = &gauge.reading;
        let grows =
            if reading.note.is_empty() { String::new() } else { format!("増えているもの：{}", reading.note) };
        let days = words::value(Metric::DaysToFull, reading.value);
        let of = if reading.cause.subject.is_empty() { "ディスク" } else { &reading.cause.subject };
        format!("{of}：このままの増え方なら、あと{days}で満杯になります。{grows}")
    };
    forecasts.map(sentence).collect()
}

fn backups(board: &Board) -> Option<String> {
    let gauge = board.gauges.iter().find(|gauge| gauge.reading.cause.metric == Metric::BackupAge)?;
    let age = words::value(Metric::BackupAge, gauge.reading.value);
    Some(format!("{}。確認できた最新の世代は{age}前のものです。", words::level(gauge.level)))
}

pub(super) fn silences(board: &Board, now: WallMs) -> Vec<(String, String, String, bool)> {
    let row = |silence: &sesshu_monitor::core::silence::Silence| {
        let counts = silence.from <= now && now < silence.until;
        (words::covers(&silence.covers), words::at(silence.from), words::at(silence.until), counts)
    };
    board.state.silences.iter().map(row).collect()
}

fn watchers(board: &Board, now: WallMs) -> Vec<(String, String, String)> {
    let row = |watcher: &sesshu_monitor::core::state::Watcher| {
        let waits = Duration::from_secs(u64::from(watcher.undelivered_seconds));
        let waits = if waits.is_zero() { "なし".into() } else { format!("{}前から", words::lasted(waits)) };
        let heard = format!("{}（{}前）", words::at(watcher.heard_at), words::lasted(now.since(watcher.heard_at)));
        (watcher.name.to_string(), heard, waits)
    };
    board.state.watchers.iter().map(row).collect()
}
