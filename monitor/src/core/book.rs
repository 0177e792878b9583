//! The book: all that is remembered, the judges, and the rules by which incidents begin and end and people are told.
//!
//! Invariants: at most one incident is open for a cause; a lane's messages go out in the order in which they were written, one at a
//! time; nothing is told of what a silence covers. Durations go by steady time; the wall clock is for people, and over restarts.

mod incidents;
mod lanes;
mod notices;
mod orders;
mod own;
mod telling;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::cause::Cause;
use super::contact::Contact;
use super::incident::IncidentNo;
use super::judge::Judge;
use super::message::MessageNo;
use super::sample::{READINGS_MAX, Reading, Sample};
use super::state::State;
use super::time::{Age, Now};
use crate::MonitorConfig;
use crate::board::Gauge;

/// How many periods without a sample are a gap.
const GAP_PERIODS: u32 = 3;
/// How many minutes of a cause are kept for the little chart of its alert.
const RECENT_MINUTES: usize = 60;
/// The longest time that an earlier life of the process can have left behind.
const DAY: Duration = Duration::from_hours(24);

/// The book.
#[derive(Debug)]
pub struct Book {
    config: MonitorConfig,
    name: Box<str>,
    contacts: Vec<Contact>,
    state: State,
    started: Now,
    seen: Option<Now>,
    watched: BTreeMap<Cause, Watched>,
    told: BTreeMap<IncidentNo, Timers>,
    posts: BTreeMap<MessageNo, Post>,
    /// From when until when each silence lasts by steady time, should the wall clock be set back.
    silenced: BTreeMap<u64, (Duration, Duration)>,
    heard: BTreeMap<Box<str>, Age>,
}

/// What is known of a cause that is measured.
#[derive(Debug)]
struct Watched {
    judge: Judge,
    reading: Reading,
    seen_at: Duration,
    recent: VecDeque<(u64, f32)>,
}

/// What is known of an incident beside what is remembered.
#[derive(Debug, Default)]
struct Timers {
    /// How long ago anybody was told.
    told: Option<Age>,
    /// How long ago it ended.
    ended: Option<Age>,
    /// Since when an incident that comes and goes has been well.
    well_since: Option<Duration>,
    /// Why the first contact is to be told now.
    pending: Option<crate::words::Why>,
    /// Whether it was kept quiet.
    was_quiet: bool,
    /// Whether the next contact is told at once, because this one cannot be reached.
    hurry: bool,
    /// Who was called in this round.
    called: BTreeSet<Box<str>>,
    /// Whom it told within the hour.
    tellings: Vec<(Box<str>, Duration)>,
}

/// What is known of a waiting message beside what is remembered.
#[derive(Debug, Clone, Copy)]
struct Post {
    written: Age,
    next_try: Duration,
    in_flight: bool,
    /// Until when a call that was placed may stay unanswered.
    call_until: Option<Duration>,
    /// Whether the contact's next channel was looked for because the lane's head fails.
    behind: bool,
}

impl Book {
    /// A book that goes on from `state`.
    #[must_use]
    pub fn new(config: MonitorConfig, name: &str, state: State, now: Now) -> Self {
        let contacts = config.contacts();
        let mut book = Self {
            config,
            name: name.into(),
            contacts,
            state: State::default(),
            started: now,
            seen: None,
            watched: BTreeMap::new(),
            told: BTreeMap::new(),
            posts: BTreeMap::new(),
            silenced: BTreeMap::new(),
            heard: BTreeMap::new(),
        };
        book.take_up(state, now);
        book
    }

    /// Goes on where an earlier life of the process ended: nothing begins or ends by it.
    fn take_up(&mut self, state: State, now: Now) {
        for open in &state.open {
            let reading = Reading { cause: open.cause.clone(), value: open.value, note: open.note.clone() };
            let judge = Judge::at(Some(open.level));
            let watched = Watched { judge, reading, seen_at: now.steady, recent: VecDeque::new() };
            self.watched.insert(open.cause.clone(), watched);
            let told = open.told_at.map(|at| Age::of_wall(now, at, DAY));
            self.told.insert(open.no, Timers { told, ..Timers::default() });
        }
        for ended in &state.ended {
            let age = ended.resolved_at.map(|at| Age::of_wall(now, at, DAY));
            self.told.insert(ended.no, Timers { ended: age, ..Timers::default() });
        }
        let answer = self.answer_time();
        for message in &state.waiting {
            // A wall clock that was set meanwhile must not keep a message back.
            let wait = message.next_try_at.since(now.wall).min(lanes::RETRY_MAX);
            let call_until = message.call.as_ref().map(|call| now.steady + call.until.since(now.wall).min(answer));
            let post = Post {
                written: Age::of_wall(now, message.at, Duration::from_hours(1)),
                next_try: now.steady + wait,
                in_flight: call_until.is_some(),
                call_until,
                behind: false,
            };
            self.posts.insert(message.no, post);
        }
        // Whoever was heard of before gets time to be heard of again.
        self.heard = state.watchers.iter().map(|watcher| (watcher.name.clone(), Age::zero(now))).collect();
        self.state = state;
        self.end_silences(now);
    }

