//! The engine of one life on one thread: production code of gate, clerks and ledger on a simulated disk. The scheduler moves it
//! one step at a time: one message to one clerk, one batch, one slice of the fold, one restart. It judges nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::city::{self, City};
use crate::EngineHandle;
use crate::actors::{ActorSink, Mailbox, Office, SessionClerk, SessionMessage, Ticket};
use crate::clock::{Clock, ManualClock};
use crate::core::event::By;
use crate::core::ids::SessionId;
use crate::core::pace::WaitingRules;
use crate::core::time::Instant;
use crate::handle::Parts;
use crate::ledger::sim_disk::SimDisk;
use crate::ledger::{
    HighWaterFile, Marker, Message, RecoverError, RedbLedger, Step, StoreIdentity, Writer, queue, recover,
};
use crate::planted::{Spot, startle_next};

/// More than can ever be on their way in one life.
const QUEUE_ENTRIES: usize = 512;

/// The clock that the scheduler moves.
struct Watch(Arc<ManualClock>);

impl Clock for Watch {
    fn now(&self) -> Instant {
        self.0.now()
    }
}

type Tray = Arc<Mutex<VecDeque<SessionMessage>>>;

/// A clerk with the messages that wait for them.
pub(super) struct Desk {
    clerk: Mutex<SessionClerk>,
    tray: Tray,
}

/// All desks. Messages wait until the scheduler delivers them, in order for each desk.
#[derive(Default)]
pub(super) struct Desks(Mutex<BTreeMap<SessionId, Arc<Desk>>>);

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Office for Desks {
    fn start(&self, clerk: SessionClerk) -> Mailbox {
        let tray = Tray::default();
        let desk = Desk { tray: Arc::clone(&tray), clerk: Mutex::new(clerk) };
        let id = lock(&desk.clerk).id();
        lock(&self.0).insert(id, Arc::new(desk));
        Arc::new(move |message| lock(&tray).push_back(message))
    }

    fn stop(&self) {
        // A message that is dropped may send others: not under the lock.
        let desks = std::mem::take(&mut *lock(&self.0));
        drop(desks);
    }
}

impl Desks {
    /// All sessions with a desk.
    pub(super) fn sessions(&self) -> Vec<SessionId> {
        lock(&self.0).keys().copied().collect()
    }

    /// The sessions for which messages wait.
    pub(super) fn waiting(&self) -> Vec<SessionId> {
        lock(&self.0).iter().filter(|(_, desk)| !lock(&desk.tray).is_empty()).map(|(id, _)| *id).collect()
    }

    fn desk(&self, session: SessionId) -> Option<Arc<Desk>> {
        lock(&self.0).get(&session).cloned()
    }

    /// Looks at a clerk.
    pub(super) fn look_at<R>(&self, session: SessionId, look: impl FnOnce(&SessionClerk) -> R) -> Option<R> {
        self.desk(session).map(|desk| look(&lock(&desk.clerk)))
    }

    /// Delivers the first message that waits for `session`.
    fn deliver(&self, session: SessionId) {
        if let Some(desk) = self.desk(session) {
            let first = lock(&desk.tray).pop_front();
            if let Some(message) = first {
                lock(&desk.clerk).receive(message);
            }
        }
    }

    /// The clerk's own timer.
    pub(super) fn tick(&self, session: SessionId) {
        if let Some(desk) = self.desk(session) {
            lock(&desk.clerk).receive(SessionMessage::Look);
        }
    }
}

/// A running engine.
pub(super) struct World {
    pub(super) disk: SimDisk,
    pub(super) clock: Arc<ManualClock>,
    pub(super) engine: EngineHandle,
    pub(super) desks: Arc<Desks>,
    pub(super) suspended: bool,
    /// Panics of the writer that nobody set up.
    pub(super) writer_failed: bool,
    /// Sessions whose clerk the scheduler has startled, until they are made anew.
    pub(super) excused: BTreeSet<SessionId>,
    pub(super) mark: HighWaterFile,
    marker: Marker,
    receiver: Receiver<Message<Ticket>>,
    waiting: VecDeque<Message<Ticket>>,
    writer: Writer<RedbLedger, ActorSink>,
}

impl World {
    /// A new store with the city in it.
    pub(super) fn found(city: &City, mark: HighWaterFile) -> Self {
        let disk = SimDisk::default();
        let identity = StoreIdentity { id: [3; 16], number_key: [5; 32] };
        drop(RedbLedger::create_on(Arc::new(disk.clone()), identity).expect("a new store"));
        let clock = Arc::new(ManualClock::at(city::start()));
        let mut world = Self::open(disk, clock, mark).expect("a store that was just made");
        let engine = world.engine.clone();
        world.run(engine.define_vaccines(&[city::vaccine()])).expect("the vaccine");
        let shown = engine.roll_difference(&city.roll, false).digest;
        world.run(engine.import_roll(&city.roll, false, shown, By::System)).expect("the roll");
        world.run(engine.import_waves(&city.waves, false, By::System)).expect("the waves");
        world.run(engine.import_sessions(&city.sessions, false, By::System)).expect("the sessions");
        let shown = engine.drafts(city.opens_at);
        world.run(engine.publish(&shown, city.opens_at, By::System)).expect("published");
        if !city.later.is_empty() {
            world.run(engine.import_sessions(&city.later, false, By::System)).expect("the drafts");
        }
        world
    }

