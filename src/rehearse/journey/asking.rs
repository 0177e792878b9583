//! How a person asks: when it is time, again and again until an answer stands, waiting as they are told or as they cannot help.

use std::time::Duration;

use hyper::StatusCode;
use tokio::time::{Instant, sleep_until};

use super::{Journey, Kept, Stopped};
use crate::phone::{Answer, Ask};
use crate::rehearse::record::Ended;
use crate::rehearse::steps::{Gate, Heard, Step};

/// How long people think between two steps: on average, and at most. In seconds.
const THINK_MEAN: f64 = 1.5;
const THINK_MAX: f64 = 6.0;
/// Whoever hopes for a place that others give back looks again so often, unless they have a habit of their own.
const HOPES_EVERY: Duration = Duration::from_secs(15);
/// After a lost connection, or a "busy" that does not say when to come back. In seconds.
pub(super) const COME_BACK_AFTER: u64 = 1;
const COME_BACK_AFTER_MAX: u64 = 600;
/// A person who must wait longer than this lets go of the connection.
const HANG_UP_OVER: Duration = Duration::from_secs(1);

impl Journey {
    pub(super) fn think(&mut self) {
        self.phone.make_room();
        let time = Duration::from_secs_f64(self.dice.exponential(THINK_MEAN, THINK_MAX));
        self.thought += time;
        self.next += time;
    }

    /// Comes back to see whether somebody has given a place back. That is the person's own time.
    pub(super) fn hope(&mut self) {
        self.phone.hang_up();
        let time = self.person.habits.asks_every.unwrap_or(HOPES_EVERY).mul_f64(0.5 + self.dice.unit());
        self.thought += time;
        self.next += time;
    }

    /// Asks when it is time.
    pub(super) async fn ask_once(&mut self, ask: &Ask) -> (Heard, Option<Answer>, Option<String>) {
        sleep_until(self.next).await;
        self.rush.figures.borrow_mut().was_late(self.next.elapsed());
        let answer = self.phone.ask(ask).await.ok();
        self.next = Instant::now();
        let refusal = answer.as_ref().and_then(Answer::refusal);
        let in_line = refusal.as_ref().is_some_and(|refusal| refusal.in_line);
        if let Some(seconds) = refusal.as_ref().and_then(|refusal| refusal.estimate_s) {
            let told = (self.next, Duration::from_secs(seconds.into()));
            self.kept.told.get_or_insert(told);
        }
        let code = refusal.map(|refusal| refusal.code);
        let answered = answer.as_ref().map(|answer| (answer.status, code.as_deref(), in_line));
        (self.rush.figures.borrow_mut().hear(answered), answer, code)
    }

    /// Asks until an answer stands: a success, or `full`. Waiting because the server asks for it is part of the step's time.
    pub(super) async fn step(&mut self, step: Step, ask: &Ask) -> Result<Answer, Stopped> {
        let began = self.next;
        self.kept = Kept::default();
        let mut ended = Err(Stopped(Ended::BusyTooOften));
        loop {
            let (heard, answer, code) = self.ask_once(ask).await;
            self.stand_at((heard == Heard::InLine).then(|| step.gate()));
            let come_back_after = match (heard, answer) {
                (Heard::Good | Heard::Full, Some(answer)) => {
                    ended = Ok(answer);
                    break;
                }
                (Heard::OtherRefusal, Some(answer)) if self.may_stand(&answer, code.as_deref()) => {
                    ended = Ok(answer);
                    break;
                }
                (Heard::InLine | Heard::Busy | Heard::TooMany | Heard::Error, answer) => {
                    answer.and_then(|answer| answer.retry_after_s)
                }
                (Heard::Good | Heard::Full | Heard::OtherRefusal, _) => {
                    self.kept.stumbled = true;
                    ended = Err(Stopped(Ended::Refused));
                    break;
                }
            };
            self.kept.in_line |= heard == Heard::InLine;
            self.kept.stumbled |= heard != Heard::InLine;
            if self.other_device_booked() {
                return Err(Stopped(Ended::Booked));
            }
            self.wait_s(come_back_after.unwrap_or(COME_BACK_AFTER).min(COME_BACK_AFTER_MAX));
            if self.has_no_patience_left() {
                if heard == Heard::InLine {
                    ended = Err(Stopped(Ended::WaitedTooLong));
                }
                break;
            }
        }
        self.stand_at(None);
        if let (Some((at, told)), true) = (self.kept.told, ended.is_ok() && self.first) {
            self.rush.figures.borrow_mut().waited(told, at.elapsed());
        }
        if matches!(step, Step::Hold | Step::Book) && ended.is_ok() {
            self.be_admitted();
        }
        self.rush.figures.borrow_mut().took(step, began.elapsed());
        ended
    }

    /// Whether the next try would be too late for this person.
    pub(super) fn has_no_patience_left(&self) -> bool {
        self.next >= self.came + self.thought + self.rush.patience
    }

    /// Whether a refusal is no surprise: the other device was faster.
    fn may_stand(&self, answer: &Answer, code: Option<&str>) -> bool {
        self.person.habits.devices > 1 && answer.status == StatusCode::CONFLICT && code == Some("already_booked")
    }

    /// Stands at this gate now, or at none.
    pub(super) fn stand_at(&mut self, gate: Option<Gate>) {
        if gate == self.gate || !self.first {
            return;
        }
        let mut figures = self.rush.figures.borrow_mut();
        if let Some(left) = std::mem::replace(&mut self.gate, gate) {
            figures.leave(left);
        }
        if let Some(gate) = gate {
            figures.stand_at(gate);
        }
    }

    fn be_admitted(&mut self) {
        if self.first && !std::mem::replace(&mut self.admitted, true) {
            let waited = self.came.elapsed().saturating_sub(self.thought);
            self.rush.figures.borrow_mut().admit(waited);
        }
    }

    /// Comes back after so long and up to a half more, so that those who were sent away together do not come back together; or when
    /// the person cannot bear it any longer.
    pub(super) fn wait_s(&mut self, seconds: u64) {
        let lot = self.dice.unit();
        let told = Duration::from_secs(seconds).mul_f64(1.0 + lot / 2.0);
        let wait = self.person.habits.asks_every.map_or(told, |every| every.mul_f64(0.5 + lot));
        if wait > HANG_UP_OVER {
            self.phone.hang_up();
        }
        self.next += wait;
    }
}
