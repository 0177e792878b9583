//! The judge is judged: hand-made histories, good ones that must pass and bad ones of which each must be caught.

use super::history::{Asked, Call, Heard, History, Micros, Person, Seen, Slot, SlotFacts, Want};
use super::verdict::{Claim, judge};

/// Slots 0 and 1 have one place, slot 2 has two; slot 3 lies 21 days after slots 0 and 1, slot 2 only one.
fn city() -> History {
    let slot = |capacity, day| SlotFacts { capacity, day };
    History {
        slots: vec![slot(1, 30), slot(1, 30), slot(2, 31), slot(1, 51)],
        interval_days_min: 21,
        ..History::default()
    }
}

impl History {
    fn call(mut self, person: Person, (began, ended): (Micros, Micros), asked: Asked, heard: Heard) -> Self {
        self.calls.push(Call { person, began, ended, asked, heard });
        self
    }

    fn claims(&self) -> Vec<Claim> {
        judge(self).into_iter().map(|problem| problem.claim).collect()
    }

    #[track_caller]
    fn passes(&self) {
        let problems = judge(self);
        assert!(problems.is_empty(), "{problems:#?}");
    }

    #[track_caller]
    fn is_caught(&self, claim: Claim) {
        assert_eq!(self.claims(), [claim], "{:#?}", judge(self));
    }
}

fn seen(number: &str, slot: Slot, dose: u8) -> Seen {
    Seen { number: number.into(), slot, dose, live: true }
}

fn book(key: &str, slot: Slot) -> Asked {
    Asked::Book { key: key.into(), wants: vec![Want { slot, dose: 1 }] }
}

fn pair(key: &str, first: Slot, second: Slot) -> Asked {
    Asked::Book { key: key.into(), wants: vec![Want { slot: first, dose: 1 }, Want { slot: second, dose: 2 }] }
}

fn to(key: &str, number: &str, to: Slot) -> Asked {
    Asked::Move { key: key.into(), number: number.into(), to }
}

fn hold(slot: Slot) -> Asked {
    Asked::Hold { wants: vec![Want { slot, dose: 1 }], changes: None }
}

fn done(created: bool, bookings: &[Seen]) -> Heard {
    Heard::Done { created, body: format!("{bookings:?}"), bookings: bookings.to_vec() }
}

fn created(number: &str, slot: Slot) -> Heard {
    done(true, &[seen(number, slot, 1)])
}

fn ended(number: &str, slot: Slot) -> Heard {
    done(false, &[Seen { live: false, ..seen(number, slot, 1) }])
}

fn looked(bookings: &[Seen]) -> Heard {
    Heard::Looked(bookings.to_vec())
}

fn refused(code: &str) -> Heard {
    Heard::Refused { code: code.into(), only_holds: false, index: None }
}

fn full_of_holds() -> Heard {
    Heard::Refused { code: "full".into(), only_holds: true, index: None }
}

fn cancel(number: &str) -> Asked {
    Asked::Cancel { number: number.into() }
}

#[test]
fn a_good_day_passes() {
    let both = [seen("B", 1, 1), seen("C", 3, 2)];
    city()
        .call(1, (0, 10), book("k", 0), created("A", 0))
        .call(2, (5, 15), book("k", 0), refused("full"))
        .call(2, (20, 30), pair("p", 1, 3), done(true, &both))
        .call(2, (31, 32), pair("p", 1, 3), done(false, &both))
        .call(1, (33, 40), to("m", "A", 2), done(false, &[seen("A", 2, 1)]))
        .call(3, (35, 45), book("k", 0), created("D", 0))
        .call(2, (50, 60), book("q", 0), refused("already_booked"))
        .call(1, (50, 60), cancel("A"), ended("A", 2))
        .call(1, (61, 62), Asked::Look, looked(&[]))
        .passes();
}

#[test]
fn a_slot_that_is_oversold_is_caught() {
    let one = city().call(1, (0, 10), book("k", 0), created("A", 0));
    one.clone().call(2, (0, 10), book("k", 0), created("B", 0)).is_caught(Claim::Slot);
    // Also when the place was given away before it was free.
    one.call(2, (11, 20), book("k", 0), created("B", 0))
        .call(1, (21, 30), cancel("A"), ended("A", 0))
        .is_caught(Claim::Slot);
}

