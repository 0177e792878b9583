//! What was heard in a phase, in figures.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sesshu_benches::rounds::p99_ms;

/// A booking may fall to this or that side of a window's edge.
const EDGE: f64 = 1.0;
/// So long a rate must hold to be one.
const WINDOW: Duration = Duration::from_secs(3);
const STEP: Duration = Duration::from_millis(100);
/// What counts as normal.
const NORMAL_SHARE: f64 = 0.99;

/// The figures.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    /// Who came, newly or again.
    pub(crate) came: usize,
    /// When somebody had reached their booking.
    pub(crate) booked: Vec<Instant>,
    /// How long each answer took that was no refusal, from when the request should have begun.
    pub(crate) accepted: Vec<Duration>,
    /// The same for logins alone.
    pub(crate) logins: Vec<Duration>,
    /// Refusals by status and code.
    pub(crate) refused: BTreeMap<String, usize>,
    /// Connections that broke or were cut off.
    pub(crate) broken: usize,
    /// Who found every connection of the generator in use.
    pub(crate) crowded_out: usize,
    /// How late the generator itself was.
    pub(crate) late: Vec<Duration>,
}

impl Tally {
    pub(crate) fn refusals(&self) -> usize {
        self.refused.values().sum()
    }

    pub(crate) fn answers(&self) -> usize {
        self.accepted.len() + self.refusals()
    }

    /// Bookings a second.
    pub(crate) fn goodput(&self, lasting: Duration) -> f64 {
        self.booked.len() as f64 / lasting.as_secs_f64()
    }

    /// How long after `from` the first three seconds began in which as many booked as normally, `until` a time; none if never.
    pub(crate) fn normal_again(&self, from: Instant, until: Instant, per_second: f64) -> Option<Duration> {
        let wanted = per_second * WINDOW.as_secs_f64() * NORMAL_SHARE - EDGE;
        let mut starts = (0..).map(|step| from + STEP * step).take_while(|start| *start + WINDOW <= until);
        let start = starts.find(|&start| {
            let inside = self.booked.iter().filter(|&&at| start <= at && at < start + WINDOW).count();
            inside as f64 >= wanted
        })?;
        Some(start - from)
    }

    /// One line for a person.
    pub(crate) fn said(&self, lasting: Duration) -> String {
        let refused: Vec<String> = self.refused.iter().map(|(code, count)| format!("{code} {count}")).collect();
        format!(
            "{:.0} came a second, {:.1} booked; p99 accepted {:.0} ms, logins {:.0} ms; refused: {}; broken {}; the generator was {:.1} ms late (p99) and crowded out {}",
            self.came as f64 / lasting.as_secs_f64(),
            self.goodput(lasting),
            p99_ms(&self.accepted),
            p99_ms(&self.logins),
            if refused.is_empty() { "nobody".to_owned() } else { refused.join(", ") },
            self.broken,
            p99_ms(&self.late),
            self.crowded_out,
        )
    }
}
