//! Counters and times of the listeners. Labels are bounded: routes, methods, classes, codes; never a name or an ID.

use std::array;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError, RwLock};
use std::time::Duration;

use axum::http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::view::EngineFigures;

const REQUESTS: &str = "sesshu_http_requests_total";
const SECONDS: &str = "sesshu_http_request_seconds";
const BUCKETS_SECONDS: [f64; 12] = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 20.0];
/// How often histograms are folded, so that they stay small when nobody scrapes.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

use crate::auth::gate::LineFigures;
use crate::auth::ticket::Purpose;

/// The metrics could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The recorder refused.
    #[error("metrics cannot be recorded: {0}")]
    Recorder(#[from] metrics_exporter_prometheus::BuildError),
    /// The thread for their upkeep did not start.
    #[error("the thread for the upkeep of metrics does not start: {0}")]
    Upkeep(#[from] std::io::Error),
}

/// Installs the process's recorder of metrics, and a thread for its upkeep. To be called once, before any router is built.
pub fn install_metrics() -> Result<PrometheusHandle, MetricsError> {
    let builder = PrometheusBuilder::new();
    let handle = builder.set_buckets_for_metric(Matcher::Full(SECONDS.into()), &BUCKETS_SECONDS)?.install_recorder()?;
    let upkeep = handle.clone();
    std::thread::Builder::new().name("metrics-upkeep".into()).spawn(move || {
        loop {
            std::thread::park_timeout(UPKEEP_EVERY);
            upkeep.run_upkeep();
        }
    })?;
    Ok(handle)
}

/// The counters of one route, made when they are first needed.
#[derive(Debug)]
pub(crate) struct RouteMeter {
    route: Box<str>,
    seconds: Histogram,
    requests: [[OnceLock<Counter>; CLASSES.len()]; METHODS.len()],
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "other"];
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", "other"];

impl RouteMeter {
    /// The counters of the matched path `route`.
    pub(crate) fn new(route: &str) -> Self {
        let seconds = histogram!(SECONDS, "route" => route.to_owned());
        Self { route: route.into(), seconds, requests: array::from_fn(|_| array::from_fn(|_| OnceLock::new())) }
    }

    /// Counts one answer.
    pub(crate) fn count(&self, method: MethodLabel, status: StatusCode, took: Duration) {
        let class = (usize::from(status.as_u16()) / 100).wrapping_sub(1).min(CLASSES.len() - 1);
        let counter = self.requests[method.0][class].get_or_init(|| {
            counter!(REQUESTS, "route" => self.route.to_string(), "method" => METHODS[method.0], "class" => CLASSES[class])
        });
        counter.increment(1);
        ANSWERS.fetch_add(1, Ordering::Relaxed);
        if status.is_server_error() {
            SERVER_ERRORS.fetch_add(1, Ordering::Relaxed);
        }
        self.seconds.record(took.as_secs_f64());
    }
}

/// A method as a bounded label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MethodLabel(usize);

impl From<&Method> for MethodLabel {
    fn from(method: &Method) -> Self {
        Self(METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1))
    }
}

/// A counter with one label of few values, each made when it is first counted: to look it up anew each time costs more than to count.
struct ByLabel {
    name: &'static str,
    label: &'static str,
    counters: RwLock<Vec<(&'static str, Counter)>>,
}

impl ByLabel {
    const fn new(name: &'static str, label: &'static str) -> Self {
        Self { name, label, counters: RwLock::new(Vec::new()) }
    }

    fn count(&self, value: &'static str) {
        let known = self.counters.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, counter)) = known.iter().find(|(known, _)| *known == value) {
            counter.increment(1);
            return;
        }
        drop(known);
        let counter = counter!(self.name, self.label => value);
        counter.increment(1);
        self.counters.write().unwrap_or_else(PoisonError::into_inner).push((value, counter));
    }
}

static LOGINS: ByLabel = ByLabel::new("sesshu_logins_total", "outcome");
static REFUSALS: ByLabel = ByLabel::new("sesshu_refusals_total", "code");