#[test]
fn a_success_that_is_not_there_after_a_cut_is_caught() {
    let booked = city().call(1, (0, 10), book("k", 0), created("A", 0));
    booked.clone().call(1, (50, 60), Asked::Look, looked(&[])).is_caught(Claim::Person);
    booked.clone().call(1, (50, 60), Asked::Look, looked(&[seen("A", 0, 1)])).passes();
    booked.clone().call(1, (50, 60), cancel("A"), refused("no_such_booking")).is_caught(Claim::Person);
    booked.call(1, (50, 60), book("k", 0), created("B", 0)).is_caught(Claim::Person);
}

#[test]
fn an_unheard_call_may_have_happened_or_not_but_not_both() {
    let cut = city().call(1, (0, 10), book("k", 0), Heard::Nothing);
    let there = [seen("A", 0, 1)];
    cut.clone().call(1, (20, 30), Asked::Look, looked(&[])).passes();
    cut.clone().call(1, (20, 30), Asked::Look, looked(&there)).passes();
    cut.clone()
        .call(1, (20, 30), Asked::Look, looked(&there))
        .call(1, (31, 40), book("k", 0), done(false, &there))
        .passes();
    cut.clone()
        .call(1, (20, 30), Asked::Look, looked(&[]))
        .call(1, (31, 40), book("k", 0), done(false, &there))
        .is_caught(Claim::Person);
    // It was there, so the slot was full, and nobody else had it meanwhile.
    cut.call(1, (20, 30), Asked::Look, looked(&there))
        .call(2, (11, 12), book("k", 0), created("B", 0))
        .is_caught(Claim::Slot);
}

#[test]
fn full_that_was_not_true_is_caught() {
    city()
        .call(1, (0, 10), book("k", 0), created("A", 0))
        .call(1, (20, 30), cancel("A"), ended("A", 0))
        .call(2, (31, 40), book("k", 0), refused("full"))
        .is_caught(Claim::Slot);
    // `full` because of a booking that a crash then took back.
    city()
        .call(1, (0, 50), book("k", 0), Heard::Nothing)
        .call(2, (10, 20), book("k", 0), refused("full"))
        .call(1, (60, 70), Asked::Look, looked(&[]))
        .is_caught(Claim::Slot);
}

#[test]
fn two_live_bookings_of_one_dose_are_caught() {
    let booked = city().call(1, (0, 10), book("k", 0), created("A", 0));
    booked.clone().call(1, (11, 20), book("other", 1), created("B", 1)).is_caught(Claim::Person);
    booked.call(1, (11, 20), Asked::Look, looked(&[seen("A", 0, 1), seen("B", 1, 1)])).is_caught(Claim::Person);
}

#[test]
fn half_a_pair_is_caught() {
    let unheard = city().call(1, (0, 10), pair("p", 0, 3), Heard::Nothing);
    unheard.clone().call(1, (20, 30), Asked::Look, looked(&[seen("A", 0, 1)])).is_caught(Claim::Person);
    unheard.clone().call(1, (20, 30), Asked::Look, looked(&[seen("A", 3, 2)])).is_caught(Claim::Person);
    unheard.call(1, (20, 30), Asked::Look, looked(&[seen("A", 0, 1), seen("B", 3, 2)])).passes();
    city().call(1, (0, 10), pair("p", 0, 3), created("A", 0)).is_caught(Claim::Person);
}

#[test]
fn dose_2_alone_or_too_early_is_caught() {
    let second = |slot| Asked::Book { key: "s".into(), wants: vec![Want { slot, dose: 2 }] };
    city().call(1, (0, 10), second(3), done(true, &[seen("B", 3, 2)])).is_caught(Claim::Person);
    city().call(1, (0, 10), second(3), refused("not_eligible")).passes();
    let early = [seen("A", 0, 1), seen("B", 2, 2)];
    city().call(1, (0, 10), pair("p", 0, 2), done(true, &early)).is_caught(Claim::Person);
    city().call(1, (0, 10), pair("p", 0, 2), refused("interval")).passes();
    let both = [seen("A", 0, 1), seen("B", 3, 2)];
    city()
        .call(1, (0, 10), pair("p", 0, 3), done(true, &both))
        .call(1, (11, 20), cancel("A"), ended("A", 0))
        .is_caught(Claim::Person);
}

