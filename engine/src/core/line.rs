//! The line of an opening: who is admitted when. It knows places and a cursor, and nobody by name.
//!
//! What it admits is promised first: a promise is durable before a cursor passes beyond it, so that no restart sends anybody back.

use serde::{Deserialize, Serialize};

use super::draw::Place;
use super::pace::{Pace, PaceRules, Pressure};
use super::time::Instant;

/// How far an opening has got, durably.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineState {
    /// Which opening.
    pub opening: Instant,
    /// Whoever stands here or before is admitted.
    pub admitted: Place,
    /// Whether nobody waits: whoever comes is admitted.
    pub open: bool,
}

/// When somebody came, for which opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrival {
    /// The opening.
    pub opening: Instant,
    /// The earliest instant at which the person is known to have been there.
    pub at: Instant,
}

/// The line of the opening that counts.
#[derive(Debug, Clone)]
pub struct Line {
    opening: Instant,
    rules: PaceRules,
    open: bool,
    cursor: Place,
    promised: Place,
    pace: Pace,
    pressed_ms: u64,
}

impl Line {
    /// How long high pressure lasts before newcomers wait, in milliseconds.
    pub const PRESSED_MS: u64 = 2_000;

    /// The line of an opening that has just come, with so many people in its draw. When the burst is enough for all of them, nobody
    /// waits.
    #[must_use]
    pub const fn at_opening(opening: Instant, rules: PaceRules, in_draw: usize) -> Self {
        Self {
            opening,
            rules,
            open: in_draw <= rules.first_people as usize,
            cursor: Place::NOBODY,
            promised: Place::NOBODY,
            pace: Pace::at_opening(rules),
            pressed_ms: 0,
        }
    }

    /// The line as it was promised to be, after a restart.
    #[must_use]
    pub const fn resumed(state: LineState, rules: PaceRules) -> Self {
        Self {
            opening: state.opening,
            rules,
            open: state.open,
            cursor: state.admitted,
            promised: state.admitted,
            pace: Pace::under_way(rules),
            pressed_ms: 0,
        }
    }

    /// Which opening it is.
    #[must_use]
    pub const fn opening(&self) -> Instant {
        self.opening
    }

    /// Whether nobody waits.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Whoever stands here or before is admitted.
    #[must_use]
    pub const fn cursor(&self) -> Place {
        self.cursor
    }

    /// Whether somebody at `place` is admitted.
    #[must_use]
    pub fn admits(&self, place: Place) -> bool {
        self.open || place <= self.cursor
    }

    /// Whether people could be admitted who are not, because that is not durable yet.
    #[must_use]
    pub fn is_held_up(&self) -> bool {
        !self.open && self.cursor == self.promised && self.pace.people() > 0
    }

    /// Notes that so many people came back who had been passed over.
    pub fn came_back(&mut self, people: usize) {
        self.pace.admitted(people);
    }

    /// People a second, now.
    #[must_use]
    pub const fn per_second(&self) -> u32 {
        self.pace.per_second()
    }

    /// Lets `ms` milliseconds pass until `now`. `there` are the places, ascending, of the people who are there; those who are not are
    /// passed over, which costs nobody anything, for they are admitted when they come back. Gives what must be durable before
    /// more people can be admitted.
    pub fn tick(&mut self, now: Instant, ms: u64, there: &[Place], pressure: Pressure) -> Option<LineState> {
        if self.open {
            self.watch(now, ms, pressure);
            return None;
        }
        self.pace.pass(ms, pressure);
        let waiting = &there[there.partition_point(|place| *place <= self.cursor)..];
        let people = self.pace.people();
        let nth = |n: usize| waiting.get(n.min(waiting.len()).saturating_sub(1)).copied().unwrap_or(self.cursor);
        let wish = if waiting.len() <= people && !pressure.is_high() {
            let admitted = Place::last_at(self.opening, now).max(self.cursor);
            Some(LineState { opening: self.opening, admitted, open: true })
        } else {
            let second = self.pace.per_second() as usize;
            let admitted = nth(people + second);
            let is_short = self.promised < nth(people + second / 2);
            is_short.then_some(LineState { opening: self.opening, admitted, open: false })
        };
        if people > 0 {
            let cursor = nth(people).min(self.promised).max(self.cursor);
            self.pace.admitted(waiting.partition_point(|place| *place <= cursor));
            self.cursor = cursor;
        }
        wish
    }

