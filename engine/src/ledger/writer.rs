//! What the ledger does with the entries that reach it, one step at a time: it commits a batch once, publishes, tells the outcomes
//! to the actors, and sends every reply. It has no thread and waits for nothing but the disk; `thread` drives it.
//!
//! A failed commit means an unknown outcome. The batch hears so, the ledger suspends and its epoch grows, the store is opened
//! again from disk, whatever of the batch is there is applied, and service resumes. Reads go on meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::{Duration, Instant as StdInstant};

use super::codec::BlockWriter;
use super::index::Index;
use super::queue::{Message, Submission};
use super::{Append, Beside, Ledger, LoadError, StoreIdentity};
use crate::core::event::{Entry, Event};
use crate::planted::{Bug, Spot, planted, startle};

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
#[derive(Debug)]
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
    /// Whether the last batch told of a rush: so many come that each waits for others anyway.
    pub rush: AtomicBool,
    /// How much the disk still takes, in bytes, at most about a second old.
    pub disk_free_bytes: AtomicU64,
    /// When the oldest entry of the commit that goes on was decided, in milliseconds of engine time; 0 while there is none.
    pub oldest_at_ms: AtomicI64,
    /// When what the ledger's thread is doing began, in microseconds since `made`; 0 while it waits for somebody.
    step_began_us: AtomicU64,
    made: StdInstant,
}

impl Default for WriterFigures {
    fn default() -> Self {
        Self {
            batches: AtomicU64::default(),
            entries: AtomicU64::default(),
            commit_us: AtomicU64::default(),
            unknown: AtomicU64::default(),
            epoch: AtomicU64::default(),
            suspended: AtomicBool::default(),
            rush: AtomicBool::default(),
            disk_free_bytes: AtomicU64::default(),
            oldest_at_ms: AtomicI64::default(),
            step_began_us: AtomicU64::default(),
            made: StdInstant::now(),
        }
    }
}

impl WriterFigures {
    /// The ledger's thread begins something.
    pub(crate) fn step_begins(&self) {
        let since_made = self.made.elapsed().as_micros() as u64;
        self.step_began_us.store(since_made.max(1), Ordering::Relaxed);
    }

    /// It has done it.
    pub(crate) fn step_ends(&self) {
        self.step_began_us.store(0, Ordering::Relaxed);
    }

    /// For how long it has been doing what it does.
    pub(crate) fn step_takes(&self) -> Duration {
        match self.step_began_us.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            began => self.made.elapsed().saturating_sub(Duration::from_micros(began)),
        }
    }
}

/// The one writer of a store.
pub(crate) struct Writer<L, S: Sink> {
    ledger: L,
    index: Arc<Index>,
    sink: S,
    store: StoreIdentity,
    figures: Arc<WriterFigures>,
    /// The entries of the commit that is going on. They stay here until they are answered, so that a panic anywhere leaves
    /// them of unknown outcome, and whatever they keep closed closed.
    committing: Batch<S::Ticket>,
}

/// How a step left the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// It takes entries.
    Open,
    /// A commit failed: nothing is written until [`Writer::resume`] succeeds.
    Suspended,
}

impl<L: Ledger, S: Sink> Writer<L, S> {
    pub(crate) fn new(
        ledger: L,
        index: Arc<Index>,
        sink: S,
        store: StoreIdentity,
        figures: Arc<WriterFigures>,
    ) -> Self {
        let writer = Self { ledger, index, sink, store, figures, committing: Vec::new() };
        writer.measure_disk();
        writer
    }

