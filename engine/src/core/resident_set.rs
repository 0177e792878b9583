//! A set of people by pseudonym, small however large it is: an import names a whole roll in one event.

use serde::{Deserialize, Serialize};

use super::ids::ResidentNo;

/// Pseudonyms in ascending order, as ranges: a whole roll takes a few bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidentSet(Vec<(u32, u32)>);

impl ResidentSet {
    /// Whether `resident` is in it.
    #[must_use]
    pub fn contains(&self, resident: ResidentNo) -> bool {
        let after = self.0.partition_point(|&(first, _)| first <= resident.0);
        after > 0 && resident.0 <= self.0[after - 1].1
    }

    /// Whether nobody is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|&(first, last)| (last - first + 1) as usize).sum()
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = ResidentNo> + '_ {
        self.0.iter().flat_map(|&(first, last)| first..=last).map(ResidentNo)
    }
}

/// Collects pseudonyms in any order.
impl FromIterator<ResidentNo> for ResidentSet {
    fn from_iter<I: IntoIterator<Item = ResidentNo>>(residents: I) -> Self {
        let mut all: Vec<u32> = residents.into_iter().map(|resident| resident.0).collect();
        all.sort_unstable();
        all.dedup();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for no in all {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == no => *last = no,
                _ => ranges.push((no, no)),
            }
        }
        Self(ranges)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resident_set_holds_exactly_what_it_was_given() {
        let set: ResidentSet = [5, 1, 2, 3, 9, 5].map(ResidentNo).into_iter().collect();
        assert_eq!(set.iter().map(|no| no.0).collect::<Vec<_>>(), [1, 2, 3, 5, 9]);
        assert_eq!((set.len(), set.is_empty(), ResidentSet::default().is_empty()), (5, false, true));
        assert_eq!(set.0, [(1, 3), (5, 5), (9, 9)], "a run takes one range");
        for no in 0..12 {
            assert_eq!(set.contains(ResidentNo(no)), [1, 2, 3, 5, 9].contains(&no), "{no}");
        }
    }
}
