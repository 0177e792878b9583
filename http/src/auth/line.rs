//! One line in front of the login. Whoever's turn is not later than its *cursor* is admitted, so that admission needs no list, cannot
//! happen twice and is taken back only by time. The cursor moves as fast as passwords are checked, and past those who left.
//!
//! It must not know clocks, networks or tickets: time and load are arguments.

use std::collections::VecDeque;

use super::ticket::Turn;

/// Those who wait are counted by second.
const BIN_US: i64 = 1_000_000;
/// So many seconds of the line are counted at most: longer than a ticket counts, with room for turns that are later than now.
const BINS: usize = 16_384;
/// How long the pool's own queue should be, in seconds: long enough that the pool never waits, short enough that nobody waits long
/// after their turn has come.
const QUEUE_WANTED_S: f64 = 0.25;
/// Whoever was admitted is expected within some pieces of time of so many microseconds: they look, and then type. Nobody is taken to
/// have left before the late end of that, and more passwords than people are seen after its early end.
const SOON_PIECES: usize = 3;
const LATE_PIECES: usize = 12;
const PIECE_US: i64 = 5_000_000;
/// Whoever came, or should have, counts for about so long, in seconds.
const COUNTED_S: f64 = 180.0;
/// So many seconds' worth of people are taken to come, before it is known how many do.
const EXPECTED_S: f64 = 10.0;
/// For each password that is sent, at least and at most so many are admitted: some leave, and some try again and again.
const ADMITTED_FOR_ONE_MIN: f64 = 0.2;
const ADMITTED_FOR_ONE_MAX: f64 = 20.0;
/// What was not used is kept for so long, in seconds: then that many may be admitted at once.
const KEPT_S: f64 = 0.5;
/// A stop of the world between two moves counts for at most so long, in seconds.
const STEP_S_MAX: f64 = 1.0;
/// The cursor's way is remembered in so many steps.
const STEPS: i64 = 32;

/// What the hash pool has to do for one line, and what it can do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct LineLoad {
    /// How many of this line are served in a second.
    pub(super) per_second: f64,
    /// How many wait in the pool.
    pub(super) queued: f64,
}

impl LineLoad {
    /// How long the last one in the pool's queue waits, in seconds.
    pub(super) fn wait_s(self) -> f64 {
        self.queued / self.per_second.max(0.1)
    }
}

/// A line.
#[derive(Debug)]
pub(super) struct Line {
    cursor: i64,
    /// The latest turn that is counted.
    last: i64,
    /// How many wait, by the second of their turn. All of them are after the cursor.
    bins: Box<[u32]>,
    waiting: u64,
    /// How many may be admitted now.
    budget: f64,
    moved_at: i64,
    began_at: i64,
    /// How many were admitted in each of the last pieces of time, and when the newest of them began.
    admitted: [f64; LATE_PIECES],
    piece_at: i64,
    /// How many may have come by now, how many should have, and how many passwords came, lately.
    soon: f64,
    due: f64,
    came: f64,
    /// Where the cursor was when; what it had passed before the first of them is over.
    way: VecDeque<(i64, i64)>,
    over: i64,
}

impl Line {
    pub(super) fn new() -> Self {
        Self {
            cursor: i64::MIN,
            last: i64::MIN,
            bins: vec![0; BINS].into(),
            waiting: 0,
            budget: 0.0,
            moved_at: 0,
            began_at: 0,
            admitted: [0.0; LATE_PIECES],
            piece_at: 0,
            soon: 0.0,
            due: 0.0,
            came: 0.0,
            way: VecDeque::with_capacity(STEPS as usize + 1),
            over: i64::MIN,
        }
    }

    /// Begins at `now`, in microseconds. Everybody whose turn is after `cursor` waits, or after where the line was before: it never
    /// goes back. Turns up to `over` count no more. So many as `on_their_way` are about to come who need no turn.
    pub(super) fn begin(&mut self, now: i64, cursor: i64, over: i64, on_their_way: f64) {
        self.bins.fill(0);
        self.way.clear();
        (self.cursor, self.over, self.moved_at) = (self.cursor.max(cursor), self.over.max(over), now);
        self.last = self.cursor;
        (self.waiting, self.budget) = (0, -on_their_way);
        (self.soon, self.due, self.came) = (0.0, 0.0, 0.0);
        self.began_at = now;
        (self.admitted, self.piece_at) = ([0.0; LATE_PIECES], now);
    }

    /// The first turn that is not admitted. It may be later than now: a line in which only a busy network stands goes on with the
    /// turns of that network.
    pub(super) const fn next(&self) -> i64 {
        self.cursor.saturating_add(1)
    }

    /// Counts somebody who waits.
    pub(super) fn count(&mut self, turn: Turn) {
        let in_reach = turn.0 < self.cursor.saturating_add((BINS as i64 - 1) * BIN_US);
        if turn.0 > self.cursor && in_reach {
            let bin = &mut self.bins[bin_of(turn.0)];
            *bin = bin.saturating_add(1);
            self.waiting += 1;
            self.last = self.last.max(turn.0);
        }
    }