    /// With nobody waiting: after lasting pressure newcomers wait, and those who have arrived stay admitted.
    fn watch(&mut self, now: Instant, ms: u64, pressure: Pressure) {
        self.pressed_ms = if pressure.is_high() { self.pressed_ms + ms } else { 0 };
        if self.pressed_ms >= Self::PRESSED_MS {
            self.pressed_ms = 0;
            self.open = false;
            self.cursor = Place::last_at(self.opening, now).max(self.cursor);
            self.promised = self.promised.max(self.cursor);
            self.pace = Pace::under_way(self.rules);
        }
    }

    /// Notes that `state` is durable.
    pub fn promise(&mut self, state: LineState) {
        if state.opening != self.opening {
            return;
        }
        self.promised = self.promised.max(state.admitted);
        if state.open {
            self.open = true;
            self.cursor = self.cursor.max(state.admitted);
        }
    }
}

/// How many of the places in `there`, ascending, come before `place` and after the cursor.
#[must_use]
pub fn ahead(there: &[Place], cursor: Place, place: Place) -> usize {
    let before = |limit: Place| there.partition_point(|other| *other < limit);
    before(place).saturating_sub(there.partition_point(|other| *other <= cursor))
}

/// How long `ahead` people take at `per_second`, in seconds, rounded up.
#[must_use]
pub fn estimate_seconds(ahead: usize, per_second: u32) -> u32 {
    u32::try_from(ahead.div_ceil(per_second.max(1) as usize)).unwrap_or(u32::MAX)
}

/// When to look again, in seconds: the later the longer the wait, and spread by `lot`, so that those who were told at one instant do
/// not come back at one.
#[must_use]
pub fn look_again_seconds(estimate_seconds: u32, lot: u64) -> u32 {
    let base = (estimate_seconds / 3).clamp(LOOK_AGAIN_SECONDS_MIN, LOOK_AGAIN_SECONDS_MAX / 3 * 2);
    base + (lot % u64::from(base / 2 + 1)) as u32
}

