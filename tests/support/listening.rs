//! A server of a test's own: it serves each connection on a thread of its own, and stops when it is dropped.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use super::port::Port;

/// The server.
#[derive(Debug)]
pub(crate) struct Listening {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Listening {
    /// Serves whoever connects to `port`.
    pub(crate) fn at(port: Port, serve: impl Fn(TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = port.listen();
        let address = listener.local_addr().expect("an address");
        let (stopped, serve) = (Arc::new(AtomicBool::new(false)), Arc::new(serve));
        let ends = Arc::clone(&stopped);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                let serve = Arc::clone(&serve);
                // A client that goes away in the middle is a try that failed, which the tests see at the other end.
                std::thread::spawn(move || drop(serve(stream)));
            }
        });
        Self { address, stopped, accepting: Some(accepting) }
    }

    /// Where it listens.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::SeqCst);
        // It may have stopped by itself.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}
