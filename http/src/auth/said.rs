//! What somebody does at the login gate, and what it says to them.

use super::ticket::Ticket;

/// When to ask again, in seconds.
pub(super) const AGAIN_S_MIN: f64 = 3.0;
const AGAIN_S_MAX: f64 = 60.0;

/// Where somebody stands who waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waits {
    /// How many come first.
    pub(crate) ahead: u32,
    /// How long it takes, in seconds.
    pub(crate) estimate_seconds: u32,
    /// When to ask again, in seconds: sooner the nearer the turn is, and spread.
    pub(crate) again_seconds: u32,
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

/// Where somebody stands whose turn comes in so many `seconds`, behind so many as are `ahead`.
pub(super) fn waits(spread_by: u64, seconds: f64, ahead: f64) -> Waits {
    // A quarter more at most, so that those who were sent away together do not come back together.
    let spread = f64::from(spread_by as u8) / 1_024.0;
    let again = (seconds / 4.0).clamp(AGAIN_S_MIN, AGAIN_S_MAX) * (1.0 + spread);
    Waits {
        ahead: (ahead.ceil() as u32).max(1),
        estimate_seconds: (seconds.ceil() as u32).max(1),
        again_seconds: again.ceil() as u32,
    }
}
