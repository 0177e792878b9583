//! What the auditor sees of the engine itself: clerks, index and reads must agree with the durable journal at every moment.

use super::auditor::{Auditor, Judged, is_published, leg, wrong};
use super::journal::Standing;
use super::lanes::{Lanes, places_left};
use super::world::World;
use crate::core::ids::{ResidentNo, SlotNo};

impl Auditor {
    /// What the engine has in memory, after any step.
    pub(super) fn memory(&self, world: &World) -> Judged {
        if world.writer_failed {
            return wrong("the ledger does not fail by itself", format!("after entry {}", self.journal.seq()));
        }
        for id in world.desks.sessions() {
            let Some(session) = world.engine.index().session(id) else { continue };
            let definition = session.definition();
            let judged = world.desks.look_at(id, |clerk| {
                if clerk.is_broken() {
                    return if world.excused.contains(&id) {
                        Ok(())
                    } else {
                        wrong("a clerk does not fail", format!("session {id}"))
                    };
                }
                for (index, slot) in definition.slots.iter().enumerate() {
                    let taken = clerk.places().taken(index);
                    if taken > slot.capacity {
                        let detail = format!("{id}/{index} has {taken} taken of {}", slot.capacity);
                        return wrong("capacity in memory", detail);
                    }
                }
                Ok(())
            });
            judged.unwrap_or(Ok(()))?;
        }
        Ok(())
    }

    /// What everybody reads, after a step of the ledger: the index is the journal's fold.
    pub(super) fn index(&self, world: &World) -> Judged {
        let head = world.engine.index().head();
        if head.seq > self.journal.seq() {
            return wrong("the index never leads the disk", format!("{} of {}", head.seq, self.journal.seq()));
        }
        for (id, session) in &self.journal.sessions {
            let Some(entry) = world.engine.index().session(*id) else {
                return wrong("the index is the journal's fold", format!("there is no session {id}"));
            };
            let booked = entry.booked();
            for (count, slot) in booked.0.iter().zip(0..) {
                let taken = self.journal.taken(*id, SlotNo(slot));
                if head.seq == self.journal.seq() && (count.web, count.phone) != (taken.web, taken.phone) {
                    let detail = format!("{id}/{slot} has {count:?}, the journal {taken:?}");
                    return wrong("the index is the journal's fold", detail);
                }
            }
            if head.seq == self.journal.seq() && entry.definition().phase != session.phase {
                return wrong("the index is the journal's fold", format!("session {id} is not {:?}", session.phase));
            }
        }
        Ok(())
    }

    /// What residents see: their own bookings, and lists of free places.
    pub(super) fn reads(&self, world: &World, resident: ResidentNo) -> Judged {
        let now = world.engine.now();
        let me = world.engine.me(resident).map(|me| me.bookings).unwrap_or_default();
        let mut told: Vec<_> = me.iter().map(|view| (view.number, leg(view), view.state)).collect();
        told.sort_unstable_by_key(|(number, ..)| *number);
        let own = self.journal.bookings.values().filter(|standing| standing.resident == resident);
        let own: Vec<_> = own.map(|Standing { booking, .. }| (booking.number, booking.leg(), booking.state)).collect();
        if told != own {
            return wrong(
                "my bookings are the truth",
                format!("resident {resident} sees {told:?}, the journal has {own:?}"),
            );
        }
        if world.engine.has_contact(resident) != self.journal.contact(resident).held {
            return wrong("a contact is held as the journal says", format!("resident {resident}"));
        }
        let seen = world.engine.availability();
        for view in seen.sessions.iter().filter(|_| seen.at == now) {
            let (Some(session), Some(entry)) =
                (self.journal.sessions.get(&view.id), world.engine.index().session(view.id))
            else {
                return wrong("lists show what there is", format!("session {}", view.id));
            };
            let lapses = session.date.at(session.slots[0].start).plus_minutes(-48 * 60);
            for shown in &view.slots {
                let slot = &session.slots[usize::from(shown.id.0)];
                let share = if now >= lapses { 0 } else { slot.phone_share };
                let (booked, held) = (self.journal.taken(view.id, shown.id), entry.held(usize::from(shown.id.0)));
                let taken = booked.and(Lanes { web: held.web, phone: held.phone });
                let ends = !is_published(session) || now >= session.date.at(slot.start);
                let free = if ends { 0 } else { places_left(slot.capacity, taken, share) };
                if shown.free != free {
                    let detail = format!("{}/{} shows {}, {free} are free", view.id, shown.id, shown.free);
                    return wrong("lists show what is free", detail);
                }
            }
        }
        Ok(())
    }
}
