//! `/ops`: the machine and the service, watched day and night: what is wrong and what to do, gauges against their thresholds, who is
//! told by which way, when nobody is; and the backups. All of it is the monitor's and the backups': these pages show it and hand
//! orders on.

mod backups;
mod chart;
mod contacts;
mod gauges;
mod glance;
mod history;
mod incident;
mod incidents;
mod lanes;
mod orders;
mod rush;
mod silences;
mod spark;
mod switches;
mod words;

pub(super) use backups::{get_backups, get_drills, get_drills_csv, post_backup, post_drill};
pub(super) use contacts::{get_contacts, post_call};
pub(super) use glance::get_glance;
pub(super) use history::get_history;
pub(super) use incident::{get_incident, post_acknowledge};
pub(super) use incidents::get_incidents;
pub(super) use silences::{get_silences, post_end_silence, post_silence};
pub(super) use switches::{get_switches, post_switches};
