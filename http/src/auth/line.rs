//! One line in front of the login. Whoever's turn is not later than its *cursor* is admitted, so that admission needs no list, cannot
//! happen twice and is taken back only by time. The cursor moves so that as many people a second are *told* that it is their turn as passwords
//! are checked; whoever is not there to hear it is passed over.
//!
//! It must not know clocks, networks or tickets: time and load are arguments.

use std::collections::VecDeque;

use super::ticket::Turn;

/// Those who wait are counted by second.
const BIN_US: i64 = 1_000_000;
/// So many seconds of the line are counted at most: longer than a ticket counts, with room for turns that are later than now.
const BINS: usize = 16_384;
/// While the last one in the pool's queue waits for so long, in seconds, the pool has enough to do: whoever comes to it without having been
/// told that it is their turn is sent back to the door for a moment.
pub(super) const QUEUE_FULL_S: f64 = 0.6;
/// When the last one waits for so much longer, or when so many times what the pool does are sent back to the door in a second, the fewest are
/// let in. Somebody should always be at the door, so that the pool is never without work.
const QUEUE_OVER_S: f64 = 0.5;
const AT_THE_DOOR: f64 = 1.5;
/// The pool has something to do when the last one waits for so long.
const QUEUE_SHORT_S: f64 = 0.2;
/// So much of what the pool does in a second is let in, at least and at most. Never nobody: who is let in types first, and would be missed
/// when the queue is short again.
const ROOM_MIN: f64 = 0.5;
const ROOM_MAX: f64 = 1.1;
/// While the pool has nothing to do and nobody comes, the line goes on twice as fast after each such time, in seconds, and back again.
const DOUBLED_AFTER_S: f64 = 0.7;
/// So many turns are passed at most for each person who is to come: a hundred thousand who are gone are passed within ten seconds.
const SPEED_MAX: f64 = 16_384.0;
/// At this speed those who have just got a ticket are not waited for any more.
const SPEED_PAST_FRESH: f64 = 16.0;
/// Nobody comes if fewer do than this share of those who are to.
const LACKING: f64 = 0.7;
/// How many come is measured over about so long, in seconds.
const LATELY_S: f64 = 1.0;
/// Whoever was told that it is their turn types for about so long, in seconds, or has left.
const TYPING_S: f64 = 30.0;
/// While more people type than can be served in so many seconds, the pool is idle because of that.
const TYPING_EXPLAINS_S: f64 = 1.0;
/// How fast it is learned how many passwords follow from one turn, as a share in a second: more or fewer than one, within these bounds.
const LEARNED_IN_S: f64 = 0.01;
const UNLEARNED_IN_S: f64 = 0.02;
const TOLD_FOR_ONE_MIN: f64 = 0.5;
const TOLD_FOR_ONE_MAX: f64 = 3.0;
/// What was passed, and who was told, counts for about so long, in seconds; before much of it is known, so many seconds' worth of
/// people are taken to be there.
const COUNTED_S: f64 = 60.0;
const EXPECTED_S: f64 = 10.0;
/// What was not used is kept for so long, in seconds: then that many may be admitted at once.
const KEPT_S: f64 = 0.5;
/// A stop of the world between two moves counts for at most so long, in seconds.
const STEP_S_MAX: f64 = 1.0;
/// Whoever has just got a ticket comes back after so many pieces of time of so many microseconds (see [`super::said::waits_first`]). So the
/// line does not pass their turns before.
const FRESH_PIECES: usize = 4;
const FRESH_US: i64 = 400_000;
/// For so long after the line began nobody can have come back who was told to.
const BEGINS_US: i64 = 5_000_000;
/// People come to a turn that has come when they next ask, within so many seconds: so many more or fewer than were expected is chance.
const CHANCE_S: f64 = 3.0;
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

/// The figures of a line, for those who watch.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct LineFigures {
    /// Tickets given out.
    pub(crate) issued: u64,
    /// Tickets on which a first password was tried.
    pub(crate) came: u64,
    /// Tickets whose turn has not come.
    pub(crate) waiting: u64,
    /// How many passwords of this line the pool can check in a second, as it was last measured.
    pub(crate) per_second: f64,
}

