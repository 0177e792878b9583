//! One life of a city: the scheduler chooses one step after another, and the auditor looks after each.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;
use std::time::Duration;

use super::auditor::{Auditor, Judged, Window, wrong};
use super::city::City;
use super::clients::{Answer, Call, Pending};
use super::people::{MINDS, Mind, next_call};
use super::schedule::{Dice, Log};
use super::trace::Trace;
use super::world::{World, poll, was_startled};
use crate::core::ids::{ResidentNo, SessionId};
use crate::ledger::HighWaterFile;
use crate::ledger::sim_disk::{Failure, Faults};
use crate::planted::{Spot, startle_next};

/// How many requests are on their way at once, at most.
const CALLS_AT_ONCE: usize = 24;

/// What a life did.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) steps: u64,
    pub(super) calls: u64,
    pub(super) hangups: u64,
    pub(super) crashes: u64,
    pub(super) faults: u64,
    pub(super) panics: u64,
    pub(super) simulated_ms: u64,
    pub(super) answers: BTreeMap<&'static str, u64>,
}

impl Tally {
    /// Both together.
    pub(super) fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.calls += other.calls;
        self.hangups += other.hangups;
        self.crashes += other.crashes;
        self.faults += other.faults;
        self.panics += other.panics;
        self.simulated_ms += other.simulated_ms;
        for (kind, count) in &other.answers {
            *self.answers.entry(kind).or_default() += count;
        }
    }
}

/// A request on its way, as the auditor follows it.
pub(super) struct Client {
    call: Call,
    pending: Pending,
    window: Window,
    number: u64,
}

/// What the scheduler can do next.
#[derive(Debug, Clone, Copy)]
enum Next {
    Ask,
    Poll,
    Deliver,
    Take,
    Look,
    Fold,
    Mark,
    Wait,
    HangUp,
    Sleep,
    Read,
    Fault,
    Heal,
    Restart,
    StartleClerk,
    StartleWriter,
    StartleGate,
    Crash,
    Calm,
}

const NEXT: [(usize, Next); 19] = [
    (1_800, Next::Ask),
    (3_000, Next::Poll),
    (3_000, Next::Deliver),
    (900, Next::Take),
    (200, Next::Look),
    (60, Next::Fold),
    (60, Next::Mark),
    (450, Next::Wait),
    (100, Next::HangUp),
    (60, Next::Sleep),
    (60, Next::Read),
    (45, Next::Fault),
    (60, Next::Heal),
    (10, Next::Restart),
    (8, Next::StartleClerk),
    (6, Next::StartleWriter),
    (6, Next::StartleGate),
    (16, Next::Crash),
    (25, Next::Calm),
];

/// A life that goes on.
pub(super) struct Life {
    pub(super) dice: Dice,
    pub(super) log: Log,
    pub(super) tally: Tally,
    pub(super) auditor: Auditor,
    pub(super) world: World,
    pub(super) clients: Vec<Client>,
    /// Of every world that this life had.
    pub(super) traces: Vec<Trace>,
    /// A session whose messages are late.
    asleep: Option<SessionId>,
    /// How often each step is taken in this life.
    habits: Vec<(usize, Next)>,
    /// How often people of this life think of each request.
    minds: Vec<(usize, Mind)>,
    /// Whether days pass, too.
    days_pass: bool,
}

impl Life {
    /// A city that is founded from `seed`.
    pub(super) fn begin(seed: u64, mark: HighWaterFile) -> Result<Self, super::auditor::Violation> {
        let mut dice = Dice::seeded(seed);
        let plan = City::drawn(&mut dice);
        let world = World::found(&plan, mark);
        let mut auditor = Auditor::new(plan);
        auditor.journal.follow(&world.engine.0.reader, &auditor.city, &[])?;
        let days_pass = dice.chance(1, 3);
        let (habits, minds) = (dice.tempered(&NEXT), dice.tempered(&MINDS));
        let (log, tally, clients, traces) = (Log::default(), Tally::default(), Vec::new(), vec![Trace::of(&world)]);
        Ok(Self { dice, log, tally, auditor, world, clients, traces, asleep: None, habits, minds, days_pass })
    }

