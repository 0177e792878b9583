//! What the composition root tells the staff console, and from which networks it is reached.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{Extensions, HeaderMap};
use sesshu_monitor::MonitorHandle;
use tokio::sync::watch;

use super::backup_desk::BackupDesk;
use super::switch_desk::SwitchDesk;
use crate::config::{Client, TrustedProxy};
use crate::switches::Switches;

/// The settings of the staff console.
#[derive(Debug, Clone)]
pub struct StaffConfig {
    /// The city's name.
    pub city_name: String,
    /// Whether this listener itself speaks TLS.
    pub tls: bool,
    /// The proxy in front, if there is one and it may be believed.
    pub trusted_proxy: Option<TrustedProxy>,
    /// After how many minutes without a request somebody is signed out.
    pub idle_minutes: u32,
    /// After how many hours somebody is signed out in any case.
    pub absolute_hours: u32,
    /// The networks from which the console is reached; none at all means every network.
    pub allow: Vec<NetworkRange>,
    /// Whether this is the console of a training city, whose data is thrown away.
    pub training: bool,
    /// Whether sessions are published by somebody else than whoever prepared them.
    pub two_person_publish: bool,
    /// How many people an operator may look up in an hour.
    pub lookups_per_hour_max: u32,
    /// How many days after the campaign's end personal data is erased, unless something else is typed.
    pub keep_days: u16,
    /// The monitor; none in a process without one.
    pub monitor: Option<MonitorHandle>,
    /// The backups; none in a process without them.
    pub backups: Option<Arc<dyn BackupDesk>>,
    /// Which parts of the service are closed.
    pub switches: Switches,
    /// Who turns them; none in a process that cannot.
    pub switch_desk: Option<Arc<dyn SwitchDesk>>,
    /// How long a request may take in all. After it the outcome of a change is not known.
    pub request_timeout: Duration,
    /// How many requests are worked on at once; one more is answered that the console is busy.
    pub requests_in_flight_max: usize,
    /// How often a page that is kept up to date hears what has changed; a revoked account hears nothing more after at most this long.
    pub overview_every: Duration,
    /// Tells when the server stops, so that what is sent on and on ends; none never stops.
    pub stopping: Option<watch::Receiver<bool>>,
}

impl Default for StaffConfig {
    fn default() -> Self {
        Self {
            city_name: "○○市".into(),
            tls: false,
            trusted_proxy: None,
            idle_minutes: 30,
            absolute_hours: 12,
            allow: Vec::new(),
            training: false,
            two_person_publish: true,
            lookups_per_hour_max: 60,
            keep_days: 90,
            request_timeout: Duration::from_secs(30),
            requests_in_flight_max: 512,
            overview_every: Duration::from_secs(5),
            monitor: None,
            backups: None,
            switches: Switches::default(),
            switch_desk: None,
            stopping: None,
        }
    }
}

impl StaffConfig {
    /// The client of a request.
    pub(super) fn client(&self, extensions: &Extensions, headers: &HeaderMap) -> Client {
        Client::of(self.tls, self.trusted_proxy.as_ref(), extensions, headers)
    }

    /// Whether the console is reached from `address`.
    pub(super) fn allows(&self, address: IpAddr) -> bool {
        self.allow.is_empty() || self.allow.iter().any(|range| range.contains(address))
    }
}

/// A network as configurations write it: `10.0.0.0/8`, `2001:db8::/32`, or a single address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkRange {
    first: IpAddr,
    prefix_bits: u8,
}

/// A text that is no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a network such as 10.0.0.0/8, or an address")]
pub struct NotANetwork;

impl NetworkRange {
    fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(address)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix_bits)).unwrap_or(0);
                first.to_bits() == address.to_bits() & mask
            }
            (IpAddr::V6(first), IpAddr::V6(address)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix_bits)).unwrap_or(0);
                first.to_bits() == address.to_bits() & mask
            }
            _ => false,
        }
    }
}

impl FromStr for NetworkRange {
    type Err = NotANetwork;

    /// A network must be written with its first address: `10.1.2.3/8` is more likely a slip than meant.
    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let first: IpAddr = address.parse().map_err(|_| NotANetwork)?;
        let bits_max = if first.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.map_or(Ok(bits_max), str::parse).map_err(|_| NotANetwork)?;
        let range = Self { first, prefix_bits };
        if prefix_bits <= bits_max && range.contains(first) { Ok(range) } else { Err(NotANetwork) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_own_addresses_and_no_others() {
        let cases = [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("192.0.2.7", "192.0.2.7", true),
            ("192.0.2.7", "192.0.2.8", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::/0", "2001:db8::1", true),
        ];
        for (network, address, inside) in cases {
            let range: NetworkRange = network.parse().expect(network);
            assert_eq!(range.contains(address.parse().expect("an address")), inside, "{address} in {network}");
        }
        for wrong in ["", "10.0.0.0/33", "10.1.0.0/8", "10.0.0.0/", "10.0.0.0/-1", "::/129", "city", "10.0.0.0/8/8"] {
            assert_eq!(wrong.parse::<NetworkRange>(), Err(NotANetwork), "{wrong}");
        }
    }
}
