//! The verdict on a history: each person has an order of their own calls, each slot an order of what came and went, and no
//! number is given twice. Every claim is necessary for a correct server; where a fact is not certain, both ways are allowed.
//!
//! Invariant 5 (every grant is decided by the session's actor) is seen from outside only as the orders of the slots.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::history::{Asked, Call, Heard, History, Micros, Slot};
use super::person::{Effect, PersonHistory, PersonState};
use super::search::{Found, Span, search};
use super::slot::{Happening, SlotHistory, SlotProblem, What};

/// A hold certainly lives for so long, if nobody ends it and the server runs: a minute less than the shortest hold of the
/// default configuration, for the two clocks.
const HOLD_LIVES: Micros = 4 * 60 * 1_000_000;

/// What kind of claim does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Claim {
    /// A person's calls have no order: something was lost, doubled, halved, or a key changed its answer.
    Person,
    /// A slot has no order: it was oversold, or `full` was not true.
    Slot,
    /// Two people have one number.
    Number,
    /// The search was too large: nothing is said, which is not good enough.
    Undecided,
}

/// A claim that does not hold, and why.
#[derive(Debug)]
pub(crate) struct Problem {
    pub(crate) claim: Claim,
    pub(crate) text: String,
}

/// Judges a history.
pub(crate) fn judge(history: &History) -> Vec<Problem> {
    let mut problems = numbers_given_twice(history);
    let mut slots: Vec<SlotHistory> =
        history.slots.iter().map(|slot| SlotHistory { capacity: slot.capacity, happenings: Vec::new() }).collect();
    for (person, calls) in history.by_person() {
        let person_history = PersonHistory::new(history, calls);
        match orders(&person_history) {
            Ok(ends) => tell_slots(&person_history, &ends, &mut slots),
            Err((claim, text)) => problems.push(Problem { claim, text: format!("person {person}: {text}") }),
        }
    }
    // The effects of a person without an order are not known, so nothing could be said of the slots.
    if problems.iter().any(|problem| problem.claim != Claim::Number) {
        return problems;
    }
    for (number, slot) in slots.iter_mut().enumerate() {
        count_in_quiet(history, number, slot);
        if let Err(problem) = slot.judge() {
            problems.push(of_slot(number, slot, &problem));
        }
    }
    problems
}

fn of_slot(number: Slot, slot: &SlotHistory, problem: &SlotProblem) -> Problem {
    let capacity = slot.capacity;
    let (claim, text) = match problem {
        SlotProblem::Oversold { at, live } => (Claim::Slot, format!("{live} certainly live bookings at {at} µs")),
        SlotProblem::NoOrder { index } => {
            let Happening { what, span, origin } = &slot.happenings[*index];
            let text = format!("no order explains {what:?} at {} to {} µs [{origin}]", span.began, span.ended);
            (Claim::Slot, format!("{text}\n  near it:\n{}", slot.around(*index)))
        }
        SlotProblem::TooLarge => (Claim::Undecided, "too many orders".to_owned()),
    };
    Problem { claim, text: format!("slot {number} of {capacity} places: {text}") }
}

fn numbers_given_twice(history: &History) -> Vec<Problem> {
    let mut owners = HashMap::new();
    let mut problems = Vec::new();
    for call in &history.calls {
        let (Heard::Done { bookings, .. } | Heard::Looked(bookings)) = &call.heard else { continue };
        for seen in bookings {
            let owner = *owners.entry(seen.number.as_str()).or_insert((call.person, seen.dose));
            if owner != (call.person, seen.dose) {
                let text = format!("number {} is of {owner:?} and of {:?}", seen.number, (call.person, seen.dose));
                problems.push(Problem { claim: Claim::Number, text });
            }
        }
    }
    problems
}

/// The states in which a person's calls may have ended.
fn orders(person: &PersonHistory<'_>) -> Result<Vec<PersonState>, (Claim, String)> {
    let spans: Vec<Span> = person
        .calls
        .iter()
        .map(|call| Span { began: call.began, ended: call.ended, certain: call.heard != Heard::Nothing })
        .collect();
    match search(person, PersonState::default(), &spans) {
        Found::Orders(ends) => Ok(ends),
        Found::TooLarge => Err((Claim::Undecided, "too many orders".to_owned())),
        Found::Impossible(at) => {
            let until = person.calls[at].ended;
            let lines = person.calls.iter().filter(|call| call.began <= until).map(|call| format!("    {call}"));
            let lines: Vec<String> = lines.collect();
            Err((Claim::Person, format!("no order explains {}\n  after:\n{}", person.calls[at], lines.join("\n"))))
        }
    }
}

