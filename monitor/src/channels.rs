//! The ways by which messages leave the house. Each channel tries once; when it is tried again is decided by the book.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::core::contact::{ChannelKind, Language};
use crate::core::incident::Incident;
use crate::core::message::{Message, Outcome};
use crate::core::threshold::Threshold;

/// A message with what a channel may want to know beside its text.
#[derive(Debug, Clone)]
pub struct Letter {
    /// The message; its lane has the address.
    pub message: Message,
    /// The language of whoever gets it.
    pub language: Language,
    /// The incident that it tells of, as it is now.
    pub incident: Option<Incident>,
    /// The threshold of the incident's metric.
    pub threshold: Option<Threshold>,
}

/// What became of one try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// How it ended.
    pub outcome: Outcome,
    /// What the other side said, for a person.
    pub answer: String,
    /// Not before this it wants to be asked again.
    pub retry_after: Option<Duration>,
}

impl Sent {
    /// A try that ended so.
    #[must_use]
    pub fn new(outcome: Outcome, answer: impl Into<String>) -> Self {
        Self { outcome, answer: answer.into(), retry_after: None }
    }
}

/// A try that is going on.
pub type Sending = Pin<Box<dyn Future<Output = Sent> + Send>>;

/// A way to send. It bounds its own time; after [`TRY_MAX`] the try is cut off and counts as failed.
pub trait Channel: Send + Sync + 'static {
    /// Tries once.
    fn send(&self, letter: Letter) -> Sending;
}

/// The longest try, whatever is configured.
pub const TRY_MAX: Duration = Duration::from_secs(150);

/// The channels that are configured.
pub type Channels = BTreeMap<ChannelKind, Arc<dyn Channel>>;
