//! Starts the monitor on a thread of its own, and stops it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use actix::{Actor, System};
use arc_swap::ArcSwap;
use tokio::sync::mpsc;

use crate::MonitorConfig;
use crate::actor::{MonitorActor, Saving};
use crate::board::Board;
use crate::channels::Channels;
use crate::clock::Clock;
use crate::core::book::Book;
use crate::core::state::State;
use crate::core::time::Now;
use crate::handle::{Asked, MonitorHandle, ORDERS_WAITING_MAX};
use crate::history::History;
use crate::source::Source;
use crate::sources::Sources;
use crate::store::{Found, OpenError, StateFile};
use crate::writer::Writer;

/// How long messages on their way, and then the threads, may take to end.
const STOP_MAX: Duration = Duration::from_secs(3);

/// What a monitor needs.
pub struct MonitorSetup {
    /// What is configured.
    pub config: MonitorConfig,
    /// Whose alerts they are: the city's name, or the watcher's.
    pub name: Box<str>,
    /// Where state and history lie; made if it is not there.
    pub folder: PathBuf,
    /// What is measured.
    pub sources: Vec<Box<dyn Source>>,
    /// How people are told.
    pub channels: Channels,
}

/// Why a monitor cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another process has the folder.
    #[error("another process has the monitor's folder {0} open")]
    InUse(PathBuf),
    /// The folder or a thread could not be made.
    #[error("{0}: {1}")]
    Io(String, #[source] std::io::Error),
}

/// A running monitor.
pub struct Monitor {
    handle: MonitorHandle,
    system: System,
    ended: Receiver<()>,
}

/// Starts a monitor.
pub fn start(setup: MonitorSetup) -> Result<Monitor, StartError> {
    let io = |what: &str| {
        let what = what.to_owned();
        move |error| StartError::Io(what, error)
    };
    let clock = Clock::start();
    let (file, found) = StateFile::open(&setup.folder).map_err(|error| match error {
        OpenError::InUse(_) => StartError::InUse(setup.folder.clone()),
        OpenError::Io(path, error) => StartError::Io(path.display().to_string(), error),
    })?;
    let state = remembered(found, clock.now());
    let sources = Sources::start(setup.sources).map_err(io("the sources' threads"))?;
    let (orders, mut asked) = mpsc::channel(ORDERS_WAITING_MAX);
    let board: Arc<ArcSwap<Board>> = Arc::default();
    let handle = MonitorHandle { board: Arc::clone(&board), history: Arc::default(), orders };
    let (end, ended) = sync_channel(1);
    let history = History::start(&setup.folder, Arc::clone(&handle.history)).map_err(io("the history's thread"))?;
    let actor = MonitorActor {
        book: Book::new(setup.config, &setup.name, state, clock.now()),
        clock,
        sources: Arc::new(sources),
        channels: Arc::new(setup.channels),
        board,
        writer: Writer::start(file, end.clone()).map_err(io("the writer's thread"))?,
        saving: Saving::default(),
        history,
        sampled_at: None,
        sampling: false,
        sending: 0,
        stopping: None,
    };
    let (ready, wait) = sync_channel(1);
    let run = move || {
        let runner = System::new();
        runner.block_on(async {
            let address = actor.start();
            actix::spawn(async move {
                while let Some(asked) = asked.recv().await {
                    if address.send(asked).await.is_err() {
                        return;
                    }
                }
            });
        });
        let _ = ready.send(System::current());
        if let Err(error) = runner.run() {
            tracing::error!(%error, "the monitor's system failed");
        }
        drop(end);
    };
    std::thread::Builder::new().name("monitor".into()).spawn(run).map_err(io("the monitor's thread"))?;
    let system = wait
        .recv()
        .map_err(|_| StartError::Io("the monitor's thread".into(), std::io::Error::other("it ended at once")))?;
    Ok(Monitor { handle, system, ended })
}

/// What the file holds. If it is damaged there is nothing to go on from, but numbers that were given are not given again.
fn remembered(found: Found, now: Now) -> State {
    match found {
        Found::State(state) => *state,
        Found::Nothing => State::default(),
        Found::Damaged => {
            tracing::error!("the monitor's state is damaged: it begins anew, and open incidents are told again");
            State { last_no: u64::try_from(now.wall.0 / 1_000).unwrap_or(0), ..State::default() }
        }
    }
}

impl Monitor {
    /// The door to it.
    #[must_use]
    pub fn handle(&self) -> MonitorHandle {
        self.handle.clone()
    }

    /// Stops it; what is on its way is cut off after a while. It blocks.
    pub fn stop(self) {
        let (idle, is_idle) = sync_channel(1);
        if self.handle.orders.blocking_send(Asked::Stop(idle)).is_ok() && is_idle.recv_timeout(STOP_MAX).is_err() {
            tracing::warn!("messages on their way are cut off; they are sent after the next start");
        }
        self.system.stop();
        // Both threads hold an end of this: it is closed when the last state is written.
        if self.ended.recv_timeout(STOP_MAX) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("the monitor did not stop in time");
        }
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Monitor")
    }
}
