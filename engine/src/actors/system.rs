//! The actors' own threads, the registry of addresses, and what all actors share.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use actix::{Actor, Arbiter, ArbiterHandle, System};
use tokio::runtime::{Builder, Runtime};

use super::clerk::SessionClerk;
use super::grant::{Grant, Ticket};
use super::message::SessionMessage;
use super::session_actor::SessionActor;
use crate::clock::Clock;
use crate::core::ids::SessionId;
use crate::core::setup::Rules;
use crate::ledger::{Index, LedgerQueue, SessionEntry, Submission, WriterFigures};
use crate::priority::{Work, this_thread_is_now_for};

/// How many threads the session actors are spread over.
const ARBITERS: usize = 2;

/// The way to one clerk. It never blocks and never fails: what cannot be delivered is dropped, and so answers.
pub(crate) type Mailbox = Arc<dyn Fn(SessionMessage) + Send + Sync>;

/// Where the clerks work, each on its own, one message at a time.
pub(crate) trait Office: Send + Sync {
    /// Gives a clerk a desk.
    fn start(&self, clerk: SessionClerk) -> Mailbox;

    /// Closes. What waits in mailboxes is dropped: drain first.
    fn stop(&self);
}

/// What actors, sink and handle have in common.
pub(crate) struct Shared {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rules: Rules,
    pub(crate) index: Arc<Index>,
    pub(crate) registry: Registry,
    pub(crate) figures: Arc<WriterFigures>,
    /// Sessions whose actor failed and whose state is not made anew yet.
    pub(crate) broken_sessions: AtomicU64,
    queue: RwLock<Option<LedgerQueue<Ticket>>>,
}

impl Shared {
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        rules: Rules,
        index: Arc<Index>,
        figures: Arc<WriterFigures>,
        office: Arc<dyn Office>,
    ) -> Self {
        let registry = Registry { mailboxes: RwLock::default(), office };
        let broken_sessions = AtomicU64::new(0);
        Self { clock, rules, index, registry, figures, broken_sessions, queue: RwLock::new(None) }
    }

    /// Opens (or, with none, closes) the way to the ledger.
    pub(crate) fn set_queue(&self, queue: Option<LedgerQueue<Ticket>>) {
        *self.queue.write().unwrap_or_else(PoisonError::into_inner) = queue;
    }

    /// Hands an entry to the ledger; gives it back if the ledger has stopped.
    pub(crate) fn submit(&self, submission: Submission<Ticket>) -> Result<(), Box<Submission<Ticket>>> {
        match &*self.queue.read().unwrap_or_else(PoisonError::into_inner) {
            Some(queue) => queue.submit(submission).map_err(Box::new),
            None => Err(Box::new(submission)),
        }
    }

    /// Asks the ledger to begin a new epoch, in which every actor's state is made anew.
    pub(crate) fn ask_for_restart(&self) {
        if let Some(queue) = &*self.queue.read().unwrap_or_else(PoisonError::into_inner) {
            queue.ask_for_restart();
        }
    }

    /// The ledger's epoch.
    pub(crate) fn epoch(&self) -> u64 {
        self.figures.epoch.load(Ordering::Acquire)
    }

    /// Gives every session that is not a draft its clerk. A draft has none: it may still change its slots.
    pub(crate) fn start_sessions(self: &Arc<Self>) {
        let mut mailboxes = self.registry.mailboxes.write().unwrap_or_else(PoisonError::into_inner);
        for entry in self.index.sessions() {
            let session = entry.definition();
            if session.phase.is_hidden() {
                continue;
            }
            mailboxes.entry(session.id).or_insert_with(|| {
                self.registry.office.start(SessionClerk::new(session.id, entry, self.epoch(), Arc::clone(self)))
            });
        }
    }
}

/// The ways to all clerks.
pub(crate) struct Registry {
    mailboxes: RwLock<HashMap<SessionId, Mailbox>>,
    office: Arc<dyn Office>,
}

impl Registry {
    /// The way to a clerk. It is used without the lock: a message that is dropped may send others.
    fn mailbox(&self, session: SessionId) -> Option<Mailbox> {
        self.mailboxes.read().unwrap_or_else(PoisonError::into_inner).get(&session).cloned()
    }

