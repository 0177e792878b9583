//! The actors' own threads, the registry of addresses, and what all actors share.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread::JoinHandle;

use actix::{Actor, Addr, Arbiter, ArbiterHandle, System};

use super::grant::{Grant, Ticket};
use super::session_actor::{CapacityCommand, CloseCommand, Decide, Durable, GiveBack, Rebuild, Release, SessionActor};
use crate::clock::Clock;
use crate::core::ids::{HoldId, SessionId};
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
    /// Sessions whose actor failed.
    pub(crate) broken_sessions: AtomicU64,
    queue: RwLock<Option<LedgerQueue<Ticket>>>,
}

impl Shared {
    pub(crate) fn new(clock: Arc<dyn Clock>, rules: Rules, index: Arc<Index>, figures: Arc<WriterFigures>) -> Self {
        Self {
            clock,
            rules,
            index,
            registry: Registry::default(),
            figures,
            broken_sessions: AtomicU64::new(0),
            queue: RwLock::new(None),
        }
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

    /// The ledger's epoch.
    pub(crate) fn epoch(&self) -> u64 {
        self.figures.epoch.load(Ordering::Acquire)
    }
}

/// The addresses of all session actors.
#[derive(Default)]
pub(crate) struct Registry {
    actors: RwLock<HashMap<SessionId, Addr<SessionActor>>>,
}

impl Registry {
    fn addr(&self, session: SessionId) -> Option<Addr<SessionActor>> {
        self.actors.read().unwrap_or_else(PoisonError::into_inner).get(&session).cloned()
    }

    /// Whether the session has an actor.
    pub(crate) fn has(&self, session: SessionId) -> bool {
        self.actors.read().unwrap_or_else(PoisonError::into_inner).contains_key(&session)
    }

    /// Sends a grant to the actor of its next leg. Without one the grant is dropped, which answers it.
    pub(crate) fn forward(&self, session: SessionId, grant: Box<Grant>) {
        if let Some(actor) = self.addr(session) {
            actor.do_send(Decide(grant));
        }
    }

    pub(crate) fn give_back(&self, session: SessionId, give_back: GiveBack) {
        if let Some(actor) = self.addr(session) {
            actor.do_send(give_back);
        }
    }

    pub(crate) fn release(&self, session: SessionId, hold: HoldId) {
        if let Some(actor) = self.addr(session) {
            actor.do_send(Release(hold));
        }
    }

    pub(crate) fn durable(&self, session: SessionId, durable: Durable) {
        if let Some(actor) = self.addr(session) {
            actor.do_send(durable);
        }
    }

    pub(crate) fn rebuild(&self, session: SessionId, rebuild: Rebuild) {
        if let Some(actor) = self.addr(session) {
            actor.do_send(rebuild);
        }
    }

    pub(crate) fn change_capacity(&self, session: SessionId, command: CapacityCommand) {
        if let Some(actor) = self.addr(session) {
            actor.do_send(command);
        }
    }

    pub(crate) fn close(&self, session: SessionId, command: CloseCommand) {
        if let Some(actor) = self.addr(session) {
            actor.do_send(command);
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

    /// Starts the actor of a session, if it has none.
    pub(crate) fn start_session(&self, id: SessionId, entry: Arc<SessionEntry>, shared: &Arc<Shared>) {
        let mut actors = shared.registry.actors.write().unwrap_or_else(PoisonError::into_inner);
        actors.entry(id).or_insert_with(|| {
            let arbiter = &self.arbiters[id.0 as usize % self.arbiters.len()];
            let (epoch, actor_shared) = (shared.epoch(), Arc::clone(shared));
            SessionActor::start_in_arbiter(arbiter, move |_| SessionActor::new(id, entry, epoch, actor_shared))
        });
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
