//! Which records lag behind in the tables, and in which order they are written: in turns, each in the order of its keys, so that
//! neighbours share the page that is written.

use std::collections::VecDeque;

use super::Lagging;

/// How many records one turn sorts: about a millisecond's work.
const TURN_RECORDS_MAX: usize = 32_768;

/// The records that lag.
#[derive(Default)]
pub(super) struct Lag {
    /// Records that began to lag, each with the entry by which it did, in that order.
    arrived: VecDeque<(u64, Lagging)>,
    /// The records of the running turn that are still to be written; the next one stands last.
    turn: Vec<Lagging>,
    /// The first entry by which a record of the turn began to lag.
    turn_from_seq: u64,
}

impl Lag {
    /// How many records lag.
    pub(super) fn len(&self) -> usize {
        self.arrived.len() + self.turn.len()
    }

    /// A record begins to lag by the entry `seq`, which is later than those before.
    pub(super) fn push(&mut self, seq: u64, record: Lagging) {
        self.arrived.push_back((seq, record));
    }

    /// The record to write next.
    pub(super) fn pop(&mut self) -> Option<Lagging> {
        if self.turn.is_empty() {
            self.turn_from_seq = self.arrived.front()?.0;
            let records = self.arrived.len().min(TURN_RECORDS_MAX);
            self.turn.extend(self.arrived.drain(..records).map(|(_, record)| record));
            self.turn.sort_unstable_by(|a, b| b.cmp(a));
        }
        self.turn.pop()
    }

    /// The earliest entry that may be missing in the tables.
    pub(super) fn first_seq(&self) -> Option<u64> {
        if self.turn.is_empty() { self.arrived.front().map(|(seq, _)| *seq) } else { Some(self.turn_from_seq) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::ResidentNo;

    #[test]
    fn a_turn_is_written_in_order_of_keys_and_what_arrives_meanwhile_comes_after_it() {
        let mut lag = Lag::default();
        assert_eq!((lag.pop(), lag.first_seq(), lag.len()), (None, None, 0));
        for (seq, no) in [(5, 30), (6, 10), (8, 20)] {
            lag.push(seq, Lagging::Resident(ResidentNo(no)));
        }
        assert_eq!((lag.first_seq(), lag.len()), (Some(5), 3));
        assert_eq!(lag.pop(), Some(Lagging::Resident(ResidentNo(10))));
        lag.push(9, Lagging::Resident(ResidentNo(5)));
        // Entry 5 is not in the tables before its whole turn is.
        assert_eq!((lag.first_seq(), lag.len()), (Some(5), 3));
        assert_eq!(lag.pop(), Some(Lagging::Resident(ResidentNo(20))));
        assert_eq!(lag.pop(), Some(Lagging::Resident(ResidentNo(30))));
        assert_eq!(lag.first_seq(), Some(9));
        assert_eq!(lag.pop(), Some(Lagging::Resident(ResidentNo(5))));
        assert_eq!((lag.first_seq(), lag.len()), (None, 0));
    }
}
