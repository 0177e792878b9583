//! Attacks on the throw-away server while residents come: what a real opening day brings from people who mean harm. Every attacker
//! comes from loopback addresses of its own, does so many things a second and no more, and ends with the rush.

mod bot;
mod raw;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::rc::Rc;
use std::time::Duration;

use hyper::Method;
use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::plan::Plan;
use super::rush::Rush;
use super::scene::Scene;
use crate::cli::Attack;
use crate::demo::DemoLogin;
use crate::phone::{Answer, Ask, Network, Phone, Unheard};

/// Sockets of all attackers together; a rush under attack leaves them so many.
pub(super) const SOCKETS_MAX: usize = 1_000;
/// What an attack does a second, and how much of it is under way at once, at most.
const LOGINS_PER_SECOND: u32 = 200;
const CHURN_PER_SECOND: u32 = 500;
const AT_ONCE_MAX: usize = 200;
/// No attack does more than this, or goes on for longer.
const ACTS_MAX: u64 = 500_000;
const TIME_MAX: Duration = Duration::from_mins(10);
/// Attackers of "many networks" have so many.
const NETWORKS: u64 = 64;
/// "One network" has so many addresses.
const ONE_NETWORK_ADDRESSES: u64 = 1_000;
/// What is tried; no resident has it.
const PASSWORD: &str = "sakura2026";
const ID_FIRST: u64 = 4_000_000_000;

/// What an attack did, and what it heard.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Tally {
    pub(super) attack: String,
    /// Requests, or connections where that is what the attack is made of.
    pub(super) tried: u64,
    /// Logins that were not theirs; of the bot, places that were granted to it.
    pub(super) gained: u64,
    /// Connections that were not to be had, or that the server ended.
    pub(super) cut: u64,
    /// Answers by their code, successes by their status.
    pub(super) answers: BTreeMap<String, u64>,
}

impl Tally {
    fn of(attack: Attack) -> Rc<RefCell<Self>> {
        let tally = Self { attack: attack.name(), tried: 0, gained: 0, cut: 0, answers: BTreeMap::new() };
        Rc::new(RefCell::new(tally))
    }

    fn hear(&mut self, heard: Result<&Answer, &Unheard>) {
        self.tried += 1;
        match heard {
            Ok(answer) => {
                let code = answer.refusal().map_or_else(|| answer.status.as_u16().to_string(), |no| no.code);
                *self.answers.entry(code).or_default() += 1;
            }
            Err(Unheard) => self.cut += 1,
        }
    }
}

/// What an attacker knows and has.
#[derive(Debug, Clone)]
struct Ground {
    network: Rc<Network>,
    tally: Rc<RefCell<Tally>>,
    logins: Rc<Vec<DemoLogin>>,
    begins: Instant,
    until: Instant,
    seed: u64,
}

/// All attackers; they end when this goes.
pub(super) struct Attackers {
    tallies: Vec<Rc<RefCell<Tally>>>,
    _tasks: JoinSet<()>,
}

impl Attackers {
    /// Ends them; what they did.
    pub(super) fn end(self) -> Vec<Tally> {
        self.tallies.iter().map(|tally| tally.borrow().clone()).collect()
    }
}

/// Begins the attacks of `plan` at the opening.
pub(super) fn begin(rush: &Rc<Rush>, plan: &Plan, scene: &Scene) -> Attackers {
    let network = Network::with_sockets(rush.network.to(), SOCKETS_MAX);
    let (mut tasks, mut tallies) = (JoinSet::new(), Vec::new());
    for attack in &plan.attacks {
        let ground = Ground {
            network: Rc::clone(&network),
            tally: Tally::of(*attack),
            logins: Rc::clone(&scene.logins),
            begins: rush.opening,
            until: rush.end_of_coming.min(rush.opening + TIME_MAX),
            seed: plan.seed,
        };
        tallies.push(Rc::clone(&ground.tally));
        match attack {
            Attack::Stuffing | Attack::Spraying | Attack::OneNetwork => {
                let attack = *attack;
                tasks.spawn_local(async move {
                    at_rate(LOGINS_PER_SECOND, &ground, |act| guess(ground.clone(), attack, act)).await;
                });
            }
            Attack::Churn => {
                tasks.spawn_local(async move {
                    at_rate(CHURN_PER_SECOND, &ground, |act| raw::come_and_go(ground.clone(), act)).await;
                });
            }
            Attack::Slowloris => raw::slowloris(&mut tasks, &ground),
            Attack::Bodies => raw::bodies(&mut tasks, &ground),
            Attack::Bot => {
                if let Some(token) = scene.tokens.last() {
                    bot::begin(&mut tasks, &ground, token);
                }
            }
        }
    }
    Attackers { tallies, _tasks: tasks }
}

/// Does `act` so often until the time is up. What cannot begin in time is left out: an attacker has limits too.
async fn at_rate<F: Future<Output = ()> + 'static>(per_second: u32, ground: &Ground, act: impl Fn(u64) -> F) {
    let mut ticks = interval_at(ground.begins, Duration::from_secs(1) / per_second);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut acting = JoinSet::new();
    for number in 0..ACTS_MAX {
        ticks.tick().await;
        if Instant::now() >= ground.until {
            break;
        }
        while acting.try_join_next().is_some() {}
        if acting.len() < AT_ONCE_MAX {
            acting.spawn_local(act(number));
        }
    }
    while acting.join_next().await.is_some() {}
}

/// One try to log in as somebody else.
async fn guess(ground: Ground, attack: Attack, number: u64) {
    let login = &ground.logins[(number.wrapping_mul(7_919) % ground.logins.len() as u64) as usize];
    let (id, from) = match attack {
        Attack::Stuffing => ((ID_FIRST + number).to_string(), address(131, number % NETWORKS, 1)),
        Attack::Spraying => (login.id.clone(), address(132, number % NETWORKS, 1)),
        _ => (login.id.clone(), one_network(number)),
    };
    let body = json!({ "id": id, "password": PASSWORD }).to_string();
    let ask = Ask { json: Some(body.into()), ..Ask::new(Method::POST, "/api/v1/login") };
    let heard = Phone::at(&ground.network, from).ask(&ask).await;
    let mut tally = ground.tally.borrow_mut();
    tally.gained += u64::from(heard.as_ref().is_ok_and(|answer| answer.status.is_success()));
    tally.hear(heard.as_ref());
}

/// An address of the attackers' part of loopback: the second byte is the attack's, the third a network of it.
fn address(attack: u8, network: u64, host: u64) -> Ipv4Addr {
    Ipv4Addr::new(127, attack, (network % 256) as u8, (host % 254) as u8 + 1)
}

/// One of a thousand addresses in neighbouring networks (a /22).
fn one_network(number: u64) -> Ipv4Addr {
    let number = number % ONE_NETWORK_ADDRESSES;
    address(133, number / 250, number % 250)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn one_network_has_a_thousand_addresses_and_others_come_from_many_networks() {
        let one: HashSet<Ipv4Addr> = (0..5_000).map(one_network).collect();
        assert_eq!(one.len(), 1_000);
        assert!(
            one.iter().all(|address| address.to_bits() >> 10 == one_network(0).to_bits() >> 10),
            "all are in one /22"
        );
        let many: HashSet<u32> = (0..5_000).map(|act| address(131, act % NETWORKS, 1).to_bits() >> 8).collect();
        assert_eq!(many.len() as u64, NETWORKS);
    }
}
