//! One slot as a counter: takes, frees, holds, and what `full` and a full list of bookings tell about it. Knows no people.
//!
//! What it cannot see: which free belongs to which take, and whether a hold ended before the last moment at which it may have
//! ended. In both it lets more orders pass, never fewer.

use super::history::Micros;
use super::search::{Found, Model, Span, search};

/// What happened to a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// A booking came here.
    Take,
    /// A booking left, by a move or a cancellation.
    Free,
    /// A hold began.
    Hold,
    /// A hold ended: used, released, replaced, or forgotten by a crash.
    HoldEnd,
    /// Somebody heard `full`, and no hold was to blame: every place was booked at some instant of the call.
    FullOfBookings,
    /// Somebody heard `full` with `retry_at`: bookings and holds filled the slot, bookings alone did not.
    FullOfHolds,
    /// Everybody looked while nobody changed anything: exactly so many bookings are here.
    Counted(usize),
}

/// It, with its time and its origin.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub(crate) what: What,
    pub(crate) span: Span,
    /// The call it comes from, for a message.
    pub(crate) origin: String,
}

/// The history of one slot.
#[derive(Debug, Clone, Default)]
pub(crate) struct SlotHistory {
    pub(crate) capacity: usize,
    pub(crate) happenings: Vec<Happening>,
}

/// Bookings and holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Taken {
    booked: usize,
    held: usize,
}

impl Model for SlotHistory {
    type State = Taken;

    fn after(&self, &taken: &Taken, index: usize) -> Vec<Taken> {
        let Taken { booked, held } = taken;
        let free = booked + held < self.capacity;
        let after = match self.happenings[index].what {
            What::Take => free.then_some(Taken { booked: booked + 1, held }),
            What::Hold => free.then_some(Taken { booked, held: held + 1 }),
            What::Free => booked.checked_sub(1).map(|booked| Taken { booked, held }),
            What::HoldEnd => held.checked_sub(1).map(|held| Taken { booked, held }),
            What::FullOfBookings => (booked == self.capacity).then_some(taken),
            What::FullOfHolds => (!free && booked < self.capacity).then_some(taken),
            What::Counted(count) => (booked == count).then_some(taken),
        };
        Vec::from_iter(after)
    }

    fn class(&self, index: usize) -> Option<u8> {
        let Happening { what, span, .. } = &self.happenings[index];
        let class = match what {
            What::Take => 0,
            What::Free => 1,
            What::Hold => 2,
            What::HoldEnd => 3,
            What::FullOfBookings | What::FullOfHolds | What::Counted(_) => return None,
        };
        Some(class * 2 + u8::from(span.certain))
    }
}

/// What is wrong with a slot's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SlotProblem {
    /// At this instant more bookings were certainly live than there are places.
    Oversold { at: Micros, live: usize },
    /// No order explains this.
    NoOrder { index: usize },
    /// There are more orders than can be searched.
    TooLarge,
}

impl SlotHistory {
    /// Judges it.
    pub(crate) fn judge(&self) -> Result<(), SlotProblem> {
        self.certainly_live_within_capacity()?;
        let spans: Vec<Span> = self.happenings.iter().map(|happening| happening.span).collect();
        match search(self, Taken { booked: 0, held: 0 }, &spans) {
            Found::Orders(_) => Ok(()),
            Found::Impossible(index) => Err(SlotProblem::NoOrder { index }),
            Found::TooLarge => Err(SlotProblem::TooLarge),
        }
    }

    /// The simple part of the claim, without a search: takes that were answered, less every free that can have begun.
    fn certainly_live_within_capacity(&self) -> Result<(), SlotProblem> {
        let mut cuts: Vec<(Micros, bool)> = Vec::new();
        for Happening { what, span, .. } in &self.happenings {
            match what {
                What::Take if span.certain => cuts.push((span.ended, true)),
                What::Free => cuts.push((span.began, false)),
                _ => {}
            }
        }
        // At one instant the frees come first.
        cuts.sort_unstable();
        let (mut taken, mut freed) = (0_usize, 0_usize);
        for (at, is_take) in cuts {
            if is_take {
                taken += 1;
            } else {
                freed += 1;
            }
            let live = taken.saturating_sub(freed);
            if live > self.capacity {
                return Err(SlotProblem::Oversold { at, live });
            }
        }
        Ok(())
    }

