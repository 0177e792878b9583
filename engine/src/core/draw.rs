//! The draw of an opening: a number for everybody, which nobody can choose, foresee or be given twice, and which anybody can check.
//!
//! Whoever was there before the opening comes in order of number; whoever came later, in order of arrival. One [`Place`] says both,
//! so that admission is a comparison with a cursor: it needs no list, cannot happen twice, and is never taken back.

use serde::{Deserialize, Serialize};

use super::ids::CityId;
use super::time::Instant;

/// What makes the numbers of one opening. It follows from the city's secret and the opening's instant, so it survives restarts and
/// cannot be chosen once its commitment is published.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed([u8; 32]);

/// The seed is a secret until its opening is over.
impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(…)")
    }
}

impl Seed {
    /// The seed of the opening at `opening`, under the city's key for draws.
    #[must_use]
    pub fn of(key: &[u8; 32], opening: Instant) -> Self {
        Self(*blake3::keyed_hash(key, &opening.0.to_be_bytes()).as_bytes())
    }

    /// What is published before the opening: it binds the city to the seed and tells nothing about it.
    #[must_use]
    pub fn commitment(&self) -> [u8; 32] {
        *blake3::hash(&self.0).as_bytes()
    }

    /// The seed itself, to be published once the opening is over.
    #[must_use]
    pub const fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// A person's number: the first eight bytes, big endian, of the BLAKE3 of their ID's digits, keyed by the seed.
    #[must_use]
    pub fn number(&self, id: CityId) -> u64 {
        let hash = blake3::keyed_hash(&self.0, id.to_string().as_bytes());
        let (first, _) = hash.as_bytes().split_first_chunk::<8>().unwrap_or((&[0; 8], &[]));
        u64::from_be_bytes(*first)
    }
}

/// Where a person stands in the line of an opening: smaller comes first. Everybody of the draw comes before everybody who came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place(pub u64);

impl Place {
    /// Before everybody: a cursor that has admitted nobody.
    pub const NOBODY: Self = Self(0);
    /// After everybody: where somebody stands who has not arrived.
    pub const NOWHERE: Self = Self(u64::MAX);
    /// The bit that tells those who came after the opening.
    const LATE: u64 = 1 << 63;
    /// Below the milliseconds of a late arrival stand so many bits of the person's number: those who came in one millisecond are drawn.
    const LOT_BITS: u32 = 21;
    /// The latest arrival that can be told from others: 69 years after the opening.
    const LATE_MS_MAX: u64 = (1 << (63 - Self::LOT_BITS - 1)) - 1;

    /// The place of somebody with `number` who was there from `arrived` on.
    #[must_use]
    pub fn of(opening: Instant, arrived: Instant, number: u64) -> Self {
        if arrived < opening {
            // Half of the numbers' room; zero is the cursor that has admitted nobody.
            return Self((number >> 1).max(1));
        }
        Self(Self::late_from(opening, arrived) | (number >> (64 - Self::LOT_BITS)))
    }

    /// The last place of those who have arrived by `now`: a cursor there has admitted all of them.
    #[must_use]
    pub fn last_at(opening: Instant, now: Instant) -> Self {
        if now < opening {
            return Self::NOBODY;
        }
        Self(Self::late_from(opening, now) | ((1 << Self::LOT_BITS) - 1))
    }

    fn late_from(opening: Instant, arrived: Instant) -> u64 {
        let ms = u64::try_from(arrived.ms_since(opening)).unwrap_or(0).min(Self::LATE_MS_MAX);
        Self::LATE | (ms << Self::LOT_BITS)
    }

    /// Whether the draw gave this place, and not the time of arrival.
    #[must_use]
    pub const fn is_drawn(self) -> bool {
        self.0 & Self::LATE == 0
    }

    /// The first byte of the number that gave this place; none for those who came later.
    #[must_use]
    pub const fn first_byte(self) -> Option<u8> {
        if self.is_drawn() { Some((self.0 >> 55) as u8) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENING: Instant = Instant(1_000_000);

    fn id(n: u32) -> CityId {
        CityId::from_digits(&format!("{n:010}")).expect("ten digits")
    }

    #[test]
    fn a_published_seed_fits_its_commitment_and_gives_everybodys_number() {
        let seed = Seed::of(&[7; 32], OPENING);
        let published = seed.bytes();
        assert_eq!(*blake3::hash(&published).as_bytes(), seed.commitment());
        // What anybody can do with the seed and their own ID.
        let hash = blake3::keyed_hash(&published, b"0000000042");
        let checked = u64::from_be_bytes(hash.as_bytes()[..8].try_into().expect("eight bytes"));
        assert_eq!(seed.number(id(42)), checked);
        assert_ne!(seed.number(id(42)), seed.number(id(43)));
        for other in [Seed::of(&[8; 32], OPENING), Seed::of(&[7; 32], OPENING.plus_ms(1))] {
            assert_ne!(other, seed);
        }
        assert_eq!(format!("{seed:?}"), "Seed(…)");
    }

    #[test]
    fn the_draw_comes_by_number_and_later_people_by_arrival() {
        let late = |ms| Place::of(OPENING, OPENING.plus_ms(ms), u64::MAX);
        let drawn = |number| Place::of(OPENING, OPENING.plus_ms(-1), number);
        let in_order = [
            Place::NOBODY,
            drawn(0),
            drawn(1 << 40),
            drawn(u64::MAX),
            Place::of(OPENING, OPENING, 0),
            late(0),
            Place::of(OPENING, OPENING.plus_ms(1), 0),
            late(1),
            late(86_400_000),
            late(i64::MAX),
            Place::NOWHERE,
        ];
        assert!(in_order.is_sorted_by(|one, next| one < next), "{in_order:?}");
        assert_eq!(drawn(5 << 20), Place::of(OPENING, OPENING.plus_ms(-3_600_000), 5 << 20), "earlier gains nothing");
        assert_eq!(Place::last_at(OPENING, OPENING.plus_ms(-1)), Place::NOBODY);
        assert!(late(7) <= Place::last_at(OPENING, OPENING.plus_ms(7)));
        assert!(Place::of(OPENING, OPENING.plus_ms(8), 0) > Place::last_at(OPENING, OPENING.plus_ms(7)));
        assert_eq!((drawn(0xAB << 56).first_byte(), late(0).first_byte()), (Some(0xAB), None));
    }
}
