//! Backups in a server: two threads of their own. One does what is due and what is asked for, one thing at a time; the other ships the
//! journal. Nobody who serves people waits for either.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::setpriority_process;
use rustix::thread::gettid;
use sesshu_engine::core::time::Instant;

use crate::error::BackupError;
use crate::keeper::{BY, Keeper};
use crate::order::{Done, Order, Refused, Underway};
use crate::progress::{Progress, Stop};
use crate::setup::Setup;
use crate::status::Status;
use crate::works::Works;

/// How often the keeper asks what is due.
const TICK: Duration = Duration::from_secs(1);
/// How long a stop waits for work to notice it. What does not is abandoned; its leftovers go with the next run.
const STOP_WITHIN: Duration = Duration::from_secs(5);
/// Staff and ops come before both threads (nice); residents and commits do not, since a view of the store is held on them: a thread that waits
/// for the processor while it holds one makes the store grow. What is in bulk is lowered further where it is done (throttle.rs).
const NICE: i32 = 5;

/// Backups that run. Dropping it leaves its threads; [`Backup::stop`] ends them.
pub struct Backup {
    handle: BackupHandle,
    ended: Receiver<()>,
    threads: usize,
}

/// The door to backups: it never waits for a disk.
#[derive(Clone)]
pub struct BackupHandle(Arc<Shared>);

struct Shared {
    works: Works,
    orders: SyncSender<Asked>,
    /// What runs now; whoever sets it runs next.
    underway: Mutex<Option<Run>>,
    stop: Stop,
}

struct Run {
    by: String,
    since: Instant,
    stop: Stop,
}

struct Asked {
    order: Order,
    by: String,
    progress: Progress,
    answer: SyncSender<Result<Done, BackupError>>,
}

/// An order that was taken. Dropping it does not stop the work.
#[derive(Debug)]
pub struct Pending(Receiver<Result<Done, BackupError>>);

impl Pending {
    /// Waits for its end, on a thread that may wait for minutes.
    pub fn wait(self) -> Result<Done, BackupError> {
        self.0.recv().unwrap_or(Err(BackupError::Stopped))
    }
}

/// Starts the threads. The first daily backup may begin at once.
pub fn start(setup: Setup) -> io::Result<Backup> {
    let (orders, asked) = sync_channel(1);
    let (ending, ended) = sync_channel(2);
    let shared = Shared { works: Works::new(setup), orders, underway: Mutex::default(), stop: Stop::default() };
    let handle = BackupHandle(Arc::new(shared));
    let spawn = |name: &str, work: Box<dyn FnOnce(&Shared) + Send>| {
        let (shared, ending) = (Arc::clone(&handle.0), ending.clone());
        thread::Builder::new().name(name.into()).spawn(move || {
            // The order of threads is a courtesy, not a condition.
            let _ = setpriority_process(Some(gettid()), NICE);
            work(&shared);
            // Nobody waits for it any more if the deadline has passed.
            let _ = ending.try_send(());
        })
    };
    spawn("backup", Box::new(move |shared| shared.keep(&asked)))?;
    spawn("backup-journal", Box::new(Shared::ship))?;
    Ok(Backup { handle, ended, threads: 2 })
}

impl Backup {
    /// The door to it.
    #[must_use]
    pub fn handle(&self) -> BackupHandle {
        self.handle.clone()
    }

    /// Ends it: what is new in the journal is shipped, a run that goes on is abandoned. Waits for some seconds at most.
    pub fn stop(self) {
        let shared = &self.handle.0;
        shared.stop.stop();
        if let Some(run) = &*shared.underway() {
            run.stop.stop();
        }
        let deadline = std::time::Instant::now() + STOP_WITHIN;
        for _ in 0..self.threads {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            if self.ended.recv_timeout(left).is_err() {
                tracing::warn!("backup work did not end in time; the next run removes what it leaves");
                return;
            }
        }
    }
}

impl BackupHandle {
    /// How backups stand.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        self.0.works.shown()
    }

    /// Begins what `order` asks for, for `by`, on backups' own thread, unless something runs. `progress` is told, and can stop it.
    pub fn begin(&self, order: Order, by: &str, progress: Progress) -> Result<Pending, Refused> {
        let shared = &self.0;
        shared.occupy(by, progress.stop())?;
        let (answer, pending) = sync_channel(1);
        match shared.orders.try_send(Asked { order, by: by.to_owned(), progress, answer }) {
            Ok(()) => Ok(Pending(pending)),
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                shared.free();
                Err(Refused::Stopping)
            }
        }
    }
}

impl Shared {
    /// Does what is asked for and what is due, until it is stopped.
    fn keep(&self, asked: &Receiver<Asked>) {
        let mut keeper = Keeper::default();
        // Whoever measures sees what is there from the beginning on.
        self.works.look();
        while !self.stop.is_stopped() {
            match asked.recv_timeout(TICK) {
                Ok(Asked { order, by, progress, answer }) => {
                    let done = self.works.perform(&order, &by, &progress);
                    self.free();
                    // Whoever asked may have gone.
                    let _ = answer.try_send(done);
                }
                Err(RecvTimeoutError::Timeout) => self.keep_what_is_due(&mut keeper),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn keep_what_is_due(&self, keeper: &mut Keeper) {
        let Some(due) = keeper.due(&self.works) else { return };
        let stop = Stop::default();
        if self.occupy(BY, stop.clone()).is_ok() {
            keeper.see_to(due, &self.works, &Progress::new(stop, |_, _, _| {}));
            self.free();
        }
    }

    /// Ships the journal, until it is stopped, and once more then: what was committed last is not to be lost with the machine.
    fn ship(&self) {
        loop {
            self.works.ship();
            if self.stop.wait(self.works.setup().journal_every) {
                self.works.ship();
                return;
            }
        }
    }

    fn occupy(&self, by: &str, stop: Stop) -> Result<(), Refused> {
        let mut underway = self.underway();
        if self.stop.is_stopped() {
            return Err(Refused::Stopping);
        }
        if let Some(run) = &*underway {
            let work = self.works.shown().running.as_ref().map(|running| running.work);
            return Err(Refused::Running(Underway { by: run.by.clone(), since: run.since, work }));
        }
        *underway = Some(Run { by: by.to_owned(), since: self.works.setup().clock.now().wall, stop });
        Ok(())
    }

    fn free(&self) {
        *self.underway() = None;
    }

    fn underway(&self) -> MutexGuard<'_, Option<Run>> {
        self.underway.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
