//! Which frames lead on from a place in a store's history. Pure.

use super::frame::Head;

/// A frame as the choice sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Step {
    /// The number of its file: a higher one was begun later.
    pub(super) file: u64,
    /// Where it begins.
    pub(super) from: Head,
    /// Where it ends.
    pub(super) to: Head,
}

/// The steps that lead on from `start`, in order, as their places in `steps`.
///
/// Where several begin, the one that was shipped last counts: that is the history in which the city went on. Where none begins and none
/// ends, `start` lies within a frame: the one around it that was shipped last is taken, and whoever applies it finds by its chain whether
/// it is of the same history.
pub(super) fn lead_on(steps: &[Step], start: &Head) -> Vec<usize> {
    let newest = |is_next: &dyn Fn(&Step) -> bool| {
        let next = steps.iter().enumerate().filter(|(_, step)| is_next(step));
        next.max_by_key(|(place, step)| (step.file, *place)).map(|(place, _)| place)
    };
    let mut path = Vec::new();
    let mut next = newest(&|step| step.from.is(start));
    if next.is_none() && !steps.iter().any(|step| step.to.is(start)) {
        next = newest(&|step| step.from.seq < start.seq && start.seq < step.to.seq);
    }
    // Every step leads to a higher entry, so this ends.
    while let Some(place) = next {
        path.push(place);
        next = newest(&|step| step.from.is(&steps[place].to));
    }
    path
}

#[cfg(test)]
mod tests {
    use sesshu_engine::core::time::Instant;

    use super::*;

    fn head(history: u8, seq: u64) -> Head {
        Head { seq, chain: [history; 32], at: Instant(0) }
    }

    /// A step of file `file`, within or between histories.
    fn step(file: u64, from: (u8, u64), to: (u8, u64)) -> Step {
        Step { file, from: head(from.0, from.1), to: head(to.0, to.1) }
    }

    #[test]
    fn a_path_follows_one_history_and_the_newest_where_it_forks() {
        let steps = [
            step(1, (1, 10), (1, 20)),
            step(1, (1, 20), (1, 30)),
            step(1, (1, 30), (1, 40)),
            // The city was restored to entry 25 and went on: entry 20 is the last place that both have.
            step(2, (1, 20), (2, 27)),
            step(3, (2, 27), (2, 45)),
            // What another run has shipped a second time.
            step(4, (2, 27), (2, 50)),
        ];
        let cases: [(Head, &[usize]); 8] = [
            (head(1, 10), &[0, 3, 5]),
            (head(1, 20), &[3, 5]),
            // A generation of the history that was undone.
            (head(1, 30), &[2]),
            (head(1, 40), &[]),
            (head(2, 50), &[]),
            // Within a frame: the newest one around it.
            (head(1, 15), &[0, 3, 5]),
            (head(2, 48), &[5]),
            (head(1, 60), &[]),
        ];
        for (start, path) in cases {
            assert_eq!(lead_on(&steps, &start), path, "{start:?}");
        }
    }
}
