//! The ways by which messages leave the house. Each channel tries once; when it is tried again is decided by the book.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::config::MonitorConfig;
use crate::core::contact::{ChannelKind, Language};
use crate::core::incident::Incident;
use crate::core::message::{Message, Outcome};
use crate::core::threshold::Threshold;

mod command;
mod mail;
mod phone;
mod webhook;

pub use phone::outcome_of;

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

/// The longest try, whatever is configured: a phone command that takes its whole time, and a little more.
pub const TRY_MAX: Duration = Duration::from_secs(630);

/// Sends `letter` once by the channel of its lane.
#[must_use]
pub fn send_once(channels: &Channels, letter: Letter) -> Sending {
    match channels.get(&letter.message.lane.channel) {
        Some(channel) => channel.send(letter),
        None => {
            Box::pin(async { Sent::new(Outcome::GivenUp, "この手段は設定されていない (not configured)") })
        }
    }
}

/// The channels that are configured.
pub type Channels = BTreeMap<ChannelKind, Arc<dyn Channel>>;

/// The channels of `config`. `folder_id` names the folder in which messages are numbered, so that two servers' mails are never taken
/// for one another.
#[must_use]
pub fn build(config: &MonitorConfig, folder_id: &str) -> Channels {
    let mut channels = Channels::new();
    if let Some(mail) = &config.mail {
        channels.insert(ChannelKind::Mail, Arc::new(mail::Mail::new(mail.clone(), folder_id)));
    }
    let site = webhook::Site { console: config.console.as_deref().map(Into::into), folder_id: folder_id.into() };
    channels.insert(ChannelKind::Webhook, Arc::new(webhook::Webhook::new(&config.webhook, site)));
    if let Some(phone) = &config.phone {
        let provider = webhook::Client::new(&config.webhook);
        channels.insert(ChannelKind::Phone, Arc::new(phone::Phone::new(phone.clone(), provider)));
    }
    channels
}

/// The longest answer that is kept, in characters.
const ANSWER_CHARS_MAX: usize = 200;

/// What the other side said, on one line and not too long.
fn line(answer: &str) -> String {
    let words = answer.split(|letter: char| letter.is_control() || letter == ' ').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(ANSWER_CHARS_MAX).collect()
}
