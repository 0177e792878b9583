//! The monitor as the server wires it, and what commands ask of it.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sesshu_backup::service::BackupHandle;
use sesshu_engine::EngineHandle;
use sesshu_monitor::channels::{self, Sent};
use sesshu_monitor::clock::Clock;
use sesshu_monitor::core::contact::Contact;
use sesshu_monitor::core::message::Outcome;
use sesshu_monitor::core::order::{Done, Order, OrderError};
use sesshu_monitor::core::state::State;
use sesshu_monitor::sampler::{self, Place};
use sesshu_monitor::trial::{self, Trial};
use sesshu_monitor::{Monitor, MonitorHandle, MonitorSetup, Offline, StartError};

use tokio::runtime::Handle;

use crate::commands::results;
use crate::config::Config;
use crate::control::{is_listening, run_at_server};
use crate::exit::{ExitStatus, Failure};
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::switches::Switches;
use crate::terminal::Terminal;

mod backup_source;
mod engine_source;
mod switch_source;
mod window;

use backup_source::{BackupSource, Beginning};
use engine_source::EngineSource;
use switch_source::SwitchSource;

/// How long a command without a server tries to deliver what it has to send.
const DELIVER_MAX: Duration = Duration::from_mins(1);

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

/// Starts the monitor of the server that has `engine`, `backups` and `switches`; on a thread of a runtime.
pub(crate) fn start(
    folder: &DataFolder,
    config: &Config,
    engine: &EngineHandle,
    backups: Option<&BackupHandle>,
    switches: Switches,
) -> Result<Monitor, Failure> {
    let mut sources = sampler::machine(&config.monitor.proc(), &places(folder, config));
    sources.push(Box::new(EngineSource::new(engine.clone())));
    sources.push(Box::new(SwitchSource::new(switches)));
    if let Some(backups) = backups.cloned() {
        let beginning = (!folder.is_throw_away()).then(|| beginning(engine.clone()));
        sources.push(Box::new(BackupSource::new(Box::new(move || backups.status()), beginning)));
    }
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

/// When the records of `engine` began: by its first entry, which is read on the source's own thread.
fn beginning(engine: EngineHandle) -> Beginning {
    let runtime = Handle::current();
    Box::new(move || Some(runtime.block_on(engine.audit_entry(1)).ok()??.at))
}

/// Whose file systems are watched.
fn places(folder: &DataFolder, config: &Config) -> Vec<Place> {
    let backup = config.backup.places(&folder.path);
    let mut places = vec![
        Place { subject: "data", folder: folder.path.clone() },
        Place { subject: "backups", folder: backup.dir },
        Place { subject: "monitor", folder: folder_of(folder, config) },
    ];
    let mark = config.store.high_water.as_ref().and_then(|mark| mark.parent());
    places.extend(mark.map(|mark| Place { subject: "mark", folder: mark.to_owned() }));
    places
}

/// Does what a command asks, with the monitor of this process.
pub(crate) async fn run(monitor: &MonitorHandle, job: MonitorJob, uid: u32) -> Result<Value, Failure> {
    match job {
        MonitorJob::State => Ok(known(&monitor.board().state, &monitor.board().contacts)),
        MonitorJob::Order(order) => {
            let done = monitor.order(order.signed(&actor(uid))).await.map_err(refused)?;
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

/// Does what a command asks: by the server if one has the folder, else in the monitor's folder itself. What it has to send is tried for
/// a while then, and left to the next server.
pub(crate) async fn ask(folder: &DataFolder, job: MonitorJob) -> Result<Value, Failure> {
    folder.must_be_there()?;
    let config = folder.alert_config()?;
    if is_listening(&folder.path) {
        return run_at_server(&folder.path, &Job::Monitor(job), &mut Terminal::default()).await;
    }
    let (at, name) = (folder_of(folder, &config), &config.city.name);
    let mut offline = match Offline::open(config.monitor.clone(), name, &at) {
        Ok(offline) => offline,
        // It has the folder already, but does not listen yet.
        Err(StartError::InUse(_)) => {
            return run_at_server(&folder.path, &Job::Monitor(job), &mut Terminal::default()).await;
        }
        Err(error) => return Err(Failure::refused(error)),
    };
    let channels = channels::build(&config.monitor, &sesshu_monitor::folder_id(&at));
    match job {
        MonitorJob::State => Ok(known(offline.state(), &config.monitor.contacts())),
        MonitorJob::Order(order) => {
            let uid = rustix::process::geteuid().as_raw();
            let done = offline.order(order.signed(&actor(uid))).map_err(refused)?;
            if let Done::Notice(_, messages) = &done {
                offline.deliver(messages, &channels, DELIVER_MAX).await;
            }
            Ok(json!({ "done": done }))
        }
        MonitorJob::Test(trial) => {
            let letters = trial.letters(&config.monitor.contacts(), Clock::start().now().wall);
            Ok(results(&trial::all(letters, |letter| channels::send_once(&channels, letter)).await))
        }
    }
}

fn known(state: &State, contacts: &[Contact]) -> Value {
    json!({ "state": state, "contacts": contacts })
}

/// Who a command is done by.
fn actor(uid: u32) -> String {
    format!("uid:{uid}")
}

fn refused(error: OrderError) -> Failure {
    match error {
        OrderError::Unavailable => Failure::new(ExitStatus::Unavailable, error),
        error => Failure::refused(error),
    }
}