#[test]
fn a_key_that_changes_its_answer_is_caught() {
    let booked = city().call(1, (0, 10), book("k", 2), created("A", 2));
    booked.clone().call(1, (11, 20), book("k", 2), done(false, &[seen("B", 2, 1)])).is_caught(Claim::Person);
    booked.clone().call(1, (11, 20), book("k", 2), created("B", 2)).is_caught(Claim::Person);
    booked.clone().call(1, (11, 20), book("k", 2), refused("already_booked")).is_caught(Claim::Person);
    // Also after the booking has gone.
    booked
        .call(1, (11, 20), cancel("A"), ended("A", 2))
        .call(1, (21, 30), book("k", 2), done(false, &[seen("A", 2, 1)]))
        .passes();
}

#[test]
fn a_move_that_loses_a_place_or_keeps_two_is_caught() {
    let booked = city().call(1, (0, 10), book("k", 0), created("A", 0));
    let unheard = booked.clone().call(1, (11, 20), to("m", "A", 1), Heard::Nothing);
    unheard.clone().call(1, (30, 40), Asked::Look, looked(&[])).is_caught(Claim::Person);
    unheard.call(1, (30, 40), Asked::Look, looked(&[seen("A", 1, 1)])).passes();
    // A refused move has kept the old place.
    booked
        .clone()
        .call(2, (0, 10), book("k", 1), created("B", 1))
        .call(1, (11, 20), to("m", "A", 1), refused("full"))
        .call(3, (21, 30), book("k", 0), created("C", 0))
        .is_caught(Claim::Slot);
    // A move that is done has freed it.
    booked
        .call(1, (11, 20), to("m", "A", 1), done(false, &[seen("A", 1, 1)]))
        .call(3, (21, 30), book("k", 0), refused("full"))
        .is_caught(Claim::Slot);
}

#[test]
fn what_everybody_sees_in_quiet_is_counted() {
    let mut unheard = city()
        .call(1, (0, 10), book("k", 2), created("A", 2))
        .call(2, (0, 10), book("k", 2), Heard::Nothing)
        .call(1, (20, 30), Asked::Look, looked(&[seen("A", 2, 1)]))
        .call(2, (20, 30), Asked::Look, looked(&[seen("B", 2, 1)]));
    unheard.quiet.push((20, 30));
    unheard.clone().call(3, (40, 50), book("k", 2), refused("full")).passes();
    unheard.call(3, (40, 50), book("k", 2), created("C", 2)).is_caught(Claim::Slot);
}

#[test]
fn a_hold_keeps_its_place_until_it_ends_or_the_power_does() {
    let held = city().call(1, (0, 10), hold(0), Heard::Held { hold: "h".into() });
    held.clone().call(2, (11, 20), book("k", 0), full_of_holds()).passes();
    held.clone().call(2, (11, 20), book("k", 0), refused("full")).is_caught(Claim::Slot);
    held.clone().call(2, (11, 20), book("k", 0), created("B", 0)).is_caught(Claim::Slot);
    held.clone()
        .call(1, (11, 20), book("k", 0), created("A", 0))
        .call(2, (21, 30), book("k", 0), refused("full"))
        .passes();
    let released = held.clone().call(1, (11, 20), Asked::Release { hold: "h".into() }, Heard::Released);
    released.clone().call(2, (21, 30), book("k", 0), full_of_holds()).is_caught(Claim::Slot);
    released.call(2, (21, 30), book("k", 0), created("B", 0)).passes();
    let mut cut = held.call(2, (31, 40), book("k", 0), created("B", 0));
    cut.is_caught(Claim::Slot);
    cut.cuts.push(30);
    cut.passes();
}

#[test]
fn a_number_of_two_people_is_caught() {
    city()
        .call(1, (0, 10), book("k", 0), created("A", 0))
        .call(2, (0, 10), book("k", 1), created("A", 1))
        .is_caught(Claim::Number);
}
