//! What somebody does at the login gate, and what it says to them.

use super::ticket::Ticket;

/// When to ask again, in seconds, on average.
const AGAIN_S_MIN: f64 = 2.5;
const AGAIN_S_MAX: f64 = 60.0;
/// It is so much of that at least, and as much more than that at most.
const AGAIN_PART_MIN: f64 = 0.6;
/// Whoever has just come is asked back after so many seconds.
const AGAIN_S_FIRST: u32 = 2;

/// Where somebody stands who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waits {
    /// How many come first.
    pub(crate) ahead: u32,
    /// How long it takes, in seconds.
    pub(crate) estimate_seconds: u32,
    /// When to ask again, in seconds: sooner the nearer the turn is, and spread.
    pub(crate) again_seconds: u32,
    /// After how many milliseconds they are told all this; 0 unless they are sent back at the door.
    pub(crate) told_after_ms: u32,
}

/// What the gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// Nobody stands in line. Whoever looks gets a ticket all the same: it counts if a rush begins while they type.
    Open(Option<Ticket>),
    /// It is their turn.
    Admitted(Ticket),
    /// Others come first.
    Waits(Ticket, Waits),
    /// Their network has taken so many places that there is none for them yet.
    Crowded(Waits),
}

/// What somebody does at the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Looks where they stand; takes a ticket if they have none.
    Look,
    /// Wants a password to be checked.
    Try,
}

/// Where somebody stands who has just come: they come back soon, and are counted then; most of those who attack, and many who changed
/// their mind, do not.
pub(super) fn waits_first(seconds: f64, ahead: f64) -> Waits {
    Waits { again_seconds: AGAIN_S_FIRST, ..waits(0, seconds, ahead) }
}

/// Where somebody stands whose turn comes in so many `seconds`, behind so many as are `ahead`. `random` decides when they ask again:
/// those who stand side by side came together, and must not go on to come together, or the pool would have nothing to do in between.
pub(super) fn waits(random: u64, seconds: f64, ahead: f64) -> Waits {
    let part = |bits: u64| f64::from(bits as u16) / f64::from(u16::MAX);
    let spread = AGAIN_PART_MIN + 2.0 * (1.0 - AGAIN_PART_MIN) * part(random);
    // A fraction of a second is rounded up as often as it is large.
    let again = (seconds / 4.0).clamp(AGAIN_S_MIN, AGAIN_S_MAX) * spread + part(random >> 16);
    Waits {
        ahead: (ahead.ceil() as u32).max(1),
        estimate_seconds: (seconds.ceil() as u32).max(1),
        again_seconds: (again as u32).max(1),
        told_after_ms: 0,
    }
}

/// Where somebody stands whose turn has come, but the pool has enough to do.
pub(super) fn waits_again(random: u64, queued: f64) -> Waits {
    waits(random, AGAIN_S_MIN, queued)
}

/// The same for somebody to whom it happens for the first time. They are told so after a part of a second that `random` decides: whole
/// seconds are all that can be said of when to come back, and those who came as one burst would come back as one, while the pool would have
/// nothing to do in between.
pub(super) fn waits_at_the_door(random: u64, queued: f64) -> Waits {
    let told_after_ms = (random >> 32) as u32 % 1_000;
    Waits { told_after_ms, ..waits_again(random, queued) }
}
