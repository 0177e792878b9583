//! A web server that takes what is posted to it, or misbehaves as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use serde_json::Value;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMode {
    /// It answers with this status, a few words, and `Retry-After: 1`.
    Answers(u16),
    /// It answers nothing.
    Slow,
    /// It takes the request and hangs up.
    HangsUp,
}

/// The server; it stops when it is dropped.
#[derive(Debug)]
pub struct HttpSink {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    mode: Mutex<HttpMode>,
    posted: Mutex<Vec<Value>>,
    stopped: AtomicBool,
}

impl HttpSink {
    /// A server on a free port.
    #[must_use]
    pub fn start(mode: HttpMode) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shared =
            Arc::new(Shared { mode: Mutex::new(mode), posted: Mutex::default(), stopped: AtomicBool::new(false) });
        let serving = Arc::clone(&shared);
        let accepting = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&serving);
                // A client that goes away in the middle is a try that failed, which the tests see at the other end.
                std::thread::spawn(move || drop(serve(&serving, stream)));
            }
        });
        Self { address, shared, accepting: Some(accepting) }
    }

    /// An address to post to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// From now on it behaves so.
    pub fn set_mode(&self, mode: HttpMode) {
        *lock(&self.shared.mode) = mode;
    }

    /// The documents that it has answered with a success, in their order.
    #[must_use]
    pub fn posted(&self) -> Vec<Value> {
        lock(&self.shared.posted).clone()
    }
}

impl Drop for HttpSink {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // It may have stopped by itself.
        drop(TcpStream::connect(self.address));
        if let Some(accepting) = self.accepting.take() {
            drop(accepting.join());
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(shared: &Shared, stream: TcpStream) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line.is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    match *lock(&shared.mode) {
        HttpMode::Answers(status) => {
            if (200..300).contains(&status) {
                lock(&shared.posted).push(serde_json::from_slice(&body).unwrap_or_default());
            }
            let words = "the sink answers\nand says more";
            let (length, to) = (words.len(), "Location: http://127.0.0.1:9/\r\nRetry-After: 1\r\n");
            let head = format!("HTTP/1.1 {status} Sink\r\n{to}Content-Length: {length}\r\nConnection: close\r\n\r\n");
            stream.get_mut().write_all(format!("{head}{words}").as_bytes())
        }
        HttpMode::HangsUp => Ok(()),
        HttpMode::Slow => stream.read_exact(&mut [0]),
    }
}
