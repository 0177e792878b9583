//! Starts the monitor on a thread of its own, and stops it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use actix::{Actor, System};
use arc_swap::ArcSwap;
use tokio::sync::mpsc;

use crate::MonitorConfig;
use crate::actor::MonitorActor;
use crate::board::Board;
use crate::channels::Channels;
use crate::clock::Clock;
use crate::core::book::Book;
use crate::core::state::State;
use crate::handle::{MonitorHandle, ORDERS_WAITING_MAX};
use crate::history::History;
use crate::source::Source;
use crate::sources::Sources;

/// How long stopping may take.
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
    std::fs::create_dir_all(&setup.folder).map_err(io(&setup.folder.display().to_string()))?;
    let sources = Sources::start(setup.sources).map_err(io("the sources' threads"))?;
    let (orders, mut asked) = mpsc::channel(ORDERS_WAITING_MAX);
    let board: Arc<ArcSwap<Board>> = Arc::default();
    let handle = MonitorHandle { board: Arc::clone(&board), history: Arc::default(), orders };
    let history = History::start(&setup.folder, Arc::clone(&handle.history)).map_err(io("the history's thread"))?;
    let actor = MonitorActor {
        book: Book::new(setup.config, &setup.name, State::default()),
        clock: Clock::start(),
        sources: Arc::new(sources),
        channels: Arc::new(setup.channels),
        board,
        history,
        sampled_at: None,
        sampling: false,
    };
    let (ready, wait) = sync_channel(1);
    let (end, ended) = sync_channel(1);
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
        let _ = end.send(());
    };
    std::thread::Builder::new().name("monitor".into()).spawn(run).map_err(io("the monitor's thread"))?;
    let system = wait
        .recv()
        .map_err(|_| StartError::Io("the monitor's thread".into(), std::io::Error::other("it ended at once")))?;
    Ok(Monitor { handle, system, ended })
}

impl Monitor {
    /// The door to it.
    #[must_use]
    pub fn handle(&self) -> MonitorHandle {
        self.handle.clone()
    }

    /// Stops it; what is on its way is cut off after a while. It blocks.
    pub fn stop(self) {
        self.system.stop();
        if self.ended.recv_timeout(STOP_MAX).is_err() {
            tracing::warn!("the monitor did not stop in time");
        }
    }
}

impl std::fmt::Debug for Monitor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Monitor")
    }
}
