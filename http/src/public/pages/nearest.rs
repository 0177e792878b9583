//! When a place is gone: the nearest ones that are free, for the same person, dose and pair. The lists are up to a quarter of a
//! second old, so one of these may be gone too; then there are others.

use std::collections::HashSet;

use sesshu_engine::core::ids::{BookingNumber, SessionId};
use sesshu_engine::core::leg::{Leg, Legs};
use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::core::session::PublicState;
use sesshu_engine::view::{SessionView, SlotView};

use crate::auth::token::Login;
use crate::problem::{Code, GoOn, Problem};
use crate::public::desk::Desk;

/// How many are offered.
const OFFERED: usize = 3;

/// The same refusal with how a person goes on: with the choice at `href`, and, if the place is gone, with the nearest ones.
pub(crate) fn with_nearest(
    desk: &Desk,
    login: &Login,
    refused: Problem,
    legs: &Legs,
    changes: Option<BookingNumber>,
    href: String,
) -> Problem {
    use RefusalCode::{Closed, Full, NoSuchSlot};
    let nearest = match refused.code {
        Code::Refused(Full | Closed | NoSuchSlot) => {
            let index = usize::from(refused.index.unwrap_or(0)).min(legs.len() - 1);
            nearest(desk, login, legs, index, changes)
        }
        _ => Vec::new(),
    };
    refused.go_on(GoOn { href: href.into(), nearest, changes, again: None })
}

/// The free places nearest to that of leg `index`; the other leg of a pair stays.
fn nearest(desk: &Desk, login: &Login, legs: &Legs, index: usize, changes: Option<BookingNumber>) -> Vec<Legs> {
    let lost = legs[index];
    let Some(place) = desk.engine.place(lost) else { return Vec::new() };
    let other = legs.iter().find(|leg| leg.dose != lost.dose);
    let feasible: HashSet<SessionId> = match other {
        Some(other) => desk.engine.feasible_beside(login.resident, lost.dose, (other.session, other.dose)),
        None => desk.engine.feasible(login.resident, lost.dose, changes),
    }
    .into_iter()
    .collect();
    let now = desk.availability();
    let distance = |session: &SessionView, slot: &SlotView| {
        let days = session.date.days_since(place.date).unsigned_abs();
        (days, session.venue.id != place.venue.id, slot.start.0.abs_diff(place.start.0), slot.start.0)
    };
    let mut free: Vec<_> = now
        .sessions
        .iter()
        .filter(|session| feasible.contains(&session.id))
        .flat_map(|session| session.slots.iter().map(move |slot| (session, slot)))
        .filter(|(session, slot)| slot.state == PublicState::Open && (session.id, slot.id) != (lost.session, lost.slot))
        .map(|(session, slot)| (distance(session, slot), Leg { session: session.id, slot: slot.id, dose: lost.dose }))
        .collect();
    free.sort_unstable_by_key(|(distance, _)| *distance);
    let legs_with = |leg: Leg| {
        let mut all = legs.to_vec();
        all[index] = leg;
        Legs::of(&all)
    };
    free.into_iter().take(OFFERED).filter_map(|(_, leg)| legs_with(leg)).collect()
}
