//! What the watcher and the server post, as these tests ask for it.

use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::{HttpMode, HttpSink, wait_until};

/// A web server that takes everything.
pub(crate) struct Sink(HttpSink);

impl Sink {
    pub(crate) fn open() -> Self {
        Self(HttpSink::start(HttpMode::Answers(204)))
    }

    pub(crate) fn url(&self) -> String {
        self.0.url()
    }

    /// All that came, as `metric kind`.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let kind = |document: &Value| format!("{} {}", text(&document["metric"]), text(&document["kind"]));
        self.0.posted().iter().map(kind).collect()
    }

    /// Waits for the `nth` document about `metric`, from 0.
    pub(crate) fn wait_for(&self, metric: &str, nth: usize, limit: Duration) -> (Instant, Value) {
        wait_until(&format!("message {nth} about {metric}"), limit, || {
            self.0.taken().into_iter().filter(|(_, document)| document["metric"] == metric).nth(nth)
        })
    }
}
