//! Durable bookings over HTTP beside bare axum: in turns, with the same client, connections and requests.

use std::net::SocketAddr;

use sesshu_tests::Place;
use tokio::runtime::Runtime;

use crate::bare_axum::NOTHING_PATH;
use crate::crowd::Crowd;
use crate::rounds::{ROUNDS, median, rate};
use crate::rush::{Requests, rush, to_path};

/// Bookings of a round.
pub const BOOKINGS: usize = 10_000;
/// How many residents a comparison uses up: one round warms up.
pub const RESIDENTS: usize = BOOKINGS * (ROUNDS + 1);

/// Who is compared.
#[derive(Debug, Clone, Copy)]
pub struct Versus {
    /// The city's listener.
    pub city: SocketAddr,
    /// Bare axum's.
    pub bare: SocketAddr,
    /// Over how many connections.
    pub connections: usize,
}

/// Requests a second, medians of five rounds in turns.
#[derive(Debug, Clone, Copy)]
pub struct Rates {
    /// Durable bookings.
    pub bookings: f64,
    /// Bare axum with the same JSON in and out.
    pub bare_json: f64,
    /// Bare axum that does nothing.
    pub bare_nothing: f64,
}

impl Versus {
    /// Five rounds after one to warm up.
    #[must_use]
    pub fn measure(&self, runtime: &Runtime, crowd: &mut Crowd, places: &[Place]) -> Rates {
        let (mut bookings, mut json, mut nothing) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let requests = crowd.bookings(BOOKINGS, places);
            let rates = [
                self.rate(runtime, self.city, &requests, 201),
                self.rate(runtime, self.bare, &requests, 201),
                self.rate(runtime, self.bare, &to_path(&requests, NOTHING_PATH), 204),
            ];
            if round > 0 {
                bookings.push(rates[0]);
                json.push(rates[1]);
                nothing.push(rates[2]);
            }
        }
        Rates { bookings: median(&bookings), bare_json: median(&json), bare_nothing: median(&nothing) }
    }

    fn rate(&self, runtime: &Runtime, server: SocketAddr, requests: &Requests, status: u16) -> f64 {
        rate(requests.len(), runtime.block_on(rush(server, self.connections, requests, status)))
    }
}
