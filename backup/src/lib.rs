//! Backups that are proven: a consistent snapshot every day, seven generations, copies and the journal on a second place, restore,
//! and drills. A generation counts only after it was restored and checked.
//!
//! `core` holds the rules and does no IO. The crate knows the engine's stores and nothing of HTTP, alerts or command lines: the
//! composition root hands it what else it needs.

mod board;
pub mod clock;
pub mod config;
mod container;
pub mod core;
pub mod error;
pub mod folder;
mod generation;
pub mod journal;
pub mod keeper;
pub mod keys;
pub mod lock;
mod manifest_file;
pub mod order;
pub mod parties;
pub mod progress;
mod reach;
pub mod reading;
pub mod records;
pub mod restore;
mod room;
mod second;
pub mod service;
pub mod setup;
pub mod snapshot;
mod state;
pub mod status;
pub mod throttle;
pub mod works;
