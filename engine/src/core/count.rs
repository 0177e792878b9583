//! Places counted by the lane that took them.

use super::resident::Contradiction;

/// Places by the lane that took them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Count {
    /// By the web.
    pub web: u32,
    /// By phone, counter or city: these count against the phone's share.
    pub phone: u32,
}

impl Count {
    /// All lanes together.
    #[must_use]
    pub const fn total(self) -> u32 {
        self.web + self.phone
    }

    /// One place more or less.
    pub fn change(&mut self, phone: bool, taken: bool) -> Result<(), Contradiction> {
        let lane = if phone { &mut self.phone } else { &mut self.web };
        *lane = if taken { lane.checked_add(1) } else { lane.checked_sub(1) }.ok_or(Contradiction::NotTaken)?;
        Ok(())
    }

    /// One place more or less, of those that the session's clerk itself counts.
    ///
    /// # Panics
    /// If a place is freed that was not taken: a bug.
    pub(super) fn count(&mut self, phone: bool, taken: bool) {
        self.change(phone, taken).expect("only a taken place is freed");
    }
}

/// What a resident on the web could take of a slot: `max(0, capacity − taken − max(0, share − taken by phone))`. Without a
/// share it is what an operator could take.
#[must_use]
pub const fn web_free(capacity: u32, taken: Count, phone_share: u32) -> u32 {
    capacity.saturating_sub(taken.total()).saturating_sub(phone_share.saturating_sub(taken.phone))
}
