//! What the composition root tells the public listener, and who its clients are. Defaults fit a city on its own, without a proxy.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::http::header::HeaderName;
use axum::http::{Extensions, HeaderMap};
use sesshu_monitor::MonitorHandle;
use tower_http::csrf::CsrfLayer;

use crate::switches::Switches;

/// The settings of the public listener.
#[derive(Debug, Clone)]
pub struct PublicConfig {
    /// The city's name as residents read it.
    pub city_name: String,
    /// Whether this is a training city, whose data is thrown away.
    pub training: bool,
    /// The call centre, as every page names it.
    pub call_centre: CallCentre,
    /// Whether this listener itself speaks TLS.
    pub tls: bool,
    /// The proxy in front, if there is one and it may be believed.
    pub trusted_proxy: Option<TrustedProxy>,
    /// How long a login lasts, in minutes.
    pub login_minutes: u32,
    /// The line in front of the login.
    pub login_queue: crate::LoginQueue,
    /// The monitor; none in a process without one.
    pub monitor: Option<MonitorHandle>,
    /// Which parts of the service are closed.
    pub switches: Switches,
    /// The largest body that a request may have, in bytes.
    pub body_bytes_max: usize,
    /// How long the body of a request may take to arrive.
    pub body_read_timeout: Duration,
    /// How long a request may take in all. After it the outcome of a change is not known.
    pub request_timeout: Duration,
    /// What the serving has to bear, with its bounds. The guard before the router takes the same.
    pub load: crate::Load,
    /// How the server treats connections. `serve` takes the same.
    pub connections: crate::ConnectionLimits,
}

impl Default for PublicConfig {
    fn default() -> Self {
        Self {
            city_name: "○○市".into(),
            training: false,
            call_centre: CallCentre::default(),
            tls: false,
            trusted_proxy: None,
            login_minutes: 120,
            login_queue: crate::LoginQueue::default(),
            monitor: None,
            switches: Switches::default(),
            body_bytes_max: 8 * 1024,
            body_read_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(20),
            load: crate::Load::default(),
            connections: crate::ConnectionLimits::default(),
        }
    }
}

/// The call centre's number and hours.
#[derive(Debug, Clone)]
pub struct CallCentre {
    /// The telephone number as people read it.
    pub phone: String,
    /// The hours in Japanese.
    pub hours_ja: String,
    /// The hours in English.
    pub hours_en: String,
}

impl Default for CallCentre {
    fn default() -> Self {
        Self {
            phone: "0120-000-000".into(),
            hours_ja: "毎日 午前9時〜午後5時".into(),
            hours_en: "every day, 9:00 am to 5:00 pm".into(),
        }
    }
}

impl CallCentre {
    /// The hours in the language of this code, and whether it is that one; else they are in Japanese.
    pub(crate) fn hours(&self, code: &str) -> (&str, bool) {
        match code {
            "en" => (&self.hours_en, true),
            code => (&self.hours_ja, code == "ja"),
        }
    }
}

/// A proxy whose word about the client counts. Anybody else's forwarding headers are ignored.
#[derive(Debug, Clone)]
pub struct TrustedProxy {
    /// The addresses from which the proxy connects.
    pub peers: Vec<IpAddr>,
    /// In which header it names the client.
    pub address_header: AddressHeader,
    /// The origin that browsers see, such as `https://yoyaku.example.lg.jp`; needed if the proxy rewrites `Host`.
    pub origin: Option<String>,
}

impl TrustedProxy {
    /// Whether [`TrustedProxy::origin`] is one that browsers could send, or not set. Another is left out by the router, so
    /// whoever reads the configuration refuses it.
    #[must_use]
    pub fn origin_is_valid(&self) -> bool {
        self.origin.as_deref().is_none_or(Self::is_origin)
    }

    /// Whether browsers see HTTPS at a proxy that does not say so itself.
    fn serves_https(&self) -> bool {
        self.origin
            .as_deref()
            .and_then(|origin| origin.split_once("://"))
            .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("https"))
    }

    /// Whether `text` is an origin that browsers could send.
    #[must_use]
    pub fn is_origin(text: &str) -> bool {
        CsrfLayer::new().add_trusted_origin(text).is_ok()
    }
}

/// The header in which a trusted proxy names the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressHeader {
    /// `X-Forwarded-For`: the rightmost address is the one that the proxy added itself.
    XForwardedFor,
    /// `X-Real-IP`: one address.
    XRealIp,
}

impl AddressHeader {
    const fn name(self) -> HeaderName {
        match self {
            Self::XForwardedFor => HeaderName::from_static("x-forwarded-for"),
            Self::XRealIp => HeaderName::from_static("x-real-ip"),
        }
    }
}

/// Who asks, as far as the connection tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// The client's address.
    pub(crate) address: IpAddr,
    /// Whether the browser sees HTTPS.
    pub(crate) https: bool,
}

