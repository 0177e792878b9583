//! One person in the order of their own calls: what they have booked, which keys have booked, and which answers fit. Slots are
//! always free here; whether a place was there is judged slot by slot.
//!
//! Invariants 2 (one live booking a dose, dose 2 in its interval), 3 (what was acknowledged stays), 4 (a key books at most once
//! and repeats its answer) and 6 (pairs and moves as a whole) are this model. What it cannot see: a refusal that gives no state
//! away, such as `busy`, is always believed.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{Asked, Call, Heard, History, Seen, Slot, Want};
use super::search::Model;

/// A slot gains (`true`) or loses (`false`) a booking.
pub(crate) type Effect = (Slot, bool);

/// The codes of the refusals that fit.
type Codes = &'static [&'static str];
/// Live bookings by dose.
type LiveByDose = BTreeMap<u8, Live>;

/// The calls of one person, with what they need to be judged.
pub(crate) struct PersonHistory<'a> {
    pub(crate) history: &'a History,
    pub(crate) calls: Vec<&'a Call>,
}

/// A live booking. Its number is a stand-in until an answer tells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Live {
    number: String,
    slot: Slot,
}

/// The first success of a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct First {
    /// Not known when nobody heard it.
    body: Option<String>,
    call: usize,
}

/// What is so for a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct PersonState {
    live: LiveByDose,
    cancelled: BTreeSet<String>,
    keys: BTreeMap<String, First>,
    /// What each intent has done to slots so far, by the intent's first call.
    pub(crate) effects: BTreeMap<usize, Vec<Effect>>,
}

impl<'a> PersonHistory<'a> {
    /// The calls of one person, in the order of their beginning.
    pub(crate) fn new(history: &'a History, calls: Vec<&'a Call>) -> Self {
        Self { history, calls }
    }

    /// The first call with the same intent: the same key, or the cancellation of the same booking. Together they act once.
    pub(crate) fn intent(&self, index: usize) -> usize {
        let of = |call: &Call| match &call.asked {
            Asked::Book { key, .. } | Asked::Move { key, .. } => Some((true, key.clone())),
            Asked::Cancel { number } => Some((false, number.clone())),
            _ => None,
        };
        let own = of(self.calls[index]);
        self.calls.iter().position(|call| own.is_some() && of(call) == own).unwrap_or(index)
    }

    fn fits_interval(&self, live: &LiveByDose) -> bool {
        let day = |live: &Live| self.history.slots[live.slot].day;
        match (live.get(&1), live.get(&2)) {
            (Some(first), Some(second)) => day(second) - day(first) >= self.history.interval_days_min,
            (None, Some(_)) => false,
            _ => true,
        }
    }

    /// The bookings with `wants` among them, if the rules about a person allow it; else the codes that may be said instead.
    fn with(&self, live: &LiveByDose, wants: &[Want], number: impl Fn(u8) -> String) -> Result<LiveByDose, Codes> {
        let has = |dose: u8| live.contains_key(&dose) || wants.iter().any(|want| want.dose == dose);
        if wants.iter().any(|want| want.dose == 2) && !has(1) {
            return Err(&["not_eligible"]);
        }
        if wants.iter().any(|want| live.contains_key(&want.dose)) {
            return Err(&["already_booked"]);
        }
        let mut after = live.clone();
        for want in wants {
            after.insert(want.dose, Live { number: number(want.dose), slot: want.slot });
        }
        if self.fits_interval(&after) { Ok(after) } else { Err(&["interval"]) }
    }

    /// The bookings after booking `number` has moved to `to`, its dose, and where it was.
    fn moved(&self, live: &LiveByDose, number: &str, to: Slot) -> Result<(LiveByDose, u8, Slot), Codes> {
        let Some((&dose, own)) = live.iter().find(|(_, live)| live.number == number) else {
            return Err(&["no_such_booking"]);
        };
        let mut after = live.clone();
        let from = own.slot;
        after.insert(dose, Live { number: number.to_owned(), slot: to });
        if self.fits_interval(&after) { Ok((after, dose, from)) } else { Err(&["interval"]) }
    }

