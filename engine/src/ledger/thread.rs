//! The ledger's one thread: it blocks for the first entry, drains what waits, and lets the writer commit. Whoever comes alone waits for
//! nobody; while few entries share commits, these begin no closer to one another than [`COMMIT_EVERY`]. When nobody waits, the fold is
//! written; while the tables lag far behind, a slice of it now and then although people come.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::high_water::{HighWaterFile, MarkFollower, Marker};
use super::index::Index;
use super::queue::{LedgerQueue, Message, queue};
use super::writer::{Sink, Step, Writer, WriterFigures};
use super::{Ledger, StoreIdentity};
use crate::priority::{Work, this_thread_is_for};

/// The most entries of one commit.
const BATCH_ENTRIES_MAX: usize = 1_024;
/// After a commit that so many entries shared, the next one begins no sooner than this. A commit costs the disk and the processor nearly the
/// same however many share it: of those that few share, half as many are better for everybody, while one that many share has no need
/// to wait for more.
const COMMIT_EVERY: Duration = Duration::from_millis(1);
const FEW_SHARE: std::ops::RangeInclusive<usize> = 2..=16;
/// If so many times as many shared the commit before, the few are those who came a moment too late for it: everybody else has only just
/// been answered and comes again at once, so the next commit keeps no distance.
const MANY_TIMES: usize = 3;
/// A batch of so many entries tells of a rush.
const RUSH_ENTRIES_MIN: usize = 4;
/// How long the queue must be empty before the fold is written: a steady load, however small, does not meet it.
const FOLD_IDLE: Duration = Duration::from_secs(1);
/// How many records one slice of the fold writes, at least and at most.
const FOLD_RECORDS_MIN: usize = 8;
const FOLD_RECORDS_MAX: usize = 2_048;
/// How long a slice may take while somebody may come: whoever does waits for it.
const FOLD_SLICE: Duration = Duration::from_millis(2);
/// Beyond this lag the fold is written although people come, so that recovery stays short: once so many entries have come, so many times as
/// many records, so that bookings cannot outrun it. One slice is dear for the few who come meanwhile, many small ones would be for
/// everybody: a page is written once for all its records.
const FOLD_LAG_RECORDS_MAX: usize = 500_000;
const FOLD_EVERY_ENTRIES: usize = 512;
const FOLD_RECORDS_FOR_EACH: usize = 2;
/// How often the free space of the disk is measured at most.
const MEASURE_EVERY: Duration = Duration::from_secs(1);
/// How long to wait before the store is opened again, at first and at most.
const REOPEN_WAIT_MIN: Duration = Duration::from_millis(50);
const REOPEN_WAIT_MAX: Duration = Duration::from_secs(2);

/// Starts the writer's thread. It ends when every [`LedgerQueue`] is dropped, after it has written what waits and the whole fold.
pub fn spawn_writer<L, S>(
    ledger: L,
    index: Arc<Index>,
    sink: S,
    mark: HighWaterFile,
    store: StoreIdentity,
    queue_entries_max: usize,
    figures: Arc<WriterFigures>,
) -> std::io::Result<(LedgerQueue<S::Ticket>, JoinHandle<()>)>
where
    L: Ledger + 'static,
    S: Sink,
{
    let (queue, receiver) = queue(queue_entries_max);
    let store_id = store.id;
    let mark = MarkFollower::start(Marker::new(mark, store_id), Arc::clone(&index))?;
    let writer = Writer::new(ledger, index, sink, store, Arc::clone(&figures));
    let now = Instant::now();
    let driver = Driver {
        writer,
        figures,
        receiver,
        mark,
        disk_measured_at: now,
        drained_at: now,
        shared_by: [0; 2],
        fold_records: FOLD_RECORDS_MIN,
        unfolded: 0,
    };
    let thread = std::thread::Builder::new().name("ledger".into()).spawn(move || driver.run())?;
    Ok((queue, thread))
}

struct Driver<L, S: Sink> {
    writer: Writer<L, S>,
    figures: Arc<WriterFigures>,
    receiver: Receiver<Message<S::Ticket>>,
    mark: MarkFollower,
    disk_measured_at: Instant,
    /// When the last batch was drained.
    drained_at: Instant,
    /// How many entries shared the last batch, and the one before.
    shared_by: [usize; 2],
    /// How many records the next slice of the fold may write.
    fold_records: usize,
    /// How many entries came since the tables began to lag far behind, or since a slice was written then.
    unfolded: usize,
}

/// What the queue brings next.
enum Next<T> {
    Batch(Vec<Message<T>>),
    Idle,
    Ended,
}

/// How the wait for the store ended.
enum Waited {
    Open,
    /// Everybody has gone meanwhile.
    Abandoned,
}

impl<L: Ledger, S: Sink> Driver<L, S> {
    fn run(mut self) {
        this_thread_is_for(Work::Committing);
        let mut wait = FOLD_IDLE;
        loop {
            let step = match self.next(wait) {
                Next::Batch(batch) => {
                    wait = FOLD_IDLE;
                    self.take(batch)
                }
                Next::Idle if self.writer.fold_lag() > 0 => {
                    wait = Duration::ZERO;
                    self.fold()
                }
                Next::Idle => {
                    wait = MEASURE_EVERY;
                    Step::Open
                }
                Next::Ended => break,
            };
            if matches!(self.after(step), Waited::Abandoned) {
                return;
            }
            self.measure_disk();
        }
        while self.writer.fold_lag() > 0 {
            let step = self.step(|writer| writer.fold(FOLD_RECORDS_MAX));
            if matches!(self.after(step), Waited::Abandoned) {
                return;
            }
        }
        self.mark.finish();
    }

