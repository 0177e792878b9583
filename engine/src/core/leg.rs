//! What a request asks for: one place, or a pair of them.

use serde::{Deserialize, Serialize};

use super::ids::{DoseNo, SessionId, SlotNo};

/// A place as a request names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Leg {
    /// In which session.
    pub session: SessionId,
    /// In which slot.
    pub slot: SlotNo,
    /// For which dose.
    pub dose: DoseNo,
}

/// The places of one request: one dose, or a pair of consecutive doses. Nothing else can be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Legs(Vec<Leg>);

impl Legs {
    /// One dose.
    #[must_use]
    pub fn one(leg: Leg) -> Self {
        Self(vec![leg])
    }

    /// Two consecutive doses, the earlier one first; none if they are not.
    #[must_use]
    pub fn pair(first: Leg, second: Leg) -> Option<Self> {
        (first.dose.next() == Some(second.dose)).then(|| Self(vec![first, second]))
    }

    /// What `legs` name, if it is one dose or a pair.
    #[must_use]
    pub fn of(legs: &[Leg]) -> Option<Self> {
        match legs {
            [leg] => Some(Self::one(*leg)),
            [first, second] => Self::pair(*first, *second),
            _ => None,
        }
    }
}

impl std::ops::Deref for Legs {
    type Target = [Leg];

    fn deref(&self) -> &[Leg] {
        &self.0
    }
}