/// What was given out in a piece of time.
#[derive(Debug, Clone, Copy)]
struct Fresh {
    turns: u32,
    earliest: i64,
}

impl Fresh {
    const NONE: Self = Self { turns: 0, earliest: i64::MAX };
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
    /// How many people may be told now that it is their turn; a debt when more came than were expected.
    credit: f64,
    /// How many turns may be passed now.
    budget: f64,
    moved_at: i64,
    began_at: i64,
    /// How many turns are passed for each person who is to come: whoever is not there is passed over.
    speed: f64,
    /// How many people are told in a second that it is their turn, and how many of them it takes for one password.
    told_per_second: f64,
    told_for_one: f64,
    /// How many are sent back to the door in a second.
    at_the_door: f64,
    /// How many were told and have not sent a password yet.
    typing: f64,
    /// How many turns were passed lately, and how many people were told.
    passed: f64,
    told: f64,
    /// The turns that were given out and are not counted yet, in this piece of time and the ones before, and when this one began.
    fresh: [Fresh; FRESH_PIECES],
    fresh_at: i64,
    /// How many were given out lately and should have come back, and how many did.
    given: f64,
    came_back: f64,
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
            credit: 0.0,
            budget: 0.0,
            moved_at: 0,
            began_at: 0,
            speed: 1.0,
            told_per_second: 0.0,
            told_for_one: 1.0,
            at_the_door: 0.0,
            typing: 0.0,
            passed: 0.0,
            told: 0.0,
            fresh: [Fresh::NONE; FRESH_PIECES],
            fresh_at: 0,
            given: 0.0,
            came_back: 0.0,
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
        (self.waiting, self.budget, self.credit, self.typing) = (0, 0.0, -on_their_way, on_their_way);
        (self.speed, self.told_per_second, self.told_for_one) = (1.0, 0.0, 1.0);
        (self.at_the_door, self.passed, self.told) = (0.0, 0.0, 0.0);
        self.began_at = now;
        (self.fresh, self.fresh_at) = ([Fresh::NONE; FRESH_PIECES], now);
        (self.given, self.came_back) = (0.0, 0.0);
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

    /// Notes a turn that was given out and is not counted until its owner comes back: the line does not pass it before they can.
    pub(super) fn given(&mut self, turn: Turn) {
        let Fresh { turns, earliest } = self.fresh[0];
        self.fresh[0] = Fresh { turns: turns.saturating_add(1), earliest: earliest.min(turn.0) };
    }

    /// Notes that the owner of such a turn came back.
    pub(super) fn came_back(&mut self) {
        self.came_back += 1.0;
    }

    /// Notes that somebody is here and hears for the first time that it is their turn. Whether they have yet to type a password.
    pub(super) fn told(&mut self, types: bool) {
        self.told += 1.0;
        self.told_per_second += 1.0 / LATELY_S;
        self.credit -= 1.0;
        self.typing += f64::from(u8::from(types));
    }

    /// Notes that somebody whose turn had come was sent back to the door, since the pool has enough to do.
    pub(super) fn sent_back(&mut self) {
        self.at_the_door += 1.0 / LATELY_S;
    }

    /// Notes that somebody sent the password that they were typing.
    pub(super) fn typed(&mut self) {
        self.typing = (self.typing - 1.0).max(0.0);
    }

    /// How many wait, whether they are still there or not.
    pub(super) const fn waiting(&self) -> u64 {
        self.waiting
    }

    /// How many turns are passed for each person who is there: 1 while everybody is.
    fn passed_for_one(&self, load: LineLoad) -> f64 {
        let expected = load.per_second * EXPECTED_S;
        ((self.passed + expected) / (self.told + expected).max(0.1)).max(1.0)
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
        let people = (before + self.uncounted(turn, load)) / self.passed_for_one(load) + load.queued;
        (people, people / load.per_second.max(0.1))
    }

