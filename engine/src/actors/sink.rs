//! From the ledger back to the actors and to the people: outcomes, then replies.

use std::collections::HashMap;
use std::sync::Arc;

use super::grant::Ticket;
use super::session_actor::{Durable, Rebuild};
use super::system::Shared;
use crate::core::event::Event;
use crate::core::ids::SessionId;
use crate::core::refusal::RefusalCode;
use crate::ledger::{Batch, Outcome, Sink};

/// Tells actors and people what became of their entries.
pub(crate) struct ActorSink {
    pub(crate) shared: Arc<Shared>,
}

impl Sink for ActorSink {
    type Ticket = Ticket;

    fn durable(&mut self, batch: &Batch<Ticket>) {
        let epoch = self.shared.epoch();
        let mut by_session: HashMap<SessionId, Durable> = HashMap::new();
        for settled in batch {
            for (session, take) in &settled.ticket.takes {
                entry(&mut by_session, *session, epoch).settled.push(*take);
            }
            for change in settled.entry.events.iter().flat_map(Event::place_changes) {
                entry(&mut by_session, change.session, epoch).changes.push(change);
            }
            if let Some((session, slot)) = settled.ticket.capacity_of {
                entry(&mut by_session, session, epoch).capacity_settled.push(slot);
            }
        }
        for (session, durable) in by_session {
            self.shared.registry.durable(session, durable);
        }
    }

    fn reply(&mut self, batch: Batch<Ticket>, outcome: Outcome) {
        for settled in batch {
            let Ticket { reply, pass, takes, .. } = settled.ticket;
            if let Some(pass) = &pass
                && outcome == Outcome::Durable
                && !takes.is_empty()
                && let Some(hold) = pass.set_hold(None)
            {
                // A hold that the booking used is gone already; another place that it kept is free now.
                for leg in &hold.legs {
                    self.shared.registry.release(leg.session, hold.id);
                }
            }
            drop(pass);
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
        for (session, entry) in self.shared.registry.entries(&self.shared.index) {
            self.shared.registry.rebuild(session, Rebuild { epoch, booked: entry.booked() });
        }
    }
}

fn entry(all: &mut HashMap<SessionId, Durable>, session: SessionId, epoch: u64) -> &mut Durable {
    all.entry(session).or_insert_with(|| Durable { epoch, ..Durable::default() })
}
