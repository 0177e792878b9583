//! The environment switches of the tests: a quick default, and the full size when asked for. `tests/README.md` lists them.

use super::report;

/// The number in the environment variable `name`, or `default`.
#[must_use]
pub fn number(name: &str, default: usize) -> usize {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")),
        Err(_) => default,
    }
}

/// Random numbers for a test that names itself: from `SESSHU_SEED`, or a new seed; either way it is said, so that a run can
/// be repeated.
#[must_use]
pub fn dice(test_name: &str) -> Dice {
    let fresh = super::clock::nanoseconds() as u64 ^ (u64::from(std::process::id()) << 32);
    let seed = match std::env::var("SESSHU_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("SESSHU_SEED={text} is not a number")),
        Err(_) => fresh,
    };
    report(&format!("{test_name}: SESSHU_SEED={seed} repeats these choices"));
    Dice(seed)
}

/// A small generator of random numbers (`SplitMix64`): fast, seeded, and the same on every machine.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// A generator that starts from `seed`.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, without, `end`, which is above 0.
    pub fn below(&mut self, end: usize) -> usize {
        assert!(end > 0, "nothing to choose from");
        (self.roll() % end as u64) as usize
    }

    /// One of `items`.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}
