//! The actor of one session: its clerk with a mailbox, on one of the actors' threads.

use std::time::Duration;

use actix::{Actor, AsyncContext, Context, Handler, Message};

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
        context.run_interval(LOOK_EVERY, |actor, _| actor.0.receive(SessionMessage::Look));
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
