//! Leftover doses of a session: in which order people are asked. First by the city's waves, then by a draw that belongs to session
//! and person, so that nobody can choose whom to call.

use super::ids::{NotAnId, ResidentNo, SessionId};
use super::resident::Person;
use super::setup::Wave;
use super::time::Instant;

/// A person's lot in the draw of a session. It names them to staff who may see them, and tells nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeftoverLot(u64);

impl LeftoverLot {
    /// The lot of `resident` in the draw of `session`, in a store whose secret is `key`.
    #[must_use]
    pub fn draw(session: SessionId, resident: ResidentNo, key: &[u8; 32]) -> Self {
        let mut input = *b"leftover\0\0\0\0\0\0\0\0";
        input[8..12].copy_from_slice(&session.0.to_le_bytes());
        input[12..].copy_from_slice(&resident.0.to_le_bytes());
        let digest = blake3::keyed_hash(key, &input);
        let first = digest.as_bytes().first_chunk().copied().unwrap_or_default();
        Self(u64::from_le_bytes(first))
    }
}

/// Sixteen hexadecimal digits.
impl std::fmt::Display for LeftoverLot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for LeftoverLot {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let canonical = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if canonical { u64::from_str_radix(text, 16).map(Self).map_err(|_| NotAnId) } else { Err(NotAnId) }
    }
}

/// The first of the city's waves, in its order, that `person` is in and that has opened; without waves everybody is in the first.
#[must_use]
pub fn wave_rank(waves: &[Wave], person: &Person, now: Instant) -> Option<usize> {
    if waves.is_empty() {
        return Some(0);
    }
    waves.iter().position(|wave| wave.opens_at <= now && wave.includes(person))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::CityId;
    use crate::core::time::Day;

    #[test]
    fn each_session_draws_anew_and_a_lot_is_read_back_as_it_is_shown() {
        let lot = |session, resident| LeftoverLot::draw(SessionId(session), ResidentNo(resident), &[7; 32]);
        assert_eq!(lot(1, 2), lot(1, 2));
        assert_ne!(lot(1, 2), lot(2, 1));
        assert_ne!(lot(1, 2), LeftoverLot::draw(SessionId(1), ResidentNo(2), &[8; 32]));
        let order = |session| {
            let mut all: Vec<u32> = (0..50).collect();
            all.sort_by_key(|&resident| lot(session, resident));
            all
        };
        assert_ne!(order(1), order(2));
        assert_ne!(order(1), (0..50).collect::<Vec<_>>());
        assert_eq!(lot(1, 2).to_string().parse(), Ok(lot(1, 2)));
        assert!("1f".parse::<LeftoverLot>().is_err());
    }

    #[test]
    fn the_citys_order_counts_among_the_waves_that_have_opened() {
        let wave = |born_to: Option<i32>, opens_at| Wave {
            name: String::new(),
            born_from: None,
            born_to: born_to.map(Day),
            group: None,
            opens_at: Instant(opens_at),
        };
        let waves = [wave(Some(100), 10), wave(Some(200), 20), wave(None, 30)];
        let born = |day| Person {
            id: CityId::from_digits("0000000001").expect("ten digits"),
            name_kana: "".into(),
            birth_date: Day(day),
            groups: Box::new([]),
        };
        let cases = [(50, 30, Some(0)), (150, 30, Some(1)), (250, 30, Some(2)), (250, 29, None), (50, 5, None)];
        for (day, now, rank) in cases {
            assert_eq!(wave_rank(&waves, &born(day), Instant(now)), rank, "{day} {now}");
        }
        assert_eq!(wave_rank(&[], &born(1), Instant(0)), Some(0));
    }
}
