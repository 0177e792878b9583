//! `alert test`: a letter through each channel of each contact, sent once, and what the other side answered.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::channels::{Letter, Sent};
use crate::core::contact::{ChannelKind, Contact};
use crate::core::message::{About, Lane, Message, MessageNo, Outcome};
use crate::core::time::WallMs;
use crate::words;

/// Which channels are tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The city's name.
    pub name: Box<str>,
    /// Only this contact.
    pub contact: Option<Box<str>>,
    /// Only this channel.
    pub channel: Option<ChannelKind>,
}

/// What one channel came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// The contact's name.
    pub contact: Box<str>,
    /// By which channel.
    pub channel: ChannelKind,
    /// How it ended.
    pub outcome: Outcome,
    /// What the other side said.
    pub answer: String,
}

impl Tried {
    /// Whether the other side took it. Of a call that is called back it is not known here whether anybody answered.
    #[must_use]
    pub const fn arrived(&self) -> bool {
        matches!(self.outcome, Outcome::Delivered | Outcome::Placed | Outcome::Acknowledged)
    }
}

impl Trial {
    /// The letters, in the order of the contacts and of their channels.
    #[must_use]
    pub fn letters(&self, contacts: &[Contact], now: WallMs) -> Vec<Letter> {
        let asked = contacts.iter().filter(|contact| self.contact.as_ref().is_none_or(|only| *only == contact.name));
        let lanes = asked.flat_map(|contact| contact.channels.iter().map(move |lane| (contact, lane)));
        lanes
            .filter(|(_, (channel, _))| self.channel.is_none_or(|only| only == *channel))
            .enumerate()
            .map(|(nth, (contact, (channel, address)))| {
                let text = words::test(contact.language, &self.name, *channel, now);
                let message = Message {
                    // Far above the numbers that are given one by one, and another at each trial.
                    no: MessageNo(now.0.unsigned_abs() + nth as u64),
                    to: contact.name.clone(),
                    lane: Lane { channel: *channel, address: address.clone() },
                    about: About::Test,
                    subject: text.subject.into(),
                    body: text.body.into(),
                    at: now,
                    tries: 0,
                    next_try_at: now,
                    last_answer: "".into(),
                    passed_on: false,
                    call: None,
                    used: Vec::new(),
                    stands_for: 1,
                    lines: Vec::new(),
                };
                Letter { message, language: contact.language, incident: None, threshold: None }
            })
            .collect()
    }
}

/// Has `by` send all of `letters` at once, and answers in their order.
pub async fn all<F>(letters: Vec<Letter>, mut by: impl FnMut(Letter) -> F) -> Vec<Tried>
where
    F: Future<Output = Sent> + Send + 'static,
{
    let sending: Vec<_> = letters
        .into_iter()
        .map(|letter| {
            let (contact, channel) = (letter.message.to.clone(), letter.message.lane.channel);
            (contact, channel, tokio::spawn(by(letter)))
        })
        .collect();
    let mut tried = Vec::with_capacity(sending.len());
    for (contact, channel, sending) in sending {
        let sent = sending.await.unwrap_or_else(|error| Sent::new(Outcome::Failed, error.to_string()));
        tried.push(Tried { contact, channel, outcome: sent.outcome, answer: sent.answer });
    }
    tried
}
