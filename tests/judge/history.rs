//! What clients wrote down: who asked what, from when to when, and what they heard. Plain facts of the JSON contract, on one
//! monotonic clock. Knows neither how they were gathered nor what is right.

use std::collections::BTreeMap;

/// A time on the clients' one monotonic clock, in microseconds from the start of the recording.
pub(crate) type Micros = u64;
/// A slot, as an index into [`History::slots`].
pub(crate) type Slot = usize;
/// A person, as a number.
pub(crate) type Person = usize;

/// A slot as it was published.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SlotFacts {
    /// Its places.
    pub(crate) capacity: usize,
    /// The day of its session, counted from any fixed day.
    pub(crate) day: i64,
}

/// A place that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Want {
    pub(crate) slot: Slot,
    pub(crate) dose: u8,
}

/// What somebody asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    Book {
        key: String,
        wants: Vec<Want>,
    },
    Move {
        key: String,
        number: String,
        to: Slot,
    },
    Cancel {
        number: String,
    },
    Hold {
        wants: Vec<Want>,
        /// The booking that is to be moved.
        changes: Option<String>,
    },
    Release {
        hold: String,
    },
    /// `GET /me`.
    Look,
}

/// A booking in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) number: String,
    pub(crate) slot: Slot,
    pub(crate) dose: u8,
    pub(crate) live: bool,
}

/// What they heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// A booking, a move or a cancellation was done.
    Done {
        /// 201, the first answer of a booking; else 200, which moves, cancellations and repeated keys share.
        created: bool,
        /// The body, byte by byte.
        body: String,
        bookings: Vec<Seen>,
    },
    Held {
        hold: String,
    },
    Released,
    Looked(Vec<Seen>),
    Refused {
        code: String,
        /// With a `retry_at`: only holds stand in the way.
        only_holds: bool,
        /// Which leg of a pair.
        index: Option<usize>,
    },
    /// No answer, or one that says that the outcome is not known.
    Nothing,
}

/// One call of one person.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) person: Person,
    /// Before the first byte was sent.
    pub(crate) began: Micros,
    /// After the last byte was read; without an answer: when the server process that may have heard it had ended, for after
    /// that it cannot take effect any more.
    pub(crate) ended: Micros,
    pub(crate) asked: Asked,
    pub(crate) heard: Heard,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) slots: Vec<SlotFacts>,
    /// The shortest difference of days between dose 1 and dose 2.
    pub(crate) interval_days_min: i64,
    pub(crate) calls: Vec<Call>,
    /// When server processes had ended, ascending.
    pub(crate) cuts: Vec<Micros>,
    /// Stretches in which everybody only looked, each from its first look to its last.
    pub(crate) quiet: Vec<(Micros, Micros)>,
}

impl History {
    /// The calls of each person, in order of their beginning.
    pub(crate) fn by_person(&self) -> BTreeMap<Person, Vec<&Call>> {
        let mut people: BTreeMap<Person, Vec<&Call>> = BTreeMap::new();
        for call in &self.calls {
            people.entry(call.person).or_default().push(call);
        }
        for calls in people.values_mut() {
            calls.sort_by_key(|call| (call.began, call.ended));
        }
        people
    }

    /// When the server process that was running at `at` had ended; never, if it was not cut.
    pub(crate) fn cut_after(&self, at: Micros) -> Micros {
        self.cuts.iter().copied().find(|cut| *cut >= at).unwrap_or(Micros::MAX)
    }
}

impl std::fmt::Display for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:>10} to {:>10} µs  {:?} → {:?}", self.began, self.ended, self.asked, self.heard)
    }
}
