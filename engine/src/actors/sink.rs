//! From the ledger back to the actors and to the people: outcomes, then replies.

use std::collections::HashMap;
use std::sync::Arc;

use super::grant::Ticket;
use super::message::{Durable, Rebuild, SessionMessage};
use super::system::Shared;
use crate::core::event::Event;
use crate::core::ids::SessionId;
use crate::core::limit::Limit;
use crate::core::refusal::RefusalCode;
use crate::ledger::{Batch, Outcome, Sink};
use crate::planted::{Bug, planted};

/// Tells actors and people what became of their entries.
pub(crate) struct ActorSink {
    pub(crate) shared: Arc<Shared>,
    /// Tickets of unknown outcome. Their passes and turns stay closed until the store is open again, so that nobody decides on
    /// an index that may lack what they did.
    pub(crate) unknown: Vec<Ticket>,
}

impl Sink for ActorSink {
    type Ticket = Ticket;

    fn durable(&mut self, batch: &Batch<Ticket>) {
        let epoch = self.shared.epoch();
        let mut by_session: HashMap<SessionId, Durable> = HashMap::new();
        let mut of = |session: SessionId, told: &mut dyn FnMut(&mut Durable)| {
            told(by_session.entry(session).or_insert_with(|| Durable { epoch, ..Durable::default() }));
        };
        let mut published = false;
        for settled in batch {
            for (session, take) in &settled.ticket.takes {
                of(*session, &mut |durable| durable.settled.push(*take));
            }
            for event in &settled.entry.events {
                for change in event.place_changes() {
                    of(change.session, &mut |durable| durable.changes.push(change));
                }
                match event {
                    Event::CapacityChanged { session, slot, capacity } => {
                        let limit = Limit::Slot { slot: *slot, capacity: *capacity };
                        of(*session, &mut |durable| durable.limits_changed.push(limit));
                    }
                    Event::StockChanged { session, doses_total } => {
                        let limit = Limit::Stock { doses_total: *doses_total };
                        of(*session, &mut |durable| durable.limits_changed.push(limit));
                    }
                    Event::SessionReopened(session) => of(*session, &mut |durable| durable.reopened = true),
                    // Whoever waits there is decided again, by the new phase.
                    Event::SessionClosed(session) | Event::SessionCancelled(session) => of(*session, &mut |_| {}),
                    Event::SessionsPublished { .. } => published = true,
                    _ => {}
                }
            }
        }
        if published {
            self.shared.start_sessions();
        }
        for (session, durable) in by_session {
            self.shared.registry.tell(session, SessionMessage::Durable(durable));
        }
    }

    fn reply(&mut self, batch: Batch<Ticket>, outcome: Outcome) {
        for settled in batch {
            let mut ticket = settled.ticket;
            if let Some(pass) = &ticket.pass
                && outcome == Outcome::Durable
                && !ticket.takes.is_empty()
                && !planted(Bug::HoldOutlivesBooking)
                && let Some(hold) = pass.set_hold(None)
            {
                // A hold that the booking used is gone already; another place that it kept is free now.
                for leg in &hold.legs {
                    self.shared.registry.tell(leg.session, SessionMessage::Release(hold.id));
                }
            }
            let reply = ticket.reply.take();
            if planted(Bug::PermitLost) && outcome == Outcome::Stale {
                std::mem::forget(ticket.permit.take());
            }
            if outcome == Outcome::Unknown {
                self.unknown.push(ticket);
            } else {
                drop(ticket);
            }
            if let Some(reply) = reply {
                let answer = match outcome {
                    Outcome::Durable => Ok(Some(settled.entry)),
                    Outcome::Unknown => Err(RefusalCode::Unavailable.into()),
                    Outcome::Stale => Err(RefusalCode::Busy.into()),
                };
                // Whoever hung up finds their booking under "my bookings".
                let _ = reply.send(answer);
            }
        }
    }

    fn resumed(&mut self, epoch: u64) {
        self.shared.start_sessions();
        for (session, entry) in self.shared.registry.entries(&self.shared.index) {
            let rebuild = Rebuild { epoch, booked: entry.booked() };
            self.shared.registry.tell(session, SessionMessage::Rebuild(rebuild));
        }
        self.unknown.clear();
    }
}
