//! The bounds of the residents' listener, as the configuration names them.

use serde::Deserialize;
use sesshu_http::{ConnectionLimits, LoadLimits};

/// The bounds. Each has its unit in its name.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Limits {
    pub(crate) connections_max: usize,
    pub(crate) network_connections_max: u32,
    pub(crate) network_connections_per_second: u32,
    pub(crate) requests_in_flight_min: usize,
    pub(crate) requests_in_flight_max: usize,
    pub(crate) late_ms: u32,
    pub(crate) ledger_late_ms: u32,
}

impl Default for Limits {
    fn default() -> Self {
        let (connections, load) = (ConnectionLimits::default(), LoadLimits::default());
        Self {
            connections_max: connections.connections_max,
            network_connections_max: connections.network_connections_max,
            network_connections_per_second: connections.network_arrivals_per_s_max,
            requests_in_flight_min: load.requests_in_flight_min,
            requests_in_flight_max: load.requests_in_flight_max,
            late_ms: load.late_ms,
            ledger_late_ms: load.ledger_late_ms,
        }
    }
}

impl Limits {
    /// The bounds on connections.
    pub(crate) fn connections(&self) -> ConnectionLimits {
        ConnectionLimits {
            connections_max: self.connections_max,
            network_connections_max: self.network_connections_max,
            network_arrivals_per_s_max: self.network_connections_per_second,
            network_arrivals_burst_max: self.network_connections_max,
            ..ConnectionLimits::default()
        }
    }

    /// The bounds of overload control.
    pub(crate) const fn load(&self) -> LoadLimits {
        LoadLimits {
            late_ms: self.late_ms,
            ledger_late_ms: self.ledger_late_ms,
            requests_in_flight_min: self.requests_in_flight_min,
            requests_in_flight_max: self.requests_in_flight_max,
        }
    }

    /// The first key that is wrong, and why.
    pub(super) fn wrong(&self) -> Option<(&'static str, &'static str)> {
        if !(64..=1_000_000).contains(&self.connections_max) {
            Some(("connections_max", "must be from 64 to 1000000"))
        } else if self.network_connections_max < 8 || self.network_connections_max as usize > self.connections_max {
            Some(("network_connections_max", "must be from 8 to connections_max"))
        } else if !(8..=100_000).contains(&self.network_connections_per_second) {
            Some(("network_connections_per_second", "must be from 8 to 100000"))
        } else if !(64..=100_000).contains(&self.requests_in_flight_max) {
            Some(("requests_in_flight_max", "must be from 64 to 100000"))
        } else if !(64..=self.requests_in_flight_max).contains(&self.requests_in_flight_min) {
            Some(("requests_in_flight_min", "must be from 64 to requests_in_flight_max"))
        } else if !(10..=2_000).contains(&self.late_ms) {
            Some(("late_ms", "must be from 10 to 2000"))
        } else if !(100..=5_000).contains(&self.ledger_late_ms) {
            Some(("ledger_late_ms", "must be from 100 to 5000"))
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_named_by_its_key() {
        let usual = Limits::default;
        assert_eq!(usual().wrong(), None);
        let cases = [
            ("connections_max", Limits { connections_max: 10, ..usual() }),
            ("network_connections_max", Limits { network_connections_max: 30_000, ..usual() }),
            ("network_connections_per_second", Limits { network_connections_per_second: 0, ..usual() }),
            ("requests_in_flight_max", Limits { requests_in_flight_max: 0, ..usual() }),
            ("requests_in_flight_min", Limits { requests_in_flight_min: 9_000, ..usual() }),
            ("late_ms", Limits { late_ms: 0, ..usual() }),
            ("ledger_late_ms", Limits { ledger_late_ms: 60_000, ..usual() }),
        ];
        for (key, limits) in cases {
            assert_eq!(limits.wrong().map(|(key, _)| key), Some(key));
        }
    }
}
