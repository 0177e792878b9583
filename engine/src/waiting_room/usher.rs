//! The usher: lets people in. It alone moves the line; whoever asks where they stand reads what it has published.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::round::{Picture, Round, Rounds};
use super::{DRAW_THERE_MS, ToWrite, WaitingRoom};
use crate::core::draw::Place;
use crate::core::event::Event;
use crate::core::ids::{DoseNo, ResidentNo, VaccineId};
use crate::core::line::{Line, LineState};
use crate::core::opening::Openings;
use crate::core::pace::Pressure;
use crate::core::time::Instant;
use crate::view::WaitingFigures;

/// How often the sessions are asked for their openings, in milliseconds; an opening that is known is met at its instant.
const OPENINGS_EVERY_MS: i64 = 1_000;
/// How many people one entry notes as arrived.
const ARRIVED_PEOPLE_MAX: usize = Event::ARRIVED_PEOPLE_MAX;
/// How often arrivals become durable, in milliseconds: rarely enough that the ledger has a quiet second for its tables in the hour before
/// an opening. Whoever came since then and still has their login has lost nothing: it says when it was issued.
const ARRIVALS_EVERY_MS: i64 = 3_000;

/// What the usher sees of the engine.
pub(crate) struct Signs {
    /// How long the oldest entry has been on its way to the disk, in milliseconds.
    pub(crate) queue_age_ms: u64,
    /// How much of the residents' way to the disk is in use, in percent.
    pub(crate) permits_used_percent: u64,
}

/// Moves the line, on the clock of the engine.
#[derive(Default)]
pub(crate) struct Usher {
    line: Option<Line>,
    ticked_at: Option<Instant>,
    asked_at: Option<Instant>,
    wrote_at: Option<Instant>,
    admissions: Admissions,
}

impl Usher {
    /// Takes over what was durable when the engine started. People count as there for as long as their pages need to ask again.
    pub(crate) fn begin(&mut self, room: &WaitingRoom, now: Instant) {
        let Openings { current, next } = room.openings(now);
        let promised = room.index.setup().line;
        let current = current.map(|current| opening_that_counts(room, current, promised));
        let round = |opening: Instant| Arc::new(Round::new(opening, &room.key));
        let rounds = Rounds { current: current.map(round), next: next.map(round) };
        let until = now.plus_ms(DRAW_THERE_MS);
        if rounds.current.is_some() || rounds.next.is_some() {
            room.index.for_each_resident(|resident, entry| {
                if let Some(arrival) = entry.record.arrived
                    && let Some(round) = rounds.of(arrival.opening)
                {
                    round.restore(resident, entry.person.id, arrival, until.max(round.opening.plus_ms(DRAW_THERE_MS)));
                }
            });
        }
        self.line = rounds.current.as_ref().map(|round| {
            let promised = promised.filter(|state| state.opening == round.opening);
            let anew = || Line::at_opening(round.opening, room.rules.pace, round.in_draw());
            promised.map_or_else(anew, |state| Line::resumed(state, room.rules.pace))
        });
        if let (Some(line), Some(round)) = (&self.line, &rounds.current) {
            round.publish(line.is_open(), line.cursor());
        }
        room.rounds.store(Arc::new(rounds));
        self.asked_at = Some(now);
        self.shut(room);
    }

    /// Lets time pass until `now`; gives what is to become durable. `free` says what could be taken, and is asked for only while
    /// people wait; `may_write` says whether what was handed out before is done.
    pub(crate) fn tick(
        &mut self,
        room: &WaitingRoom,
        now: Instant,
        signs: &Signs,
        may_write: bool,
        free: impl FnOnce() -> Vec<(VaccineId, DoseNo, u32)>,
    ) -> ToWrite {
        let ms = self.ticked_at.map_or(0, |before| now.ms_since(before)).max(0) as u64;
        self.ticked_at = Some(now);
        self.turn_page(room, now);
        let rounds = room.rounds.load();
        let mut to_write = ToWrite::default();
        if let (Some(line), Some(round)) = (&mut self.line, &rounds.current) {
            let pressure = Pressure {
                queue_age_ms: signs.queue_age_ms,
                permits_used_percent: signs.permits_used_percent,
                busy_answers: room.busy_answers.swap(0, Ordering::Relaxed),
                serving_late_ms: room.serving_late_ms.swap(0, Ordering::Relaxed),
            };
            let places = if line.is_open() { Vec::new() } else { round.waiting(line.cursor(), now) };
            line.came_back(room.came_back.swap(0, Ordering::Relaxed) as usize);
            to_write.line = line.tick(now, ms, &places, pressure).filter(|_| may_write);
            round.publish(line.is_open(), line.cursor());
            let admitted = places.partition_point(|place| line.admits(*place));
            room.admitted.fetch_add(admitted as u64, Ordering::Relaxed);
            let is_seen = !line.is_open() || !round.picture.load().places.is_empty();
            if is_seen {
                let free = if line.is_open() { Vec::new() } else { free() };
                let places = places.into_iter().skip(admitted).collect();
                let per_second = self.admissions.per_second(now, admitted, line);
                round.picture.store(Arc::new(Picture { places, per_second, free }));
            }
        }
        if may_write && self.wrote_at.is_none_or(|at| now.ms_since(at) >= ARRIVALS_EVERY_MS) {
            to_write.arrived = arrived(&rounds);
            // With more people than one entry takes, the next one follows at once.
            let is_whole = to_write.arrived.as_ref().is_none_or(|(_, people)| people.len() < ARRIVED_PEOPLE_MAX);
            self.wrote_at = if is_whole { Some(now) } else { None };
        }
        self.shut(room);
        to_write
    }

