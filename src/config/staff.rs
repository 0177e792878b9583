//! The staff console's part of the configuration.

use serde::Deserialize;
use sesshu_http::{NetworkRange, StaffConfig, TrustedProxy};

use super::Proxy;

/// The staff console.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Staff {
    pub(crate) idle_minutes: u32,
    pub(crate) absolute_hours: u32,
    pub(crate) allow: Vec<String>,
    pub(crate) origin: Option<String>,
    pub(crate) training: bool,
    pub(crate) two_person_publish: bool,
    pub(crate) lookups_per_hour_max: u32,
}

impl Default for Staff {
    fn default() -> Self {
        let console = StaffConfig::default();
        Self {
            idle_minutes: console.idle_minutes,
            absolute_hours: console.absolute_hours,
            allow: Vec::new(),
            origin: None,
            training: console.training,
            two_person_publish: console.two_person_publish,
            lookups_per_hour_max: console.lookups_per_hour_max,
        }
    }
}

impl Staff {
    /// The networks that reach the console; the check has refused a text that is none.
    pub(crate) fn allowed(&self) -> Vec<NetworkRange> {
        self.allow.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// The proxy as the console's listener takes it: browsers of staff see another origin than residents'.
    pub(crate) fn behind(&self, proxy: &Proxy) -> TrustedProxy {
        let residents = proxy.trusted();
        TrustedProxy { origin: self.origin.clone().or_else(|| residents.origin.clone()), ..residents }
    }

    /// What is wrong: the key, and why.
    pub(super) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        if !(1..=720).contains(&self.idle_minutes) {
            Some(("idle_minutes", "must be from 1 to 720"))
        } else if !(1..=24).contains(&self.absolute_hours) {
            Some(("absolute_hours", "must be from 1 to 24"))
        } else if self.idle_minutes > self.absolute_hours * 60 {
            Some(("idle_minutes", "must not be longer than absolute_hours"))
        } else if self.allow.iter().any(|text| text.parse::<NetworkRange>().is_err()) {
            Some(("allow", "must be networks such as 10.0.0.0/8 (with their first address), or addresses"))
        } else if !(1..=10_000).contains(&self.lookups_per_hour_max) {
            Some(("lookups_per_hour_max", "must be from 1 to 10000"))
        } else if self.origin.as_deref().is_some_and(|origin| !TrustedProxy::is_origin(origin)) {
            Some(("origin", "must be an origin such as https://kanri.example.lg.jp"))
        } else {
            None
        }
    }
}