    /// Takes what waits, in order, as one batch.
    pub(crate) fn take(&mut self, messages: impl IntoIterator<Item = Message<S::Ticket>>) -> Step {
        let mut restart = false;
        let mut entries = Vec::new();
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

    fn commit(&mut self, submissions: Vec<Submission<S::Ticket>>) -> Step {
        let epoch = self.figures.epoch.load(Ordering::Acquire);
        let head = self.index.head();
        let mut block = BlockWriter::after(head.seq, head.chain);
        let mut stale = Vec::new();
        let mut chains = Vec::with_capacity(submissions.len());
        let mut beside = Vec::with_capacity(submissions.len());
        for Submission { epoch: decided_in, mut entry, beside: rows, ticket } in submissions {
            if decided_in != epoch && !planted(Bug::StaleEpoch) {
                stale.push(Settled { entry, ticket });
                continue;
            }
            entry.number_bookings(block.next_seq(), &self.store.number_key);
            chains.push(block.push(&entry));
            beside.push(rows);
            self.committing.push(Settled { entry, ticket });
        }
        if !stale.is_empty() {
            self.sink.reply(stale, Outcome::Stale);
        }
        if self.committing.is_empty() {
            return Step::Open;
        }
        // That everybody is erased is said only when nothing is left of them in the file.
        let all_erased = |settled: &Settled<S::Ticket>| {
            settled.entry.events.iter().any(|event| matches!(event, Event::CampaignErased { .. }))
        };
        if self.committing.iter().any(all_erased)
            && let Append::Unknown(error) = self.ledger.overwrite_erased()
        {
            tracing::error!(%error, "what was erased could not be overwritten");
            return self.suspend();
        }
        let rows: Vec<&Beside> = beside.iter().filter_map(|rows| rows.as_deref()).collect();
        let oldest_at_ms = self.committing.first().map_or(0, |settled| settled.entry.at.0);
        self.figures.oldest_at_ms.store(oldest_at_ms, Ordering::Relaxed);
        let started = StdInstant::now();
        let appended = self.ledger.append(Some(&block.finish()), &rows, None);
        self.figures.commit_us.fetch_add(started.elapsed().as_micros() as u64, Ordering::Relaxed);
        self.figures.oldest_at_ms.store(0, Ordering::Relaxed);
        if let Append::Unknown(error) = appended {
            tracing::error!(%error, entries = self.committing.len(), "a commit failed: its outcome is unknown");
            return self.suspend();
        }
        startle(Spot::Writer);
        self.figures.batches.fetch_add(1, Ordering::Relaxed);
        self.figures.entries.fetch_add(self.committing.len() as u64, Ordering::Relaxed);
        for ((settled, rows), (seq, chain)) in self.committing.iter().zip(&beside).zip(chains) {
            self.index.apply(seq, chain, &settled.entry, rows.as_deref());
        }
        self.sink.durable(&self.committing);
        self.sink.reply(std::mem::take(&mut self.committing), Outcome::Durable);
        Step::Open
    }

    /// How many records lag in the tables.
    pub(crate) fn fold_lag(&self) -> usize {
        self.index.fold_lag()
    }

    /// Measures how much the disk still takes.
    pub(crate) fn measure_disk(&self) {
        match self.ledger.free_bytes() {
            Ok(free) => self.figures.disk_free_bytes.store(free, Ordering::Release),
            Err(error) => tracing::warn!(%error, "the free space of the disk cannot be measured"),
        }
    }

    /// Writes a slice of the fold, of at most `records_max` records.
    pub(crate) fn fold(&mut self, records_max: usize) -> Step {
        if self.index.fold_lag() == 0 {
            return Step::Open;
        }
        let slice = self.index.fold_slice(records_max);
        match self.ledger.append(None, &[], Some(&slice)) {
            Append::Durable => Step::Open,
            Append::Unknown(error) => {
                tracing::error!(%error, "a commit of the fold failed");
                self.suspend()
            }
        }
    }

    /// Nothing that was decided before is written any more, and what was being written is of unknown outcome. The index is
    /// loaded anew before anybody decides on it.
    pub(crate) fn suspend(&mut self) -> Step {
        self.figures.suspended.store(true, Ordering::Release);
        self.figures.epoch.fetch_add(1, Ordering::AcqRel);
        self.figures.unknown.fetch_add(1, Ordering::Relaxed);
        self.figures.oldest_at_ms.store(0, Ordering::Relaxed);
        self.sink.reply(std::mem::take(&mut self.committing), Outcome::Unknown);
        Step::Suspended
    }

    /// Answers what arrives while the ledger is suspended: it was decided on a state that is gone.
    pub(crate) fn refuse(&mut self, message: Message<S::Ticket>) {
        if let Message::Entry(late) = message {
            self.sink.reply(vec![Settled { entry: late.entry, ticket: late.ticket }], Outcome::Stale);
        }
    }

    /// Opens the store again from disk and takes up service, or stays suspended.
    pub(crate) fn resume(&mut self) -> Step {
        match self.load_again() {
            Ok(caught_up) => {
                tracing::warn!(caught_up, "the store is open again");
                self.sink.resumed(self.figures.epoch.load(Ordering::Acquire));
                self.figures.suspended.store(false, Ordering::Release);
                Step::Open
            }
            Err(error) => {
                tracing::error!(%error, "the store cannot be opened again yet");
                Step::Suspended
            }
        }
    }

    /// Whatever of the unknown batch is on the disk is durable after all. Gives how many entries that is.
    fn load_again(&mut self) -> Result<u64, LoadError> {
        let known = self.index.head();
        let (index, chain) = self.ledger.reopen(known.seq)?;
        if chain != Some(known.chain) {
            return Err(LoadError::Damaged { what: "acknowledged entries are missing or others", at: known.seq });
        }
        // Reading proves nothing about writing: a store on a full disk can be opened.
        if let Append::Unknown(error) = self.ledger.append(None, &[], None) {
            return Err(error.into());
        }
        let caught_up = index.head().seq - known.seq;
        if !planted(Bug::NoReload) {
            self.index.replace(index);
        }
        Ok(caught_up)
    }
}
