//! What staff noted about a person: doses given here, the clinic, a password that was asked for, calls that were made. Most people
//! have nothing of it, so it is kept apart from their record.

use serde::{Deserialize, Serialize};

use super::ids::{BookingNumber, SessionId};
use super::staff::{FollowUp, LeftoverAnswer, Reached};
use super::time::Instant;

/// What staff noted about a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Care {
    /// Doses given here, oldest first.
    pub given: Vec<GivenDose>,
    /// Whether they said that a clinic vaccinates them.
    pub clinic: bool,
    /// When a new password by post was asked for, if it has not been issued since.
    pub password_requested_at: Option<Instant>,
    /// What came of following up, oldest first: one for each reason and booking.
    pub followed_up: Vec<FollowedUp>,
    /// What they said to leftover doses, oldest first: one for each session.
    pub leftovers: Vec<LeftoverAsked>,
}

/// A dose that was given here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenDose {
    /// By which booking.
    pub number: BookingNumber,
    /// Of which lot.
    pub lot: Box<str>,
    /// When it was entered.
    pub at: Instant,
}

/// An attempt to reach a person about a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowedUp {
    /// Why.
    pub why: FollowUp,
    /// About which booking.
    pub number: BookingNumber,
    /// What came of it.
    pub reached: Reached,
    /// When.
    pub at: Instant,
    /// The login of the member of staff who tried.
    pub by: Option<Box<str>>,
}

/// A leftover dose that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftoverAsked {
    /// Of which session.
    pub session: SessionId,
    /// What they said.
    pub answer: LeftoverAnswer,
    /// When.
    pub at: Instant,
}

/// The longest name of a lot, in characters.
pub const LOT_CHARS_MAX: usize = 16;

/// A lot's name as it is stored: capital letters, digits and hyphens, full width accepted; none if it is something else.
#[must_use]
pub fn parse_lot(typed: &str) -> Option<Box<str>> {
    let narrow = |c: char| match c {
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' | '０'..='９' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '－' | '‐' | '−' | 'ー' => '-',
        c => c,
    };
    let lot: String = typed.trim().chars().map(narrow).map(|c| c.to_ascii_uppercase()).collect();
    let valid = !lot.is_empty()
        && lot.len() <= LOT_CHARS_MAX
        && lot.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-');
    valid.then(|| lot.into())
}

impl Care {
    /// What came of following up on booking `number` for this reason, if somebody has.
    #[must_use]
    pub fn followed_up(&self, why: FollowUp, number: BookingNumber) -> Option<&FollowedUp> {
        self.followed_up.iter().find(|done| done.why == why && done.number == number)
    }

    /// What they said to a leftover dose of `session`, if they were asked.
    #[must_use]
    pub fn asked(&self, session: SessionId) -> Option<&LeftoverAsked> {
        self.leftovers.iter().find(|asked| asked.session == session)
    }

    /// The lot of the dose that was given by booking `number`.
    #[must_use]
    pub fn lot(&self, number: BookingNumber) -> Option<&str> {
        self.given.iter().find(|given| given.number == number).map(|given| &*given.lot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lot_is_stored_in_one_form() {
        let cases = [
            (" fa2453 ", Some("FA2453")),
            ("ＦＡ２４５３", Some("FA2453")),
            ("3002-618", Some("3002-618")),
            ("", None),
            ("FA 2453", None),
            ("ロット", None),
            ("12345678901234567", None),
        ];
        for (typed, lot) in cases {
            assert_eq!(parse_lot(typed).as_deref(), lot, "{typed}");
        }
    }
}
