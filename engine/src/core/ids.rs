//! Names of things: residents, sessions, slots, bookings, holds, doses, lanes.
//!
//! Each id is its own type, so that one cannot be passed for another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }

        /// Plain decimal without sign or leading zeros.
        impl FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
                if canonical { text.parse().map(Self).map_err(|_| NotAnId) } else { Err(NotAnId) }
            }
        }
    };
}

/// A text that does not name anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct NotAnId;

number_id! {
    /// A resident's pseudonym: what the journal calls a person, so that personal data can be erased and the chain stays whole.
    ResidentNo(u32)
}
number_id! {
    /// A vaccination session (接種会).
    SessionId(u32)
}
number_id! {
    /// A slot (枠) of a session, counted from 0 in order of time.
    SlotNo(u16)
}
number_id! {
    /// A venue (会場).
    VenueId(u16)
}
number_id! {
    /// A vaccine of the campaign.
    VaccineId(u16)
}

/// A dose of a series: 1 for the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DoseNo(u8);

impl DoseNo {
    /// The longest series that can be configured.
    pub const MAX: u8 = 9;
    /// The first dose.
    pub const FIRST: Self = Self(1);

    /// Dose number `n`, if 1 ≤ `n` ≤ [`DoseNo::MAX`].
    #[must_use]
    pub const fn new(n: u8) -> Option<Self> {
        if n >= 1 && n <= Self::MAX { Some(Self(n)) } else { None }
    }

    /// The number, from 1.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The dose before this one; none before the first.
    #[must_use]
    pub const fn previous(self) -> Option<Self> {
        Self::new(self.0 - 1)
    }

    /// The dose after this one.
    #[must_use]
    pub const fn next(self) -> Option<Self> {
        Self::new(self.0 + 1)
    }
}

impl fmt::Display for DoseNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The ID that the city printed on a resident's letter: 4–20 digits, leading zeros kept.
///
/// Held as a number with a 1 before the first digit, so that it is small and hashes quickly.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CityId(u128);

impl CityId {
    /// The ID of nobody: what is left of an ID that was erased. No digits make it.
    pub const NONE: Self = Self(0);

    /// How many digits an ID may have.
    pub const DIGITS: std::ops::RangeInclusive<usize> = 4..=20;

    /// The ID of ASCII `digits`, if there are 4–20 of them and nothing else.
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Self> {
        if !Self::DIGITS.contains(&digits.len()) || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        digits.parse::<u128>().ok().map(|number| Self(10_u128.pow(digits.len() as u32) + number))
    }

    /// How many digits it has.
    #[must_use]
    pub fn len_digits(self) -> usize {
        self.to_string().len()
    }
}

impl fmt::Display for CityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.to_string().get(1..).unwrap_or_default())
    }
}

/// An ID is personal data: it stays out of logs.
impl fmt::Debug for CityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CityId(…)")
    }
}

/// How many digits a booking number has, the check digit included.
pub const BOOKING_NUMBER_DIGITS: usize = 10;
const BOOKING_NUMBERS: u64 = 1_000_000_000;

/// A booking's number: ten digits, unique, without order, the last one a check digit (Damm), so that one wrong digit or
/// two swapped neighbours never name another booking. Written `482-109-3756` for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BookingNumber(u64);

impl BookingNumber {
    /// What a booking has until the ledger gives it its number. It is never stored.
    pub const PENDING: Self = Self(u64::MAX);

    /// The number of the `ordinal`-th booking of a store whose secret is `key`: a keyed permutation of nine digits, so that
    /// numbers neither collide nor tell how many bookings there are.
    ///
    /// # Panics
    /// If `ordinal` is 1,000,000,000 or more: a store takes a billion bookings in its life.
    #[must_use]
    pub fn from_ordinal(ordinal: u64, key: &[u8; 32]) -> Self {
        assert!(ordinal < BOOKING_NUMBERS, "a store takes a billion bookings in its life");
        let mut value = ordinal;
        // Feistel network over 30 bits; walk the cycle until the value is below a billion (1.07 steps on average).
        loop {
            let (mut left, mut right) = (value as u32 >> 15, value as u32 & 0x7fff);
            for round in 0..FEISTEL_ROUNDS {
                (left, right) = (right, left ^ mixed(round, right, key));
            }
            value = u64::from(left << 15 | right);
            if value < BOOKING_NUMBERS {
                return Self(value * 10 + u64::from(damm(value)));
            }
        }
    }

    /// Which booking of a store whose secret is `key` has this number: the inverse of [`BookingNumber::from_ordinal`]. A number
    /// that was never given has an ordinal too.
    #[must_use]
    pub fn ordinal(self, key: &[u8; 32]) -> u64 {
        let mut value = self.0 / 10;
        loop {
            let (mut left, mut right) = (value as u32 >> 15, value as u32 & 0x7fff);
            for round in (0..FEISTEL_ROUNDS).rev() {
                (left, right) = (right ^ mixed(round, left, key), left);
            }
            value = u64::from(left << 15 | right);
            if value < BOOKING_NUMBERS {
                return value;
            }
        }
    }

    /// As people read it: three groups with hyphens.
    #[must_use]
    pub fn grouped(self) -> String {
        let digits = self.to_string();
        format!("{}-{}-{}", &digits[..3], &digits[3..6], &digits[6..])
    }
}

impl fmt::Display for BookingNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

