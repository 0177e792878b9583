//! The city's plan at the console: venues, vaccines, waves, sessions, and how drafts become public. For admins.
//!
//! What is typed is read as a line of the city's file is (`parse_typed_session`), so that a form, a pattern and a file refuse the same
//! things in the same words.

pub(super) mod cancel;
pub(super) mod capacity;
pub(super) mod close;
pub(super) mod drafts;
mod fields;
mod line;
pub(super) mod list;
pub(super) mod month;
pub(super) mod new;
pub(super) mod one;
pub(super) mod pattern;
pub(super) mod publish;
pub(super) mod sheet;
pub(super) mod stock;
mod typed;
pub(super) mod vaccines;
pub(super) mod venues;
mod vials;
pub(super) mod waves;
pub(super) mod words;