    /// What starts on a disk: recovery, clerks, ledger.
    pub(super) fn open(disk: SimDisk, clock: Arc<ManualClock>, mark: HighWaterFile) -> Result<Self, RecoverError> {
        let ledger = RedbLedger::open_on(Arc::new(disk.clone()))?;
        let index = Arc::new(recover(&ledger, &mark)?.index);
        let (pool, hasher) = city::hashing();
        let desks = Arc::new(Desks::default());
        let parts = Parts {
            clock: Arc::new(Watch(Arc::clone(&clock))),
            rules: city::rules(),
            index: Arc::clone(&index),
            reader: ledger.reader(),
            figures: Arc::default(),
            office: Arc::clone(&desks) as Arc<dyn Office>,
            pool,
            hasher,
            free_disk_floor_bytes: 0,
            waiting_room: WaitingRules::default(),
            draw_key: [7; 32],
            configured_vaccines: Box::default(),
        };
        let (engine, sink) = EngineHandle::assemble(parts);
        let (sender, receiver) = queue(QUEUE_ENTRIES);
        engine.0.shared.set_queue(Some(sender));
        let identity = ledger.identity().clone();
        let marker = Marker::new(mark.clone(), identity.id);
        let figures = Arc::clone(&engine.0.shared.figures);
        let writer = Writer::new(ledger, index, sink, identity, figures);
        let waiting = VecDeque::new();
        let (suspended, writer_failed) = (false, false);
        let excused = BTreeSet::new();
        Ok(Self {
            disk,
            clock,
            engine,
            desks,
            suspended,
            writer_failed,
            excused,
            mark,
            marker,
            receiver,
            waiting,
            writer,
        })
    }

    /// Everything in memory is gone; what starts again finds `disk`.
    pub(super) fn restart_on(&mut self, disk: SimDisk) -> Result<(), RecoverError> {
        self.close();
        *self = Self::open(disk, Arc::clone(&self.clock), self.mark.clone())?;
        Ok(())
    }

    /// Nobody works here any more.
    fn close(&mut self) {
        self.engine.0.shared.set_queue(None);
        self.engine.0.shared.registry.close();
        self.waiting.clear();
    }

    /// Delivers one message, and perhaps startles the clerk amid it.
    pub(super) fn deliver(&mut self, session: SessionId, startling: bool) {
        let desks = Arc::clone(&self.desks);
        if startling && startled(Spot::Clerk, || desks.deliver(session)) {
            self.excused.insert(session);
        } else if !startling {
            desks.deliver(session);
        }
        if desks.look_at(session, SessionClerk::is_broken) == Some(false) {
            self.excused.remove(&session);
        }
    }

    /// Every clerk's own timer.
    pub(super) fn tick_all(&self) {
        self.desks.sessions().into_iter().for_each(|session| self.desks.tick(session));
    }

    /// How many entries and requests wait for the writer.
    pub(super) fn queued(&mut self) -> usize {
        self.waiting.extend(self.receiver.try_iter());
        self.waiting.len()
    }

    /// The writer takes the first `n` that wait as one batch.
    pub(super) fn take(&mut self, n: usize) {
        let n = n.min(self.queued());
        let batch: Vec<_> = self.waiting.drain(..n).collect();
        self.step(|writer| writer.take(batch));
    }

    /// The writer writes a slice of the fold.
    pub(super) fn fold(&mut self, records_max: usize) {
        self.step(|writer| writer.fold(records_max));
    }

    /// The high-water mark follows.
    pub(super) fn write_mark(&mut self) {
        self.marker.write(self.engine.index());
    }

    /// A suspended writer answers the first who waits.
    pub(super) fn refuse_one(&mut self) {
        self.queued();
        if let Some(message) = self.waiting.pop_front() {
            self.writer.refuse(message);
        }
    }

    /// A suspended writer tries to open the store again.
    pub(super) fn resume(&mut self) {
        self.step(Writer::resume);
    }

    /// As the ledger's thread does it: a panic is a fault like any other.
    fn step(&mut self, step: impl FnOnce(&mut Writer<RedbLedger, ActorSink>) -> Step) {
        let stepped = catch_unwind(AssertUnwindSafe(|| step(&mut self.writer))).unwrap_or_else(|panic| {
            self.writer_failed |= !was_startled(&*panic);
            self.writer.suspend()
        });
        self.suspended = stepped == Step::Suspended;
    }

    /// Runs one future to its end, with all that it needs.
    pub(super) fn run<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = std::pin::pin!(future);
        for _ in 0..1_000 {
            if let Poll::Ready(done) = poll(future.as_mut()) {
                return done;
            }
            for session in self.desks.waiting() {
                self.deliver(session, false);
            }
            let queued = self.queued();
            self.take(queued);
        }
        panic!("a request of a quiet engine is answered")
    }
}

/// The clerks know what all share, and that knows their desks: unless somebody closes the office, each keeps the other for ever.
impl Drop for World {
    fn drop(&mut self) {
        self.close();
    }
}

/// Whether a panic was set up by the scheduler.
pub(super) fn was_startled(panic: &(dyn std::any::Any + Send)) -> bool {
    panic.downcast_ref::<&str>() == Some(&"startled")
}

/// Sets up one panic; tells whether it happened, when `act` is done.
pub(super) fn startled(spot: Spot, act: impl FnOnce()) -> bool {
    startle_next(Some(spot));
    act();
    startle_next(None).is_none()
}

/// Polls once. Who wakes whom does not matter: the scheduler polls whom it likes.
pub(super) fn poll<T>(future: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Poll<T> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}
