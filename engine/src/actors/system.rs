//! The actors' own threads, the registry of addresses, and what all actors share.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use actix::{Actor, Addr, Arbiter, ArbiterHandle, Handler, Message, System};

use super::grant::{Grant, Ticket};
use super::session_actor::{Decide, SessionActor};
use crate::clock::Clock;
use crate::core::ids::SessionId;
use crate::core::session::SessionPhase;
use crate::core::setup::Rules;
use crate::ledger::{Index, LedgerQueue, SessionEntry, Submission, WriterFigures};

/// How many threads the session actors are spread over.
const ARBITERS: usize = 2;

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
        system: &ActorSystem,
    ) -> Self {
        let registry = Registry { actors: RwLock::default(), arbiters: system.arbiters.clone() };
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

    /// Gives every session that is not a draft its actor. A draft has none: it may still change its slots.
    pub(crate) fn start_sessions(self: &Arc<Self>) {
        let mut actors = self.registry.actors.write().unwrap_or_else(PoisonError::into_inner);
        for entry in self.index.sessions() {
            let session = entry.definition();
            if session.phase == SessionPhase::Draft {
                continue;
            }
            actors.entry(session.id).or_insert_with(|| {
                let arbiter = &self.registry.arbiters[session.id.0 as usize % ARBITERS];
                let actor = SessionActor::new(session.id, entry, self.epoch(), Arc::clone(self));
                SessionActor::start_in_arbiter(arbiter, move |_| actor)
            });
        }
    }
}

/// The addresses of all session actors.
pub(crate) struct Registry {
    actors: RwLock<HashMap<SessionId, Addr<SessionActor>>>,
    arbiters: Vec<ArbiterHandle>,
}

impl Registry {
    fn addr(&self, session: SessionId) -> Option<Addr<SessionActor>> {
        self.actors.read().unwrap_or_else(PoisonError::into_inner).get(&session).cloned()
    }

    /// Sends a grant to the actor of its next leg; gives it back if there is none.
    pub(crate) fn decide(&self, session: SessionId, grant: Box<Grant>) -> Result<(), Box<Grant>> {
        match self.addr(session) {
            Some(actor) => {
                actor.do_send(Decide(grant));
                Ok(())
            }
            None => Err(grant),
        }
    }

    /// Sends a message that needs no answer, or carries its own. Without an actor it is dropped.
    pub(crate) fn tell<M>(&self, session: SessionId, message: M)
    where
        M: Message<Result = ()> + Send + 'static,
        SessionActor: Handler<M>,
    {
        if let Some(actor) = self.addr(session) {
            actor.do_send(message);
        }
    }

    /// The sessions that have an actor, with their entries.
    pub(crate) fn entries(&self, index: &Index) -> Vec<(SessionId, Arc<SessionEntry>)> {
        let actors = self.actors.read().unwrap_or_else(PoisonError::into_inner);
        actors.keys().filter_map(|id| index.session(*id).map(|entry| (*id, entry))).collect()
    }
}

/// The threads on which the actors live.
pub(crate) struct ActorSystem {
    system: System,
    arbiters: Vec<ArbiterHandle>,
    thread: Option<JoinHandle<()>>,
}

impl ActorSystem {
    /// Starts the threads.
    pub(crate) fn start() -> io::Result<Self> {
        let started: Arc<OnceLock<(System, Vec<ArbiterHandle>)>> = Arc::default();
        let (ready, wait) = std::sync::mpsc::sync_channel(1);
        let thread = std::thread::Builder::new().name("actors".into()).spawn({
            let started = Arc::clone(&started);
            move || {
                let runner = System::new();
                let arbiters: Vec<Arbiter> = runner.block_on(async { (0..ARBITERS).map(|_| Arbiter::new()).collect() });
                let handles = arbiters.iter().map(Arbiter::handle).collect();
                let _ = started.set((System::current(), handles));
                let _ = ready.send(());
                if let Err(error) = runner.run() {
                    tracing::error!(%error, "the actors' system failed");
                }
                for arbiter in arbiters {
                    let _ = arbiter.join();
                }
            }
        })?;
        let ended = || io::Error::other("the actors' thread ended at once");
        wait.recv().map_err(|_| ended())?;
        let (system, arbiters) = started.get().cloned().ok_or_else(ended)?;
        Ok(Self { system, arbiters, thread: Some(thread) })
    }

    /// Stops all actors. What waits in mailboxes is dropped: drain first.
    pub(crate) fn stop(&mut self, registry: &Registry) {
        registry.actors.write().unwrap_or_else(PoisonError::into_inner).clear();
        for arbiter in &self.arbiters {
            arbiter.stop();
        }
        self.system.stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
