//! What is done with backups, one order at a time: the same for the server, for commands beside it and for commands without one.
//!
//! A run is: take a generation → restore it and check it → remove what may go → copy → read older ones again. Whatever fails after the
//! check is told and made up for later; the generation counts.

mod copies;
mod drills;
mod look;
mod read;
mod scratch;
mod shipping;
mod take;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sesshu_engine::core::time::Instant;

pub(crate) use self::drills::lot;
use crate::board::Board;
use crate::core::manifest::{Kind, Manifest};
use crate::error::{BackupError, Family, io_error};
use crate::folder::Folder;
use crate::journal::Shipper;
use crate::lock::Lock;
use crate::order::{Done, Order, Underway};
use crate::progress::Progress;
use crate::reach::Reach;
use crate::setup::Setup;
use crate::status::{Running, Status, Trouble};

/// Whoever does the work. Nothing of it is done on the thread of anybody who serves people. Clones do it together.
#[derive(Clone)]
pub struct Works {
    setup: Setup,
    board: Arc<Board>,
    shipper: Arc<Mutex<Shipper>>,
    /// Why the last run failed.
    run_failure: Arc<Mutex<Option<Trouble>>>,
    /// Why the second place lacks what it should have.
    copy_failure: Arc<Mutex<Option<String>>>,
    /// When the last daily generation was proven, in steady time.
    last_daily: Arc<Mutex<Option<Duration>>>,
    /// The way to the second place for a look, and for work.
    looking: Reach,
    working: Reach,
}

/// What does not work, each by itself: the first is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Taking and proving.
    Taking,
    /// Reading older ones again.
    Reading,
}

impl Works {
    /// Works for the city of `setup`. Nothing is touched yet.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let shipper = Arc::new(Mutex::new(Shipper::new(&setup)));
        Self {
            setup,
            board: Arc::default(),
            shipper,
            run_failure: Arc::default(),
            copy_failure: Arc::default(),
            last_daily: Arc::default(),
            looking: Reach::default(),
            working: Reach::default(),
        }
    }

    /// What it works for.
    #[must_use]
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// How backups stand, read from the folders now.
    #[must_use]
    pub fn status(&self) -> Arc<Status> {
        self.look();
        self.board.shown()
    }

    /// How they stood when somebody looked last, and what runs now: never waits for a disk.
    #[must_use]
    pub fn shown(&self) -> Arc<Status> {
        self.board.shown()
    }

    /// Does what `order` asks for, for `by` (`schedule`, `uid:0`, `staff:LOGIN`, `upgrade`). Takes minutes; another run, in whichever
    /// process, makes it fail at once.
    pub fn perform(&self, order: &Order, by: &str, progress: &Progress) -> Result<Done, BackupError> {
        let since = self.now();
        let progress = self.shown_progress(progress, since);
        let done = self.perform_alone(order, by, since, &progress);
        self.board.change(|status| status.running = None);
        self.look();
        done
    }

    fn perform_alone(&self, order: &Order, by: &str, since: Instant, progress: &Progress) -> Result<Done, BackupError> {
        let is_taking = matches!(order, Order::BackUp { .. } | Order::Daily);
        let (folder, _lock) = self.begin(by, since).inspect_err(|error| {
            if is_taking {
                self.tell(Part::Taking, Some(error));
            }
        })?;
        match order {
            Order::BackUp { reason } => self.run(&folder, Kind::Manual, Some(*reason), by, progress).map(taken),
            Order::Daily => self.run(&folder, Kind::Daily, self.reason_for_daily(), by, progress).map(taken),
            Order::Verify(which) => self.verify(&folder, which.as_ref(), progress).map(Done::Verified),
            Order::Drill => self.drill(&folder, by, progress).map(|record| Done::Drilled(Box::new(record))),
        }
    }

    /// Takes the lock of the run, and removes what killed runs have left.
    fn begin(&self, by: &str, since: Instant) -> Result<(Folder, Lock), BackupError> {
        let folder = Folder::create(&self.setup.dir)?;
        let lock = Lock::take(&folder, &Underway { by: by.to_owned(), since, work: None })?;
        folder.sweep()?;
        scratch::sweep(&self.setup.scratch)?;
        self.look();
        Ok((folder, lock))
    }

    /// Copies what the second place lacks, between runs.
    pub(crate) fn catch_up(&self, by: &str, progress: &Progress) -> Result<(), BackupError> {
        self.alone(by, progress, |folder, progress| {
            self.copy_all(folder, progress);
            self.prune_journal(folder, progress);
        })
    }

    /// Reads again what nobody has read for a day, between runs.
    pub(crate) fn read_again_all(&self, by: &str, progress: &Progress) -> Result<(), BackupError> {
        self.alone(by, progress, |folder, progress| self.read_older(folder, progress))
    }

    fn alone(&self, by: &str, progress: &Progress, work: impl FnOnce(&Folder, &Progress)) -> Result<(), BackupError> {
        let since = self.now();
        let progress = self.shown_progress(progress, since);
        let (folder, _lock) = self.begin(by, since)?;
        work(&folder, &progress);
        self.board.change(|status| status.running = None);
        Ok(())
    }

    /// `progress`, which the picture shows too.
    fn shown_progress(&self, progress: &Progress, since: Instant) -> Progress {
        let board = Arc::clone(&self.board);
        progress.and(move |work, done, of| {
            board.change(|status| status.running = Some(Running { work, since, done, of }));
        })
    }

    fn shipper(&self) -> MutexGuard<'_, Shipper> {
        self.shipper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn last_daily(&self) -> MutexGuard<'_, Option<Duration>> {
        self.last_daily.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_failure(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.run_failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn copy_failure(&self) -> MutexGuard<'_, Option<String>> {
        self.copy_failure.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        self.setup.clock.now().wall
    }

    /// Tells that a part does not work, or works again. Being stopped, or having to wait for another run, is no trouble.
    fn tell(&self, part: Part, error: Option<&BackupError>) {
        if error.is_some_and(|error| matches!(error.family(), Family::Stopped | Family::Later)) {
            return;
        }
        let (what, now) = (error.map(ToString::to_string), self.now());
        match part {
            Part::Taking => {
                let mut failure = self.run_failure();
                retell(&mut failure, what, now);
                self.board.change(|status| status.failure.clone_from(&failure));
            }
            Part::Reading => self.board.change(|status| retell(&mut status.reading_failure, what, now)),
        }
    }
}

/// `trouble` as it is now: it lasts since it began, whatever its words become.
pub(crate) fn retell(trouble: &mut Option<Trouble>, what: Option<String>, now: Instant) {
    *trouble = what.map(|what| {
        let since = trouble.as_ref().map_or(now, |trouble| trouble.since);
        Trouble { since, what }
    });
}

fn taken(manifest: Manifest) -> Done {
    Done::Taken(Box::new(manifest))
}

/// What is said of a place that does not answer.
fn no_answer(place: &Path) -> BackupError {
    let what = "its disk does not answer; is what it is mounted from there?";
    io_error("reached", place)(io::Error::new(io::ErrorKind::TimedOut, what))
}