    /// Notes that `state` is durable.
    pub(crate) fn promised(&mut self, room: &WaitingRoom, state: LineState) {
        if let Some(line) = &mut self.line {
            line.promise(state);
            let rounds = room.rounds.load();
            if let Some(round) = rounds.current.as_ref().filter(|round| round.opening == line.opening()) {
                let waiting = if line.is_open() { round.picture.load().places.len() } else { 0 };
                room.admitted.fetch_add(waiting as u64, Ordering::Relaxed);
                round.publish(line.is_open(), line.cursor());
            }
        }
        self.shut(room);
    }

    /// How long until the usher is needed again, in milliseconds, at most `ms_max`.
    pub(crate) fn wait_ms(room: &WaitingRoom, now: Instant, ms_max: u64) -> u64 {
        let next = room.rounds.load().next.as_ref().map(|round| round.opening.ms_since(now).max(0) as u64);
        next.map_or(ms_max, |ms| ms.min(ms_max))
    }

    /// The figures of now.
    pub(crate) fn figures(&self, room: &WaitingRoom) -> WaitingFigures {
        let rounds = room.rounds.load();
        let waiting = rounds.current.as_ref().map_or(0, |round| round.picture.load().places.len());
        let per_second = self.line.as_ref().filter(|line| !line.is_open()).map_or(0, Line::per_second);
        WaitingFigures {
            waiting: waiting as u64,
            admitted: room.admitted.load(Ordering::Relaxed),
            per_second: u64::from(per_second),
            in_draw: rounds.next.as_ref().map_or(0, |round| round.in_draw() as u64),
        }
    }

    /// Begins the next opening when its instant has come, and looks for others.
    fn turn_page(&mut self, room: &WaitingRoom, now: Instant) {
        let is_due = room.rounds.load().next.as_ref().is_some_and(|next| next.opening <= now);
        let is_time = self.asked_at.is_none_or(|at| now.ms_since(at) >= OPENINGS_EVERY_MS);
        if !is_due && !is_time {
            return;
        }
        self.asked_at = Some(now);
        let before = room.rounds.load_full();
        let Openings { mut current, next } = room.openings(now);
        // What opens without having been announced has no draw. It is for those who wait already, in their order.
        if let Some(waited_for) =
            before.current.as_ref().filter(|_| self.line.as_ref().is_some_and(|line| !line.is_open()))
            && current.is_some_and(|current| before.of(current).is_none())
        {
            current = Some(waited_for.opening);
        }
        if before.current.as_ref().map(|round| round.opening) == current
            && before.next.as_ref().map(|round| round.opening) == next
        {
            return;
        }
        let round = |opening: Instant| {
            before.of(opening).cloned().unwrap_or_else(|| {
                let round = Arc::new(Round::new(opening, &room.key));
                // An opening that was moved keeps its people.
                if let Some(moved) = before.next.as_ref().filter(|moved| moved.opening > now && opening > now) {
                    carry_over(room, moved, &round, now);
                }
                round
            })
        };
        let rounds = Rounds { current: current.map(round), next: next.map(round) };
        if let Some(round) = &rounds.current
            && self.line.as_ref().is_none_or(|line| line.opening() != round.opening)
        {
            if let (Some(waited), Some(line)) = (&before.current, &self.line) {
                take_along(room, waited, line, round, now);
            }
            let line = Line::at_opening(round.opening, room.rules.pace, round.in_draw());
            round.publish(line.is_open(), line.cursor());
            self.line = Some(line);
        }
        if rounds.current.is_none() {
            self.line = None;
        }
        room.rounds.store(Arc::new(rounds));
    }

