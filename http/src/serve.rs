//! Serving a router on a socket: HTTP/1.1 only, every wait bounded, graceful to the end.

use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::ServerConfig;

mod acceptor;
mod connections;
mod networks;
mod stream;

use acceptor::CappedAcceptor;
use connections::Connections;

use crate::load::Guard;
use crate::load::guard::Entrance;

/// What the HTTP library accepts at least.
const HEADER_BYTES_MIN: usize = 8_192;

/// How connections are bounded.
#[derive(Debug, Clone)]
pub struct ConnectionLimits {
    /// How many connections may be open; one more is closed at once.
    pub connections_max: usize,
    /// How many connections may be open from one network, an IPv4 address or an IPv6 /64. A trusted proxy, and this machine itself, are
    /// none.
    pub network_connections_max: u32,
    /// How many connections a second a network may open, lasting.
    pub network_arrivals_per_s_max: u32,
    /// How many connections a network may open at once.
    pub network_arrivals_burst_max: u32,
    /// How long the head of a request may take to arrive, counted from the connection's start or the last answer: so this also
    /// bounds an idle connection.
    pub header_read_timeout: Duration,
    /// How many header fields a request may have.
    pub headers_max: usize,
    /// How large the head of a request may be, in bytes; at least 8192.
    pub header_bytes_max: usize,
    /// How long a client may refuse to take a byte of the answer.
    pub write_stall_timeout: Duration,
    /// How long a client may keep one answer waiting in all.
    pub answer_stall_timeout: Duration,
    /// How long a new connection may say nothing while connections are scarce.
    pub silence_timeout: Duration,
    /// How long a TLS handshake may take.
    pub handshake_timeout: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections_max: 20_000,
            network_connections_max: 2_048,
            network_arrivals_per_s_max: 400,
            network_arrivals_burst_max: 2_048,
            header_read_timeout: Duration::from_secs(15),
            headers_max: 64,
            header_bytes_max: 16 * 1024,
            write_stall_timeout: Duration::from_secs(20),
            answer_stall_timeout: Duration::from_mins(1),
            silence_timeout: Duration::from_secs(2),
            handshake_timeout: Duration::from_secs(10),
        }
    }
}

/// How a router is served.
#[derive(Clone)]
pub struct ServeOptions {
    /// The certificate, for HTTPS. Keep a clone of it to [`reload_tls`].
    pub tls: Option<RustlsConfig>,
    /// Who stands before the router and sends away what is too much; none lets everybody in.
    pub guard: Option<Guard>,
    /// The bounds on connections.
    pub limits: ConnectionLimits,
    /// How long requests that run may go on after the shutdown was asked for.
    pub shutdown_deadline: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self { tls: None, guard: None, limits: ConnectionLimits::default(), shutdown_deadline: Duration::from_secs(10) }
    }
}

impl std::fmt::Debug for ServeOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServeOptions")
            .field("tls", &self.tls.is_some())
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// Serves `router` on `listener` until `shutdown` ends; then takes no more connections, lets running requests finish until the
/// deadline, and returns. To be called on the runtime that is to do the work.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    options: ServeOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let handle = Handle::new();
    let (on_shutdown, deadline) = (handle.clone(), options.shutdown_deadline);
    let waiter = tokio::spawn(async move {
        shutdown.await;
        on_shutdown.graceful_shutdown(Some(deadline));
    });
    let limits = &options.limits;
    let mut server = axum_server::from_tcp(listener)?.handle(handle).http1_only();
    server
        .http_builder()
        .http1()
        .header_read_timeout(limits.header_read_timeout)
        .max_headers(limits.headers_max)
        .max_buf_size(limits.header_bytes_max.max(HEADER_BYTES_MIN));
    let guard = options.guard.clone();
    let load = guard.as_ref().map(|guard| guard.load().clone()).unwrap_or_default();
    let connections = Connections::new(limits, guard.as_ref().map_or(&[], Guard::proxies), load);
    let entrance = Entrance { router, guard: guard.clone(), crowded: connections.crowded() };
    let watching = guard.map(|guard| tokio::spawn(guard.watch()));
    let capped = CappedAcceptor::new(connections, limits);
    let outcome = match options.tls {
        None => server.acceptor(capped).serve(entrance).await,
        Some(config) => {
            let tls = RustlsAcceptor::new(config).handshake_timeout(limits.handshake_timeout).acceptor(capped);
            server.acceptor(tls).serve(entrance).await
        }
    };
    watching.into_iter().chain([waiter]).for_each(|task| task.abort());
    outcome
}

/// A certificate or key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the certificate {certificate} with the key {key} cannot be used: {reason}")]
pub struct TlsError {
    certificate: String,
    key: String,
    reason: io::Error,
}

impl TlsError {
    fn new(certificate: &Path, key: &Path, reason: io::Error) -> Self {
        Self { certificate: certificate.display().to_string(), key: key.display().to_string(), reason }
    }
}

/// Reads a certificate chain and its key (PEM). The process's rustls provider must be installed.
pub async fn load_tls(certificate: &Path, key: &Path) -> Result<RustlsConfig, TlsError> {
    Ok(RustlsConfig::from_config(read_tls(certificate, key).await?))
}

