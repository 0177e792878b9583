//! When a place is gone: the next three that are free by phone, for the same person, dose and pair.

use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::session::PublicState;
use sesshu_engine::view::{SessionView, SlotView};

use super::call::OnLine;
use super::place::Wish;
use super::places::sessions_for;
use crate::staff::desk::StaffDesk;

/// How many are offered.
const OFFERED: usize = 3;

/// The free places nearest to that of leg `index` of `legs`, which is gone; the other leg of a pair stays.
pub(super) fn nearest(desk: &StaffDesk, line: &OnLine, wish: &Wish, legs: &Legs, index: usize) -> Vec<Legs> {
    let lost = legs[index.min(legs.len() - 1)];
    let Some(place) = desk.engine.place(lost) else { return Vec::new() };
    let sessions = match legs.iter().find(|leg| leg.dose != lost.dose) {
        Some(other) => desk.engine.places_by_phone(line.resident, lost.dose, Some((other.session, other.dose)), None),
        None => sessions_for(desk, line, wish, lost.dose),
    };
    let distance = |session: &SessionView, slot: &SlotView| {
        let days = session.date.days_since(place.date).unsigned_abs();
        (days, session.venue.id != place.venue.id, slot.start.0.abs_diff(place.start.0), slot.start.0)
    };
    let mut free: Vec<_> = sessions
        .iter()
        .flat_map(|session| session.slots.iter().map(move |slot| (session, slot)))
        .filter(|(session, slot)| slot.state == PublicState::Open && (session.id, slot.id) != (lost.session, lost.slot))
        .map(|(session, slot)| (distance(session, slot), Leg { session: session.id, slot: slot.id, dose: lost.dose }))
        .collect();
    free.sort_unstable_by_key(|(distance, _)| *distance);
    let instead = |leg: Leg| {
        let all: Vec<Leg> = legs.iter().map(|old| if old.dose == leg.dose { leg } else { *old }).collect();
        Legs::of(&all)
    };
    free.into_iter().filter_map(|(_, leg)| instead(leg)).take(OFFERED).collect()
}
