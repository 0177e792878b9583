//! The monitor as the server wires it, and what commands ask of it.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sesshu_monitor::channels::Channels;
use sesshu_monitor::core::order::{Order, OrderError};
use sesshu_monitor::sampler::Machine;
use sesshu_monitor::source::Source;
use sesshu_monitor::{Monitor, MonitorHandle, MonitorSetup};

use crate::config::Config;
use crate::control::{run_at_server, server_answers};
use crate::exit::{ExitStatus, Failure};
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::terminal::Terminal;

/// How long a command without a server tries to deliver what it ordered.
const DELIVER_MAX: Duration = Duration::from_mins(1);
/// How often it looks whether all is delivered.
const DELIVER_LOOK_EVERY: Duration = Duration::from_millis(200);

/// What a command asks of the monitor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum MonitorJob {
    /// All that it remembers.
    State,
    /// To do something.
    Order(Order),
}

/// Where the monitor keeps what it remembers.
pub(crate) fn folder_of(folder: &DataFolder, config: &Config) -> PathBuf {
    config.monitor.folder.clone().unwrap_or_else(|| folder.path.join("monitor"))
}

/// Starts the monitor of a server.
pub(crate) fn start(folder: &DataFolder, config: &Config) -> Result<Monitor, Failure> {
    open(folder, config, vec![Box::new(Machine::new(folder.path.clone()))])
}

fn open(folder: &DataFolder, config: &Config, sources: Vec<Box<dyn Source>>) -> Result<Monitor, Failure> {
    let setup = MonitorSetup {
        config: config.monitor.clone(),
        name: config.city.name.as_str().into(),
        folder: folder_of(folder, config),
        sources,
        channels: channels(config),
    };
    sesshu_monitor::start(setup).map_err(Failure::refused)
}

fn channels(_config: &Config) -> Channels {
    Channels::new()
}

/// Does what a command asks, with the monitor of this process.
pub(crate) async fn run(monitor: &MonitorHandle, job: MonitorJob, _uid: u32) -> Result<Value, Failure> {
    match job {
        MonitorJob::State => Ok(json!({ "state": monitor.board().state })),
        MonitorJob::Order(order) => {
            let done = monitor.order(order).await.map_err(refused)?;
            Ok(json!({ "done": done }))
        }
    }
}

/// Does what a command asks: through the server that runs, else with a monitor of this command's own, which delivers what it can within
/// [`DELIVER_MAX`] and leaves the rest to the next start.
pub(crate) async fn ask(folder: &DataFolder, job: MonitorJob) -> Result<Value, Failure> {
    if server_answers(&folder.path) {
        return run_at_server(&folder.path, &Job::Monitor(job), &mut Terminal::default()).await;
    }
    let config = folder.config_or_failure()?;
    let only_reads = matches!(job, MonitorJob::State);
    let monitor = open(folder, &config, Vec::new())?;
    let handle = monitor.handle();
    let done = run(&handle, job, rustix::process::geteuid().as_raw()).await;
    if !only_reads && done.is_ok() {
        let delivered = async {
            while !handle.board().state.waiting.is_empty() {
                tokio::time::sleep(DELIVER_LOOK_EVERY).await;
            }
        };
        let _ = tokio::time::timeout(DELIVER_MAX, delivered).await;
    }
    let stopped = tokio::task::spawn_blocking(move || monitor.stop()).await;
    stopped.map_err(Failure::internal)?;
    done
}

fn refused(error: OrderError) -> Failure {
    match error {
        OrderError::Unavailable => Failure::new(ExitStatus::Unavailable, error),
        error => Failure::refused(error),
    }
}
