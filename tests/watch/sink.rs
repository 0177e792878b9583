//! What the watcher and the server post, as these tests ask for it.

use std::collections::BTreeSet;
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
        self.0.posted().iter().map(kind).collect()
    }

    /// The messages that came, as `metric kind`, each once: whoever is killed between a delivery and noting it down delivers
    /// again, and the `id` tells.
    pub(crate) fn messages(&self) -> Vec<String> {
        self.by_id().iter().map(|(_, document)| kind(document)).collect()
    }

    /// Waits for the `nth` message about `metric`, from 0.
    pub(crate) fn wait_for(&self, metric: &str, nth: usize, limit: Duration) -> (Instant, Value) {
        wait_until(&format!("message {nth} about {metric}"), limit, || {
            self.by_id().into_iter().filter(|(_, document)| document["metric"] == metric).nth(nth)
        })
    }

    /// What came first of each `id`.
    fn by_id(&self) -> Vec<(Instant, Value)> {
        let mut known = BTreeSet::new();
        self.0.taken().into_iter().filter(|(_, document)| known.insert(document["id"].to_string())).collect()
    }
}

fn kind(document: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{} {}", text(&document["metric"]), text(&document["kind"]))
}
