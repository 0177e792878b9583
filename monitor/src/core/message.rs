//! A message on its way to somebody. It is kept until it is delivered, over restarts too.

use serde::{Deserialize, Serialize};

use super::contact::ChannelKind;
use super::incident::IncidentNo;
use super::level::Level;
use super::notice::NoticeNo;
use super::time::WallMs;

/// The number of a message; never given twice. It makes the mail's Message-ID, so that a doubled delivery can be recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageNo(pub u64);

/// Where messages go one after the other: a channel and an address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Lane {
    /// By which channel.
    pub channel: ChannelKind,
    /// To which address: a mail address, a URL, a phone number.
    pub address: Box<str>,
}

/// What a message tells of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// An incident.
    Incident {
        /// Which one.
        no: IncidentNo,
        /// How bad it was then.
        level: Level,
        /// Whether the message says that it ended.
        resolved: bool,
    },
    /// A failure or maintenance notice.
    Notice(NoticeNo),
    /// Messages that were put together because there were too many.
    Summary,
    /// A test.
    Test,
}

impl About {
    /// Whether it tells of this incident.
    #[must_use]
    pub fn is_of(&self, incident: IncidentNo) -> bool {
        matches!(self, Self::Incident { no, .. } if *no == incident)
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Its number.
    pub no: MessageNo,
    /// The contact's name.
    pub to: Box<str>,
    /// By which channel and where to.
    pub lane: Lane,
    /// What it tells of.
    pub about: About,
    /// One line.
    pub subject: Box<str>,
    /// The text.
    pub body: Box<str>,
    /// When it was written.
    pub at: WallMs,
    /// How often it was tried.
    pub tries: u32,
    /// Not before this it is tried again.
    pub next_try_at: WallMs,
    /// What the other side said last.
    pub last_answer: Box<str>,
    /// Whether the contact's next channel was used because this one failed.
    pub passed_on: bool,
    /// The call that is going on.
    #[serde(default)]
    pub call: Option<Call>,
    /// The channels that were used for the same telling before this one.
    #[serde(default)]
    pub used: Vec<ChannelKind>,
    /// For how many messages it stands.
    #[serde(default = "one")]
    pub stands_for: u32,
    /// The lines of the messages for which it stands; bounded.
    #[serde(default)]
    pub lines: Vec<Box<str>>,
}

const fn one() -> u32 {
    1
}

/// A call that was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// The secret by which its provider says how it ended; it counts once.
    pub token: Box<str>,
    /// Until when that is waited for.
    pub until: WallMs,
}

/// A delivery that ended, for the record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// When it ended.
    pub at: WallMs,
    /// Which message.
    pub no: MessageNo,
    /// The contact's name.
    pub to: Box<str>,
    /// By which channel.
    pub channel: ChannelKind,
    /// What it told of.
    pub about: About,
    /// The message's line.
    pub subject: Box<str>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the other side said.
    pub answer: Box<str>,
}

/// How a delivery, or one try of it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The other side has it.
    Delivered,
    /// A call is on its way; how it ends is called back.
    Placed,
    /// A call was answered, and the person took care of it.
    Acknowledged,
    /// A call that nobody answered.
    Unanswered,
    /// It failed and is tried again.
    Failed,
    /// It was not sent: the incident was over, or somebody took care of it.
    NotNeeded,
    /// It can never be delivered: refused for good, or given up after a day.
    GivenUp,
}