    /// How many have got a turn before `turn` just now and will come back to be counted, as far as is known.
    fn uncounted(&self, turn: Turn, load: LineLoad) -> f64 {
        let given =
            self.fresh.iter().filter(|fresh| fresh.earliest < turn.0).map(|fresh| f64::from(fresh.turns)).sum::<f64>();
        let expected = load.per_second * EXPECTED_S;
        given * ((self.came_back + expected) / (self.given + expected).max(0.1)).min(1.0)
    }

    /// Moves the cursor on, up to `now`. Whoever was admitted longer ago than `good_us` is not any more.
    pub(super) fn go_on(&mut self, now: i64, load: LineLoad, good_us: i64) {
        let step_s = ((now - self.moved_at).max(0) as f64 / BIN_US as f64).min(STEP_S_MAX);
        self.moved_at = self.moved_at.max(now);
        self.passed *= (-step_s / COUNTED_S).exp();
        self.told *= (-step_s / COUNTED_S).exp();
        self.given *= (-step_s / COUNTED_S).exp();
        self.came_back *= (-step_s / COUNTED_S).exp();
        self.told_per_second *= (-step_s / LATELY_S).exp();
        self.at_the_door *= (-step_s / LATELY_S).exp();
        self.typing *= (-step_s / TYPING_S).exp();
        for _ in 0..((now - self.fresh_at) / FRESH_US).clamp(0, FRESH_PIECES as i64) {
            self.fresh.rotate_right(1);
            self.given += f64::from(self.fresh[0].turns);
            (self.fresh[0], self.fresh_at) = (Fresh::NONE, now);
        }
        let over = (load.wait_s() - QUEUE_FULL_S).max(0.0) / QUEUE_OVER_S;
        let at_the_door = self.at_the_door / (load.per_second * AT_THE_DOOR).max(0.1);
        let room = ROOM_MAX - (ROOM_MAX - ROOM_MIN) * (over + at_the_door).min(1.0);
        let wanted = load.per_second * self.told_for_one * room;
        self.learn(now, step_s, load, wanted, over);
        self.credit = (self.credit + wanted * step_s).min((wanted * KEPT_S).max(1.0));
        let pace = if self.credit > -wanted * CHANCE_S { wanted * self.speed } else { 0.0 };
        self.budget = (self.budget + pace * step_s).min((pace * KEPT_S).max(1.0));
        self.admit();
        self.remember(now, good_us);
    }

    /// Learns from an idle pool that those whose turn it is are not there, or do not send a password; and from a full one that it was
    /// not so. `wanted` people a second are to come.
    fn learn(&mut self, now: i64, step_s: f64, load: LineLoad, wanted: f64, over: f64) {
        let idle = load.queued < 1.0 && self.typing < load.per_second * TYPING_EXPLAINS_S;
        let lacking = self.told_per_second < wanted * LACKING;
        if idle && lacking && now - self.began_at > BEGINS_US {
            self.speed *= (step_s / DOUBLED_AFTER_S).exp2();
        } else if !lacking || load.wait_s() > QUEUE_SHORT_S {
            self.speed /= (step_s / DOUBLED_AFTER_S).exp2();
        }
        self.speed = self.speed.clamp(1.0, SPEED_MAX);
        if over > 1.0 {
            self.told_for_one /= 1.0 + UNLEARNED_IN_S * step_s;
        } else if idle && !lacking {
            self.told_for_one *= 1.0 + LEARNED_IN_S * step_s;
        }
        self.told_for_one = self.told_for_one.clamp(TOLD_FOR_ONE_MIN, TOLD_FOR_ONE_MAX);
    }

    fn admit(&mut self) {
        let fresh = self.fresh.iter().map(|fresh| fresh.earliest).min().unwrap_or(i64::MAX);
        let until = if self.speed < SPEED_PAST_FRESH { self.last.min(fresh.saturating_sub(1)) } else { self.last };
        while self.cursor < until {
            let next = self.cursor + 1;
            let last_of_bin = (bin_end(next) - 1).min(until);
            let bin = &mut self.bins[bin_of(next)];
            // A part of a person is nobody.
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
            self.passed += f64::from(people);
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
