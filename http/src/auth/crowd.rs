//! A crowd at the gate, played with a clock of its own: residents who log in beside attackers, a hash pool that checks eighty passwords
//! a second, and the throttle. What counts is whether the first password that a resident sends is looked at.

use std::collections::VecDeque;
use std::fmt;

use sesshu_engine::core::ids::CityId;
use sesshu_engine::core::time::Instant;
use sesshu_engine::view::LoginLoad;

use super::gate::{Act, LoginGate, LoginQueue, Said};
use super::network::Network;
use super::shares::Source;
use super::throttle::{Bucket, Throttle};
use super::ticket::{Purpose, Ticket};

const START: Instant = Instant(1_800_000_000_000);
const RATE: u64 = 80;
const TICK_MS: i64 = 200;
const QUEUE_MAX: usize = 512;
/// A login that has waited for longer in the pool is told to come again.
const WAIT_MS_MAX: i64 = 8_000;

/// Who sends a password.
#[derive(Clone, Copy, PartialEq)]
enum Who {
    Resident(usize),
    Attacker,
}

struct Job {
    who: Who,
    bucket: Bucket,
    since: i64,
}

/// A resident on the way in.
struct Resident {
    network: Network,
    id: CityId,
    came_ms: i64,
    /// When they next do something; none once they are done.
    next_ms: Option<i64>,
    ticket: Option<Ticket>,
    /// They have the form before them and type.
    types: bool,
    mistypes: bool,
    /// Whether the first password that they sent was looked at, and when they were in.
    first_try: Option<bool>,
    in_ms: Option<i64>,
    /// When they heard how long it takes, and how long, in seconds.
    heard: Vec<(i64, u32)>,
    /// When they heard that it is their turn.
    turn_ms: Option<i64>,
}

/// What attackers do in each tick.
enum Attack {
    None,
    /// So many guesses, each with a new ticket or none, from address `address(n)` on ID `id(n)`.
    Guesses {
        each_tick: u64,
        address: fn(u64) -> u32,
        id: fn(u64) -> u64,
    },
    /// Tickets taken for a minute from one address and then all used at once.
    Hoard,
    /// From many networks, each of which waits for its turns as anybody does.
    Patient {
        networks: u64,
    },
}

struct Crowd {
    gate: LoginGate,
    throttle: Throttle,
    queue: VecDeque<Job>,
    residents: Vec<Resident>,
    hoard: Vec<(Ticket, u32)>,
    guesses: u64,
    guessed: u64,
    now_ms: i64,
    hashes: f64,
}

/// What became of the residents.
struct Outcome {
    first_try_percent: f64,
    in_percent: f64,
    median_s: f64,
    last_percent_s: f64,
    guesses: u64,
    guessed: u64,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { first_try_percent, in_percent, median_s, last_percent_s, guesses, guessed } = self;
        write!(
            f,
            "first try {first_try_percent:.1} %, in {in_percent:.1} %, median {median_s:.1} s, p99 {last_percent_s:.1} s, \
             {guessed} of {guesses} guesses looked at"
        )
    }
}

fn id(n: u64) -> CityId {
    CityId::from_digits(&format!("{n:010}")).expect("digits")
}

impl Crowd {
    /// `count` residents who come within `within_ms`, every second of them behind one of four carriers' addresses.
    fn of(count: usize, within_ms: i64) -> Self {
        let carrier = |n: usize| 0x0A00_0000 + (n as u32 % 8) * 256;
        let home = |n: usize| 0x5000_0000 + (n as u32) * 256;
        let resident = |n: usize| Resident {
            network: Network::V4(if n.is_multiple_of(2) { carrier(n) } else { home(n) }),
            id: id(1_000_000 + n as u64),
            came_ms: n as i64 * within_ms / count as i64,
            next_ms: Some(n as i64 * within_ms / count as i64),
            ticket: None,
            types: false,
            mistypes: n.is_multiple_of(10),
            first_try: None,
            in_ms: None,
            heard: Vec::new(),
            turn_ms: None,
        };
        Self {
            gate: LoginGate::new(LoginQueue::default(), 1),
            throttle: Throttle::new(),
            queue: VecDeque::new(),
            residents: (0..count).map(resident).collect(),
            hoard: Vec::new(),
            guesses: 0,
            guessed: 0,
            now_ms: 0,
            hashes: 0.0,
        }
    }