/// Counts how a login ended.
pub(crate) fn count_login(outcome: &'static str) {
    LOGINS.count(outcome);
}

/// Shows the lines in front of the login.
pub(crate) fn show_login_lines((by_turns, figures): (bool, [LineFigures; 2])) {
    gauge!("sesshu_login_gate_engaged").set(if by_turns { 1.0 } else { 0.0 });
    for (purpose, figures) in Purpose::ALL.into_iter().zip(figures) {
        let lane = purpose.code();
        counter!("sesshu_login_tickets_total", "lane" => lane).absolute(figures.issued);
        counter!("sesshu_login_tickets_used_total", "lane" => lane).absolute(figures.came);
        gauge!("sesshu_login_line_waiting", "lane" => lane).set(figures.waiting as f64);
        gauge!("sesshu_login_line_per_second", "lane" => lane).set(figures.per_second);
    }
}

static ANSWERS: AtomicU64 = AtomicU64::new(0);
static SERVER_ERRORS: AtomicU64 = AtomicU64::new(0);
static BUSY: AtomicU64 = AtomicU64::new(0);

/// What the listeners for residents and staff answered since the start, over all routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AnswerTotals {
    /// All answers.
    pub answers: u64,
    /// Those that said that there is too much to do (503 `busy`): the server protects itself.
    pub busy: u64,
    /// Every other 5xx, `unavailable` among them: somebody does not know what became of their booking.
    pub errors: u64,
}

/// The totals so far. An answer that is being counted may be in one of them and not yet in another.
#[must_use]
pub fn answer_totals() -> AnswerTotals {
    let [answers, errors, busy] = [&ANSWERS, &SERVER_ERRORS, &BUSY].map(|total| total.load(Ordering::Relaxed));
    AnswerTotals { answers, busy, errors: errors.saturating_sub(busy) }
}

/// Counts a request that was sent away before anything was done for it: it hears `busy`.
pub(crate) fn count_sent_away() {
    for total in [&ANSWERS, &SERVER_ERRORS, &BUSY] {
        total.fetch_add(1, Ordering::Relaxed);
    }
}

/// Counts a "no" by its code.
pub(crate) fn count_refusal(code: &'static str) {
    if code == RefusalCode::Busy.code() {
        BUSY.fetch_add(1, Ordering::Relaxed);
    }
    REFUSALS.count(code);
}

/// Shows the engine's figures.
pub(crate) fn show_engine(figures: &EngineFigures, ready: bool) {
    counter!("sesshu_ledger_batches_total").absolute(figures.batches);
    counter!("sesshu_ledger_entries_total").absolute(figures.entries);
    counter!("sesshu_ledger_commit_microseconds_total").absolute(figures.commit_us);
    counter!("sesshu_ledger_commits_unknown_total").absolute(figures.commits_unknown);
    gauge!("sesshu_journal_seq").set(figures.journal_seq as f64);
    gauge!("sesshu_ledger_in_flight").set(figures.in_flight as f64);
    gauge!("sesshu_ledger_fold_lag").set(figures.fold_lag as f64);
    gauge!("sesshu_ledger_suspended").set(if figures.suspended { 1.0 } else { 0.0 });
    gauge!("sesshu_waiting_people").set(figures.waiting.waiting as f64);
    counter!("sesshu_waiting_admitted_total").absolute(figures.waiting.admitted);
    gauge!("sesshu_waiting_pace").set(figures.waiting.per_second as f64);
    gauge!("sesshu_waiting_estimate_seconds").set(figures.waiting.estimate_seconds() as f64);
    gauge!("sesshu_waiting_draw_people").set(figures.waiting.in_draw as f64);
    gauge!("sesshu_logins_waiting").set(figures.logins_waiting as f64);
    gauge!("sesshu_residents").set(figures.residents as f64);
    gauge!("sesshu_disk_free_bytes").set(figures.disk_free_bytes as f64);
    gauge!("sesshu_bookings_live").set(figures.bookings_live as f64);
    gauge!("sesshu_ready").set(if ready { 1.0 } else { 0.0 });
}
