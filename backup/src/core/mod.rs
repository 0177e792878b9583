//! The rules of backups: names, manifests, what is due, what may go, records of drills. Pure: time is an argument.

pub mod drill;
pub mod drill_schedule;
pub mod hex;
pub mod manifest;
pub mod name;
pub mod retention;
pub mod schedule;
