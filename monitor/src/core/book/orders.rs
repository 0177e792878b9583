//! What people ask for.

use std::time::Duration;

use super::{Book, short};
use crate::core::incident::{Actor, IncidentNo};
use crate::core::message::Outcome;
use crate::core::order::{Done, Order, OrderError};
use crate::core::silence::{Covers, Silence};
use crate::core::state::{HAND_CALLS_MAX, HandCall, SILENCES_MAX, WATCHERS_MAX, Watcher};
use crate::core::time::{Age, Now, WallMs};

/// The longest silence, and how far ahead it may begin.
const SILENCE_MAX: Duration = Duration::from_hours(31 * 24);
/// The longest reason of a silence, in characters.
const REASON_CHARS_MAX: usize = 200;
/// The longest name of a person or a watcher, in characters.
const NAME_CHARS_MAX: usize = 80;
/// The shortest token of a call that can be a secret.
const TOKEN_BYTES_MIN: usize = 16;

impl Book {
    /// Does what somebody asks for. An error changes nothing.
    pub fn order(&mut self, now: Now, order: Order) -> Result<Done, OrderError> {
        match order {
            Order::Acknowledge { incident, by } => self.take_care(now, incident, &by),
            Order::Silence { covers, from, until, by, reason } => {
                let from = from.unwrap_or(now.wall);
                self.silence(now, covers, (from, until), &by, &reason)
            }
            Order::EndSilence { no, by: _ } => {
                let nth = self.state.silences.iter().position(|silence| silence.no == no);
                self.state.silences.remove(nth.ok_or_else(|| no_such("silence"))?);
                self.pass_time(now);
                Ok(Done::Done)
            }
            Order::LogCall { contact, incident, notice, reached, by } => {
                if !self.contacts.iter().any(|one| one.name == contact) {
                    return Err(no_such("contact"));
                }
                let mut known = self.state.open.iter().chain(&self.state.ended);
                if incident.is_some_and(|no| !known.any(|one| one.no == no)) {
                    return Err(no_such("incident"));
                }
                if notice.is_some_and(|no| self.state.notice(no).is_none()) {
                    return Err(no_such("notice"));
                }
                let by = short(&by, NAME_CHARS_MAX);
                self.state.hand_calls.insert(0, HandCall { at: now.wall, contact, incident, notice, reached, by });
                self.state.hand_calls.truncate(HAND_CALLS_MAX);
                Ok(Done::Done)
            }
            Order::CallAnswered { token, outcome } => self.call_answered(now, &token, outcome),
            Order::Heard { watcher, undelivered_seconds } => self.heard(now, &watcher, undelivered_seconds),
            Order::GiveNotice { kind, text, by, quiet } => {
                self.give_notice(now, kind, &text, &short(&by, NAME_CHARS_MAX), quiet)
            }
            Order::UpdateNotice { no, text, by } => self.update_notice(now, no, &text, &short(&by, NAME_CHARS_MAX)),
            Order::EndNotice { no, text, by } => {
                let done = self.end_notice(now, no, &text, &short(&by, NAME_CHARS_MAX));
                self.pass_time(now);
                done
            }
        }
    }

    fn take_care(&mut self, now: Now, no: IncidentNo, by: &Actor) -> Result<Done, OrderError> {
        if self.state.ended.iter().any(|ended| ended.no == no) {
            return Err(OrderError::Over);
        }
        if !self.state.open.iter().any(|open| open.no == no) {
            return Err(no_such("incident"));
        }
        self.acknowledge(now, no, short(by, NAME_CHARS_MAX));
        Ok(Done::Done)
    }

    fn silence(
        &mut self,
        now: Now,
        covers: Covers,
        (from, until): (WallMs, WallMs),
        by: &Actor,
        reason: &str,
    ) -> Result<Done, OrderError> {
        let invalid = |key: &str, why: &str| Err(OrderError::Invalid(key.into(), why.into()));
        let reason = reason.trim();
        if reason.is_empty() || reason.chars().count() > REASON_CHARS_MAX {
            return invalid("reason", "must have 1 to 200 characters");
        }
        let from = from.max(now.wall);
        if until <= from {
            return invalid("until", "must be later than its beginning, and in the future");
        }
        if until.since(now.wall) > SILENCE_MAX {
            return invalid("until", "must be within 31 days");
        }
        if self.state.silences.len() >= SILENCES_MAX {
            return Err(OrderError::TooMany("silences".into()));
        }
        let no = self.next_no();
        let by = short(by, NAME_CHARS_MAX);
        self.state.silences.push(Silence { no, covers, from, until, by, reason: reason.into() });
        self.end_silences(now);
        Ok(Done::Silence(no))
    }

    /// A silence is over when the wall clock says so, or when it has lasted as long as was asked for: whichever is first.
    pub(super) fn end_silences(&mut self, now: Now) {
        let Self { state, silenced, .. } = self;
        let steady = |at: WallMs| now.steady.saturating_add(at.since(now.wall));
        for silence in &state.silences {
            silenced.entry(silence.no).or_insert_with(|| (steady(silence.from), steady(silence.until)));
        }
        let lasts = |no: u64| silenced.get(&no).is_some_and(|(_, end)| now.steady < *end);
        state.silences.retain(|silence| now.wall < silence.until && lasts(silence.no));
        silenced.retain(|no, _| state.silences.iter().any(|silence| silence.no == *no));
    }

    /// A call's provider says how it ended. The token counts once.
    fn call_answered(&mut self, now: Now, token: &str, outcome: Outcome) -> Result<Done, OrderError> {
        if matches!(outcome, Outcome::Placed | Outcome::NotNeeded) {
            return Err(OrderError::Invalid("outcome".into(), "is not how a call ends".into()));
        }
        if token.len() < TOKEN_BYTES_MIN {
            return Err(no_such("call"));
        }
        // Hashes are compared in constant time.
        let asked = blake3::hash(token.as_bytes());
        let is_asked = |given: &str| blake3::hash(given.as_bytes()) == asked;
        let mut calls = self.state.waiting.iter();
        let of = calls.find(|message| message.call.as_ref().is_some_and(|call| is_asked(&call.token)));
        let no = of.ok_or_else(|| no_such("call"))?.no;
        self.delivered(now, no, outcome, "", None);
        self.pass_time(now);
        Ok(Done::Done)
    }

    fn heard(&mut self, now: Now, name: &str, undelivered_seconds: u32) -> Result<Done, OrderError> {
        if name.trim().is_empty() || name.chars().count() > NAME_CHARS_MAX {
            return Err(OrderError::Invalid("watcher".into(), "must have 1 to 80 characters".into()));
        }
        let heard = Watcher { name: name.into(), heard_at: now.wall, undelivered_seconds };
        let known = self.state.watchers.iter().position(|watcher| *watcher.name == *name);
        match known {
            Some(nth) => self.state.watchers[nth] = heard,
            None if self.state.watchers.len() >= WATCHERS_MAX => return Err(OrderError::TooMany("watchers".into())),
            None => self.state.watchers.push(heard),
        }
        self.heard.insert(name.into(), Age::zero(now));
        Ok(Done::Done)
    }
}

fn no_such(what: &str) -> OrderError {
    OrderError::NoSuch(what.into())
}