    fn book(&self, state: &PersonState, index: usize, key: &str, wants: &[Want]) -> Option<PersonState> {
        match (state.keys.get(key), &self.calls[index].heard) {
            // A key that has booked repeats its first answer and changes nothing.
            (Some(first), Heard::Done { created: false, body, bookings }) => {
                repeated(state, first, key, body, bookings)
            }
            (Some(_), Heard::Nothing) => Some(state.clone()),
            (None, Heard::Done { created: true, body, bookings }) => {
                let asked = |seen: &Seen| wants.contains(&Want { slot: seen.slot, dose: seen.dose }) && seen.live;
                if bookings.len() != wants.len() || !bookings.iter().all(asked) {
                    return None;
                }
                let number = |dose| bookings.iter().find(|seen| seen.dose == dose).map(|seen| seen.number.clone());
                let after = self.with(&state.live, wants, |dose| number(dose).unwrap_or_default()).ok()?;
                Some(self.booked(state, index, key, wants, after, Some(body.clone())))
            }
            (None, Heard::Nothing) => {
                let after = self.with(&state.live, wants, |dose| stand_in(index, dose)).ok()?;
                Some(self.booked(state, index, key, wants, after, None))
            }
            (None, Heard::Refused { code, .. }) => {
                believable(code, self.with(&state.live, wants, |_| String::new()).map(drop)).then(|| state.clone())
            }
            _ => None,
        }
    }

    fn booked(
        &self,
        state: &PersonState,
        index: usize,
        key: &str,
        wants: &[Want],
        live: LiveByDose,
        body: Option<String>,
    ) -> PersonState {
        let mut after = PersonState { live, ..state.clone() };
        after.keys.insert(key.to_owned(), First { body, call: index });
        after.effects.insert(self.intent(index), wants.iter().map(|want| (want.slot, true)).collect());
        after
    }

    fn change(&self, state: &PersonState, index: usize, key: &str, number: &str, to: Slot) -> Option<PersonState> {
        let heard = &self.calls[index].heard;
        match (state.keys.get(key), heard) {
            (Some(first), Heard::Done { body, bookings, .. }) => repeated(state, first, key, body, bookings),
            (Some(_), Heard::Nothing) => Some(state.clone()),
            (None, Heard::Done { .. } | Heard::Nothing) => {
                let (live, dose, from) = self.moved(&state.live, number, to).ok()?;
                let body = if let Heard::Done { body, bookings, .. } = heard {
                    let expected = Seen { number: number.to_owned(), slot: to, dose, live: true };
                    if *bookings != [expected] {
                        return None;
                    }
                    Some(body.clone())
                } else {
                    None
                };
                let mut after = PersonState { live, ..state.clone() };
                after.keys.insert(key.to_owned(), First { body, call: index });
                let effects = if from == to { vec![] } else { vec![(from, false), (to, true)] };
                after.effects.insert(self.intent(index), effects);
                Some(after)
            }
            (None, Heard::Refused { code, .. }) => {
                believable(code, self.moved(&state.live, number, to).map(drop)).then(|| state.clone())
            }
            _ => None,
        }
    }

    fn cancel(&self, state: &PersonState, index: usize, number: &str) -> Option<PersonState> {
        let told = match &self.calls[index].heard {
            Heard::Done { bookings, .. } => Some(bookings),
            Heard::Nothing => None,
            _ => return None,
        };
        if told.is_some_and(|told| told.iter().any(|seen| seen.live) || !told.iter().any(|seen| seen.number == number))
        {
            return None;
        }
        if state.cancelled.contains(number) {
            return Some(state.clone());
        }
        let dose = *state.live.iter().find(|(_, live)| live.number == number)?.0;
        let mut after = state.clone();
        // Dose 2 does not stay without dose 1.
        let ended = after.live.split_off(&dose);
        if let Some(told) = told {
            let fits = |dose: &u8, live: &Live| {
                told.iter().any(|seen| seen.dose == *dose && seen.slot == live.slot && is_or_stands(live, &seen.number))
            };
            if told.len() != ended.len() || !ended.iter().all(|(dose, live)| fits(dose, live)) {
                return None;
            }
            after.cancelled.extend(told.iter().map(|seen| seen.number.clone()));
        } else {
            after.cancelled.extend(ended.values().map(|live| live.number.clone()));
        }
        after.effects.insert(self.intent(index), ended.values().map(|live| (live.slot, false)).collect());
        Some(after)
    }

