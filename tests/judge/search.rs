//! Is there an order? A search for a linearization of overlapping calls: an order that respects real time and that a sequential
//! model accepts (Wing and Gong 1993), just in time and with memoised configurations (Lowe 2017). Knows no rules of bookings.

use std::collections::HashSet;
use std::hash::Hash;

use super::history::Micros;

/// How many configurations are kept at once, at most. Beyond it the search says that it does not know.
const CONFIGURATIONS_MAX: usize = 200_000;

/// The sequential truth about one object.
pub(crate) trait Model {
    /// What is so between two calls.
    type State: Clone + Eq + Hash;

    /// What may be so after call `index` has happened in `state`; nothing, if it cannot happen there.
    fn after(&self, state: &Self::State, index: usize) -> Vec<Self::State>;

    /// Calls of one class have the same effect in every state, so that of those that overlap only the one that must end first
    /// needs to be tried.
    fn class(&self, _index: usize) -> Option<u8> {
        None
    }
}

/// When a call happened.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) began: Micros,
    pub(crate) ended: Micros,
    /// Whether it certainly happened; else it may have, within its span.
    pub(crate) certain: bool,
}

/// What the search finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<S> {
    /// There are orders; these are the states at their ends.
    Orders(Vec<S>),
    /// Whatever the order, this call cannot have happened.
    Impossible(usize),
    /// More configurations than the bound.
    TooLarge,
}

/// A state, and which of the running calls have happened already, ascending.
type Configuration<S> = (S, Vec<usize>);

/// Searches the orders of calls at `spans` from `start`.
pub(crate) fn search<M: Model>(model: &M, start: M::State, spans: &[Span]) -> Found<M::State> {
    let mut instants: Vec<(Micros, bool, usize)> = Vec::with_capacity(spans.len() * 2);
    for (index, span) in spans.iter().enumerate() {
        // At one instant beginnings come before ends: a tie is an overlap.
        instants.extend([(span.began, false, index), (span.ended, true, index)]);
    }
    instants.sort_unstable();
    let mut search = Search { model, spans, running: Vec::new() };
    let mut configurations: HashSet<Configuration<M::State>> = HashSet::from([(start, Vec::new())]);
    for (_, is_end, index) in instants {
        if is_end {
            let Some(next) = search.end(configurations, index) else { return Found::TooLarge };
            if next.is_empty() {
                return Found::Impossible(index);
            }
            configurations = next;
        } else {
            search.begin(index);
            configurations = configurations.into_iter().map(|one| search.with_observations(one)).collect();
        }
    }
    let ends: HashSet<M::State> = configurations.into_iter().map(|(state, _)| state).collect();
    Found::Orders(ends.into_iter().collect())
}

struct Search<'a, M> {
    model: &'a M,
    spans: &'a [Span],
    /// The calls that have begun and not ended, the first to end in front.
    running: Vec<usize>,
}

