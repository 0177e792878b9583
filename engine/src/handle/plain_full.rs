//! "Full" from the counters: where durable bookings alone fill a place, no clerk is asked. In the minutes after the last place is gone,
//! most of a crowd hears this, and it costs nobody a turn.

use super::EngineHandle;
use crate::core::free::full_of_bookings;
use crate::core::ids::{Channel, ResidentNo};
use crate::core::leg::Leg;
use crate::core::places::PlaceWanted;
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::time::Instant;

impl EngineHandle {
    /// Refuses as `full` the leg that a clerk would decide first, if durable bookings alone have filled it. It rests on
    /// what no crash and no other refusal takes back. Whether holds or undecided takes stand in the way is left to the clerk, and so is
    /// a place that the person holds themself.
    pub(super) fn refuse_plainly_full(
        &self,
        resident: ResidentNo,
        legs: &[Leg],
        channel: Channel,
        now: Instant,
    ) -> Result<(), Refusal> {
        // Of a pair only the leg that is decided first: its clerk may have another "no", which comes before that of the second.
        let first = legs.iter().enumerate().min_by_key(|(_, leg)| leg.session);
        let Some((index, leg)) = first.filter(|(_, leg)| self.is_plainly_full(**leg, channel, now)) else {
            return Ok(());
        };
        let own = self.0.gate.hold(resident, now);
        if own.is_some_and(|own| own.legs.iter().any(|held| (held.session, held.slot) == (leg.session, leg.slot))) {
            return Ok(());
        }
        Err(Refusal::from(RefusalCode::Full).of_leg(index, legs.len()))
    }

    fn is_plainly_full(&self, leg: Leg, channel: Channel, now: Instant) -> bool {
        let Some(entry) = self.index().session(leg.session) else { return false };
        let session = entry.definition();
        let wanted = PlaceWanted { slot: leg.slot, dose: leg.dose, channel, hold: None };
        let rules = &self.0.shared.rules;
        session.slot(leg.slot).is_some()
            && full_of_bookings(&session, rules, &wanted, now, entry.booked_in(leg.slot), || entry.booked_in_all())
    }
}
