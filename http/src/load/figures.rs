//! What overload control counts, for `/metrics`. Plain words in memory, so that a refusal costs one addition.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use metrics::{counter, gauge};

use super::class::Class;
use super::{Load, Why};
use crate::metrics::count_sent_away;

/// Why a connection was closed before anybody served it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConnectionRefused {
    /// As many are open as may be.
    All,
    /// As many are open from its network as may be.
    Network,
    /// Its network opens connections too fast.
    TooFast,
}

impl ConnectionRefused {
    const ALL: [Self; 3] = [Self::All, Self::Network, Self::TooFast];

    /// Its name in metrics.
    const fn code(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Network => "network",
            Self::TooFast => "too_fast",
        }
    }
}

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    sent_away: [[AtomicU64; Why::ALL.len()]; Class::ALL.len()],
    connections_open: AtomicUsize,
    connections_refused: [AtomicU64; ConnectionRefused::ALL.len()],
}

impl Figures {
    pub(super) fn sent_away(&self, class: Class, why: Why) {
        self.sent_away[class as usize][why as usize].fetch_add(1, Ordering::Relaxed);
        count_sent_away();
    }

    /// Notes a connection that was closed at once.
    pub(crate) fn connection_refused(&self, why: ConnectionRefused) {
        self.connections_refused[why as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Notes how many connections are open.
    pub(crate) fn connections_open(&self, open: usize) {
        self.connections_open.store(open, Ordering::Relaxed);
    }
}

impl Load {
    /// Shows everything, what never happened too.
    pub(crate) fn show(&self) {
        let state = &*self.0;
        for class in Class::ALL {
            for why in Why::ALL {
                let total = state.figures.sent_away[class as usize][why as usize].load(Ordering::Relaxed);
                let labels = [("class", class.code()), ("reason", why.code())];
                counter!("sesshu_requests_sent_away_total", &labels).absolute(total);
            }
        }
        for why in ConnectionRefused::ALL {
            let total = state.figures.connections_refused[why as usize].load(Ordering::Relaxed);
            counter!("sesshu_connections_refused_total", "reason" => why.code()).absolute(total);
        }
        gauge!("sesshu_connections_open").set(state.figures.connections_open.load(Ordering::Relaxed) as f64);
        gauge!("sesshu_requests_in_flight").set(state.in_flight.load(Ordering::Relaxed) as f64);
        gauge!("sesshu_requests_waiting_for_body").set(state.waiting_for_body.load(Ordering::Relaxed) as f64);
        gauge!("sesshu_requests_in_flight_bound").set(state.bound.load(Ordering::Relaxed) as f64);
        gauge!("sesshu_serving_late_seconds").set(f64::from(state.late_ms.load(Ordering::Relaxed)) / 1_000.0);
        gauge!("sesshu_shed_level").set(f64::from(state.level_milli.load(Ordering::Relaxed)) / 1_000.0);
    }
}
