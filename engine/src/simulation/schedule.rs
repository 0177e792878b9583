//! Seeded choices, and the log of what was chosen. Everything random in a life comes from here; it knows nothing of the engine.

use std::collections::VecDeque;

/// How many of the last events a failing seed shows.
const SHOWN_EVENTS: usize = 60;

/// A small generator of random numbers (`SplitMix64`): the same on every machine.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    /// A generator that starts from `seed`.
    pub(super) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub(super) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is above 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.roll() % end as u64) as usize
    }

    /// A number of `range`, both ends included.
    pub(super) fn within(&mut self, range: std::ops::RangeInclusive<u32>) -> u32 {
        range.start() + self.below((range.end() - range.start() + 1) as usize) as u32
    }

    /// True `times` out of `of`.
    pub(super) fn chance(&mut self, times: usize, of: usize) -> bool {
        self.below(of) < times
    }

    /// One of `items`.
    pub(super) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// The same with other weights: every life has its own habits, some rare and some frequent.
    pub(super) fn tempered<T: Copy>(&mut self, weighted: &[(usize, T)]) -> Vec<(usize, T)> {
        weighted.iter().map(|(weight, item)| (weight * *self.pick(&[1, 4, 4, 4, 16]), *item)).collect()
    }

    /// One of `weighted`, in proportion to its weight.
    pub(super) fn choose<T: Copy>(&mut self, weighted: &[(usize, T)]) -> T {
        let mut left = self.below(weighted.iter().map(|(weight, _)| weight).sum());
        for (weight, item) in weighted {
            if left < *weight {
                return *item;
            }
            left -= weight;
        }
        unreachable!("the weights add up")
    }
}

/// What happened, in order: the last events in words, and a hash of all.
#[derive(Debug, Default)]
pub(super) struct Log {
    last: VecDeque<String>,
    hash: u64,
    events: u64,
}

impl Log {
    /// Adds an event.
    pub(super) fn add(&mut self, event: impl AsRef<str>) {
        let event = event.as_ref();
        for byte in event.bytes() {
            self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self.events += 1;
        if self.last.len() == SHOWN_EVENTS {
            self.last.pop_front();
        }
        self.last.push_back(format!("{:5} {event}", self.events));
    }

    /// Names the whole history: equal hashes are equal histories.
    pub(super) const fn hash(&self) -> u64 {
        self.hash
    }

    /// The last events, one a line.
    pub(super) fn tail(&self) -> String {
        self.last.iter().fold(String::new(), |text, event| text + "  " + event + "\n")
    }
}