/// Writes what a person did into the histories of the slots.
fn tell_slots(person: &PersonHistory<'_>, ends: &[PersonState], slots: &mut [SlotHistory]) {
    let intents: BTreeSet<usize> = ends.iter().flat_map(|end| end.effects.keys().copied()).collect();
    for intent in intents {
        let ways: Vec<&[Effect]> =
            ends.iter().map(|end| end.effects.get(&intent).map_or(&[] as &[Effect], Vec::as_slice)).collect();
        let span = span_of_intent(person, intent);
        for effect in ways.iter().copied().flatten().copied().collect::<BTreeSet<Effect>>() {
            let certain = ways.iter().all(|way| way.contains(&effect));
            let what = if effect.1 { What::Take } else { What::Free };
            let origin = person.calls[intent].to_string();
            slots[effect.0].happenings.push(Happening { what, span: Span { certain, ..span }, origin });
        }
    }
    for call in &person.calls {
        tell_full(call, slots);
        tell_hold(person, call, slots);
    }
}

/// When an intent acted: in the call that was answered with 201; else between the first try and the first success, or the end
/// of the last try.
fn span_of_intent(person: &PersonHistory<'_>, intent: usize) -> Span {
    let tries: Vec<&Call> = (0..person.calls.len())
        .filter(|&index| person.intent(index) == intent)
        .map(|index| person.calls[index])
        .collect();
    let of = |call: &Call| Span { began: call.began, ended: call.ended, certain: true };
    if let Some(created) = tries.iter().find(|call| matches!(call.heard, Heard::Done { created: true, .. })) {
        return of(created);
    }
    let done = tries.iter().filter(|call| matches!(call.heard, Heard::Done { .. })).map(|call| call.ended).min();
    let ended = done.or_else(|| tries.iter().map(|call| call.ended).max());
    Span { ended: ended.unwrap_or(Micros::MAX), ..of(tries[0]) }
}

fn tell_full(call: &Call, slots: &mut [SlotHistory]) {
    let Heard::Refused { code, only_holds, index } = &call.heard else { return };
    if code != "full" {
        return;
    }
    let slot = match &call.asked {
        Asked::Book { wants, .. } | Asked::Hold { wants, .. } => wants.get(index.unwrap_or(0)).map(|want| want.slot),
        Asked::Move { to, .. } => Some(*to),
        _ => None,
    };
    let Some(slot) = slot else { return };
    let what = if *only_holds { What::FullOfHolds } else { What::FullOfBookings };
    let span = Span { began: call.began, ended: call.ended, certain: true };
    slots[slot].happenings.push(Happening { what, span, origin: call.to_string() });
}

/// A hold lives from its answer on. It may end with the next success of its person and does so with certain ones, else when the
/// server ends: holds live in memory.
fn tell_hold(person: &PersonHistory<'_>, call: &Call, slots: &mut [SlotHistory]) {
    let Asked::Hold { wants, .. } = &call.asked else { return };
    let certain = match &call.heard {
        Heard::Held { .. } => true,
        Heard::Nothing => false,
        _ => return,
    };
    let cut = person.history.cut_after(call.began);
    let later = person.calls.iter().filter(|other| other.ended > call.began && !std::ptr::eq::<Call>(**other, call));
    let may_end = later.clone().filter(|other| !matches!(other.heard, Heard::Refused { .. } | Heard::Looked(_)));
    let first = may_end.map(|other| other.began.max(call.began)).min().unwrap_or(cut);
    let ends = later.filter(|other| other.began > call.ended && ends_hold(call, other)).map(|other| other.ended).min();
    let end = Span {
        began: first.min(cut).min(call.began.saturating_add(HOLD_LIVES)),
        ended: ends.unwrap_or(cut).min(cut),
        certain,
    };
    let begin = Span { began: call.began, ended: call.ended, certain };
    for want in wants {
        let origin = call.to_string();
        slots[want.slot].happenings.push(Happening { what: What::Hold, span: begin, origin: origin.clone() });
        slots[want.slot].happenings.push(Happening { what: What::HoldEnd, span: end, origin });
    }
}

/// Whether `later`, which began after the hold `held` was answered, has certainly ended it.
fn ends_hold(held: &Call, later: &Call) -> bool {
    match (&later.asked, &later.heard) {
        (Asked::Hold { .. }, Heard::Held { .. }) => true,
        (Asked::Release { hold: released }, Heard::Released) => {
            matches!(&held.heard, Heard::Held { hold } if hold == released)
        }
        (Asked::Book { wants, .. }, Heard::Done { created: true, .. }) => {
            held.asked == Asked::Hold { wants: wants.clone(), changes: None }
        }
        _ => false,
    }
}

/// What everybody saw while nobody changed anything.
fn count_in_quiet(history: &History, number: Slot, slot: &mut SlotHistory) {
    for &(began, ended) in &history.quiet {
        let mut live: BTreeMap<usize, usize> = BTreeMap::new();
        for call in history.calls.iter().filter(|call| call.began >= began && call.ended <= ended) {
            if let Heard::Looked(seen) = &call.heard {
                live.insert(call.person, seen.iter().filter(|seen| seen.live && seen.slot == number).count());
            }
        }
        let what = What::Counted(live.values().sum());
        let origin = format!("{} people looked", live.len());
        slot.happenings.push(Happening { what, span: Span { began, ended, certain: true }, origin });
    }
}
