//! What the pages offer a person: who may book when, and which sessions go together.

use std::sync::Arc;

use super::EngineHandle;
use crate::core::decide::{Applicant, Offer, may_book};
use crate::core::ids::{BookingNumber, Channel, DoseNo, ResidentNo, SessionId, SlotNo, VaccineId};
use crate::core::leg::Leg;
use crate::core::session::Session;
use crate::core::setup::{Vaccine, Wave, WaveOpening, wave_opening};

impl EngineHandle {
    /// The priority groups, in the city's order; none if everybody may book.
    #[must_use]
    pub fn waves(&self) -> Vec<Wave> {
        self.index().setup().waves.clone()
    }

    /// A vaccine with the rules of its series.
    #[must_use]
    pub fn vaccine(&self, id: VaccineId) -> Option<Vaccine> {
        self.index().setup().vaccine(id).cloned()
    }

    /// The published sessions in which this resident may book `dose`, now or once they open, capacity apart: what is worth
    /// showing them. `moving` is the booking that would move.
    #[must_use]
    pub fn feasible(&self, resident: ResidentNo, dose: DoseNo, moving: Option<BookingNumber>) -> Vec<SessionId> {
        self.feasible_with(resident, dose, None, moving)
    }

    /// The published sessions in which this resident may book `dose` in one request with the dose before or after it, which
    /// `beside` names with its session: the other half of a pair.
    #[must_use]
    pub fn feasible_beside(&self, resident: ResidentNo, dose: DoseNo, beside: (SessionId, DoseNo)) -> Vec<SessionId> {
        self.feasible_with(resident, dose, Some(beside), None)
    }

    pub(super) fn feasible_with(
        &self,
        resident: ResidentNo,
        dose: DoseNo,
        beside: Option<(SessionId, DoseNo)>,
        moving: Option<BookingNumber>,
    ) -> Vec<SessionId> {
        let setup = self.index().setup();
        let now = self.now();
        let definitions: Vec<Arc<Session>> = self.index().sessions().iter().map(|entry| entry.definition()).collect();
        let beside = match beside {
            None => None,
            Some((id, other)) => match definitions.iter().find(|session| session.id == id) {
                Some(session) => Some((session, other)),
                None => return Vec::new(),
            },
        };
        let feasible = self.index().resident(resident, |entry| {
            let applicant = Applicant { person: &entry.person, record: &entry.record, channel: Channel::Web };
            match wave_opening(&setup.waves, &entry.person) {
                WaveOpening::At(opens_at) if opens_at > now => return Vec::new(),
                WaveOpening::NoWaves | WaveOpening::Never | WaveOpening::At(_) => {}
            }
            let leg_of = |session: &Session, dose| {
                // Any slot that still takes bookings will do; the last one is open longest.
                let slot = SlotNo(session.slots.len().saturating_sub(1) as u16);
                Leg { session: session.id, slot, dose }
            };
            let fits = |session: &Session, vaccine: &Vaccine| {
                let own = (leg_of(session, dose), Some(Offer { session, vaccine }));
                // A session that is not open yet is shown if it fits once it is.
                let when = session.opens_at().map_or(now, |opens_at| opens_at.max(now));
                let Some((other, other_dose)) = beside else {
                    return may_book(applicant, &[own], moving, &setup.waves, when).is_ok();
                };
                let Some(vaccine) = setup.vaccine(other.vaccine) else { return false };
                let theirs = (leg_of(other, other_dose), Some(Offer { session: other, vaccine }));
                let when = other.opens_at().map_or(when, |opens_at| opens_at.max(when));
                let pair = if dose < other_dose { [own, theirs] } else { [theirs, own] };
                may_book(applicant, &pair, moving, &setup.waves, when).is_ok()
            };
            let of = |session: &Session| setup.vaccine(session.vaccine).is_some_and(|vaccine| fits(session, vaccine));
            definitions.iter().filter(|session| of(session)).map(|session| session.id).collect()
        });
        feasible.unwrap_or_default()
    }
}
