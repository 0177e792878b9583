//! The watcher's source of readings. A thread of its own goes its rounds and tries its logins; measuring only looks at what was
//! seen last, so that a server that does not answer never holds the watcher's monitor up.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::config::WatchConfig;
use super::exported::Exported;
use super::heartbeat::Heartbeat;
use super::probe::{ProbeOutcome, next_try_in, try_login};
use super::readings::{OwnClock, monitor_silent_seconds, own_readings, unreachable};
use super::round::{Round, go_round};
use super::untold::{Known, Untold};
use super::visitor::Visitor;
use crate::config::MonitorConfig;
use crate::core::cause::Cause;
use crate::core::metric::{Metric, Side};
use crate::core::sample::Reading;
use crate::core::time::{Now, WallMs};
use crate::handle::MonitorHandle;
use crate::source::Source;

/// The watcher cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// A file that it needs is not as it must be.
    #[error("{0}")]
    Config(String),
    /// Its thread does not start.
    #[error("the watcher's thread does not start: {0}")]
    Thread(#[from] std::io::Error),
}

/// The source. Its thread ends when it is dropped.
pub struct ServerSource {
    seen: Arc<Seen>,
    thresholds: MonitorConfig,
    untold: Untold,
    /// Since when (steady time) the server answers without that its monitor has ever measured anything.
    unsampled_since: Option<Duration>,
    /// How long what was seen counts.
    fresh: Duration,
    began: Instant,
    /// Dropped with the source: the thread ends.
    _stop: watch::Sender<()>,
}

/// What the thread and the source share.
#[derive(Default)]
struct Seen {
    last: Mutex<Last>,
    /// The watcher's own monitor, once it runs.
    monitor: OnceLock<MonitorHandle>,
}

#[derive(Default)]
struct Last {
    round: Option<Arc<Round>>,
    /// How the last login ended, and when.
    probe: Option<(Instant, ProbeOutcome)>,
    /// When the monitor last asked, and its wall clock then: a heartbeat of a monitor that asks no more would be a lie.
    asked: Option<(Instant, WallMs)>,
}