impl Client {
    /// The client of a request to a listener that speaks `tls` itself or stands behind `proxy`. Without a socket (in tests) it
    /// is the loopback address.
    pub(crate) fn of(tls: bool, proxy: Option<&TrustedProxy>, extensions: &Extensions, headers: &HeaderMap) -> Self {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.ip());
        let client = Self::at(peer, proxy, headers);
        Self { https: client.https || tls, ..client }
    }

    /// The client of a request that came from the address `peer`, without TLS as far as we see.
    pub(crate) fn at(peer: IpAddr, proxy: Option<&TrustedProxy>, headers: &HeaderMap) -> Self {
        let peer = peer.to_canonical();
        let Some(proxy) = proxy.filter(|proxy| proxy.peers.contains(&peer)) else {
            return Self { address: peer, https: false };
        };
        let address = headers.get_all(proxy.address_header.name()).iter().next_back();
        let address = address.and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
        let proto = headers.get_all("x-forwarded-proto").iter().next_back().map(axum::http::HeaderValue::as_bytes);
        Self {
            address: address.map_or(peer, |address| address.to_canonical()),
            https: proto.map_or_else(|| proxy.serves_https(), |proto| proto.eq_ignore_ascii_case(b"https")),
        }
    }
}

impl PublicConfig {
    /// The client of a request.
    pub(crate) fn client(&self, extensions: &Extensions, headers: &HeaderMap) -> Client {
        Client::of(self.tls, self.trusted_proxy.as_ref(), extensions, headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn asked(peer: [u8; 4], headers: &[(&'static str, &str)], proxy: bool) -> Client {
        let config = PublicConfig {
            trusted_proxy: proxy.then(|| TrustedProxy {
                peers: vec![IpAddr::from([10, 0, 0, 1])],
                address_header: AddressHeader::XForwardedFor,
                origin: None,
            }),
            ..PublicConfig::default()
        };
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::from((peer, 4_000))));
        let headers =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().expect("a header value")));
        config.client(&extensions, &headers.collect())
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let forwarded = [("x-forwarded-for", "203.0.113.9, 198.51.100.7"), ("x-forwarded-proto", "https")];
        let direct = Client { address: IpAddr::from([10, 0, 0, 2]), https: false };
        assert_eq!(asked([10, 0, 0, 2], &forwarded, true), direct);
        assert_eq!(asked([10, 0, 0, 2], &forwarded, false), direct);
        let behind = Client { address: IpAddr::from([198, 51, 100, 7]), https: true };
        assert_eq!(asked([10, 0, 0, 1], &forwarded, true), behind);
    }

    #[test]
    fn a_proxy_that_says_nothing_of_https_is_known_by_its_origin() {
        let https = |origin: &str, proto: Option<&'static str>| {
            let proxy = TrustedProxy {
                peers: vec![IpAddr::from([10, 0, 0, 1])],
                address_header: AddressHeader::XForwardedFor,
                origin: Some(origin.into()),
            };
            let proto =
                proto.map(|proto| (HeaderName::from_static("x-forwarded-proto"), HeaderValue::from_static(proto)));
            let client = |peer| Client::at(IpAddr::from(peer), Some(&proxy), &proto.clone().into_iter().collect());
            assert!(!client([10, 0, 0, 2]).https, "only the proxy");
            client([10, 0, 0, 1]).https
        };
        assert!(https("https://yoyaku.example.lg.jp", None) && https("HTTPS://yoyaku.example.lg.jp", None));
        assert!(!https("http://yoyaku.example.lg.jp", None) && !https("https://yoyaku.example.lg.jp", Some("http")));
        assert!(https("http://yoyaku.example.lg.jp", Some("https")));
    }

    proptest! {
        #[test]
        fn the_rightmost_address_counts_whatever_stands_before_it(before in "[0-9a-fA-F:., \\[\\]%]{0,40}", address: std::net::Ipv4Addr) {
            let headers = [("x-forwarded-for", &*format!("{before},{address}"))];
            prop_assert_eq!(asked([10, 0, 0, 1], &headers, true).address, IpAddr::V4(address));
            let alone = asked([10, 0, 0, 1], &[("x-forwarded-for", &before)], true).address;
            let last = before.rsplit(',').next().and_then(|last| last.trim().parse::<IpAddr>().ok());
            prop_assert_eq!(alone, last.map_or(IpAddr::from([10, 0, 0, 1]), |last| last.to_canonical()));
        }
    }

    #[test]
    fn an_unreadable_forwarded_address_falls_back_to_the_proxys_own() {
        let client = asked([10, 0, 0, 1], &[("x-forwarded-for", "nobody")], true);
        assert_eq!(client, Client { address: IpAddr::from([10, 0, 0, 1]), https: false });
    }
}
