//! The rules of backups: names, manifests, records of drills. Pure: time is an argument.

pub mod drill;
pub mod manifest;
pub mod name;
