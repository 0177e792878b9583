//! Starts the monitor on a thread of its own, and stops it.

use std::path::{Path, PathBuf};
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
    let (file, found) = open(&setup.folder)?;
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

/// Opens and locks the state in `folder`.
pub(crate) fn open(folder: &Path) -> Result<(StateFile, Found), StartError> {
    StateFile::open(folder).map_err(|error| match error {
        OpenError::InUse(_) => StartError::InUse(folder.to_owned()),
        OpenError::Io(path, error) => StartError::Io(path.display().to_string(), error),
    })
}

/// What the file holds. If it is damaged there is nothing to go on from, but numbers that were given are not given again.
pub(crate) fn remembered(found: Found, now: Now) -> State {
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::sync::mpsc::SyncSender;

    use super::*;
    use crate::channels::{Channel, Letter, Sending, Sent};
    use crate::core::contact::ChannelKind;
    use crate::core::message::Outcome;
    use crate::core::metric::Metric;
    use crate::core::order::{Done, Order};
    use crate::core::sample::Reading;

    const CONFIG: &str = r#"
        every_seconds = 1
        [mail]
        host = "localhost"
        from = "sesshu@example.jp"
        [[contact]]
        name = "当番"
        mail = "first@example.jp"
        [threshold.disk_use]
        for_seconds = 0
        clear_seconds = 0
    "#;
    const PATIENCE: Duration = Duration::from_secs(20);

    /// A source that does what its name says.
    struct Odd(&'static str, Receiver<()>);

    impl Source for Odd {
        fn name(&self) -> &'static str {
            self.0
        }

        fn read(&mut self, _now: Now) -> Result<Vec<Reading>, String> {
            match self.0 {
                "hangs" => {
                    let _ = self.1.recv();
                    Ok(Vec::new())
                }
                "panics" => panic!("as it is meant to"),
                _ => Ok(vec![Reading::new(Metric::DiskUse, "data", 95.0)]),
            }
        }
    }

    /// A channel that panics at first, and then counts.
    struct Counting(Arc<AtomicU32>);

    impl Channel for Counting {
        fn send(&self, _letter: Letter) -> Sending {
            let count = Arc::clone(&self.0);
            Box::pin(async move {
                assert!(count.fetch_add(1, Ordering::AcqRel) > 0, "as it is meant to");
                Sent::new(Outcome::Delivered, "250 ok")
            })
        }
    }

    fn monitor(folder: &Path, names: &[&'static str], sent: &Arc<AtomicU32>) -> (Monitor, Vec<SyncSender<()>>) {
        let mut kept = Vec::new();
        let mut sources: Vec<Box<dyn Source>> = Vec::new();
        for name in names {
            let (keep, never) = sync_channel(0);
            kept.push(keep);
            sources.push(Box::new(Odd(name, never)));
        }
        let setup = MonitorSetup {
            config: toml::from_str(CONFIG).expect("a configuration"),
            name: "見本市".into(),
            folder: folder.to_owned(),
            sources,
            channels: Channels::from([(ChannelKind::Mail, Arc::new(Counting(Arc::clone(sent))) as Arc<dyn Channel>)]),
        };
        (start(setup).expect("it starts"), kept)
    }

    /// Waits until the board shows it.
    async fn until(handle: &MonitorHandle, shows: impl Fn(&Board) -> bool) {
        let looking = async {
            let mut looks = tokio::time::interval(Duration::from_millis(20));
            while !shows(&handle.board()) {
                looks.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, looking).await.expect("the board shows it in time");
    }

    #[tokio::test]
    async fn a_source_that_hangs_and_one_that_panics_hold_up_nobody_and_are_shown() {
        let folder = tempfile::tempdir().expect("a folder");
        let sent = Arc::default();
        let (monitor, kept) = monitor(folder.path(), &["hangs", "panics", "works"], &sent);
        let handle = monitor.handle();
        let failed = |board: &Board, name: &str| {
            let gauge = board.gauges.iter().find(|gauge| {
                gauge.reading.cause.metric == Metric::SamplerFailed && &*gauge.reading.cause.subject == name
            });
            gauge.is_some_and(|gauge| gauge.reading.value > 0.5)
        };
        until(&handle, |board| {
            failed(board, "hangs") && failed(board, "panics") && !failed(board, "works") && board.state.open.len() == 1
        })
        .await;
        assert!(handle.answers().await);
        drop(kept);
        tokio::task::spawn_blocking(|| monitor.stop()).await.expect("it stops");
    }

    #[tokio::test]
    async fn what_was_told_is_not_told_again_after_a_restart_and_a_channel_that_panics_is_tried_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let sent: Arc<AtomicU32> = Arc::default();
        let (first, _kept) = monitor(folder.path(), &["works"], &sent);
        let handle = first.handle();
        until(&handle, |board| board.state.deliveries.len() == 1).await;
        let incident = handle.board().state.open[0].no;
        let order = Order::Acknowledge { incident, by: "uid:0".into() };
        assert_eq!(handle.order(order).await, Ok(Done::Done));
        assert!(matches!(start_again(folder.path()), Err(StartError::InUse(_))));
        tokio::task::spawn_blocking(|| first.stop()).await.expect("it stops");

        let (second, _kept) = monitor(folder.path(), &["works"], &sent);
        let handle = second.handle();
        until(&handle, |board| board.sampled_at.is_some()).await;
        let board = handle.board();
        assert_eq!(board.state.open.len(), 1);
        assert_eq!(board.state.open[0].no, incident);
        assert!(board.state.open[0].acknowledged.is_some());
        assert!(board.state.waiting.is_empty());
        assert_eq!(sent.load(Ordering::Acquire), 2, "one try that panicked, one that arrived");
        tokio::task::spawn_blocking(|| second.stop()).await.expect("it stops");
    }

    fn start_again(folder: &Path) -> Result<Monitor, StartError> {
        start(MonitorSetup {
            config: MonitorConfig::default(),
            name: "another".into(),
            folder: folder.to_owned(),
            sources: Vec::new(),
            channels: Channels::new(),
        })
    }
}
