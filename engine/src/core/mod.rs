//! The rules, pure: no IO, no clock, no async. Time, ids and randomness are arguments.
//!
//! `decide` and `places` say what may happen; `event` is what happened; `apply` on a record, on counts and on the setup is
//! the only way in which anything changes.

pub mod attendance;
pub mod backup;
pub mod booking;
pub mod by;
pub mod calls;
pub mod campaign;
pub mod care;
pub mod color;
pub mod concerns;
pub mod contact;
pub mod count;
pub mod credential;
pub mod decide;
pub mod draw;
pub mod ending;
pub mod event;
pub mod event_kind;
pub mod follow_up;
pub mod forecast;
pub mod free;
pub mod ids;
pub mod leftover;
pub mod leg;
pub mod limit;
pub mod line;
pub mod notice;
pub mod opening;
pub mod pace;
pub mod places;
pub mod recent;
pub mod refusal;
pub mod resident;
pub mod resident_set;
pub mod session;
pub mod setup;
pub mod site;
pub mod site_change;
pub mod site_check;
pub mod site_place;
pub mod staff;
pub mod suspicion;
pub mod switch;
pub mod time;
