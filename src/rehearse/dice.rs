//! Seeded random numbers: the same seed gives the same rehearsal on every machine. Not for secrets.

/// A small generator (`SplitMix64`).
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// A generator that starts from `seed`.
    pub(super) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(super) const fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, without, 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.roll() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number that is exponentially distributed around `mean`, up to `most`.
    pub(super) fn exponential(&mut self, mean: f64, most: f64) -> f64 {
        let share_below_most = 1.0 - (-most / mean).exp();
        -mean * (1.0 - self.unit() * share_below_most).ln()
    }

    /// Yes, with this chance.
    pub(super) fn happens(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    /// An index below `len`, which is above 0.
    pub(super) fn below(&mut self, len: usize) -> usize {
        (self.roll() % len as u64) as usize
    }
}
