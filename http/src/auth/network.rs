//! Where a request comes from, near and wide, as far as fairness and guessing are concerned.

use std::net::IpAddr;

/// The nearest network that one household or one attacker can have as a whole: an IPv4 address, or an IPv6 network of /64. A
/// carrier may have put thousands of people behind one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Network {
    /// The whole address.
    V4(u32),
    /// The first 64 bits.
    V6(u64),
}

/// The network around it that is handed out as one: IPv4 /24, IPv6 /48.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum WideNetwork {
    /// The first 24 bits.
    V4(u32),
    /// The first 48 bits.
    V6(u64),
}

impl Network {
    /// The network around it.
    pub(crate) const fn wide(self) -> WideNetwork {
        match self {
            Self::V4(address) => WideNetwork::V4(address >> 8),
            Self::V6(network) => WideNetwork::V6(network >> 16),
        }
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self::V4(v4.to_bits()),
            IpAddr::V6(v6) => Self::V6((v6.to_bits() >> 64) as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::from(text.parse::<IpAddr>().expect("an address"))
    }

    #[test]
    fn ipv6_counts_by_the_network_of_64_bits() {
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn the_wide_network_is_what_is_handed_out_as_one() {
        assert_eq!(network("2001:db8:1::1").wide(), network("2001:db8:1:ffff::9").wide());
        assert_ne!(network("2001:db8:1::1").wide(), network("2001:db8:2::1").wide());
        assert_eq!(network("192.0.2.1").wide(), network("192.0.2.255").wide());
        assert_ne!(network("192.0.2.1").wide(), network("192.0.3.1").wide());
    }
}
