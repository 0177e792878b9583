//! A crowd of a whole city before the waiting room's rules, on a clock of its own: who logs in when, with how many browsers, who leaves and
//! comes back, and restarts at moments that nobody chose. `SESSHU_CROWD_PEOPLE` sets how many people; `SESSHU_SEED` who does what.

#![allow(clippy::print_stdout, reason = "the statistics are what the test is for")]

use std::collections::HashMap;

use super::round::Round;
use crate::core::draw::Place;
use crate::core::ids::{CityId, ResidentNo};
use crate::core::line::{Arrival, Line, LineState};
use crate::core::pace::{PaceRules, Pressure};
use crate::core::time::Instant;

const OPENING: Instant = Instant(10_000_000);
const KEY: [u8; 32] = [7; 32];
const TICK_MS: i64 = 1_000;
/// Late people come within so many milliseconds of the opening.
const LATE_MS: u64 = 30_000;

/// A `SplitMix64` generator: enough for choosing who does what.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Somebody, and what they do.
struct Somebody {
    /// When they log in, by each of their browsers, first to last.
    logins: Vec<Instant>,
    /// They do not ask from the first instant to the second.
    away: Option<(Instant, Instant)>,
    /// When they were admitted.
    admitted: Option<Instant>,
}

impl Somebody {
    fn in_draw(&self) -> bool {
        self.logins[0] < OPENING
    }

    fn is_there(&self, now: Instant) -> bool {
        self.logins[0] <= now && self.away.is_none_or(|(from, until)| now < from || now >= until)
    }
}

fn id(n: usize) -> CityId {
    CityId::from_digits(&format!("{n:010}")).expect("ten digits")
}

fn number_of(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |text| text.parse().expect("a number"))
}

fn crowd(dice: &mut Dice, people: usize) -> Vec<Somebody> {
    let mut somebody = || {
        let is_early = dice.below(10) < 6;
        let first = if is_early { -1 - dice.below(3_600_000) as i64 } else { dice.below(LATE_MS) as i64 };
        // Most have one browser; some try with twenty.
        let browsers = if dice.below(10) == 0 { 20 } else { 1 };
        let logins = (0..browsers).map(|n| OPENING.plus_ms(first + n * 100)).collect();
        let away = (dice.below(20) == 0).then(|| {
            let from = OPENING.plus_ms(dice.below(5_000) as i64);
            (from, from.plus_ms(5_000 + dice.below(60_000) as i64))
        });
        Somebody { logins, away, admitted: None }
    };
    (0..people).map(|_| somebody()).collect()
}

/// The room as the usher and the handle drive it, with what of it is durable.
struct Room {
    round: Round,
    line: Option<Line>,
    rules: PaceRules,
    written: HashMap<ResidentNo, Instant>,
    promised: Option<LineState>,
}

impl Room {
    fn new(rules: PaceRules) -> Self {
        Self { round: Round::new(OPENING, &KEY), line: None, rules, written: HashMap::new(), promised: None }
    }

    fn asks(&self, n: usize, since: Instant, until: Instant) {
        let resident = ResidentNo(n as u32);
        let cell = self.round.cell(resident).expect("a cell");
        if cell.place() == Place::NOWHERE {
            self.round.arrives(cell, resident, id(n), since, true);
        }
        cell.is_there(until, until);
    }

    fn tick(&mut self, now: Instant, ms: u64) {
        let round = &self.round;
        let line = self.line.get_or_insert_with(|| match self.promised {
            Some(state) => Line::resumed(state, self.rules),
            None => Line::at_opening(OPENING, self.rules, round.in_draw()),
        });
        let there = round.waiting(line.cursor(), now);
        // What is promised is durable before the next tick, as it is beside the ledger.
        for ms in [ms, 0] {
            let before = line.cursor();
            let wish = line.tick(now, ms, &there, Pressure::default());
            assert!(line.cursor() >= before, "a cursor does not go back");
            assert!(
                line.is_open() || line.cursor() <= self.promised.map_or(Place::NOBODY, |state| state.admitted),
                "nobody is admitted before it is durable"
            );
            if let Some(state) = wish {
                self.promised = Some(state);
                line.promise(state);
            }
        }
        round.publish(line.is_open(), line.cursor());
        self.written.extend(round.take_unwritten(usize::MAX));
    }

    /// What a restart leaves: arrivals and promises. People count as there until they had time to ask again.
    fn restart(&mut self, now: Instant) {
        self.round = Round::new(OPENING, &KEY);
        self.line = None;
        for (resident, at) in &self.written {
            let arrival = Arrival { opening: OPENING, at: *at };
            self.round.restore(*resident, id(resident.0 as usize), arrival, now.plus_ms(20_000));
        }
    }
}

