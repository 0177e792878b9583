//! Who asks.

use sesshu_engine::core::staff::StaffRole;
use sesshu_http::Access;

/// Somebody in front of a browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Actor {
    /// Who never signed in.
    Nobody,
    /// Who is signed in with this role; those of a venue are bound to the first one.
    SignedIn(StaffRole),
    /// An admin whose account was disabled after they had signed in.
    Disabled,
    /// An admin who has signed out, with the cookie from before.
    SignedOut,
}

impl Actor {
    pub(crate) const ALL: [Self; 7] = [
        Self::Nobody,
        Self::SignedIn(StaffRole::Operator),
        Self::SignedIn(StaffRole::Venue),
        Self::SignedIn(StaffRole::Admin),
        Self::SignedIn(StaffRole::Ops),
        Self::Disabled,
        Self::SignedOut,
    ];

    /// Whether a page with this access is for them.
    pub(crate) fn is_let_in(self, access: Access) -> bool {
        match self {
            Self::SignedIn(role) => access.admits(role),
            Self::Nobody | Self::Disabled | Self::SignedOut => access == Access::Anybody,
        }
    }

    /// Whether the console knows who they are.
    pub(crate) const fn is_known(self) -> bool {
        matches!(self, Self::SignedIn(_))
    }
}
