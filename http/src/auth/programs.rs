//! Programs at the gate, played with a clock of its own: each sends its password at once, comes back to the second when it is told to, and
//! sends it again. Far more come than the hash pool can check; it must never be without work all the same.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use sesshu_engine::core::time::Instant;
use sesshu_engine::view::LoginLoad;

use super::gate::{Act, LoginGate, LoginQueue, Said};
use super::network::Network;
use super::shares::Source;
use super::ticket::{Purpose, Ticket};

const START: Instant = Instant(1_800_000_000_000);
/// Passwords that the pool checks in a second.
const RATE: u64 = 80;
const HASH_US: i64 = 1_000_000 / RATE as i64;
/// From so many networks.
const NETWORKS: usize = 2_048;
/// The line has found its pace by then.
const WARM_S: i64 = 10;
const PLAYED_S: i64 = 40;

/// What came of a rush.
struct Outcome {
    /// How much of the time the pool had work, once the line had found its pace.
    busy: f64,
    /// How long those whose password was checked had waited for that, the longest of a hundred, in milliseconds.
    waited_ms: i64,
}

/// `multiple` times as many come as the pool can check, those among them who come back.
fn rush(multiple: u64) -> Outcome {
    let mut gate = LoginGate::new(LoginQueue::default(), 1);
    let mut tickets: Vec<Option<Ticket>> = Vec::new();
    let mut away: BinaryHeap<Reverse<(Instant, usize)>> = BinaryHeap::new();
    let mut queue: VecDeque<i64> = VecDeque::new();
    let (mut free_at_us, mut waited) = (0, Vec::new());
    let apart_us = HASH_US / multiple as i64;
    for nth in 0..PLAYED_S * 1_000_000 / apart_us {
        let now_us = nth * apart_us;
        let now = START.plus_ms(now_us / 1_000);
        while free_at_us <= now_us
            && let Some(since_us) = queue.pop_front()
        {
            let begins_us = free_at_us.max(since_us);
            free_at_us = begins_us + HASH_US;
            if begins_us >= WARM_S * 1_000_000 {
                waited.push((begins_us - since_us) / 1_000);
            }
        }
        let back = away.peek().is_some_and(|Reverse((at, _))| *at <= now);
        let back = if back { away.pop() } else { None };
        let who = back.map_or(tickets.len(), |Reverse((_, who))| who);
        if who == tickets.len() {
            tickets.push(None);
        }
        let random = u64::from_le_bytes(blake3::hash(&nth.to_le_bytes()).as_bytes()[..8].try_into().expect("eight"));
        let load = LoginLoad { per_thousand_seconds: RATE * 1_000, booking: queue.len() as u64, viewing: 0 };
        let source = Source::From(Network::V4(0x5000_0000 + (who % NETWORKS) as u32 * 256));
        let asks = (Act::Try, Purpose::Book);
        let waits = match gate.ask(asks, tickets[who], source, random, now, load) {
            Said::Open(_) | Said::Admitted(_) => {
                queue.push_back(now_us);
                continue;
            }
            Said::Waits(own, waits) => {
                tickets[who] = Some(own);
                waits
            }
            Said::Crowded(waits) => waits,
        };
        let away_ms = i64::from(waits.told_after_ms) + i64::from(waits.again_seconds) * 1_000;
        away.push(Reverse((now.plus_ms(away_ms), who)));
    }
    waited.sort_unstable();
    let could = RATE as i64 * (PLAYED_S - WARM_S);
    Outcome { busy: waited.len() as f64 / could as f64, waited_ms: waited[waited.len() * 99 / 100] }
}

#[test]
fn the_pool_has_work_however_many_come_and_nobody_waits_in_it_for_long() {
    for multiple in [4, 10, 70, 100] {
        let Outcome { busy, waited_ms } = rush(multiple);
        assert!(busy > 0.95, "{multiple} times as many: {busy:.3}");
        assert!(waited_ms < 1_000, "{multiple} times as many: {waited_ms} ms");
    }
}
