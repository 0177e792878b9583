//! `/ops`: the machine and the service, watched day and night: what is wrong and what to do, gauges against their thresholds, who is
//! told by which way, when nobody is. All of it is the monitor's; these pages show it and hand orders on.

mod chart;
mod contacts;
mod gauges;
mod glance;
mod history;
mod incident;
mod incidents;
mod lanes;
mod orders;
mod silences;
mod spark;
mod words;

pub(super) use contacts::{get_contacts, post_call};
pub(super) use glance::get_glance;
pub(super) use history::get_history;
pub(super) use incident::{get_incident, post_acknowledge};
pub(super) use incidents::get_incidents;
pub(super) use silences::{get_silences, post_end_silence, post_silence};
