//! Takes what a webhook is sent, with the instant at which it came.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::wait_until;

/// The longest document, in bytes.
const BODY_BYTES_MAX: usize = 1024 * 1024;
const SENT_WITHIN: Duration = Duration::from_secs(5);

/// The sink; its thread ends with the process of the test.
pub(crate) struct Sink {
    address: SocketAddr,
    came: Arc<Mutex<Vec<(Instant, Value)>>>,
}

impl Sink {
    pub(crate) fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let came: Arc<Mutex<Vec<(Instant, Value)>>> = Arc::default();
        let keeping = Arc::clone(&came);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Some(document) = take(stream) {
                    keeping.lock().unwrap_or_else(PoisonError::into_inner).push((Instant::now(), document));
                }
            }
        });
        Self { address, came }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// Everything about incidents of `metric` that came so far.
    pub(crate) fn about(&self, metric: &str) -> Vec<(Instant, Value)> {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        came.iter().filter(|(_, document)| document["metric"] == metric).cloned().collect()
    }

    /// All that came, as `metric kind`.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let came = self.came.lock().unwrap_or_else(PoisonError::into_inner);
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        came.iter().map(|(_, document)| format!("{} {}", text(&document["metric"]), text(&document["kind"]))).collect()
    }

    /// Waits for the `nth` document about `metric`, from 0.
    pub(crate) fn wait_for(&self, metric: &str, nth: usize, limit: Duration) -> (Instant, Value) {
        wait_until(&format!("message {nth} about {metric}"), limit, || self.about(metric).get(nth).cloned())
    }
}

fn take(stream: TcpStream) -> Option<Value> {
    stream.set_read_timeout(Some(SENT_WITHIN)).ok()?;
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(text) = line.strip_prefix("content-length:") {
            length = text.trim().parse::<usize>().ok()?.min(BODY_BYTES_MAX);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    reader.into_inner().write_all(b"HTTP/1.1 204 No Content\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()?;
    serde_json::from_slice(&body).ok()
}
