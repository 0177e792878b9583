//! How far work on backups has come, and how it is stopped on the way.

use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::BackupError;
use crate::status::Work;

/// Who is told: which work, so much of so much, in bytes (0 of 0 while that is not known).
type Tell = dyn Fn(Work, u64, u64) + Send + Sync;

/// Tells somebody how far the work is, and hears whether it shall stop. Each phase is told when it begins, before anything of it is
/// done, and then at most once for each megabyte.
#[derive(Clone)]
pub struct Progress {
    tell: Arc<Tell>,
    stop: Stop,
}

impl Progress {
    /// Tells `tell`, and stops when `stop` says so.
    pub fn new(stop: Stop, tell: impl Fn(Work, u64, u64) + Send + Sync + 'static) -> Self {
        Self { tell: Arc::new(tell), stop }
    }

    /// Tells nobody, and is never stopped.
    #[must_use]
    pub fn silent() -> Self {
        Self::new(Stop::default(), |_, _, _| {})
    }

    /// The same, of which `tell` hears too.
    #[must_use]
    pub(crate) fn and(&self, tell: impl Fn(Work, u64, u64) + Send + Sync + 'static) -> Self {
        let first = Arc::clone(&self.tell);
        let both = move |work, done, of| {
            first(work, done, of);
            tell(work, done, of);
        };
        Self::new(self.stop.clone(), both)
    }

    /// What stops it.
    pub(crate) fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// So much of `of` bytes of `work` is done; fails if it shall stop.
    pub fn at(&self, work: Work, done: u64, of: u64) -> Result<(), BackupError> {
        (self.tell)(work, done, of);
        self.go_on()
    }

    /// Fails if the work shall stop.
    pub fn go_on(&self) -> Result<(), BackupError> {
        if self.stop.is_stopped() { Err(BackupError::Stopped) } else { Ok(()) }
    }

    /// Does nothing for `pause`; fails at once if the work shall stop.
    pub fn pause(&self, pause: Duration) -> Result<(), BackupError> {
        if self.stop.wait(pause) { Err(BackupError::Stopped) } else { Ok(()) }
    }

    /// What `error` means: an error on the way of work that was stopped is only that.
    pub(crate) fn or_stopped(&self, error: BackupError) -> BackupError {
        if self.stop.is_stopped() { BackupError::Stopped } else { error }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("stop", &self.stop).finish_non_exhaustive()
    }
}

/// The way to stop work from another thread. Clones stop together.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<(Mutex<bool>, Condvar)>);

impl Stop {
    /// Stops whatever looks at it, and wakes whatever pauses.
    pub fn stop(&self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }

    /// Whether it was stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for `pause`; true as soon as it was stopped.
    #[must_use]
    pub fn wait(&self, pause: Duration) -> bool {
        let stopped = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.1.wait_timeout_while(stopped, pause, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// Lets [`BackupError::Stopped`] pass through code that knows errors of the system only; [`Progress::or_stopped`] is the way back.
pub(crate) fn through_io(error: BackupError) -> io::Error {
    io::Error::other(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_when_it_is_over_or_at_once_when_the_work_is_stopped() {
        let stop = Stop::default();
        let progress = Progress::new(stop.clone(), |_, _, _| {});
        progress.pause(Duration::ZERO).expect("nobody stopped it");
        let pausing = std::thread::spawn({
            let progress = progress.clone();
            move || progress.pause(Duration::from_hours(24))
        });
        stop.stop();
        assert!(matches!(pausing.join().expect("it ends"), Err(BackupError::Stopped)));
        assert!(matches!(progress.at(Work::Packing, 1, 2), Err(BackupError::Stopped)));
        let other = BackupError::NoFolder("away".into());
        assert!(matches!(progress.or_stopped(other), BackupError::Stopped));
    }
}