impl Seen {
    fn last<T>(&self, look: impl FnOnce(&mut Last) -> T) -> T {
        look(&mut self.last.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Gives the source the watcher's own monitor, which starts after it.
#[derive(Clone)]
pub struct OwnMonitor(Arc<Seen>);

impl OwnMonitor {
    /// To be called once.
    pub fn is(&self, handle: MonitorHandle) {
        // A second handle would be of the same monitor.
        let _ = self.0.monitor.set(handle);
    }
}

impl ServerSource {
    /// Begins to watch, every `monitor.every_seconds`.
    pub fn start(config: WatchConfig, monitor: &MonitorConfig) -> Result<(Self, OwnMonitor), WatchError> {
        let every = Duration::from_secs(monitor.every_seconds.into());
        let timeout = Duration::from_secs(config.timeout_seconds.into());
        let visitor = Visitor::new(config).map_err(WatchError::Config)?;
        let seen = Arc::new(Seen::default());
        let (stop, stopping) = watch::channel(());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = Arc::clone(&seen);
        std::thread::Builder::new().name("watch".into()).spawn(move || {
            runtime.block_on(watch_until(stopping, &visitor, &shared, every));
            runtime.shutdown_background();
        })?;
        let source = Self {
            seen: Arc::clone(&seen),
            thresholds: monitor.clone(),
            untold: Untold::default(),
            unsampled_since: None,
            fresh: every * 3 + timeout * 2,
            began: Instant::now(),
            _stop: stop,
        };
        Ok((source, OwnMonitor(seen)))
    }
}

impl Source for ServerSource {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn read(&mut self, now: Now) -> Result<Vec<Reading>, String> {
        let at = Instant::now();
        let (round, probe) = self.seen.last(|last| {
            last.asked = Some((at, now.wall));
            (last.round.clone(), last.probe.clone())
        });
        let seen_at = round.as_ref().map_or(self.began, |round| round.at);
        if at.saturating_duration_since(seen_at) > self.fresh {
            return Err("巡回が止まっている (the rounds stand still)".into());
        }
        let Some(round) = round else { return Ok(Vec::new()) };
        // A login that failed may be the first to notice that the server is away. Only a round that began after it can tell.
        let probe = probe.filter(|(ended, outcome)| *outcome == ProbeOutcome::LoggedIn || round.began >= *ended);
        let mut readings =
            own_readings(&round, probe.as_ref().map(|(_, outcome)| outcome), OwnClock { now: now.wall, at });
        if let Ok((exported, date)) = &round.exported {
            self.server_readings(exported, *date, now, &mut readings);
        }
        Ok(readings)
    }
}

impl ServerSource {
    /// The server's own readings that are judged here, and how its monitor is.
    fn server_readings(&mut self, exported: &Exported, date: Option<WallMs>, now: Now, readings: &mut Vec<Reading>) {
        let silent = monitor_silent_seconds(exported, date).unwrap_or_else(|| {
            now.steady.saturating_sub(*self.unsampled_since.get_or_insert(now.steady)).as_secs_f64()
        });
        if exported.sampled_at.is_some() {
            self.unsampled_since = None;
        }
        readings.push(Reading::new(Metric::MonitorSilent, "", silent));
        if let Some(seconds) = exported.undelivered_seconds {
            readings.push(Reading::new(Metric::Undelivered, "server", seconds));
        }
        // Until the monitor runs nobody knows what is open here.
        let Some(monitor) = self.seen.monitor.get() else { return };
        let board = monitor.board();
        let theirs =
            exported.readings.iter().filter_map(|(cause, value)| Some((cause, seen_from_here(cause)?, *value)));
        for (cause, here, value) in theirs {
            let known = Known {
                value,
                threshold: self.thresholds.threshold(here.metric),
                told_by_server: exported.told(cause),
                open_here: board.state.open.iter().any(|incident| incident.cause == here),
            };
            if self.untold.is_ours(&here, known, now.steady) {
                readings.push(Reading { cause: here, value, note: "".into() });
            }
        }
        self.untold
            .keep(|here| exported.readings.iter().any(|(cause, _)| seen_from_here(cause).as_ref() == Some(here)));
    }
}

/// The cause as the watcher names it; none if the watcher sees it for itself.
fn seen_from_here(cause: &Cause) -> Option<Cause> {
    match (cause.metric, cause.metric.side()) {
        // The watcher's own monitor has those of its own.
        (Metric::SamplerFailed, _) => Some(Cause::new(Metric::SamplerFailed, &format!("server {}", cause.subject))),
        (_, Side::Server) => Some(cause.clone()),
        (_, Side::Watcher | Side::Both) => None,
    }
}

/// Goes round until the source is dropped.
async fn watch_until(mut stopping: watch::Receiver<()>, visitor: &Visitor, seen: &Seen, every: Duration) {
    let rounds = async {
        let mut tick = tokio::time::interval(every);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let round = go_round(visitor, heartbeat(visitor, seen, every)).await;
            if let Ok(answer) = &round.heartbeat {
                keep_windows(seen, answer).await;
            }
            let is_away = unreachable(&round).is_some();
            seen.last(|last| {
                last.round = Some(Arc::new(round));
                if is_away {
                    // What a login saw just before tells nothing once the server is back.
                    last.probe = None;
                }
            });
        }
    };
    let logins = async {
        let Some(config) = &visitor.config().probe else { return std::future::pending().await };
        let mut failures = 0;
        loop {
            if seen.last(|last| last.round.as_ref().is_some_and(|round| unreachable(round).is_none())) {
                let outcome = try_login(visitor, config).await;
                failures = if outcome == ProbeOutcome::LoggedIn { 0 } else { failures + 1 };
                seen.last(|last| last.probe = Some((Instant::now(), outcome)));
                tokio::time::sleep(next_try_in(config, failures)).await;
            } else {
                tokio::time::sleep(every).await;
            }
        }
    };
    tokio::select! {
        _ = stopping.changed() => {}
        () = rounds => {}
        () = logins => {}
    }
}

/// What is said of this watcher; none if its monitor has not asked for a while, so that the server notices.
fn heartbeat(visitor: &Visitor, seen: &Seen, every: Duration) -> Option<Heartbeat> {
    let monitor = seen.monitor.get()?;
    let asked_at = seen.last(|last| last.asked)?.0;
    (asked_at.elapsed() <= every * 6).then(|| Heartbeat::of(&visitor.config().name, &monitor.board()))
}

async fn keep_windows(seen: &Seen, answer: &super::heartbeat::HeartbeatAnswer) {
    let (Some(monitor), Some((asked_at, wall))) = (seen.monitor.get(), seen.last(|last| last.asked)) else { return };
    let now = wall.plus(asked_at.elapsed());
    for order in answer.clone().orders(&monitor.board().state.silences, now) {
        if let Err(error) = monitor.order(order).await {
            tracing::warn!(%error, "a window of the server could not be kept");
        }
    }
}
