//! The monitor as the server wires it, and what commands ask of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sesshu_engine::EngineHandle;
use sesshu_monitor::channels::{self, Sent};
use sesshu_monitor::clock::Clock;
use sesshu_monitor::core::message::Outcome;
use sesshu_monitor::core::order::{Order, OrderError};
use sesshu_monitor::sampler::{self, Place};
use sesshu_monitor::trial::{self, Trial};
use sesshu_monitor::{Monitor, MonitorHandle, MonitorSetup};

use crate::commands::results;
use crate::config::Config;
use crate::exit::{ExitStatus, Failure};
use crate::folder::DataFolder;

mod engine_source;
mod window;

use engine_source::EngineSource;

/// What a command asks of the monitor.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum MonitorJob {
    /// All that it remembers.
    State,
    /// To do something.
    Order(Order),
    /// To prove its channels.
    Test(Trial),
}

/// Where the monitor keeps what it remembers.
pub(crate) fn folder_of(folder: &DataFolder, config: &Config) -> PathBuf {
    config.monitor.folder.clone().unwrap_or_else(|| folder.path.join("monitor"))
}

/// Starts the monitor of the server that has `engine`.
pub(crate) fn start(folder: &DataFolder, config: &Config, engine: &EngineHandle) -> Result<Monitor, Failure> {
    let mut sources = sampler::machine(&config.monitor.proc(), &places(folder, config));
    sources.push(Box::new(EngineSource::new(engine.clone())));
    let at = folder_of(folder, config);
    let channels = channels::build(&config.monitor, &sesshu_monitor::folder_id(&at));
    let setup = MonitorSetup {
        config: config.monitor.clone(),
        name: config.city.name.as_str().into(),
        folder: at,
        sources,
        channels,
    };
    sesshu_monitor::start(setup).map_err(Failure::refused)
}

/// Whose file systems are watched.
fn places(folder: &DataFolder, config: &Config) -> Vec<Place> {
    let mut places = vec![
        Place { subject: "data", folder: folder.path.clone() },
        Place { subject: "backups", folder: folder.path.join("backups") },
        Place { subject: "monitor", folder: folder_of(folder, config) },
    ];
    let mark = config.store.high_water.as_ref().and_then(|mark| mark.parent());
    places.extend(mark.map(|mark| Place { subject: "mark", folder: mark.to_owned() }));
    places
}

/// Does what a command asks, with the monitor of this process.
pub(crate) async fn run(monitor: &MonitorHandle, job: MonitorJob, _uid: u32) -> Result<Value, Failure> {
    match job {
        MonitorJob::State => serde_json::to_value(&monitor.board().state).map_err(Failure::internal),
        MonitorJob::Order(order) => {
            let done = monitor.order(order).await.map_err(refused)?;
            Ok(json!({ "done": done }))
        }
        MonitorJob::Test(trial) => {
            let letters = trial.letters(&monitor.board().contacts, Clock::start().now().wall);
            let tried = trial::all(letters, |letter| {
                let monitor = monitor.clone();
                async move {
                    let sent = monitor.try_letter(letter).await;
                    sent.unwrap_or_else(|error| Sent::new(Outcome::Failed, error.to_string()))
                }
            });
            Ok(results(&tried.await))
        }
    }
}

fn refused(error: OrderError) -> Failure {
    match error {
        OrderError::Unavailable => Failure::new(ExitStatus::Unavailable, error),
        error => Failure::refused(error),
    }
}