    /// All that is remembered.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Who is told.
    #[must_use]
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &MonitorConfig {
        &self.config
    }

    /// The latest readings with their thresholds, in the order of the metrics. What is measured no more is not among them.
    #[must_use]
    pub fn gauges(&self) -> Vec<Gauge> {
        let Some(seen) = self.seen else { return Vec::new() };
        let fresh = self.watched.values().filter(|one| seen.steady.saturating_sub(one.seen_at) <= self.gap());
        fresh
            .map(|one| Gauge {
                reading: one.reading.clone(),
                threshold: self.config.threshold(one.reading.cause.metric),
                level: one.judge.level(),
            })
            .collect()
    }

    /// Takes what was measured, and does what it is time for: incidents begin, change and end, and messages are written.
    pub fn see(&mut self, now: Now, sample: &Sample) {
        if self.seen.is_some_and(|seen| self.is_gap(seen, now)) {
            for one in self.watched.values_mut() {
                one.judge.break_off();
                one.seen_at = now.steady;
            }
        }
        self.seen = Some(now);
        let own = self.own_readings(now);
        for reading in sample.readings.iter().chain(&own).take(READINGS_MAX) {
            if reading.value.is_finite() {
                self.judge(now, reading);
            }
        }
        self.end_what_is_gone(now);
        self.forget(now);
        self.pass_time(now);
    }

    /// Does what it is time for: silences end, calls stay unanswered, the next contact is told, an alert is repeated.
    pub fn pass_time(&mut self, now: Now) {
        self.remind_of_notices(now);
        self.end_silences(now);
        self.end_calls(now);
        self.tell_all(now);
    }

    fn gap(&self) -> Duration {
        Duration::from_secs(u64::from(self.config.every_seconds)) * GAP_PERIODS
    }

    /// Whether time went by unseen: the process was stopped, or (the wall clock alone tells) the machine suspended.
    fn is_gap(&self, seen: Now, now: Now) -> bool {
        let gap = self.gap();
        let passed = now.steady.saturating_sub(seen.steady);
        passed > gap || now.wall.since(seen.wall) > passed + gap
    }

    fn judge(&mut self, now: Now, reading: &Reading) {
        let gap = self.gap();
        let watched = self.watched.entry(reading.cause.clone()).or_insert_with(|| Watched {
            judge: Judge::default(),
            reading: reading.clone(),
            seen_at: now.steady,
            recent: VecDeque::new(),
        });
        if now.steady.saturating_sub(watched.seen_at) > gap {
            watched.judge.break_off();
        }
        watched.reading = reading.clone();
        let minute = now.steady.as_secs() / 60;
        let value = reading.value as f32;
        match watched.recent.back_mut() {
            Some((of, worst)) if *of == minute => *worst = worst.max(value),
            _ => watched.recent.push_back((minute, value)),
        }
        if watched.recent.len() > RECENT_MINUTES {
            watched.recent.pop_front();
        }
        // What is not watched any more ends as gone.
        let Some(threshold) = self.config.threshold(reading.cause.metric) else { return };
        watched.seen_at = now.steady;
        let level = watched.judge.see(reading.cause.metric, &threshold, reading.value, now.steady);
        self.take_level(now, reading, level);
    }

    /// Forgets what is known of causes and incidents that are no more.
    fn forget(&mut self, now: Now) {
        let Self { state, watched, told, posts, .. } = self;
        let is_open = |cause: &Cause| state.open.iter().any(|open| open.cause == *cause);
        watched.retain(|cause, one| now.steady.saturating_sub(one.seen_at) < incidents::GONE_AFTER || is_open(cause));
        told.retain(|no, _| state.open.iter().chain(&state.ended).any(|incident| incident.no == *no));
        posts.retain(|no, _| state.waiting.iter().any(|message| message.no == *no));
    }

    fn next_no(&mut self) -> u64 {
        self.state.last_no += 1;
        self.state.last_no
    }
}

/// The first `chars_max` characters of what a person or another program said.
fn short(text: &str, chars_max: usize) -> Box<str> {
    let end = text.char_indices().nth(chars_max).map_or(text.len(), |(at, _)| at);
    text[..end].into()
}
