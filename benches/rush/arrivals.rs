//! The generator: people come at a pace that the bench sets, whether or not those before them have gone. It runs on a thread of its
//! own, on the core of whoever starts it. Who was told to come back comes before anybody new, so that the pace is what the server
//! sees, people who retry included.

use std::collections::{BinaryHeap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sesshu_benches::rush::client_runtime;
use sesshu_benches::wire::Wire;
use tokio::time::{MissedTickBehavior, timeout};

use super::person::{Heard, Person};
use super::tally::Tally;

/// Connections, each from an address of a network of its own: as many networks as a city has streets.
const LINES: usize = 2_048;
/// How often it is looked who comes next.
const TICK: Duration = Duration::from_millis(1);
/// Nobody waits longer for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(40);
/// Whose connection broke, or who found none, comes back so soon.
const BROKEN_BACK_AFTER: Duration = Duration::from_secs(1);

/// How people come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    Nobody,
    /// So many a second, newly or again.
    PerSecond(f64),
    /// So many are there at any time.
    AtOnce(usize),
    End,
}

/// A connection that is opened when it is needed.
struct Line {
    source: Ipv4Addr,
    wire: Option<Wire>,
}

/// Somebody who comes back.
struct Away {
    back_at: Instant,
    person: Person,
}

impl Ord for Away {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        other.back_at.cmp(&self.back_at)
    }
}

impl PartialOrd for Away {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Away {
    fn eq(&self, other: &Self) -> bool {
        self.back_at == other.back_at
    }
}

impl Eq for Away {}

struct Town {
    pace: Pace,
    /// Connections that nobody uses, the one that rested longest first.
    lines: VecDeque<Line>,
    /// Who has not come yet.
    new: VecDeque<Person>,
    away: BinaryHeap<Away>,
    /// How many are there now.
    present: usize,
    tally: Tally,
}

impl Town {
    /// Who comes next. When nobody new is left, somebody loses patience and comes before their time.
    fn next(&mut self, now: Instant) -> Option<Person> {
        if self.away.peek().is_some_and(|away| away.back_at <= now) {
            return self.away.pop().map(|away| away.person);
        }
        self.new.pop_front().or_else(|| self.away.pop().map(|away| away.person))
    }
}

struct Shared {
    server: SocketAddr,
    town: Mutex<Town>,
}

/// The generator; it ends when dropped.
pub(crate) struct Arrivals {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Arrivals {
    /// `people` who come to `server`; nobody does yet.
    pub(crate) fn of(people: Vec<Person>, server: SocketAddr) -> Self {
        let source = |nth: usize| Ipv4Addr::new(127, 20 + (nth / 250) as u8, (nth % 250) as u8, 1);
        let town = Town {
            pace: Pace::Nobody,
            lines: (0..LINES).map(|nth| Line { source: source(nth), wire: None }).collect(),
            new: people.into(),
            away: BinaryHeap::new(),
            present: 0,
            tally: Tally::default(),
        };
        let shared = Arc::new(Shared { server, town: Mutex::new(town) });
        let ours = Arc::clone(&shared);
        let drive = move || client_runtime().block_on(drive(&ours));
        let thread = std::thread::Builder::new().name("arrivals".into()).spawn(drive).expect("a thread");
        Self { shared, thread: Some(thread) }
    }

    /// From now on people come like this.
    pub(crate) fn set(&self, pace: Pace) {
        self.shared.town().pace = pace;
    }

    /// What was heard since it was asked last.
    pub(crate) fn take(&self) -> Tally {
        std::mem::take(&mut self.shared.town().tally)
    }

    /// Whoever was told to come back will not: another day, they are new again.
    pub(crate) fn forget(&self) {
        let mut town = self.shared.town();
        let away = std::mem::take(&mut town.away);
        town.new.extend(away.into_iter().map(|away| away.person.afresh()));
    }
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        self.set(Pace::End);
        if let Some(thread) = self.thread.take() {
            // It has told why, if it has failed.
            drop(thread.join());
        }
    }
}

async fn drive(shared: &Arc<Shared>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut pace, mut since, mut came) = (Pace::Nobody, Instant::now(), 0_u32);
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let mut town = shared.town();
        if town.pace != pace {
            (pace, since, came) = (town.pace, now, 0);
        }
        match pace {
            Pace::End => return,
            Pace::Nobody => {}
            Pace::AtOnce(people) => while town.present < people && shared.let_in(&mut town, now, now) {},
            Pace::PerSecond(per_second) => loop {
                let due = since + Duration::from_secs_f64(f64::from(came) / per_second);
                if due > now || !shared.let_in(&mut town, now, due) {
                    break;
                }
                came += 1;
            },
        }
    }
}

impl Shared {
    fn town(&self) -> MutexGuard<'_, Town> {
        self.town.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets somebody come who should have come at `due`; says whether there was anybody.
    fn let_in(self: &Arc<Self>, town: &mut Town, now: Instant, due: Instant) -> bool {
        let Some(mut person) = town.next(now) else { return false };
        town.present += 1;
        town.tally.came += 1;
        town.tally.late.push(now - due);
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let back = shared.visit(&mut person, due).await;
            let mut town = shared.town();
            town.present -= 1;
            if let Some(after) = back {
                town.away.push(Away { back_at: Instant::now() + after, person });
            }
        });
        true
    }

    /// Goes on from where `person` is. Gives after how long they come back; none if they have what they came for.
    async fn visit(&self, person: &mut Person, due: Instant) -> Option<Duration> {
        let mut began = due;
        loop {
            let Some(mut line) = self.line() else {
                self.town().tally.crowded_out += 1;
                return Some(BROKEN_BACK_AFTER);
            };
            let logs_in = person.logs_in();
            let heard = timeout(ANSWER_WITHIN, self.ask(&mut line, person)).await;
            let mut town = self.town();
            let took = began.elapsed();
            let Ok(Ok(heard)) = heard else {
                town.lines.push_back(Line { wire: None, ..line });
                town.tally.broken += 1;
                return Some(BROKEN_BACK_AFTER);
            };
            town.lines.push_back(line);
            if let Heard::ComeBack(code, after) = heard {
                *town.tally.refused.entry(code).or_default() += 1;
                return Some(after);
            }
            town.tally.accepted.push(took);
            if logs_in {
                town.tally.logins.push(took);
            }
            if matches!(heard, Heard::Booked) {
                town.tally.booked.push(Instant::now());
                return None;
            }
            drop(town);
            began = Instant::now();
        }
    }

    fn line(&self) -> Option<Line> {
        self.town().lines.pop_front()
    }

    async fn ask(&self, line: &mut Line, person: &mut Person) -> Result<Heard, std::io::Error> {
        let request = person.request();
        // A server may close a connection that rests: that is no failure of a request that only then begins.
        if line.wire.as_ref().is_some_and(Wire::is_closed) {
            line.wire = None;
        }
        if line.wire.is_none() {
            line.wire = Some(Wire::open_from(line.source, self.server).await?);
        }
        let wire = line.wire.as_mut().ok_or(std::io::ErrorKind::NotConnected)?;
        let answer = wire.exchange(&request).await?;
        let heard = person.hear(&answer);
        if answer.header("connection") == Some("close") {
            line.wire = None;
        }
        Ok(heard)
    }
}
