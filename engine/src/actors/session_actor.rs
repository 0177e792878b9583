//! The actor of one session: its clerk with a mailbox, on one of the actors' threads.

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};
use tokio::runtime;

use super::clerk::SessionClerk;
use super::message::SessionMessage;

/// How often ended holds and waiting grants are looked at when nothing else happens.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The actor.
pub(super) struct SessionActor(pub(super) SessionClerk);

impl Actor for SessionActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        // Mailboxes are bounded by permits; this number only sizes the queue.
        context.set_mailbox_capacity(64);
        // actix starts an actor that never ran in order to drop it, after its thread's runtime has gone: no timer can be set then.
        if runtime::Handle::try_current().is_ok() {
            context.run_interval(LOOK_EVERY, |actor, _| actor.0.receive(SessionMessage::Look));
        }
    }
}

impl Message for SessionMessage {
    type Result = ();
}

impl Handler<SessionMessage> for SessionActor {
    type Result = ();

    fn handle(&mut self, message: SessionMessage, _: &mut Self::Context) {
        self.0.receive(message);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::actors::system::{Mailbox, Office, Shared};
    use crate::clock::ManualClock;
    use crate::core::ids::{SessionId, VaccineId, VenueId};
    use crate::core::session::{Session, SessionPhase};
    use crate::core::setup::Rules;
    use crate::core::time::{Day, Instant};
    use crate::ledger::{Index, SessionEntry, WriterFigures};

    struct NoOffice;

    impl Office for NoOffice {
        fn start(&self, _: SessionClerk) -> Mailbox {
            Arc::new(drop)
        }

        fn stop(&self) {}
    }

    #[test]
    fn an_actor_that_is_dropped_before_it_ever_ran_needs_no_runtime() {
        let session = Session {
            id: SessionId(1),
            venue: VenueId(1),
            date: Day(20_000),
            vaccine: VaccineId(1),
            doses: Vec::new(),
            phase: SessionPhase::Draft,
            slots: Vec::new(),
            doses_total: None,
        };
        let shared = Shared::new(
            Arc::new(ManualClock::at(Instant(0))),
            Rules::default(),
            Arc::new(Index::default()),
            Arc::new(WriterFigures::default()),
            Arc::new(NoOffice),
        );
        let entry = Arc::new(SessionEntry::new(session));
        let actor = SessionActor(SessionClerk::new(SessionId(1), entry, 0, Arc::new(shared)));
        drop(Context::new().into_future(actor));
    }
}