    /// What lies around happening `index`, for a message.
    pub(crate) fn around(&self, index: usize) -> String {
        let Span { began, ended, .. } = self.happenings[index].span;
        let mut near: Vec<&Happening> =
            self.happenings.iter().filter(|other| other.span.began <= ended && other.span.ended >= began).collect();
        near.sort_by_key(|happening| happening.span.began);
        let lines = near.iter().take(60).map(|Happening { what, span, origin }| {
            let sure = if span.certain { "" } else { " (perhaps)" };
            format!("    {} to {}: {what:?}{sure}  [{origin}]", span.began, span.ended)
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use What::{Counted, Free, FullOfBookings, FullOfHolds, Hold, HoldEnd, Take};

    fn judged(capacity: usize, happenings: &[(Micros, Micros, What, bool)]) -> Result<(), SlotProblem> {
        let happening = |&(began, ended, what, certain): &(Micros, Micros, What, bool)| Happening {
            what,
            span: Span { began, ended, certain },
            origin: String::new(),
        };
        SlotHistory { capacity, happenings: happenings.iter().map(happening).collect() }.judge()
    }

    #[test]
    fn full_is_true_at_some_instant_of_its_call() {
        let full = |began, ended| [(0, 10, Take, true), (30, 40, Free, true), (began, ended, FullOfBookings, true)];
        for (began, ended, is_true) in
            [(5, 6, true), (0, 3, true), (20, 21, true), (35, 36, true), (50, 60, false), (39, 60, true)]
        {
            assert_eq!(judged(1, &full(began, ended)).is_ok(), is_true, "{began} {ended}");
        }
        assert!(judged(2, &full(20, 21)).is_err(), "one of two places is free");
    }

    #[test]
    fn two_takes_of_the_last_place_need_a_free_between_them() {
        let two = |free: (Micros, Micros)| [(0, 1, Take, true), (20, 30, Take, true), (free.0, free.1, Free, true)];
        assert!(judged(1, &two((5, 6))).is_ok());
        assert!(judged(1, &two((25, 40))).is_ok());
        assert!(judged(1, &two((31, 40))).is_err());
    }

    #[test]
    fn more_live_bookings_than_places_are_seen_without_a_search() {
        let takes = [(0, 9, Take, true), (0, 8, Take, true)];
        assert_eq!(judged(1, &takes), Err(SlotProblem::Oversold { at: 9, live: 2 }));
    }

    #[test]
    fn an_unanswered_take_may_explain_full_and_a_count_decides_it() {
        let take = (0, 100, Take, false);
        assert!(judged(1, &[take, (10, 20, FullOfBookings, true)]).is_ok());
        assert!(judged(1, &[take, (10, 20, FullOfBookings, true), (200, 300, Counted(0), true)]).is_err());
        assert!(judged(1, &[take, (10, 20, FullOfBookings, true), (200, 300, Counted(1), true)]).is_ok());
    }

    #[test]
    fn a_hold_fills_a_place_until_it_ends() {
        let held = [(0, 1, Hold, true), (50, 60, HoldEnd, true)];
        let also = |what, began, ended| [held[0], held[1], (began, ended, what, true)];
        assert!(judged(1, &also(FullOfHolds, 10, 20)).is_ok());
        assert!(judged(1, &also(FullOfHolds, 70, 80)).is_err());
        assert!(judged(1, &also(FullOfBookings, 10, 20)).is_err(), "`full` without `retry_at` rests on bookings");
        assert!(judged(1, &also(Take, 10, 20)).is_err(), "a held place is not given away");
        assert!(judged(1, &also(Take, 50, 55)).is_ok());
    }
}
