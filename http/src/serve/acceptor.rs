//! Accepting a connection: within the cap, without Nagle's delay. Over the cap it is closed at once, so that those inside are
//! served well and those outside hear it quickly.

use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use super::ConnectionLimits;
use super::stream::BoundedStream;

#[derive(Debug, Clone)]
pub(super) struct CappedAcceptor {
    places: Arc<Semaphore>,
    write_stall_timeout: Duration,
}

impl CappedAcceptor {
    pub(super) fn new(limits: &ConnectionLimits) -> Self {
        let places = Arc::new(Semaphore::new(limits.connections_max.min(Semaphore::MAX_PERMITS)));
        Self { places, write_stall_timeout: limits.write_stall_timeout }
    }
}

impl<S> Accept<TcpStream, S> for CappedAcceptor {
    type Stream = BoundedStream<TcpStream>;
    type Service = S;
    type Future = Ready<io::Result<(Self::Stream, S)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            metrics::counter!("sesshu_connections_refused_total").increment(1);
            return ready(Err(io::Error::other("too many connections")));
        };
        let set = stream.set_nodelay(true);
        ready(set.map(|()| (BoundedStream::new(stream, place, self.write_stall_timeout), service)))
    }
}
