//! Accepting a connection: within its bounds, without Nagle's delay. One that is too many is closed at once, so that those inside are
//! served well and those outside hear it quickly.

use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum_server::accept::Accept;
use tokio::net::TcpStream;

use super::ConnectionLimits;
use super::connections::Connections;
use super::stream::{BoundedStream, StallBounds};
use crate::load::guard::Guarded;

#[derive(Debug, Clone)]
pub(super) struct CappedAcceptor {
    connections: Arc<Connections>,
    bounds: StallBounds,
    /// How long a connection may stay silent when it comes while connections are scarce.
    silence_timeout: Duration,
}

impl CappedAcceptor {
    pub(super) const fn new(connections: Arc<Connections>, limits: &ConnectionLimits) -> Self {
        let bounds = StallBounds { at_once: limits.write_stall_timeout, of_an_answer: limits.answer_stall_timeout };
        Self { connections, bounds, silence_timeout: limits.silence_timeout }
    }
}

impl Accept<TcpStream, Guarded> for CappedAcceptor {
    type Stream = BoundedStream<TcpStream>;
    type Service = Guarded;
    type Future = Ready<io::Result<(Self::Stream, Guarded)>>;

    fn accept(&self, stream: TcpStream, service: Guarded) -> Self::Future {
        let Ok(place) = self.connections.enter(service.visitor.ip()) else {
            return ready(Err(io::Error::other("too many connections")));
        };
        let silence_timeout = place.scarce.then_some(self.silence_timeout);
        let set = stream.set_nodelay(true);
        ready(set.map(|()| (BoundedStream::new(stream, place, self.bounds, silence_timeout), service)))
    }
}
