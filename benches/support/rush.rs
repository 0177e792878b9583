//! A closed rush: so many connections, each of which sends its next request when the last one is answered.
//!
//! Its client is one thread and works in bulk: with machines of their own, clients would not push a server's thread off its processor
//! for each answer. Sesshu books 1.04 to 1.14 times as many for that, bare axum, which leaves its client no time to sleep, answers 1.00 to
//! 1.07 times as many (four comparisons in turns, medians of eight rounds).

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sesshu_engine::priority::{Work, this_thread_is_for};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use crate::wire::Wire;

/// The bytes of requests.
pub type Requests = Arc<[Box<[u8]>]>;

/// The same requests for another path.
#[must_use]
pub fn to_path(requests: &Requests, path: &str) -> Requests {
    let other = |request: &[u8]| {
        let mut parts = request.splitn(3, |byte| *byte == b' ');
        let (method, _, rest) = (parts.next(), parts.next(), parts.next());
        [method.unwrap_or_default(), path.as_bytes(), rest.unwrap_or_default()].join(&b' ').into()
    };
    requests.iter().map(|request| other(request)).collect()
}

/// Sends every request once over `connections`, and tells how long that took from the first request to the last answer. Every
/// answer must have the status `wanted`. The connections are opened before.
pub async fn rush(server: SocketAddr, connections: usize, requests: &Requests, wanted: u16) -> Duration {
    let mut wires = Vec::with_capacity(connections);
    for _ in 0..connections {
        wires.push(Wire::open_and_greet(server).await.expect("a connection"));
    }
    // As a clerk in a rush: the same rank as always, in bulk.
    this_thread_is_for(Work::DecidingInARush);
    let started = Instant::now();
    let mut lanes = JoinSet::new();
    for (lane, mut wire) in wires.into_iter().enumerate() {
        let requests = Arc::clone(requests);
        lanes.spawn(async move {
            for request in requests.iter().skip(lane).step_by(connections) {
                let answer = wire.exchange(request).await.expect("an answer");
                assert_eq!(answer.status, wanted, "{}", String::from_utf8_lossy(answer.body));
            }
        });
    }
    while let Some(lane) = lanes.join_next().await {
        lane.expect("a lane");
    }
    let took = started.elapsed();
    this_thread_is_for(Work::Deciding);
    took
}

/// The runtime of the client: one thread, so that it takes as little as possible from the servers.
#[must_use]
pub fn client_runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}