/// Reads them again into a listener that runs. On an error the old certificate stays.
pub async fn reload_tls(config: &RustlsConfig, certificate: &Path, key: &Path) -> Result<(), TlsError> {
    config.reload_from_config(read_tls(certificate, key).await?);
    Ok(())
}

/// The library offers HTTP/2 to browsers by itself; we speak HTTP/1.1 only, and say so.
async fn read_tls(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, TlsError> {
    let read = RustlsConfig::from_pem_file(certificate, key).await;
    let read = read.map_err(|reason| TlsError::new(certificate, key, reason))?;
    let mut config = ServerConfig::clone(&read.get_inner());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpSocket, TcpStream};
    use tokio::sync::{Notify, oneshot};
    use tokio::task::JoinHandle;

    struct Served {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: JoinHandle<io::Result<()>>,
    }

    fn served(router: Router, limits: ConnectionLimits) -> Served {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let options = ServeOptions { limits, ..ServeOptions::default() };
        let ended = tokio::spawn(serve(listener, router, options, async move {
            let _ = stopped.await;
        }));
        Served { address, stop, ended }
    }

    async fn send(address: SocketAddr, text: &str) -> TcpStream {
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        stream.write_all(text.as_bytes()).await.expect("it is sent");
        stream
    }

    async fn heard(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        // A connection that is closed hard is heard as nothing, too.
        let _ = stream.read_to_string(&mut text).await;
        text
    }

    const CLOSING: &str = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

    #[tokio::test]
    async fn over_the_cap_a_connection_is_closed_and_a_freed_place_is_used_again() {
        let limits = ConnectionLimits { connections_max: 1, ..ConnectionLimits::default() };
        let served = served(Router::new().route("/", get(async || "here")), limits);
        let mut first = send(served.address, "GET / HTTP/1.1\r\n").await;
        // The first connection certainly has the only place once a second one is closed.
        let mut second = send(served.address, "").await;
        assert_eq!(heard(&mut second).await, "");
        first.write_all(b"Host: x\r\nConnection: close\r\n\r\n").await.expect("it is sent");
        assert!(heard(&mut first).await.ends_with("here"));
        drop(first);
        let mut answer = String::new();
        while answer.is_empty() {
            let mut third = TcpStream::connect(served.address).await.expect("a connection");
            let _ = third.write_all(CLOSING.as_bytes()).await;
            answer = heard(&mut third).await;
        }
        assert!(answer.ends_with("here"));
        served.stop.send(()).expect("it runs");
        served.ended.await.expect("it ends").expect("well");
    }

    #[tokio::test]
    async fn one_network_has_its_share_and_this_machine_is_none() {
        let limits = ConnectionLimits { network_connections_max: 1, ..ConnectionLimits::default() };
        let served = served(Router::new().route("/", get(async || "here")), limits);
        let from_elsewhere = async || {
            let socket = TcpSocket::new_v4().expect("a socket");
            socket.bind(SocketAddr::from(([127, 0, 0, 2], 0))).expect("an address of loopback");
            socket.connect(served.address).await.expect("a connection")
        };
        let mut first = from_elsewhere().await;
        first.write_all(b"GET / HTTP/1.1\r\n").await.expect("it is sent");
        assert_eq!(heard(&mut from_elsewhere().await).await, "", "one too many of its network");
        for _ in 0..3 {
            assert!(heard(&mut send(served.address, CLOSING).await).await.ends_with("here"));
        }
        first.write_all(b"Host: x\r\nConnection: close\r\n\r\n").await.expect("it is sent");
        assert!(heard(&mut first).await.ends_with("here"), "whoever was there first is served");
    }

    #[tokio::test]
    async fn where_connections_are_scarce_each_is_given_up_after_its_answer() {
        let limits = ConnectionLimits { connections_max: 2, ..ConnectionLimits::default() };
        let served = served(Router::new().route("/", get(async || "here")), limits);
        let mut alone = send(served.address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut answer = vec![0; 256];
        let length = alone.read(&mut answer).await.expect("an answer");
        assert!(!String::from_utf8_lossy(&answer[..length]).contains("connection: close"));
        let mut last = send(served.address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(heard(&mut last).await.contains("connection: close"), "and the connection ends");
    }

    #[tokio::test]
    async fn a_slow_head_and_an_idle_connection_are_cut_off() {
        let limits = ConnectionLimits { header_read_timeout: Duration::from_millis(50), ..ConnectionLimits::default() };
        let served = served(Router::new().route("/", get(async || "here")), limits);
        for text in ["", "GET / HTTP/1.1\r\nHost:"] {
            assert_eq!(heard(&mut send(served.address, text).await).await, "", "{text}");
        }
        let mut idle = send(served.address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        assert!(heard(&mut idle).await.ends_with("here"));
    }

    #[tokio::test]
    async fn a_shutdown_waits_for_the_request_that_runs_and_not_for_idle_connections() {
        let (began, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (begins, finishes) = (Arc::clone(&began), Arc::clone(&finish));
        let slow = get(async move || {
            begins.notify_one();
            finishes.notified().await;
            "done"
        });
        let served = served(Router::new().route("/", slow), ConnectionLimits::default());
        let _idle = send(served.address, "").await;
        let mut running = send(served.address, "GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        began.notified().await;
        served.stop.send(()).expect("it runs");
        finish.notify_one();
        assert!(heard(&mut running).await.ends_with("done"));
        served.ended.await.expect("it ends").expect("well");
    }
}
