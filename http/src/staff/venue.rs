//! A venue's pages: the day by slot, the person at the desk, the list on paper, walk-ins, leftover doses.
//!
//! `bar` is what stands on each of them; who may work in which venue is asked of the engine at each request.

mod bar;
mod choose;
mod day;
mod find;
mod leftovers;
mod no_shows;
mod person;
mod print;
mod walk_in;
mod words;

pub(super) use choose::get_venues;
pub(super) use day::get_day;
pub(super) use find::post_find;
pub(super) use leftovers::{get_leftovers, get_leftovers_of, post_leftover, post_leftover_ids};
pub(super) use no_shows::post_no_shows;
pub(super) use person::{LastLots, get_person, post_attendance};
pub(super) use print::get_print;
pub(super) use walk_in::{get_walk_in, post_walk_in, post_walk_in_book};
pub(super) use words::InWords;