    /// So many steps, then a quiet end at which everything must be right.
    pub(super) async fn run(&mut self, steps: u64) -> Judged {
        for _ in 0..steps {
            self.tally.steps += 1;
            let next = self.dice.choose(&self.habits);
            self.step(next).await?;
            self.look()?;
        }
        self.end().await
    }

    async fn step(&mut self, next: Next) -> Judged {
        match next {
            Next::Poll => self.poll_one(false)?,
            Next::StartleGate => self.poll_one(true)?,
            Next::Take if self.world.suspended => self.suspended()?,
            Next::Take => self.take()?,
            Next::StartleWriter => {
                startle_next(Some(Spot::Writer));
                let taken = self.take();
                self.tally.panics += u64::from(startle_next(None).is_none());
                taken?;
            }
            Next::Fold if !self.world.suspended => {
                let records = self.dice.within(1..=6) as usize;
                self.world.fold(records);
                self.log.add(format!("fold {records}"));
                self.follow()?;
            }
            Next::Read if !self.world.suspended => {
                self.advance(250).await;
                let resident = ResidentNo(self.dice.below(self.auditor.city.active as usize) as u32);
                self.auditor.reads(&self.world, resident)?;
            }
            Next::Crash => self.crash()?,
            Next::Calm if !self.world.suspended => {
                self.world.disk.set_faults(Faults::None, 0);
                self.calm().await?;
            }
            Next::Calm | Next::Fold | Next::Read => {}
            Next::Ask => self.ask(),
            Next::Deliver => self.deliver(false),
            Next::StartleClerk => self.deliver(true),
            Next::Look => self.tick_one(),
            Next::Mark => self.world.write_mark(),
            Next::Wait => self.wait().await,
            Next::HangUp => self.hang_up(),
            Next::Sleep => self.sleep(),
            Next::Fault => self.fault(),
            Next::Heal => self.world.disk.set_faults(Faults::None, 0),
            Next::Restart => {
                self.world.engine.0.shared.ask_for_restart();
                self.log.add("a restart of the clerks is asked for");
            }
        }
        Ok(())
    }

    fn tick_one(&mut self) {
        let sessions = self.world.desks.sessions();
        if !sessions.is_empty() {
            self.world.desks.tick(*self.dice.pick(&sessions));
        }
    }

    /// From now on the messages of one session are late, or of none.
    fn sleep(&mut self) {
        let sessions = self.world.desks.sessions();
        let late = self.dice.chance(1, 2) && !sessions.is_empty();
        self.asleep = late.then(|| *self.dice.pick(&sessions));
    }

    /// What is true of the places that people wait for, and of the engine's memory.
    pub(super) fn look(&mut self) -> Judged {
        let now = self.world.engine.now();
        for client in &mut self.clients {
            self.auditor.glance(&mut client.window, &client.call, &self.world, now);
        }
        self.auditor.memory(&self.world)
    }

    fn ask(&mut self) {
        if self.clients.len() < CALLS_AT_ONCE
            && let Some(call) = next_call(&mut self.dice, &self.minds, &self.auditor, &self.world)
        {
            self.send(call);
        }
    }

    /// Sends a request; nothing happens before it is polled.
    pub(super) fn send(&mut self, call: Call) {
        let number = self.auditor.calls.len() as u64;
        self.log.add(format!("#{number} {call}"));
        self.auditor.calls.push(call.clone());
        self.tally.calls += 1;
        let window = self.auditor.window(&call, &self.world);
        let pending = call.send(self.world.engine.clone());
        self.clients.push(Client { call, pending, window, number });
    }

    fn poll_one(&mut self, startling: bool) -> Judged {
        if self.clients.is_empty() {
            return Ok(());
        }
        let which = self.dice.below(self.clients.len());
        startle_next(startling.then_some(Spot::Gate));
        let polled = self.poll(which);
        if startling && startle_next(None).is_none() {
            self.tally.panics += 1;
        }
        polled
    }