    /// Sends a grant to the clerk of its next leg; gives it back if there is none.
    pub(crate) fn decide(&self, session: SessionId, grant: Box<Grant>) -> Result<(), Box<Grant>> {
        match self.mailbox(session) {
            Some(mailbox) => {
                mailbox(SessionMessage::Decide(grant));
                Ok(())
            }
            None => Err(grant),
        }
    }

    /// Sends a message that needs no answer, or carries its own. Without a clerk it is dropped.
    pub(crate) fn tell(&self, session: SessionId, message: SessionMessage) {
        if let Some(mailbox) = self.mailbox(session) {
            mailbox(message);
        }
    }

    /// The sessions that have a clerk, with their entries.
    pub(crate) fn entries(&self, index: &Index) -> Vec<(SessionId, Arc<SessionEntry>)> {
        let mailboxes = self.mailboxes.read().unwrap_or_else(PoisonError::into_inner);
        mailboxes.keys().filter_map(|id| index.session(*id).map(|entry| (*id, entry))).collect()
    }

    /// Closes the office.
    pub(crate) fn close(&self) {
        self.mailboxes.write().unwrap_or_else(PoisonError::into_inner).clear();
        self.office.stop();
    }
}

/// The threads on which the actors live.
pub(crate) struct ActorSystem {
    system: System,
    arbiters: Vec<ArbiterHandle>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl ActorSystem {
    /// Starts the threads. They see from `figures` whether there is a rush.
    pub(crate) fn start(figures: &Arc<WriterFigures>) -> io::Result<Self> {
        let started: Arc<OnceLock<(System, Vec<ArbiterHandle>)>> = Arc::default();
        let (ready, wait) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("actors".into()).spawn({
            let (started, figures) = (Arc::clone(&started), Arc::clone(figures));
            move || {
                let runner = System::new();
                let arbiter = |_| {
                    let figures = Arc::clone(&figures);
                    Arbiter::try_with_tokio_rt(move || runtime_that_gives_way(figures))
                };
                let arbiters: io::Result<Vec<Arbiter>> =
                    runner.block_on(async { (0..ARBITERS).map(arbiter).collect() });
                let arbiters = match arbiters {
                    Ok(arbiters) => arbiters,
                    Err(error) => return drop(ready.send(Err(error))),
                };
                let handles = arbiters.iter().map(Arbiter::handle).collect();
                let _ = started.set((System::current(), handles));
                let _ = ready.send(Ok(()));
                if let Err(error) = runner.run() {
                    tracing::error!(%error, "the actors' system failed");
                }
                for arbiter in arbiters {
                    let _ = arbiter.join();
                }
            }
        })?;
        let ended = || io::Error::other("the actors' thread ended at once");
        wait.recv().map_err(|_| ended())??;
        let (system, arbiters) = started.get().cloned().ok_or_else(ended)?;
        Ok(Self { system, arbiters, thread: Mutex::new(Some(thread)) })
    }
}

/// A runtime for one arbiter. Its thread pushes residents' threads off the processor for each decision; in a rush it does not, and
/// then finds many decisions when its turn comes. That is a fifth of what a booking costs.
fn runtime_that_gives_way(figures: Arc<WriterFigures>) -> io::Result<Runtime> {
    this_thread_is_now_for(Work::Deciding);
    let follow_the_rush = move || {
        let rush = figures.rush.load(Ordering::Relaxed);
        this_thread_is_now_for(if rush { Work::DecidingInARush } else { Work::Deciding });
    };
    Builder::new_current_thread().enable_all().on_thread_unpark(follow_the_rush).build()
}

impl Office for ActorSystem {
    fn start(&self, clerk: SessionClerk) -> Mailbox {
        let arbiter = &self.arbiters[clerk.id().0 as usize % ARBITERS];
        let actor = SessionActor::start_in_arbiter(arbiter, move |_| SessionActor(clerk));
        Arc::new(move |message| actor.do_send(message))
    }

    fn stop(&self) {
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        self.system.stop();
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            let _ = thread.join();
        }
    }
}