    fn now(&self) -> Instant {
        START.plus_ms(self.now_ms)
    }

    fn ask(&mut self, act: Act, ticket: Option<Ticket>, network: Network, random: u64) -> Said {
        let load = LoginLoad { per_thousand_seconds: RATE * 1_000, booking: self.queue.len() as u64, viewing: 0 };
        self.gate.ask((act, Purpose::Book), ticket, Source::From(network), random, self.now(), load)
    }

    /// Sends a password, as the desk takes it. None: it is in the pool. Else when to come again, in milliseconds.
    fn send(
        &mut self,
        who: Who,
        ticket: &mut Option<Ticket>,
        network: Network,
        id: CityId,
        random: u64,
    ) -> Option<i64> {
        let bucket = Bucket::From(Some(id), network);
        if let Err(wait_ms) = self.throttle.begin(bucket, self.now()) {
            return Some(wait_ms);
        }
        match self.ask(Act::Try, *ticket, network, random) {
            Said::Open(_) => {}
            Said::Admitted(own) => *ticket = Some(own),
            Said::Waits(own, waits) => {
                self.throttle.undone(bucket);
                *ticket = Some(own);
                return Some(i64::from(waits.told_after_ms) + i64::from(waits.again_seconds) * 1_000);
            }
            Said::Crowded(waits) => {
                self.throttle.undone(bucket);
                return Some(i64::from(waits.again_seconds) * 1_000);
            }
        }
        if self.queue.len() >= QUEUE_MAX {
            self.throttle.undone(bucket);
            if let Some(own) = ticket {
                self.gate.undone(own);
            }
            return Some(3_000);
        }
        self.queue.push_back(Job { who, bucket, since: self.now_ms });
        None
    }

    fn residents_act(&mut self) {
        for n in 0..self.residents.len() {
            let Resident { network, id, next_ms: Some(next_ms), mut ticket, types, .. } = self.residents[n] else {
                continue;
            };
            if next_ms > self.now_ms {
                continue;
            }
            let random = 1 << 40 | n as u64;
            let next = if types {
                let again_ms = self.send(Who::Resident(n), &mut ticket, network, id, random);
                if again_ms.is_some() {
                    self.residents[n].first_try.get_or_insert(false);
                }
                again_ms
            } else {
                match self.ask(Act::Look, ticket, network, random) {
                    Said::Open(Some(own)) | Said::Admitted(own) => {
                        (self.residents[n].types, ticket) = (true, Some(own));
                        self.residents[n].turn_ms = Some(self.now_ms);
                        Some(7_000)
                    }
                    Said::Open(None) => {
                        self.residents[n].types = true;
                        Some(7_000)
                    }
                    Said::Waits(own, waits) => {
                        ticket = Some(own);
                        self.residents[n].heard.push((self.now_ms, waits.estimate_seconds));
                        Some(i64::from(waits.again_seconds) * 1_000)
                    }
                    Said::Crowded(waits) => Some(i64::from(waits.again_seconds) * 1_000),
                }
            };
            let resident = &mut self.residents[n];
            (resident.ticket, resident.next_ms) = (ticket, next.map(|ms| self.now_ms + ms));
        }
    }

