//! What the benches share: a lean client, the servers it talks to, and the arithmetic of rounds. It knows Sesshu as a client
//! does, but for two things: it seals the tokens of its throw-away residents itself, since a rush is not a storm of logins, and
//! it fills a large city through the engine's door.
#![allow(clippy::missing_panics_doc, reason = "a bench that cannot measure stops with a panic that says why")]

#[path = "support/bare_axum.rs"]
pub mod bare_axum;
#[path = "support/cores.rs"]
pub mod cores;
#[path = "support/crowd.rs"]
pub mod crowd;
#[path = "support/engine_rush.rs"]
pub mod engine_rush;
#[path = "support/long_journal.rs"]
pub mod long_journal;
#[path = "support/million.rs"]
pub mod million;
#[path = "support/open_model.rs"]
pub mod open_model;
#[path = "support/raw.rs"]
pub mod raw;
#[path = "support/rounds.rs"]
pub mod rounds;
#[path = "support/rush.rs"]
pub mod rush;
#[path = "support/versus.rs"]
pub mod versus;
#[path = "support/visitors.rs"]
pub mod visitors;
#[path = "support/wire.rs"]
pub mod wire;

/// The allocator of the binary: the engine is measured with what it is shipped with, and bare axum beside it with the same.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