/// The soonest and the latest look again, in seconds.
const LOOK_AGAIN_SECONDS_MIN: u32 = 2;
const LOOK_AGAIN_SECONDS_MAX: u32 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    const OPENING: Instant = Instant(1_000_000);
    const LOW: Pressure = Pressure { queue_age_ms: 0, permits_used_percent: 0, busy_answers: 0, serving_late_ms: 0 };
    const HIGH: Pressure = Pressure { queue_age_ms: 1_000, ..LOW };
    const RULES: PaceRules = PaceRules { first_people: 2, start_per_second: 4, per_second_min: 4, per_second_max: 4 };

    fn places(n: u64) -> Vec<Place> {
        (1..=n).map(Place).collect()
    }

    /// Ticks and keeps at once what must be durable.
    fn tick(line: &mut Line, now: Instant, ms: u64, there: &[Place], pressure: Pressure) {
        if let Some(state) = line.tick(now, ms, there, pressure) {
            line.promise(state);
        }
    }

    #[test]
    fn with_no_more_people_than_the_burst_nobody_waits() {
        assert!(Line::at_opening(OPENING, RULES, 2).is_open());
        assert!(!Line::at_opening(OPENING, RULES, 3).is_open());
    }

    #[test]
    fn nobody_is_admitted_before_it_is_promised() {
        let mut line = Line::at_opening(OPENING, RULES, 100);
        let there = places(100);
        let wish = line.tick(OPENING, 0, &there, LOW).expect("a promise to make");
        assert_eq!(wish, LineState { opening: OPENING, admitted: Place(6), open: false });
        assert_eq!(line.cursor(), Place::NOBODY);
        line.promise(wish);
        assert_eq!(line.tick(OPENING, 0, &there, LOW), None, "the promise reaches far enough");
        assert_eq!(line.cursor(), Place(2));
        // Without another promise it stands where the first one ends.
        for second in 1..10 {
            line.tick(OPENING.plus_ms(second * 1_000), 1_000, &there, LOW);
        }
        assert_eq!(line.cursor(), Place(6));
    }

    #[test]
    fn people_are_admitted_in_order_at_the_pace_and_then_the_line_is_open() {
        let mut line = Line::at_opening(OPENING, RULES, 10);
        let there = places(10);
        let mut cursors = Vec::new();
        for second in 0..4_i64 {
            let now = OPENING.plus_ms(second * 1_000);
            let ms = if second == 0 { 0 } else { 1_000 };
            tick(&mut line, now, ms, &there, LOW);
            tick(&mut line, now, 0, &there, LOW);
            cursors.push((line.cursor(), line.is_open()));
        }
        assert_eq!(cursors[..2], [(Place(2), false), (Place(6), false)]);
        assert!(cursors[2].1, "four are left, and four are a second's people: {cursors:?}");
        assert!(line.admits(Place::of(OPENING, OPENING.plus_ms(50_000), 0)));
    }

    #[test]
    fn whoever_left_makes_room_and_comes_back_at_once() {
        let mut line = Line::at_opening(OPENING, RULES, 100);
        let there: Vec<Place> = places(100).into_iter().filter(|place| place.0 % 10 == 0).collect();
        tick(&mut line, OPENING, 0, &there, LOW);
        tick(&mut line, OPENING, 0, &there, LOW);
        assert_eq!(line.cursor(), Place(20));
        assert!(line.admits(Place(13)), "they had been passed over");
        assert_eq!(ahead(&there, line.cursor(), Place(50)), 2);
        assert_eq!(ahead(&there, line.cursor(), Place(13)), 0);
    }

    #[test]
    fn lasting_pressure_makes_newcomers_wait_and_sends_nobody_back() {
        let mut line = Line::at_opening(OPENING, RULES, 0);
        let arrived = |ms| Place::of(OPENING, OPENING.plus_ms(ms), 7);
        let after = |ms| OPENING.plus_ms(ms);
        tick(&mut line, after(60_000), 1_900, &[], HIGH);
        tick(&mut line, after(60_100), 100, &[], LOW);
        tick(&mut line, after(62_000), 1_900, &[], HIGH);
        assert!(line.is_open(), "a moment of relief begins anew");
        tick(&mut line, after(62_100), 100, &[], HIGH);
        assert!(!line.is_open());
        assert!(line.admits(arrived(62_000)) && line.admits(Place(5)) && !line.admits(arrived(62_101)));
        // Under pressure it stays closed, though the pace is enough for all.
        tick(&mut line, after(64_000), 1_000, &[arrived(63_000)], HIGH);
        tick(&mut line, after(64_000), 0, &[arrived(63_000)], HIGH);
        assert!(!line.is_open() && line.admits(arrived(63_000)));
        tick(&mut line, after(65_000), 1_000, &[], LOW);
        assert!(line.is_open());
    }

    #[test]
    fn a_restart_goes_on_where_the_promise_ended() {
        let state = LineState { opening: OPENING, admitted: Place(9), open: false };
        let line = Line::resumed(state, RULES);
        assert!(line.admits(Place(9)) && !line.admits(Place(10)));
        assert!(Line::resumed(LineState { open: true, ..state }, RULES).admits(Place(10)));
        let mut other = Line::at_opening(OPENING.plus_ms(1), RULES, 5);
        other.promise(state);
        assert_eq!(other.cursor(), Place::NOBODY, "a promise of another opening");
    }

    #[test]
    fn looks_are_spread_and_rarer_the_longer_the_wait() {
        assert_eq!((estimate_seconds(0, 50), estimate_seconds(1, 50), estimate_seconds(101, 50)), (0, 1, 3));
        let spread = |estimate| {
            let all = (0..1_000).map(|lot| look_again_seconds(estimate, lot));
            all.fold((u32::MAX, 0), |(least, most), seconds| (least.min(seconds), most.max(seconds)))
        };
        assert_eq!([spread(0), spread(30), spread(10_000)], [(2, 3), (10, 15), (40, 60)]);
    }
}
