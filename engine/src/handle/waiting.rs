//! The waiting room, as callers see it: who may take a new place now, and where everybody else stands.

use std::sync::PoisonError;

use super::EngineHandle;
use crate::core::ids::{Channel, DoseNo, ResidentNo, VaccineId};
use crate::core::leg::Legs;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::session::PublicState;
use crate::core::time::Instant;
use crate::view::{Draw, Standing, WaitingFigures};

impl EngineHandle {
    /// Notes that a person is there who logged in at `since`, and says where they stand. To be called whenever they ask.
    #[must_use]
    pub fn standing(&self, resident: ResidentNo, since: Instant) -> Standing {
        self.0.waiting_room.standing(resident, since, self.now())
    }

    /// The draw of the opening that is next, or else of the last one.
    #[must_use]
    pub fn draw(&self) -> Option<Draw> {
        self.0.waiting_room.draw(self.now())
    }

    /// The draw of the last opening, whose seed is published.
    #[must_use]
    pub fn last_draw(&self) -> Option<Draw> {
        self.0.waiting_room.last_draw(self.now())
    }

    /// The number that the seed of the last opening gives a person.
    #[must_use]
    pub fn draw_number(&self, resident: ResidentNo) -> Option<u64> {
        self.0.waiting_room.draw_number(resident, self.now())
    }

    /// Tells how late the threads are that serve residents, in milliseconds: when they are, fewer people are admitted.
    pub fn serving_is_late(&self, ms: u64) {
        self.0.waiting_room.serving_is_late(ms);
    }

    /// Whether the resident may ask for these new places now. Whoever holds exactly them has been admitted to them already; a hold of
    /// others, or for a move, opens nothing. No other lane waits.
    pub(super) fn may_come_in(
        &self,
        resident: ResidentNo,
        legs: &Legs,
        channel: Channel,
        now: Instant,
    ) -> Result<(), Refusal> {
        let room = &self.0.waiting_room;
        let holds_them = || {
            let hold = self.0.gate.hold(resident, now);
            hold.is_some_and(|hold| hold.changes.is_none() && hold.legs.iter().eq(legs.iter()))
        };
        let comes_in = channel != Channel::Web || room.is_open(now) || holds_them() || room.admits(resident, now);
        if comes_in { Ok(()) } else { Err(RefusalCode::Queued.into()) }
    }

    /// Free places by vaccine and dose, for whoever waits.
    pub(super) fn free_by_dose(&self) -> Vec<(VaccineId, DoseNo, u32)> {
        let mut free: Vec<(VaccineId, DoseNo, u32)> = Vec::new();
        for session in &self.availability().sessions {
            let places: u32 =
                session.slots.iter().filter(|slot| slot.state == PublicState::Open).map(|slot| slot.free).sum();
            for dose in &session.doses {
                match free.iter_mut().find(|(vaccine, of, _)| (*vaccine, *of) == (session.vaccine_id, *dose)) {
                    Some((.., all)) => *all += places,
                    None => free.push((session.vaccine_id, *dose, places)),
                }
            }
        }
        free
    }

    pub(super) fn waiting_figures(&self) -> WaitingFigures {
        self.0.usher.lock().unwrap_or_else(PoisonError::into_inner).figures(&self.0.waiting_room)
    }
}
