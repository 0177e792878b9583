//! The limits of a session that the city changes: a slot's places, the vaccine of the whole.

use super::ids::SlotNo;

/// A limit of a session that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// The places of a slot.
    Slot {
        /// Which.
        slot: SlotNo,
        /// Its new capacity.
        capacity: u32,
    },
    /// The vaccine of the whole session.
    Stock {
        /// How many doses there are; none is without limit.
        doses_total: Option<u32>,
    },
}

/// A limit below what is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{taken} places are booked or held")]
pub struct LimitTooSmall {
    /// How many places are booked, being decided or held.
    pub taken: u32,
}
