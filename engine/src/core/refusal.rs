//! A refusal is a business "no": it changes nothing, and its order of precedence is part of the contract.

use super::time::Instant;

/// Why a request is refused, in order of precedence: the first that fits is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalCode {
    /// The same request key came with other content.
    KeyReused,
    /// There is no such booking, or it is somebody else's.
    NoSuchBooking,
    /// There is no such hold, or it is somebody else's, or it has ended.
    NoSuchHold,
    /// The deadline for changing or cancelling has passed.
    TooLate,
    /// There is no such session, slot or dose in it.
    NoSuchSlot,
    /// The session does not take bookings yet.
    NotOpen,
    /// The session or slot takes no more bookings.
    Closed,
    /// The person may not book this: wave not open, too young, left the roll, no first dose, another vaccine.
    NotEligible,
    /// The person has this dose, or a live booking for it.
    AlreadyBooked,
    /// The date is too near to, or too far from, another dose.
    Interval,
    /// No place is left.
    Full,
    /// The person changed their bookings too often this week.
    TooManyChanges,
    /// The person waits for their turn in the waiting room; nothing was changed.
    Queued,
    /// The system has too much to do; nothing was changed.
    Busy,
    /// The outcome is not known: repeat with the same key.
    Unavailable,
}

impl RefusalCode {
    /// All of them, in order of precedence.
    pub const ALL: [Self; 15] = [
        Self::KeyReused,
        Self::NoSuchBooking,
        Self::NoSuchHold,
        Self::TooLate,
        Self::NoSuchSlot,
        Self::NotOpen,
        Self::Closed,
        Self::NotEligible,
        Self::AlreadyBooked,
        Self::Interval,
        Self::Full,
        Self::TooManyChanges,
        Self::Queued,
        Self::Busy,
        Self::Unavailable,
    ];

    /// The stable name in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::KeyReused => "key_reused",
            Self::NoSuchBooking => "no_such_booking",
            Self::NoSuchHold => "no_such_hold",
            Self::TooLate => "too_late",
            Self::NoSuchSlot => "no_such_slot",
            Self::NotOpen => "not_open",
            Self::Closed => "closed",
            Self::NotEligible => "not_eligible",
            Self::AlreadyBooked => "already_booked",
            Self::Interval => "interval",
            Self::Full => "full",
            Self::TooManyChanges => "too_many_attempts",
            Self::Queued => "queued",
            Self::Busy => "busy",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A refusal with what helps the person on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: RefusalCode,
    /// For `Full`: when the first hold in the way ends, if only holds stand in the way. For `NotOpen` and `NotEligible`: when
    /// the person may book, if that is known.
    pub retry_at: Option<Instant>,
    /// Which leg of a pair, from 0; none for a single booking.
    pub index: Option<u8>,
}

impl From<RefusalCode> for Refusal {
    fn from(code: RefusalCode) -> Self {
        Self { code, retry_at: None, index: None }
    }
}

impl Refusal {
    /// The same refusal for leg `index` of `legs`: a pair says which one, a single booking does not.
    #[must_use]
    pub const fn of_leg(mut self, index: usize, legs: usize) -> Self {
        self.index = if legs > 1 { Some(index as u8) } else { None };
        self
    }
}