/// Spearman's rank correlation of two orders of the same things.
fn rank_correlation(ranks: &[(usize, usize)]) -> f64 {
    let n = ranks.len() as f64;
    let squares: f64 = ranks.iter().map(|(one, other)| (*one as f64 - *other as f64).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

/// The ranks of `values`, by their order.
fn ranks<T: Ord>(values: &[T]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|one, other| values[*one].cmp(&values[*other]));
    let mut ranks = vec![0; values.len()];
    for (rank, at) in order.into_iter().enumerate() {
        ranks[at] = rank;
    }
    ranks
}

#[test]
fn a_city_passes_through_the_waiting_room_fairly_and_nobody_is_sent_back() {
    let people = number_of("SESSHU_CROWD_PEOPLE", 20_000) as usize;
    let seed = number_of("SESSHU_SEED", 7);
    let mut dice = Dice(seed);
    let mut crowd = crowd(&mut dice, people);
    let per_second = (people as u32 / 20).max(10);
    let rules = PaceRules {
        first_people: people as u32 / 50,
        start_per_second: per_second,
        per_second_min: per_second,
        per_second_max: per_second * 2,
    };
    let mut room = Room::new(rules);
    for (n, somebody) in crowd.iter().enumerate() {
        for since in somebody.logins.iter().filter(|since| **since < OPENING) {
            room.asks(n, *since, OPENING.plus_ms(20_000));
        }
    }
    let (mut now, mut restarts, mut ms) = (OPENING, 0, 0);
    while crowd.iter().any(|somebody| somebody.admitted.is_none()) {
        assert!(now < OPENING.plus_minutes(10), "everybody has their turn");
        if dice.below(8) == 0 {
            room.restart(now);
            restarts += 1;
        }
        for (n, somebody) in crowd.iter().enumerate() {
            if somebody.is_there(now) {
                room.asks(n, somebody.logins[0], now.plus_ms(2 * TICK_MS));
            }
        }
        room.tick(now, ms);
        for (n, somebody) in crowd.iter_mut().enumerate() {
            let place = room.round.cell(ResidentNo(n as u32)).expect("a cell").place();
            let admits = place != Place::NOWHERE && room.round.admits(place);
            match somebody.admitted {
                Some(at) => assert!(admits, "{n} was admitted at {at:?}, seed {seed}"),
                None if admits && somebody.is_there(now) => somebody.admitted = Some(now),
                None => {}
            }
        }
        now = now.plus_ms(TICK_MS);
        ms = TICK_MS as u64;
    }
    println!("{people} people, seed {seed}: through in {} s, {restarts} restarts", now.ms_since(OPENING) / 1_000);
    judge(&crowd, &room);
}

/// Holds the order in which people were admitted against what is promised to them.
fn judge(crowd: &[Somebody], room: &Room) {
    let number = |n: usize| room.round.seed.number(id(n));
    let always_there = |somebody: &&(usize, &Somebody)| somebody.1.away.is_none();
    let all: Vec<(usize, &Somebody)> = crowd.iter().enumerate().collect();
    let drawn: Vec<_> = all.iter().filter(always_there).filter(|(_, somebody)| somebody.in_draw()).collect();
    let late: Vec<_> = all.iter().filter(always_there).filter(|(_, somebody)| !somebody.in_draw()).collect();

    // The published seed gives the order: nobody with a greater number came in before somebody with a smaller one.
    let mut by_number = drawn.clone();
    by_number.sort_unstable_by_key(|(n, _)| number(*n));
    assert!(by_number.is_sorted_by_key(|(_, somebody)| somebody.admitted), "the draw's order");
    let mut by_arrival = late.clone();
    // Those who came within one millisecond are drawn.
    by_arrival.sort_unstable_by_key(|(n, somebody)| (somebody.logins[0], number(*n)));
    assert!(by_arrival.is_sorted_by_key(|(_, somebody)| somebody.admitted), "the order of arrival");
    let last_drawn = drawn.iter().map(|(_, somebody)| somebody.admitted).max();
    let first_late = late.iter().map(|(_, somebody)| somebody.admitted).min();
    assert!(last_drawn <= first_late, "the draw comes first");

    // Coming early to the draw, or with many browsers, gives nothing.
    let arrivals = ranks(&drawn.iter().map(|(_, somebody)| somebody.logins[0]).collect::<Vec<_>>());
    let turns = ranks(&drawn.iter().map(|(n, _)| number(*n)).collect::<Vec<_>>());
    let correlation = rank_correlation(&arrivals.into_iter().zip(turns.iter().copied()).collect::<Vec<_>>());
    let bound = 3.3 / (drawn.len() as f64).sqrt();
    println!("early arrival against turn: rank correlation {correlation:.5}, bound ±{bound:.5} (p = 0.001)");
    assert!(correlation.abs() < bound);

    let mut browsers = [[0.0_f64; 2]; 10];
    for ((_, somebody), turn) in drawn.iter().zip(&turns) {
        browsers[turn * 10 / drawn.len()][usize::from(somebody.logins.len() > 1)] += 1.0;
    }
    let many: f64 = browsers.iter().map(|tenth| tenth[1]).sum();
    let share = many / drawn.len() as f64;
    let chi_square: f64 = browsers
        .iter()
        .map(|[one, many]| {
            let expected = (one + many) * share;
            (many - expected).powi(2) / (expected * (1.0 - share))
        })
        .sum();
    println!("many browsers by tenth of the draw: chi-square {chi_square:.2}, 9 degrees, bound 27.88 (p = 0.001)");
    assert!(chi_square < 27.88);
}
