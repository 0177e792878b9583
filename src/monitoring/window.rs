//! Rates from counters: over the shortest time back in which enough happened to say something.

use std::collections::VecDeque;
use std::time::Duration;

/// Counters with when they were read.
#[derive(Debug)]
pub(super) struct Window<T> {
    reach: Duration,
    seen: VecDeque<(Duration, T)>,
}

impl<T: Copy> Window<T> {
    /// A window that reaches back so far.
    pub(super) const fn new(reach: Duration) -> Self {
        Self { reach, seen: VecDeque::new() }
    }

    /// Takes the counters as they are now, and answers the latest earlier ones since which `enough` happened. What is further back than the
    /// window is forgotten.
    pub(super) fn see(&mut self, at: Duration, counters: T, enough: impl Fn(T) -> bool) -> Option<T> {
        while self.seen.front().is_some_and(|(then, _)| at.saturating_sub(*then) > self.reach) {
            self.seen.pop_front();
        }
        let since = self.seen.iter().rev().map(|(_, earlier)| *earlier).find(|earlier| enough(*earlier));
        self.seen.push_back((at, counters));
        since
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_time_with_enough_in_it_counts_and_the_past_is_forgotten() {
        let mut window = Window::new(Duration::from_mins(1));
        let mut see =
            |second, count: u64| window.see(Duration::from_secs(second), count, |earlier| count - earlier >= 20);
        assert_eq!(see(0, 0), None, "nothing is known of before");
        assert_eq!(see(5, 100), Some(0));
        assert_eq!(see(10, 110), Some(0), "ten since the last are too few");
        assert_eq!(see(15, 125), Some(100));
        assert_eq!(see(70, 126), None, "what happened is long ago");
    }
}
