//! The ledger's one thread: it blocks for the first entry, drains what waits, commits once, publishes, tells the outcomes to the
//! actors, and sends every reply. There is no linger timer: while one batch commits, the next one fills.
//!
//! A failed commit means an unknown outcome. The batch hears so, the ledger suspends and its epoch grows, the store is opened
//! again from disk, whatever of the batch is there is applied, and service resumes. Reads go on meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant as StdInstant};

use super::codec::{BlockWriter, Chain, read_block};
use super::high_water::{HighWaterFile, MARK_EVERY, Marker};
use super::index::Index;
use super::queue::{LedgerQueue, Message, Submission, queue};
use super::{Append, Beside, Ledger, LoadError, StoreIdentity};
use crate::core::event::Entry;

/// The most entries of one commit.
const BATCH_ENTRIES_MAX: usize = 1_024;
/// How long the queue must be empty before the fold is written.
const FOLD_IDLE: Duration = Duration::from_millis(20);
/// How many records one slice of the fold writes when nobody waits, and beside a batch when the tables lag far behind.
const FOLD_RECORDS_IDLE: usize = 2_000;
const FOLD_RECORDS_BESIDE_BATCH: usize = 64;
/// Beyond this lag the fold is written beside batches too, so that recovery stays short.
const FOLD_LAG_RECORDS_MAX: usize = 500_000;
/// How long to wait before the store is opened again, at first and at most.
const REOPEN_WAIT_MIN: Duration = Duration::from_millis(50);
const REOPEN_WAIT_MAX: Duration = Duration::from_secs(2);

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is on the disk.
    Durable,
    /// Nobody knows yet.
    Unknown,
    /// It was decided before a fault and not written.
    Stale,
}

/// An entry with its outcome.
pub struct Settled<T> {
    /// The change.
    pub entry: Entry,
    /// The ticket.
    pub ticket: T,
}

/// The entries of one commit.
pub type Batch<T> = Vec<Settled<T>>;

/// Who hears of outcomes. All calls come from the ledger's thread.
pub trait Sink: Send + 'static {
    /// What a sender wants back.
    type Ticket: Send + 'static;

    /// These entries are on the disk and in the index, but nobody has heard so: tell the actors.
    fn durable(&mut self, batch: &Batch<Self::Ticket>);

    /// Send the replies. For `Unknown`, whatever keeps others from deciding stays closed until [`Sink::resumed`].
    fn reply(&mut self, batch: Batch<Self::Ticket>, outcome: Outcome);

    /// The store is open again and the index is at its head: actors start anew from it, in epoch `epoch`.
    fn resumed(&mut self, epoch: u64);
}

/// Figures of the writer, for metrics.
#[derive(Debug, Default)]
pub struct WriterFigures {
    /// Commits of blocks.
    pub batches: AtomicU64,
    /// Entries in them.
    pub entries: AtomicU64,
    /// Time spent in commits, in microseconds.
    pub commit_us: AtomicU64,
    /// Commits with unknown outcome.
    pub unknown: AtomicU64,
    /// The current epoch.
    pub epoch: AtomicU64,
    /// Whether the ledger is suspended.
    pub suspended: AtomicBool,
}

/// Starts the writer. It ends when every [`LedgerQueue`] is dropped, after it has written what waits and the whole fold.
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
    let marker = Marker::new(mark, store.id);
    let writer = Writer { ledger, index, sink, store, marker, figures, receiver };
    let thread = std::thread::Builder::new().name("ledger".into()).spawn(move || writer.run())?;
    Ok((queue, thread))
}

struct Writer<L, S: Sink> {
    ledger: L,
    index: Arc<Index>,
    sink: S,
    store: StoreIdentity,
    marker: Marker,
    figures: Arc<WriterFigures>,
    receiver: Receiver<Message<S::Ticket>>,
}

enum Next<T> {
    Batch(Vec<Message<T>>),
    Idle,
    Ended,
}

/// How the wait for the store ended.
enum Resumed {
    Open,
    /// Everybody has gone meanwhile.
    Abandoned,
}

impl<L: Ledger, S: Sink> Writer<L, S> {
    fn run(mut self) {
        loop {
            let resumed = match self.next() {
                Next::Batch(batch) => self.take(batch),
                Next::Idle => {
                    let resumed = self.fold(FOLD_RECORDS_IDLE);
                    self.marker.follow(&self.index);
                    resumed
                }
                Next::Ended => break,
            };
            if matches!(resumed, Resumed::Abandoned) {
                return;
            }
        }
        while self.index.fold_lag() > 0 {
            if matches!(self.fold(FOLD_RECORDS_IDLE), Resumed::Abandoned) {
                return;
            }
        }
        self.marker.write(&self.index);
    }

    fn take(&mut self, messages: Vec<Message<S::Ticket>>) -> Resumed {
        let mut restart = false;
        let mut entries = Vec::with_capacity(messages.len());
        for message in messages {
            match message {
                Message::Entry(submission) => entries.push(submission),
                Message::Restart => restart = true,
            }
        }
        if restart {
            self.figures.epoch.fetch_add(1, Ordering::AcqRel);
            self.sink.resumed(self.figures.epoch.load(Ordering::Acquire));
        }
        self.commit(entries)
    }

    fn next(&self) -> Next<S::Ticket> {
        let wait = if self.index.fold_lag() > 0 { FOLD_IDLE } else { MARK_EVERY };
        match self.receiver.recv_timeout(wait) {
            Ok(first) => {
                let mut batch = vec![first];
                batch.extend(self.receiver.try_iter().take(BATCH_ENTRIES_MAX - 1));
                Next::Batch(batch)
            }
            Err(RecvTimeoutError::Timeout) => Next::Idle,
            Err(RecvTimeoutError::Disconnected) => Next::Ended,
        }
    }

