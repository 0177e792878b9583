//! A web server that takes what is posted to it, or misbehaves as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::listening::Listening;
use super::port::Port;

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
    listening: Listening,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    mode: Mutex<HttpMode>,
    posted: Mutex<Vec<(Instant, Value)>>,
}

impl HttpSink {
    /// A server on a free port.
    #[must_use]
    pub fn start(mode: HttpMode) -> Self {
        let shared = Arc::new(Shared { mode: Mutex::new(mode), posted: Mutex::default() });
        let serving = Arc::clone(&shared);
        Self { listening: Listening::at(Port::reserved(), move |stream| serve(&serving, stream)), shared }
    }

    /// An address to post to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}/hook", self.listening.address())
    }

    /// From now on it behaves so.
    pub fn set_mode(&self, mode: HttpMode) {
        *lock(&self.shared.mode) = mode;
    }

    /// The documents that it has answered with a success, in their order.
    #[must_use]
    pub fn posted(&self) -> Vec<Value> {
        self.taken().into_iter().map(|(_, document)| document).collect()
    }

    /// The same, each with the instant at which it came.
    #[must_use]
    pub fn taken(&self) -> Vec<(Instant, Value)> {
        lock(&self.shared.posted).clone()
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
                lock(&shared.posted).push((Instant::now(), serde_json::from_slice(&body).unwrap_or_default()));
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
