//! The call centre's pages: a call is opened, whoever calls is identified, something is booked, changed or cancelled for them, and
//! the call ends. A person is reached only inside the running call of the operator who identified them.
//!
//! `call` is the extractor that says so. `claim` reads what the caller says of themself.

pub(super) mod book;
mod call;
pub(super) mod calls;
pub(super) mod cancel;
pub(super) mod confirm;
pub(super) mod done;
pub(super) mod end;
pub(super) mod hold;
mod nearest;
mod next;
pub(super) mod notes;
pub(super) mod person;
mod place;
pub(super) mod places;
mod refused;
pub(super) mod search;
pub(super) mod slip;
mod spoken;