    /// Says from when on people are asked, and from when on arrivals are noted.
    fn shut(&self, room: &WaitingRoom) {
        let rounds = room.rounds.load();
        let next = rounds.next.as_ref();
        let closed_from = if self.line.as_ref().is_some_and(|line| !line.is_open()) {
            i64::MIN
        } else {
            let is_crowded = next.filter(|round| round.in_draw() > room.rules.pace.first_people as usize);
            is_crowded.map_or(i64::MAX, |round| round.opening.0)
        };
        let window = i64::from(room.rules.draw_minutes);
        let noted_from = next.map_or(i64::MAX, |round| round.opening.plus_minutes(-window).0);
        room.noted_from.store(noted_from, Ordering::Release);
        room.closed_from.store(closed_from, Ordering::Release);
    }
}

/// Gives the people of an opening that was moved their place in the draw of the other one, unless that is still far off.
fn carry_over(room: &WaitingRoom, from: &Round, to: &Round, now: Instant) {
    let window = i64::from(room.rules.draw_minutes);
    if now < to.opening.plus_minutes(-window) {
        return;
    }
    for (resident, ..) in from.people() {
        room.arrive(to, resident, now, now, to.opening.plus_ms(DRAW_THERE_MS));
    }
}

/// The people who still wait for one opening when the next one comes were there before it: they are in its draw.
fn take_along(room: &WaitingRoom, from: &Round, line: &Line, to: &Round, now: Instant) {
    if line.is_open() {
        return;
    }
    to.publish(false, Place::NOBODY);
    for (resident, place, until) in from.people() {
        if !line.admits(place) && until >= now {
            room.arrive(to, resident, to.opening.plus_ms(-1), now, until);
        }
    }
}

/// Which opening counts after a restart: the last one, unless people still wait for an earlier one and nobody came for the last, which
/// was not announced then.
fn opening_that_counts(room: &WaitingRoom, last: Instant, promised: Option<LineState>) -> Instant {
    let Some(waited) = promised.filter(|state| !state.open && state.opening < last) else { return last };
    let mut came_for_last = false;
    room.index.for_each_resident(|_, entry| {
        came_for_last |= entry.record.arrived.is_some_and(|arrival| arrival.opening == last);
    });
    if came_for_last { last } else { waited.opening }
}

/// How many people were admitted lately: while the disk holds admission up, this and not the pace says how long others wait.
#[derive(Default)]
struct Admissions {
    /// When people were counted, and how many had been admitted by then.
    counted: VecDeque<(Instant, u64)>,
    in_all: u64,
}

impl Admissions {
    const MS: i64 = 10_000;
    const COUNTS_MAX: usize = 64;

    /// Counts `admitted` people; gives people a second as others are told of.
    fn per_second(&mut self, now: Instant, admitted: usize, line: &Line) -> u32 {
        self.in_all += admitted as u64;
        let is_old = |counted: &(Instant, u64)| now.ms_since(counted.0) > Self::MS;
        while self.counted.len() >= Self::COUNTS_MAX || self.counted.front().is_some_and(is_old) {
            self.counted.pop_front();
        }
        self.counted.push_back((now, self.in_all));
        let measured = self.counted.front().map_or(0, |(since, before)| {
            let seconds = (now.ms_since(*since).max(0) as u64).div_ceil(1_000).max(1);
            (self.in_all - before) / seconds
        });
        let measured = u32::try_from(measured).unwrap_or(u32::MAX).max(1);
        if line.is_held_up() { measured.min(line.per_second()) } else { line.per_second() }
    }
}

/// Arrivals that are to become durable: those of the opening that counts first.
fn arrived(rounds: &Rounds) -> Option<(Instant, Vec<(ResidentNo, Instant)>)> {
    [&rounds.current, &rounds.next].into_iter().flatten().find_map(|round| {
        let people = round.take_unwritten(ARRIVED_PEOPLE_MAX);
        (!people.is_empty()).then_some((round.opening, people))
    })
}

impl WaitingRoom {
    /// Keeps arrivals that did not become durable, to be tried again.
    pub(crate) fn keep_unwritten(&self, opening: Instant, people: Vec<(ResidentNo, Instant)>) {
        if let Some(round) = self.rounds.load().of(opening) {
            round.keep_unwritten(people);
        }
    }
}