    fn hold(&self, state: &PersonState, index: usize, wants: &[Want], changes: Option<&str>) -> bool {
        let allowed = match (changes, wants) {
            (Some(number), [want]) => self.moved(&state.live, number, want.slot).map(drop),
            _ => self.with(&state.live, wants, |_| String::new()).map(drop),
        };
        match &self.calls[index].heard {
            Heard::Held { .. } => allowed.is_ok(),
            Heard::Refused { code, .. } => believable(code, allowed),
            heard => *heard == Heard::Nothing,
        }
    }
}

impl Model for PersonHistory<'_> {
    type State = PersonState;

    fn after(&self, state: &PersonState, index: usize) -> Vec<PersonState> {
        let call = self.calls[index];
        if matches!(&call.heard, Heard::Refused { code, .. } if no_news(code)) {
            return vec![state.clone()];
        }
        let after = match &call.asked {
            Asked::Book { key, wants } => self.book(state, index, key, wants),
            Asked::Move { key, number, to } => self.change(state, index, key, number, *to),
            Asked::Cancel { number } => self.cancel(state, index, number),
            Asked::Hold { wants, changes } => self.hold(state, index, wants, changes.as_deref()).then(|| state.clone()),
            Asked::Release { .. } => Some(state.clone()),
            Asked::Look => match &call.heard {
                Heard::Looked(seen) => looked(state, seen),
                _ => None,
            },
        };
        Vec::from_iter(after)
    }
}

fn stand_in(call: usize, dose: u8) -> String {
    format!("?{call}-{dose}")
}

fn is_or_stands(live: &Live, number: &str) -> bool {
    live.number == number || live.number.starts_with('?')
}

/// Codes that are said whatever is booked.
fn no_news(code: &str) -> bool {
    matches!(code, "busy" | "queued" | "too_many_attempts")
}

/// Whether a refusal with `code` fits what the rules about the person say. `full` comes after them.
fn believable(code: &str, rules: Result<(), Codes>) -> bool {
    rules.map_or_else(|codes| codes.contains(&code), |()| code == "full")
}

/// The state after a key has repeated its first answer, which may be the first time that anybody hears it.
fn repeated(state: &PersonState, first: &First, key: &str, body: &str, bookings: &[Seen]) -> Option<PersonState> {
    if let Some(known) = &first.body {
        return (known == body).then(|| state.clone());
    }
    let mut after = state.clone();
    after.keys.insert(key.to_owned(), First { body: Some(body.to_owned()), call: first.call });
    for seen in bookings {
        after = named(&after, &stand_in(first.call, seen.dose), &seen.number);
    }
    Some(after)
}

/// The state with the stand-in replaced by the number that it stood for.
fn named(state: &PersonState, stand_in: &str, number: &str) -> PersonState {
    let mut after = state.clone();
    for live in after.live.values_mut().filter(|live| live.number == stand_in) {
        number.clone_into(&mut live.number);
    }
    if after.cancelled.remove(stand_in) {
        after.cancelled.insert(number.to_owned());
    }
    after
}

/// The state after somebody has seen exactly these bookings.
fn looked(state: &PersonState, seen: &[Seen]) -> Option<PersonState> {
    let live: Vec<&Seen> = seen.iter().filter(|seen| seen.live).collect();
    let mut after = state.clone();
    for seen in &live {
        let own = after.live.get(&seen.dose)?;
        if own.slot != seen.slot || !is_or_stands(own, &seen.number) {
            return None;
        }
        after = named(&after, &own.number.clone(), &seen.number);
    }
    (live.len() == state.live.len()).then_some(after)
}
