//! The places of all connections: how many there are, who may have one, and whether they are scarce.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use super::ConnectionLimits;
use super::networks::{NetworkPlace, Networks, Share};
use crate::auth::network::Network;
use crate::load::{ConnectionRefused, Load};

/// From this part of all places on, in percent, connections are scarce: none is kept after its answer, and a network may have a
/// quarter of its share.
const SCARCE_PERCENT: usize = 80;
/// While they are scarce, a network may have one in so many of its usual share.
const SCARCE_SHARE_PART: u32 = 4;

/// The places.
#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    open: AtomicUsize,
    crowded: Arc<AtomicBool>,
    networks: Arc<Networks>,
    share: Share,
    exempt: Box<[IpAddr]>,
    load: Load,
    began: Instant,
}

impl Connections {
    /// Places within `limits`; whoever connects from an address in `exempt`, or from this machine as proxies do, has no share to keep
    /// to. What happens is counted with `load`.
    pub(super) fn new(limits: &ConnectionLimits, exempt: &[IpAddr], load: Load) -> Arc<Self> {
        let share = Share {
            open_max: limits.network_connections_max,
            arrivals_per_s: limits.network_arrivals_per_s_max,
            burst: limits.network_arrivals_burst_max,
        };
        let this_machine = [IpAddr::from([127, 0, 0, 1]), IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])];
        Arc::new(Self {
            max: limits.connections_max,
            open: AtomicUsize::new(0),
            crowded: Arc::default(),
            networks: Arc::new(Networks::new()),
            share,
            exempt: exempt.iter().copied().chain(this_machine).collect(),
            load,
            began: Instant::now(),
        })
    }

    /// Whether connections are scarce, as it changes.
    pub(super) fn crowded(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.crowded)
    }

    /// A place for a connection from `address`.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Place, ConnectionRefused> {
        let scarce = self.count(1);
        let counted = Counted(Arc::clone(self));
        let entered = self.place_of(address, counted, scarce);
        if let Err(why) = &entered {
            self.load.figures().connection_refused(*why);
        }
        entered
    }

    fn place_of(&self, address: IpAddr, counted: Counted, scarce: bool) -> Result<Place, ConnectionRefused> {
        if self.open.load(Ordering::Relaxed) > self.max {
            return Err(ConnectionRefused::All);
        }
        let address = address.to_canonical();
        if self.exempt.contains(&address) {
            return Ok(Place { _counted: counted, _network: None, scarce });
        }
        let open_max = if scarce { (self.share.open_max / SCARCE_SHARE_PART).max(1) } else { self.share.open_max };
        let now_us = self.began.elapsed().as_micros() as u64;
        let network = self.networks.enter(Network::from(address), Share { open_max, ..self.share }, now_us)?;
        Ok(Place { _counted: counted, _network: network, scarce })
    }

    /// Counts one more or one less; tells whether connections are scarce now.
    fn count(&self, change: isize) -> bool {
        let before = self.open.fetch_add(change.cast_unsigned(), Ordering::Relaxed);
        let open = before.wrapping_add(change.cast_unsigned());
        let scarce = open * 100 > self.max * SCARCE_PERCENT;
        if scarce != self.crowded.load(Ordering::Relaxed) {
            self.crowded.store(scarce, Ordering::Relaxed);
        }
        self.load.figures().connections_open(open);
        scarce
    }
}

/// The place of one connection; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    _counted: Counted,
    _network: Option<NetworkPlace>,
    /// Whether connections were scarce when it was taken.
    pub(super) scarce: bool,
}

/// That it is one of all.
#[derive(Debug)]
struct Counted(Arc<Connections>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.count(-1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(max: usize, of_a_network: u32, exempt: &[IpAddr]) -> Arc<Connections> {
        let limits = ConnectionLimits {
            connections_max: max,
            network_connections_max: of_a_network,
            ..ConnectionLimits::default()
        };
        Connections::new(&limits, exempt, Load::default())
    }

    fn from(host: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, host])
    }

    #[test]
    fn one_network_cannot_take_all_places_but_a_proxy_can() {
        let connections = connections(100, 40, &[from(9)]);
        let greedy: Vec<Place> = (0..100).map_while(|_| connections.enter(from(1)).ok()).collect();
        assert_eq!(greedy.len(), 40);
        let proxied: Vec<Place> = (0..100).map_while(|_| connections.enter(from(9)).ok()).collect();
        assert_eq!(proxied.len(), 60);
        assert_eq!(connections.enter(from(2)).err(), Some(ConnectionRefused::All));
        drop(greedy);
        assert!(connections.enter(from(2)).is_ok());
        assert!(!connections.crowded().load(Ordering::Relaxed));
    }

    #[test]
    fn what_is_scarce_is_shared_among_more() {
        let connections = connections(100, 40, &[]);
        let two: Vec<Place> =
            [1, 2].iter().flat_map(|host| (0..40).map(|_| connections.enter(from(*host)))).flatten().collect();
        assert_eq!(two.len(), 80);
        let third: Vec<Place> = (0..40).map_while(|_| connections.enter(from(3)).ok()).collect();
        assert_eq!((third.len(), connections.crowded().load(Ordering::Relaxed)), (10, true));
        assert!(third.iter().all(|place| place.scarce));
        assert!(connections.enter(from(4)).is_ok(), "there is room for the next one");
    }
}