    /// One step. A panic in it leaves the outcome of what was being written unknown, like any other fault.
    fn step(&mut self, step: impl FnOnce(&mut Writer<L, S>) -> Step) -> Step {
        self.figures.step_begins();
        let step = catch_unwind(AssertUnwindSafe(|| step(&mut self.writer))).unwrap_or_else(|_panic| {
            tracing::error!("the ledger failed; its state is loaded anew");
            self.writer.suspend()
        });
        self.figures.step_ends();
        step
    }

    /// Takes a batch. While the tables lag far behind, a slice of the fold follows it now and then.
    fn take(&mut self, batch: Vec<Message<S::Ticket>>) -> Step {
        let entries = batch.len();
        let step = self.step(|writer| writer.take(batch));
        if step == Step::Suspended {
            return step;
        }
        let (unfolded, records) = slice_in_between(self.unfolded + entries, self.writer.fold_lag());
        self.unfolded = unfolded;
        if records == 0 { Step::Open } else { self.step(|writer| writer.fold(records)) }
    }

    /// Writes a slice of the fold, and learns how large the next one may be.
    fn fold(&mut self) -> Step {
        let (records, started) = (self.fold_records, Instant::now());
        let step = self.step(|writer| writer.fold(records));
        let fits = started.elapsed() <= FOLD_SLICE;
        self.fold_records = if fits { records * 2 } else { records / 2 }.clamp(FOLD_RECORDS_MIN, FOLD_RECORDS_MAX);
        step
    }

    fn next(&mut self, wait: Duration) -> Next<S::Ticket> {
        match self.receiver.recv_timeout(wait) {
            Ok(first) => {
                self.keep_distance();
                // In a rush those who are about to hand over an entry get the processor first: the batch grows. Without one,
                // the processor would go to whoever works in bulk, until the kernel's next tick.
                if self.figures.rush.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                let mut batch = vec![first];
                batch.extend(self.receiver.try_iter().take(BATCH_ENTRIES_MAX - 1));
                self.drained_at = Instant::now();
                self.shared_by = [batch.len(), self.shared_by[0]];
                self.figures.rush.store(batch.len() >= RUSH_ENTRIES_MIN, Ordering::Relaxed);
                Next::Batch(batch)
            }
            Err(RecvTimeoutError::Timeout) => Next::Idle,
            Err(RecvTimeoutError::Disconnected) => Next::Ended,
        }
    }

    /// Leaves the processor until [`COMMIT_EVERY`] after the last batch, if few shared it: whoever comes meanwhile shares the next.
    #[expect(clippy::disallowed_methods, reason = "nothing is waited for: it is the distance itself that counts")]
    fn keep_distance(&self) {
        if few_share(self.shared_by) {
            std::thread::sleep(COMMIT_EVERY.saturating_sub(self.drained_at.elapsed()));
        }
    }

    /// Looks at the disk, at most once in [`MEASURE_EVERY`].
    fn measure_disk(&mut self) {
        if self.disk_measured_at.elapsed() >= MEASURE_EVERY {
            self.writer.measure_disk();
            self.disk_measured_at = Instant::now();
        }
    }

    /// After a failed commit: tries to open the store again, ever less often, and answers what arrives meanwhile.
    fn after(&mut self, mut step: Step) -> Waited {
        let mut wait = REOPEN_WAIT_MIN;
        while step == Step::Suspended {
            step = self.step(Writer::resume);
            if step == Step::Open {
                break;
            }
            let until = Instant::now() + wait;
            while let Some(left) = until.checked_duration_since(Instant::now()) {
                match self.receiver.recv_timeout(left) {
                    Ok(message) => self.writer.refuse(message),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return Waited::Abandoned,
                }
            }
            wait = (wait * 2).min(REOPEN_WAIT_MAX);
        }
        Waited::Open
    }
}

/// Whether few shared the last batch, and hardly more the one before: then more are worth a wait.
fn few_share([last, before]: [usize; 2]) -> bool {
    FEW_SHARE.contains(&last) && before < MANY_TIMES * last
}

/// How many of `entries` still wait for a slice of the fold, and how many records one is to write now.
const fn slice_in_between(entries: usize, lag_records: usize) -> (usize, usize) {
    if lag_records <= FOLD_LAG_RECORDS_MAX {
        (0, 0)
    } else if entries < FOLD_EVERY_ENTRIES {
        (entries, 0)
    } else {
        (0, entries * FOLD_RECORDS_FOR_EACH)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_who_come_alone_or_in_a_crowd_or_a_moment_after_one_keep_no_distance() {
        for shared_by in [[2, 0], [2, 5], [16, 16], [16, 47], [5, 4]] {
            assert!(few_share(shared_by), "{shared_by:?}");
        }
        for shared_by in [[1, 1], [1, 16], [17, 2], [64, 64], [2, 6], [16, 48], [8, 56]] {
            assert!(!few_share(shared_by), "{shared_by:?}");
        }
    }

    #[test]
    fn while_the_tables_lag_far_behind_twice_as_many_records_are_written_as_entries_came() {
        assert_eq!(slice_in_between(10_000, 500_000), (0, 0), "the idle seconds see to it");
        assert_eq!(slice_in_between(511, 500_001), (511, 0), "too soon");
        assert_eq!(slice_in_between(512, 500_001), (0, 1_024));
        assert_eq!(slice_in_between(511 + BATCH_ENTRIES_MAX, 1_000_000), (0, 3_070));
    }
}