/// Ten digits with the right check digit; hyphens between them are allowed.
impl FromStr for BookingNumber {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        if text.len() > 2 * BOOKING_NUMBER_DIGITS {
            return Err(NotAnId);
        }
        let digits: String = text.chars().filter(|&c| c != '-').collect();
        if digits.len() != BOOKING_NUMBER_DIGITS || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NotAnId);
        }
        let number: u64 = digits.parse().map_err(|_| NotAnId)?;
        if u64::from(damm(number / 10)) == number % 10 { Ok(Self(number)) } else { Err(NotAnId) }
    }
}

const FEISTEL_ROUNDS: u8 = 4;

/// What a round of the Feistel network adds to the other half: 15 bits.
fn mixed(round: u8, half: u32, key: &[u8; 32]) -> u32 {
    let mut input = [round, 0, 0, 0, 0];
    input[1..].copy_from_slice(&half.to_le_bytes());
    let digest = blake3::keyed_hash(key, &input);
    let bytes = digest.as_bytes();
    u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]) & 0x7fff
}

/// The check digit of the Damm algorithm (H. Michael Damm, 2004), over nine digits.
fn damm(nine_digits: u64) -> u8 {
    const TABLE: [[u8; 10]; 10] = [
        [0, 3, 1, 7, 5, 9, 8, 6, 4, 2],
        [7, 0, 9, 2, 1, 5, 4, 8, 6, 3],
        [4, 2, 0, 6, 8, 7, 1, 3, 5, 9],
        [1, 7, 5, 0, 9, 8, 3, 4, 2, 6],
        [6, 1, 2, 3, 0, 4, 5, 9, 7, 8],
        [3, 6, 7, 4, 2, 0, 9, 5, 8, 1],
        [5, 8, 6, 9, 7, 2, 0, 1, 3, 4],
        [8, 9, 4, 5, 3, 6, 2, 0, 1, 7],
        [9, 4, 3, 8, 6, 1, 7, 2, 0, 5],
        [2, 5, 8, 1, 4, 3, 6, 7, 9, 0],
    ];
    let mut interim = 0;
    let mut divisor = BOOKING_NUMBERS / 10;
    while divisor > 0 {
        interim = TABLE[interim as usize][(nine_digits / divisor % 10) as usize];
        divisor /= 10;
    }
    interim
}

/// A hold's name: unguessable, as it is said back by the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldId(pub u64);

/// Sixteen hexadecimal digits.
impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for HoldId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let canonical = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if canonical { u64::from_str_radix(text, 16).map(Self).map_err(|_| NotAnId) } else { Err(NotAnId) }
    }
}

/// What a resident (or an operator for them) sends along so that a repeated request books at most once: 1–64 visible ASCII
/// characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RequestKey(Box<str>);

impl RequestKey {
    /// The longest key, in bytes.
    pub const BYTES_MAX: usize = 64;

    /// The key `text`, if it is 1–64 visible ASCII characters.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let valid = (1..=Self::BYTES_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        valid.then(|| Self(text.into()))
    }

    /// The key as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// By which way a request came. Every way is decided by the same session actor; only the phone's share of a slot differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Channel {
    /// A resident on the web.
    Web,
    /// An operator of the call centre, for a resident.
    Phone,
    /// Staff at the counter or in the venue.
    Counter,
    /// The city itself, from the command line or the console.
    City,
}

impl Channel {
    /// All of them, in the order in which they are declared.
    pub const ALL: [Self; 4] = [Self::Web, Self::Phone, Self::Counter, Self::City];

    /// Whether a place taken this way counts against the phone's share and may use it.
    #[must_use]
    pub const fn uses_phone_share(self) -> bool {
        matches!(self, Self::Phone | Self::Counter | Self::City)
    }

    /// The stable name in reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Phone => "phone",
            Self::Counter => "counter",
            Self::City => "city",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn booking_numbers_are_unique_and_carry_a_check_digit() {
        let key = [7; 32];
        let mut seen = HashSet::new();
        for ordinal in 0..20_000 {
            let number = BookingNumber::from_ordinal(ordinal, &key);
            assert!(seen.insert(number));
            assert_eq!(number.ordinal(&key), ordinal);
            let text = number.to_string();
            assert_eq!(text.parse(), Ok(number));
            assert_eq!(number.grouped().parse(), Ok(number));
            let mut wrong = text.into_bytes();
            wrong[4] = b'0' + (wrong[4] - b'0' + 1) % 10;
            assert!(String::from_utf8(wrong).expect("digits").parse::<BookingNumber>().is_err());
        }
        let number = BookingNumber::from_ordinal(1, &key).to_string();
        let hyphens = |each: &str| number.split("").collect::<Vec<_>>().join(each);
        assert!(hyphens("-").len() > 2 * BOOKING_NUMBER_DIGITS && hyphens("-").parse::<BookingNumber>().is_err());
        assert!(format!("{}-", "-".repeat(90) + &number).parse::<BookingNumber>().is_err());
        assert_eq!(format!("{number}----------").parse::<BookingNumber>().map(|read| read.to_string()), Ok(number));
    }

    #[test]
    fn a_request_key_is_kept_as_it_was_sent() {
        assert_eq!(RequestKey::new("a-1").as_ref().map(RequestKey::as_str), Some("a-1"));
    }

    #[test]
    fn a_city_id_keeps_its_leading_zeros() {
        let id = CityId::from_digits("0012345678").expect("ten digits");
        assert_eq!(id.to_string(), "0012345678");
        assert_ne!(CityId::from_digits("12345678"), Some(id));
        assert_eq!(id.len_digits(), 10);
        assert_eq!(CityId::from_digits("99999999999999999999").expect("twenty").to_string().len(), 20);
        for wrong in ["", "123", "123456789012345678901", "12a4", "１２３４"] {
            assert_eq!(CityId::from_digits(wrong), None, "{wrong}");
        }
    }
}