    /// Polls one request; whoever gets an answer is gone.
    pub(super) fn poll(&mut self, which: usize) -> Judged {
        let now = self.world.engine.now();
        let client = &mut self.clients[which];
        self.auditor.before_poll(&mut client.window, &client.call, &self.world, now);
        self.auditor.glance(&mut client.window, &client.call, &self.world, now);
        match catch_unwind(AssertUnwindSafe(|| poll(client.pending.as_mut()))) {
            Ok(Poll::Pending) => Ok(()),
            Ok(Poll::Ready(answer)) => self.answered(which, &answer),
            Err(panic) => {
                let client = self.clients.swap_remove(which);
                self.log.add(format!("#{} is cut short by a panic", client.number));
                if was_startled(&*panic) { Ok(()) } else { wrong("nobody's request panics", client.call.to_string()) }
            }
        }
    }

    fn answered(&mut self, which: usize, answer: &Answer) -> Judged {
        let client = self.clients.swap_remove(which);
        *self.tally.answers.entry(answer.kind()).or_default() += 1;
        self.log.add(format!("#{} hears {answer}", client.number));
        // A success that was told must be there already.
        self.auditor.answered(&client.call, &client.window, answer, &self.world)
    }

    fn deliver(&mut self, startling: bool) {
        let mut waiting = self.world.desks.waiting();
        waiting.retain(|session| Some(*session) != self.asleep);
        if !waiting.is_empty() {
            let session = *self.dice.pick(&waiting);
            self.log.add(format!("{session} gets a message{}", if startling { " and is startled" } else { "" }));
            self.tally.panics += u64::from(startling);
            self.world.deliver(session, startling);
        }
    }

    fn take(&mut self) -> Judged {
        let queued = self.world.queued();
        if queued == 0 || self.world.suspended {
            return Ok(());
        }
        let n = 1 + self.dice.below(queued);
        self.world.take(n);
        let how = if self.world.suspended { "of unknown outcome" } else { "done" };
        self.log.add(format!("the ledger takes {n} of {queued}: {how}"));
        self.follow()?;
        if self.dice.chance(1, 24) { self.probe() } else { Ok(()) }
    }

    /// A suspended ledger: it answers who comes, or tries the disk again.
    fn suspended(&mut self) -> Judged {
        if self.dice.chance(1, 3) {
            self.world.refuse_one();
            return Ok(());
        }
        self.world.resume();
        self.log.add(format!("the store is {}", if self.world.suspended { "still shut" } else { "open again" }));
        self.reads_are_durable()?;
        self.follow()
    }

    /// The auditor reads on.
    pub(super) fn follow(&mut self) -> Judged {
        if self.world.suspended {
            return Ok(());
        }
        let auditor = &mut self.auditor;
        auditor.journal.follow(&self.world.engine.0.reader, &auditor.city, &auditor.calls)?;
        auditor.index(&self.world)
    }

    async fn wait(&mut self) {
        let ms = match self.dice.below(if self.days_pass { 110 } else { 100 }) {
            0..60 => self.dice.within(1..=900),
            60..88 => self.dice.within(1_000..=12_000),
            88..100 => self.dice.within(15_000..=200_000),
            100..108 => self.dice.within(1_800_000..=20_000_000),
            _ => self.dice.within(100_000_000..=700_000_000),
        };
        self.log.add(format!("{ms} ms pass"));
        self.advance(ms).await;
    }

    /// Time passes for everybody alike.
    pub(super) async fn advance(&mut self, ms: u32) {
        self.tally.simulated_ms += u64::from(ms);
        self.world.clock.advance_ms(ms);
        tokio::time::advance(Duration::from_millis(u64::from(ms))).await;
    }

    fn hang_up(&mut self) {
        if !self.clients.is_empty() {
            let which = self.dice.below(self.clients.len());
            let client = self.clients.swap_remove(which);
            self.tally.hangups += 1;
            self.log.add(format!("#{} hangs up", client.number));
        }
    }

    fn fault(&mut self) {
        let failure = *self.dice.pick(&[Failure::Io, Failure::NoSpace, Failure::Short]);
        let at = self.world.disk.operations() + self.dice.below(40) as u64;
        let faults = if self.dice.chance(1, 3) { Faults::From(at, failure) } else { Faults::Once(at, failure) };
        self.tally.faults += 1;
        self.log.add(format!("the disk will fail: {failure:?}"));
        let seed = self.dice.roll();
        self.world.disk.set_faults(faults, seed);
    }
}
