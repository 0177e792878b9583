//! One actor per vaccination session. It decides capacity, one message at a time, and never waits for the disk.
//!
//! A message carries its own reply, its gate pass and its permit; dropping it anywhere answers "unavailable", frees the gate
//! and returns the permit, so nothing can leak.

mod clerk;
mod grant;
mod message;
mod session_actor;
mod sink;
mod system;

#[cfg(test)]
pub(crate) use clerk::SessionClerk;
pub(crate) use grant::{CampaignTurn, Grant, GrantLeg, Purpose, Takes, Ticket};
#[cfg(test)]
pub(crate) use message::Durable;
pub(crate) use message::{CloseCommand, LimitCommand, SessionMessage};
pub(crate) use sink::ActorSink;
#[cfg(test)]
pub(crate) use system::Mailbox;
pub(crate) use system::{ActorSystem, Office, Shared};