    fn commit(&mut self, submissions: Vec<Submission<S::Ticket>>) -> Resumed {
        let epoch = self.figures.epoch.load(Ordering::Acquire);
        let head = self.index.head();
        let mut block = BlockWriter::after(head.seq, head.chain);
        let mut written = Vec::with_capacity(submissions.len());
        let mut stale = Vec::new();
        let mut chains = Vec::with_capacity(submissions.len());
        for Submission { epoch: decided_in, mut entry, beside, ticket } in submissions {
            if decided_in != epoch {
                stale.push(Settled { entry, ticket });
                continue;
            }
            entry.number_bookings(block.next_seq(), &self.store.number_key);
            chains.push(block.push(&entry));
            written.push((Settled { entry, ticket }, beside));
        }
        if !stale.is_empty() {
            self.sink.reply(stale, Outcome::Stale);
        }
        if written.is_empty() {
            return Resumed::Open;
        }
        let beside: Vec<&Beside> = written.iter().filter_map(|(_, beside)| beside.as_deref()).collect();
        let lagging = self.index.fold_lag() > FOLD_LAG_RECORDS_MAX;
        let fold = lagging.then(|| self.index.fold_slice(FOLD_RECORDS_BESIDE_BATCH));
        let started = StdInstant::now();
        let appended = self.ledger.append(Some(&block.finish()), &beside, fold.as_ref().map(|(slice, _)| slice));
        self.figures.commit_us.fetch_add(started.elapsed().as_micros() as u64, Ordering::Relaxed);
        match appended {
            Append::Durable => {
                let (batch, beside): (Batch<_>, Vec<_>) = written.into_iter().unzip();
                self.figures.batches.fetch_add(1, Ordering::Relaxed);
                self.figures.entries.fetch_add(batch.len() as u64, Ordering::Relaxed);
                for ((settled, beside), (seq, chain)) in batch.iter().zip(&beside).zip(chains) {
                    self.index.apply(seq, chain, &settled.entry, beside.as_deref());
                }
                self.sink.durable(&batch);
                self.sink.reply(batch, Outcome::Durable);
                self.marker.follow(&self.index);
                Resumed::Open
            }
            Append::Unknown(error) => {
                tracing::error!(%error, entries = written.len(), "a commit failed: its outcome is unknown");
                if let Some((_, taken)) = fold {
                    self.index.lag_again(taken);
                }
                self.suspend();
                self.sink.reply(written.into_iter().map(|(settled, _)| settled).collect(), Outcome::Unknown);
                self.resume()
            }
        }
    }

    /// Writes a slice of the fold.
    fn fold(&mut self, records_max: usize) -> Resumed {
        if self.index.fold_lag() == 0 {
            return Resumed::Open;
        }
        let (slice, taken) = self.index.fold_slice(records_max);
        match self.ledger.append(None, &[], Some(&slice)) {
            Append::Durable => Resumed::Open,
            Append::Unknown(error) => {
                tracing::error!(%error, "a commit of the fold failed");
                self.index.lag_again(taken);
                self.suspend();
                self.resume()
            }
        }
    }

    fn suspend(&self) {
        self.figures.suspended.store(true, Ordering::Release);
        self.figures.epoch.fetch_add(1, Ordering::AcqRel);
        self.figures.unknown.fetch_add(1, Ordering::Relaxed);
    }

    /// Opens the store again from disk until that succeeds, and answers what arrives meanwhile.
    fn resume(&mut self) -> Resumed {
        let mut wait = REOPEN_WAIT_MIN;
        loop {
            match self.reopen_and_catch_up() {
                Ok(caught_up) => {
                    tracing::warn!(caught_up, "the store is open again");
                    break;
                }
                Err(error) => tracing::error!(%error, "the store cannot be opened again yet"),
            }
            let until = StdInstant::now() + wait;
            while let Some(left) = until.checked_duration_since(StdInstant::now()) {
                match self.receiver.recv_timeout(left) {
                    Ok(Message::Entry(late)) => {
                        self.sink.reply(vec![Settled { entry: late.entry, ticket: late.ticket }], Outcome::Stale);
                    }
                    Ok(Message::Restart) => {}
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return Resumed::Abandoned,
                }
            }
            wait = (wait * 2).min(REOPEN_WAIT_MAX);
        }
        self.sink.resumed(self.figures.epoch.load(Ordering::Acquire));
        self.figures.suspended.store(false, Ordering::Release);
        Resumed::Open
    }

    /// Whatever of the unknown batch is on the disk is durable after all, and is published.
    fn reopen_and_catch_up(&mut self) -> Result<u64, LoadError> {
        self.ledger.reopen()?;
        let head = self.index.head();
        let mut tail: Vec<(u64, Chain, Entry)> = Vec::new();
        let mut last = (0, head.chain);
        self.ledger.blocks_from(head.seq.max(1), &mut |first_seq, bytes| {
            let block_end = first_seq + u64::from(super::codec::entries_of(bytes));
            if block_end <= head.seq + 1 {
                last.0 = block_end - 1;
                return Ok(());
            }
            last.1 = read_block(first_seq, bytes, last.1, |seq, entry, chain| {
                last.0 = seq;
                tail.push((seq, chain, entry));
            })?;
            Ok(())
        })?;
        if last.0 < head.seq {
            return Err(LoadError::Damaged { what: "acknowledged entries are missing", at: head.seq });
        }
        if tail.is_empty() {
            return Ok(0);
        }
        let beside = self.ledger.load_beside()?;
        self.index.put_beside(&beside);
        for (seq, chain, entry) in &tail {
            self.index.apply(*seq, *chain, entry, None);
        }
        Ok(tail.len() as u64)
    }
}