    fn attackers_act(&mut self, attack: &Attack) {
        match *attack {
            Attack::None => {}
            Attack::Guesses { each_tick, address, id } => {
                for _ in 0..each_tick {
                    let n = self.guesses;
                    self.guesses += 1;
                    let _ = self.send(Who::Attacker, &mut None, Network::V4(address(n)), self::id(id(n)), n);
                }
            }
            Attack::Hoard if self.now_ms < 60_000 => {
                let random = self.now_ms as u64 * 1_000;
                let taken = (0..20).map(|n| self.ask(Act::Look, None, Network::V4(7 << 8), random + n));
                let taken: Vec<Said> = taken.collect();
                self.hoard.extend(taken.iter().filter_map(|said| match said {
                    Said::Admitted(ticket) | Said::Waits(ticket, _) => Some((*ticket, 0)),
                    Said::Open(ticket) => ticket.map(|ticket| (ticket, 0)),
                    Said::Crowded(_) => None,
                }));
            }
            Attack::Hoard => {
                for _ in 0..self.hoard.len().min(80) {
                    let n = self.guesses;
                    let mut ticket = Some(self.hoard[n as usize % self.hoard.len()].0);
                    self.guesses += 1;
                    let _ = self.send(Who::Attacker, &mut ticket, Network::V4(7 << 8), id(n), n);
                }
            }
            Attack::Patient { networks } => {
                if self.hoard.is_empty() {
                    let nobody = Ticket { no: 0, process: 0, purpose: Purpose::Book, turn: super::ticket::Turn(0) };
                    self.hoard = (0..networks).map(|_| (nobody, 0)).collect();
                }
                for at in 0..self.hoard.len() {
                    let (ticket, wait) = self.hoard[at];
                    if wait > 0 {
                        self.hoard[at].1 = wait - 1;
                        continue;
                    }
                    let (n, mut own) = (self.guesses, Some(ticket).filter(|ticket| ticket.no > 0));
                    self.guesses += 1;
                    let network = Network::V4(0x2000_0000 + (at as u32) * 256);
                    let again = self.send(Who::Attacker, &mut own, network, id(n), 1 + (n << 20));
                    let wait_ms = again.unwrap_or(1_000);
                    self.hoard[at] = (own.unwrap_or(ticket), (wait_ms / TICK_MS) as u32);
                }
            }
        }
    }

    fn hash(&mut self) {
        self.hashes = (self.hashes + RATE as f64 * TICK_MS as f64 / 1_000.0).min(RATE as f64);
        while self.hashes >= 1.0 {
            let Some(job) = self.queue.pop_front() else { return };
            let late = self.now_ms - job.since > WAIT_MS_MAX;
            if !late {
                self.hashes -= 1.0;
            }
            match job.who {
                Who::Attacker => {
                    self.guessed += u64::from(!late);
                    self.throttle.failed(job.bucket, START.plus_ms(self.now_ms));
                }
                Who::Resident(n) => {
                    let resident = &mut self.residents[n];
                    resident.first_try.get_or_insert(!late);
                    if late || std::mem::take(&mut resident.mistypes) {
                        self.throttle.failed(job.bucket, START.plus_ms(self.now_ms));
                        resident.next_ms = Some(self.now_ms + 7_000);
                    } else {
                        self.throttle.succeeded(job.bucket, START.plus_ms(self.now_ms));
                        resident.in_ms = Some(self.now_ms);
                    }
                }
            }
        }
    }

    fn play_on(&mut self, attack: &Attack, minutes: i64) -> &[Resident] {
        while self.now_ms < minutes * 60_000 {
            self.attackers_act(attack);
            self.residents_act();
            self.hash();
            self.now_ms += TICK_MS;
        }
        &self.residents
    }

    fn play(mut self, attack: &Attack, minutes: i64) -> Outcome {
        self.play_on(attack, minutes);
        let all = self.residents.len() as f64;
        let first = self.residents.iter().filter(|resident| resident.first_try == Some(true)).count() as f64;
        let took = self.residents.iter().filter_map(|resident| Some(resident.in_ms? - resident.came_ms));
        let mut took: Vec<i64> = took.collect();
        took.sort_unstable();
        let at = |part: f64| took.get((took.len() as f64 * part) as usize).map_or(0.0, |ms| *ms as f64 / 1_000.0);
        Outcome {
            first_try_percent: 100.0 * first / all,
            in_percent: 100.0 * took.len() as f64 / all,
            median_s: at(0.5),
            last_percent_s: at(0.99),
            guesses: self.guesses,
            guessed: self.guessed,
        }
    }
}