    /// Whether it is the turn's time, or was not too long ago.
    pub(super) const fn is_admitted(&self, turn: Turn) -> bool {
        turn.0 <= self.cursor && turn.0 > self.over
    }

    /// Whether the turn was missed.
    pub(super) const fn is_over(&self, turn: Turn) -> bool {
        turn.0 <= self.over
    }

    /// Notes that somebody who had been admitted sent a password.
    pub(super) fn came(&mut self) {
        self.came += 1.0;
    }

    /// How many wait, whether they are still there or not.
    pub(super) const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// How many are admitted for each password that is sent: 1 while everybody comes and needs one try.
    fn admitted_for_one(&self, load: LineLoad) -> f64 {
        let expected = load.per_second * EXPECTED_S;
        let for_one = |people: f64| (people + expected) / (self.came + expected).max(0.1);
        if for_one(self.due) > 1.0 {
            for_one(self.due).min(ADMITTED_FOR_ONE_MAX)
        } else {
            for_one(self.soon).clamp(ADMITTED_FOR_ONE_MIN, 1.0)
        }
    }

    /// How many come before `turn` that are still there, as far as is known, and how long that takes, in seconds.
    pub(super) fn ahead(&self, turn: Turn, load: LineLoad) -> (f64, f64) {
        let until = turn.0.min(self.last);
        let (mut before, mut next) = (0.0, self.cursor.saturating_add(1));
        while next < until {
            // Those of one second are taken to have come evenly.
            let end = bin_end(next).min(self.last + 1);
            let part = if until >= end { 1.0 } else { (until - next) as f64 / (end - next) as f64 };
            before += f64::from(self.bins[bin_of(next)]) * part;
            next = end;
        }
        let people = before / self.admitted_for_one(load) + load.queued;
        (people, people / load.per_second.max(0.1))
    }

    /// Moves the cursor on, up to `now`. Whoever was admitted longer ago than `good_us` is not any more.
    pub(super) fn go_on(&mut self, now: i64, load: LineLoad, good_us: i64) {
        let step_s = ((now - self.moved_at).max(0) as f64 / BIN_US as f64).min(STEP_S_MAX);
        self.moved_at = self.moved_at.max(now);
        let kept = (-step_s / COUNTED_S).exp();
        for lately in [&mut self.soon, &mut self.due, &mut self.came] {
            *lately *= kept;
        }
        for _ in 0..((now - self.piece_at) / PIECE_US).clamp(0, LATE_PIECES as i64) {
            self.admitted.rotate_right(1);
            self.due += std::mem::take(&mut self.admitted[0]);
            self.soon += self.admitted[SOON_PIECES];
            self.piece_at = now;
        }
        // A little more while the pool has nothing to do, nobody more while it has five times what is wanted. At the beginning it has
        // nothing to do because everybody types.
        let types = now - self.began_at < LATE_PIECES as i64 * PIECE_US;
        let room_max = if types { 1.0 } else { 1.1 };
        let room = (1.25 - 0.25 * load.wait_s() / QUEUE_WANTED_S).clamp(0.0, room_max);
        let pace = load.per_second * self.admitted_for_one(load) * room;
        self.budget = (self.budget + pace * step_s).min((pace * KEPT_S).max(1.0));
        self.admit();
        self.remember(now, good_us);
    }

    fn admit(&mut self) {
        while self.cursor < self.last {
            let next = self.cursor + 1;
            let last_of_bin = (bin_end(next) - 1).min(self.last);
            let bin = &mut self.bins[bin_of(next)];
            // A debt is nobody: the cast stops at nought.
            let people = (self.budget as u32).min(*bin);
            if people == *bin {
                // Also a second in which nobody came: it is passed for nothing.
                self.cursor = last_of_bin;
            } else if people == 0 {
                return;
            } else {
                // Those of one second are taken to have come evenly.
                let way = (last_of_bin - self.cursor) as f64 * f64::from(people) / f64::from(*bin);
                self.cursor = (self.cursor + way as i64).min(last_of_bin - 1);
            }
            *bin -= people;
            self.waiting -= u64::from(people);
            self.budget -= f64::from(people);
            self.admitted[0] += f64::from(people);
        }
    }

    fn remember(&mut self, now: i64, good_us: i64) {
        if self.way.back().is_none_or(|(at, _)| now - at >= good_us / STEPS) {
            self.way.push_back((now, self.cursor));
        }
        while self.way.front().is_some_and(|(at, _)| now - at >= good_us) {
            if let Some((_, cursor)) = self.way.pop_front() {
                self.over = self.over.max(cursor);
            }
        }
    }
}

/// The bin of a turn.
const fn bin_of(turn: i64) -> usize {
    turn.div_euclid(BIN_US).rem_euclid(BINS as i64) as usize
}

/// The beginning of the second after that of `turn`.
const fn bin_end(turn: i64) -> i64 {
    (turn.div_euclid(BIN_US) + 1) * BIN_US
}
