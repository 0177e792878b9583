//! Places by lane, counted by the auditor's own rule.

/// Places taken, by lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lanes {
    pub(super) web: u32,
    pub(super) phone: u32,
}

impl Lanes {
    /// Both together.
    pub(super) const fn and(self, other: Self) -> Self {
        Self { web: self.web + other.web, phone: self.phone + other.phone }
    }
}

/// How many places a lane could take: on the web less what the phone's share still keeps back.
pub(super) fn places_left(capacity: u32, taken: Lanes, share_kept: u32) -> u32 {
    let kept_back = share_kept.saturating_sub(taken.phone);
    capacity.saturating_sub(taken.web).saturating_sub(taken.phone).saturating_sub(kept_back)
}