/// 1,500 residents in a minute, a third of what the pool can do, while others attack.
fn under(attack: &Attack) -> Outcome {
    Crowd::of(1_500, 60_000).play(attack, 3)
}

#[test]
fn ninety_nine_of_a_hundred_residents_get_in_at_the_first_try_during_each_attack() {
    let one_address = |_| 7 << 8;
    let one_network = |n: u64| (7 << 8) + (n % 1_000) as u32 % 256;
    let many_networks = |n: u64| 0x2000_0000 + (n % 5_000) as u32 * 256;
    let attacks = [
        ("nobody attacks", Attack::None),
        ("sequential IDs from one address", Attack::Guesses { each_tick: 40, address: one_address, id: |n| n }),
        (
            "one password over many IDs, one network",
            Attack::Guesses { each_tick: 40, address: one_network, id: |n| n % 100_000 },
        ),
        (
            "sequential IDs from five thousand networks",
            Attack::Guesses { each_tick: 40, address: many_networks, id: |n| n },
        ),
        ("five hundred patient networks", Attack::Patient { networks: 500 }),
        ("turns that are kept and used at once", Attack::Hoard),
    ];
    for (name, attack) in attacks {
        let outcome = under(&attack);
        assert!(outcome.first_try_percent >= 99.0, "{name}: {outcome}");
        assert!(outcome.in_percent >= 99.5, "{name}: {outcome}");
        assert!(outcome.median_s < 100.0, "{name}: {outcome}");
    }
}

#[test]
fn a_rush_of_six_thousand_goes_in_at_the_pace_of_the_pool_and_nobody_types_in_vain() {
    let outcome = Crowd::of(6_000, 30_000).play(&Attack::None, 4);
    assert!(outcome.first_try_percent >= 99.0 && outcome.in_percent >= 99.5, "{outcome}");
    // 6,000 passwords and 600 that are mistyped take 83 seconds of the pool.
    assert!(outcome.last_percent_s < 130.0, "{outcome}");
}

#[test]
fn what_people_hear_comes_true_also_behind_the_address_of_a_carrier() {
    let mut crowd = Crowd::of(12_000, 10_000);
    let residents = crowd.play_on(&Attack::None, 5);
    for behind_a_carrier in [false, true] {
        let of_them = residents.iter().skip(usize::from(!behind_a_carrier)).step_by(2);
        let (mut at_first, mut later) = (Vec::new(), Vec::new());
        for resident in of_them {
            let turn_ms = resident.turn_ms.expect("everybody's turn comes");
            for (nth, (heard_ms, seconds)) in resident.heard.iter().enumerate() {
                let waited_s = (turn_ms - heard_ms) as f64 / 1_000.0;
                if waited_s > 10.0 {
                    let heard = if nth == 0 { &mut at_first } else { &mut later };
                    heard.push(f64::from(*seconds) / waited_s);
                }
            }
        }
        at_first.sort_by(f64::total_cmp);
        later.sort_by(f64::total_cmp);
        let at = |heard: &[f64], percent: usize| heard[heard.len() * percent / 100];
        let said = format!("behind a carrier: {behind_a_carrier}, {} and {} answers", at_first.len(), later.len());
        // Whoever has just come is told what is known of those who came with them.
        assert!(at(&at_first, 50) > 0.5 && at(&at_first, 95) < 1.2, "{said}: {:.2}", at(&at_first, 50));
        assert!(at(&later, 5) > 0.6 && at(&later, 95) < 1.2, "{said}: {:.2} to {:.2}", at(&later, 5), at(&later, 95));
    }
}
