//! How a person can be reached, if they want to be: a phone number or a mail address, given with their consent, for follow-up and
//! leftover doses only.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::Instant;

/// A contact, in its one form. Personal data: it lies beside the journal, keyed by pseudonym, so that it can be erased; it is
/// made by `roll::parse_contact` alone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    kind: ContactKind,
    value: Box<str>,
}

/// What kind of contact it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ContactKind {
    /// A phone number.
    Phone,
    /// A mail address.
    Mail,
}

impl ContactKind {
    /// The stable name in reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Mail => "mail",
        }
    }
}

impl Contact {
    pub(crate) fn new(kind: ContactKind, value: impl Into<Box<str>>) -> Self {
        Self { kind, value: value.into() }
    }

    /// Of which kind it is.
    #[must_use]
    pub const fn kind(&self) -> ContactKind {
        self.kind
    }

    /// The number in digits, or the address.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Personal data stays out of logs.
impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Contact(…)")
    }
}

/// What the journal says of a person's contact: whether there is one, never which.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContactRecord {
    /// When the one that is held was given, with consent; none if none is held.
    pub given_at: Option<Instant>,
    /// The beginning of the day in which `given` are counted.
    counted_from: Instant,
    /// How often one was given in it.
    given: u8,
}

impl ContactRecord {
    /// How often a contact may be given in a day: people correct themselves, programs do not stop.
    pub const GIVEN_PER_DAY_MAX: u8 = 20;

    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

    /// Whether another one may be given at `now`.
    #[must_use]
    pub const fn may_be_given(&self, now: Instant) -> bool {
        self.given < Self::GIVEN_PER_DAY_MAX || now.ms_since(self.counted_from) >= Self::DAY_MS
    }

    pub(super) const fn give(&mut self, at: Instant) {
        if at.ms_since(self.counted_from) >= Self::DAY_MS {
            self.counted_from = at;
            self.given = 0;
        }
        self.given = self.given.saturating_add(1);
        self.given_at = Some(at);
    }

    pub(super) const fn delete(&mut self) {
        self.given_at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_may_be_given_twenty_times_a_day_and_always_be_deleted() {
        let mut record = ContactRecord::default();
        let start = Instant(1_000_000_000_000);
        for n in 0..ContactRecord::GIVEN_PER_DAY_MAX {
            assert!(record.may_be_given(start.plus_minutes(i64::from(n))), "{n}");
            record.give(start.plus_minutes(i64::from(n)));
            record.delete();
        }
        assert!(!record.may_be_given(start.plus_minutes(24 * 60 - 1)));
        let next_day = start.plus_minutes(24 * 60);
        assert!(record.may_be_given(next_day));
        record.give(next_day);
        assert_eq!((record.given_at, record.given), (Some(next_day), 1));
    }

    #[test]
    fn a_contact_stays_out_of_logs() {
        let contact = Contact::new(ContactKind::Phone, "09012345678");
        assert_eq!(format!("{contact:?}"), "Contact(…)");
    }
}