impl<M: Model> Search<'_, M> {
    fn begin(&mut self, index: usize) {
        let order = |index: &usize| (self.spans[*index].ended, *index);
        let at = self.running.partition_point(|other| order(other) < order(&index));
        self.running.insert(at, index);
    }

    /// The configurations in which `ended` has happened, or need not have; none if there are too many.
    fn end(
        &mut self,
        configurations: HashSet<Configuration<M::State>>,
        ended: usize,
    ) -> Option<HashSet<Configuration<M::State>>> {
        let mut happened = HashSet::new();
        let mut looked_at = HashSet::new();
        let mut waiting: Vec<Configuration<M::State>> = Vec::new();
        for configuration in configurations {
            if configuration.1.contains(&ended) {
                happened.insert(without(configuration, ended));
                continue;
            }
            if !self.spans[ended].certain {
                happened.insert(configuration.clone());
            }
            if looked_at.insert(configuration.clone()) {
                waiting.push(configuration);
            }
        }
        while let Some(configuration) = waiting.pop() {
            for next in self.steps(&configuration) {
                if next.1.contains(&ended) {
                    happened.insert(without(next, ended));
                } else if looked_at.insert(next.clone()) {
                    waiting.push(next);
                }
            }
            if happened.len() + looked_at.len() > CONFIGURATIONS_MAX {
                return None;
            }
        }
        self.running.retain(|index| *index != ended);
        Some(happened)
    }

    /// Every configuration that is one call further.
    fn steps(&self, (state, done): &Configuration<M::State>) -> Vec<Configuration<M::State>> {
        let mut next = Vec::new();
        let mut classes = 0_u64;
        for &index in self.running.iter().filter(|index| !done.contains(index)) {
            if let Some(class) = self.model.class(index) {
                if classes & (1 << class) != 0 {
                    continue;
                }
                classes |= 1 << class;
            }
            let states = self.model.after(state, index);
            next.extend(states.into_iter().map(|state| self.with_observations((state, with(done, index)))));
        }
        next
    }

    /// Calls that change nothing happen as soon as they can: that forbids nothing later.
    fn with_observations(&self, (state, mut done): Configuration<M::State>) -> Configuration<M::State> {
        for &index in &self.running {
            if !done.contains(&index) && self.model.after(&state, index) == [state.clone()] {
                done = with(&done, index);
            }
        }
        (state, done)
    }
}

fn with(done: &[usize], index: usize) -> Vec<usize> {
    let mut done = done.to_vec();
    done.insert(done.partition_point(|other| *other < index), index);
    done
}

fn without<S>((state, mut done): Configuration<S>, index: usize) -> Configuration<S> {
    done.retain(|other| *other != index);
    (state, done)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register: calls write a number, or read it.
    struct Register(Vec<(char, u8)>);

    impl Model for Register {
        type State = u8;
        fn after(&self, state: &u8, index: usize) -> Vec<u8> {
            match self.0[index] {
                ('w', value) => vec![value],
                (_, value) => Vec::from_iter((value == *state).then_some(value)),
            }
        }
    }

    fn found(calls: &[(Micros, Micros, char, u8, bool)]) -> bool {
        let model = Register(calls.iter().map(|call| (call.2, call.3)).collect());
        let spans: Vec<Span> =
            calls.iter().map(|&(began, ended, _, _, certain)| Span { began, ended, certain }).collect();
        matches!(search(&model, 0, &spans), Found::Orders(_))
    }

    #[test]
    fn a_read_sees_what_overlaps_it_or_came_before_it() {
        assert!(found(&[(0, 9, 'w', 1, true), (1, 2, 'r', 0, true), (3, 4, 'r', 1, true)]));
        assert!(!found(&[(0, 9, 'w', 1, true), (1, 2, 'r', 1, true), (3, 4, 'r', 0, true)]));
        assert!(!found(&[(0, 1, 'w', 1, true), (2, 3, 'r', 0, true)]));
        assert!(!found(&[(0, 1, 'w', 1, true), (2, 3, 'w', 2, true), (4, 5, 'r', 1, true)]));
        assert!(found(&[(0, 9, 'w', 1, true), (0, 9, 'w', 2, true), (1, 8, 'r', 1, true), (9, 9, 'r', 2, true)]));
    }

    #[test]
    fn an_unanswered_call_happened_within_its_span_or_never() {
        assert!(found(&[(0, 9, 'w', 1, false), (1, 2, 'r', 0, true), (3, 4, 'r', 1, true)]));
        assert!(found(&[(0, 9, 'w', 1, false), (10, 11, 'r', 0, true)]));
        assert!(found(&[(0, 9, 'w', 1, false), (10, 11, 'r', 1, true)]));
        assert!(!found(&[(0, 9, 'w', 1, false), (10, 11, 'r', 0, true), (12, 13, 'r', 1, true)]));
    }
}
