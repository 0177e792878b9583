//! A disk that does not answer: a mount whose server is gone may hang for hours whoever touches it. So the second place is touched on
//! threads of their own, and whoever waits for them gives up; backups go on without it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::BackupError;
use crate::progress::{Progress, Stop};

/// How often whoever waits looks whether it goes on.
const LOOK: Duration = Duration::from_millis(200);
/// How long something that is stopped may take to notice it.
const STOP_WITHIN: Duration = Duration::from_secs(2);

/// The way to a disk. Clones share it: at most one thread of it hangs at a time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reach(Arc<AtomicBool>);

impl Reach {
    /// What `work` gives; none if it gives nothing within `within`, or if what was begun before still hangs.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        within: Duration,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        self.begin(work)?.recv_timeout(within).ok()
    }

    /// The same for work that takes its time: none if for `stall` it does not tell its progress. If it is stopped, that is its answer, also
    /// if it does not notice.
    pub(crate) fn watch<T: Send + 'static>(
        &self,
        stall: Duration,
        progress: &Progress,
        work: impl FnOnce(&Progress) -> Result<T, BackupError> + Send + 'static,
    ) -> Option<Result<T, BackupError>> {
        let told = Arc::new(Mutex::new(Instant::now()));
        // Work that was given up tells nothing any more, and ends when its disk answers.
        let given_up = Stop::default();
        let watched = Progress::new(given_up.clone(), {
            let (told, given_up, progress) = (Arc::clone(&told), given_up.clone(), progress.clone());
            move |work, done, of| {
                *told.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
                if !given_up.is_stopped() {
                    // Whether it shall stop is seen by whoever waits.
                    let _ = progress.at(work, done, of);
                }
            }
        });
        let answer = self.begin(move || work(&watched))?;
        let mut stopped_at = None;
        loop {
            match answer.recv_timeout(LOOK) {
                Ok(answer) => return Some(answer),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if progress.go_on().is_err() {
                given_up.stop();
                if stopped_at.get_or_insert_with(Instant::now).elapsed() >= STOP_WITHIN {
                    return Some(Err(BackupError::Stopped));
                }
            }
            if told.lock().unwrap_or_else(PoisonError::into_inner).elapsed() >= stall {
                given_up.stop();
                return None;
            }
        }
    }

    fn begin<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<Receiver<T>> {
        if self.0.swap(true, Ordering::AcqRel) {
            return None;
        }
        let hangs = Hangs(Arc::clone(&self.0));
        let (answer, answered) = sync_channel(1);
        let spawned = thread::Builder::new().name("backup-second".into()).spawn(move || {
            let result = work();
            // Whoever hears the answer may begin the next at once.
            drop(hangs);
            // Nobody waits any more if it took too long.
            let _ = answer.try_send(result);
        });
        spawned.ok().map(|_| answered)
    }
}

/// Something hangs until this is dropped, however its thread ends.
struct Hangs(Arc<AtomicBool>);

impl Drop for Hangs {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::Work;

    #[test]
    fn whoever_waits_gives_up_and_asks_again_only_when_it_answers() {
        let reach = Reach::default();
        let (release, released) = sync_channel::<()>(1);
        assert_eq!(reach.call(Duration::from_mins(1), || 7), Some(7));
        assert_eq!(reach.call(Duration::from_millis(1), move || released.recv().is_ok()), None);
        assert_eq!(reach.call(Duration::from_mins(1), || 8), None, "the first still hangs");
        release.send(()).expect("it waits");
        let deadline = Instant::now() + Duration::from_mins(1);
        while reach.call(Duration::from_mins(1), || 9).is_none() {
            assert!(Instant::now() < deadline, "it answers again");
            thread::yield_now();
        }
    }

    #[test]
    fn work_is_told_of_until_it_is_given_up_and_a_stop_ends_the_wait() {
        let minute = Duration::from_mins(1);
        let (stop, told) = (Stop::default(), Arc::new(Mutex::new(Vec::new())));
        let telling = Arc::clone(&told);
        let progress = Progress::new(stop.clone(), move |_, done, _| telling.lock().expect("no panic").push(done));
        let hang = |reach: &Reach, stall, says| {
            let (release, released) = sync_channel::<()>(1);
            let (late, is_late) = sync_channel(1);
            let answer = reach.watch(stall, &progress, move |progress| {
                let _ = released.recv();
                // Whoever hangs ends when the disk answers.
                let _ = late.try_send(progress.at(Work::Copying, says, 0).is_err());
                Ok(())
            });
            drop(release);
            (answer, is_late.recv().expect("it ends"))
        };
        let done = Reach::default().watch(minute, &progress, |progress| progress.at(Work::Copying, 1, 0));
        assert!(matches!(done, Some(Ok(()))));
        let (given_up, ends) = hang(&Reach::default(), Duration::ZERO, 2);
        assert!(given_up.is_none() && ends);
        stop.stop();
        let (stopped, ends) = hang(&Reach::default(), minute, 3);
        assert!(matches!(stopped, Some(Err(BackupError::Stopped))) && ends);
        assert_eq!(*told.lock().expect("no panic"), [1], "what is given up tells nothing");
    }
}
