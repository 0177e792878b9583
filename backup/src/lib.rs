//! Backups that are proven: a consistent snapshot every day, seven generations, copies and the journal on a second place, restore,
//! and drills. A generation counts only after it was restored and checked.
//!
//! `core` holds the rules and does no IO. The crate knows the engine's stores and nothing of HTTP, alerts or command lines: the
//! composition root hands it what else it needs.

pub mod config;
pub mod core;
pub mod status;
