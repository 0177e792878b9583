//! What people ask of the monitor: from the console, from the command line, by a phone's call back. And what it answers.

use serde::{Deserialize, Serialize};

use super::incident::{Actor, IncidentNo};
use super::message::{MessageNo, Outcome};
use super::notice::{NoticeKind, NoticeNo, NoticeText};
use super::silence::Covers;
use super::time::WallMs;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// Somebody takes care of an incident: nobody else is told of it.
    Acknowledge {
        /// Which one.
        incident: IncidentNo,
        /// Who.
        by: Actor,
    },
    /// Tell nobody for a while.
    Silence {
        /// Of what.
        covers: Covers,
        /// From when on; none is from now on.
        from: Option<WallMs>,
        /// Until when.
        until: WallMs,
        /// Who asks for it.
        by: Actor,
        /// Why; not empty.
        reason: Box<str>,
    },
    /// End a silence before its time.
    EndSilence {
        /// Its number.
        no: u64,
        /// Who.
        by: Actor,
    },
    /// Give a notice.
    GiveNotice {
        /// What it is about.
        kind: NoticeKind,
        /// What is said.
        text: NoticeText,
        /// Who.
        by: Actor,
        /// Whether alerts keep quiet while planned work goes on.
        quiet: bool,
    },
    /// Say how a notice goes on.
    UpdateNotice {
        /// Which one.
        no: NoticeNo,
        /// What is said now.
        text: NoticeText,
        /// Who.
        by: Actor,
    },
    /// End a notice: the work is done, the failure is over.
    EndNotice {
        /// Which one.
        no: NoticeNo,
        /// What is said at the end.
        text: NoticeText,
        /// Who.
        by: Actor,
    },
    /// Somebody was called by hand.
    LogCall {
        /// The contact's name.
        contact: Box<str>,
        /// About which incident, if about one.
        incident: Option<IncidentNo>,
        /// About which notice, if about one.
        #[serde(default)]
        notice: Option<NoticeNo>,
        /// Whether they were reached.
        reached: bool,
        /// Who called.
        by: Actor,
    },
    /// A call's provider says how it ended.
    CallAnswered {
        /// The secret of the call, as it was given to the provider.
        token: Box<str>,
        /// How it ended.
        outcome: Outcome,
    },
    /// The other monitor was heard of.
    Heard {
        /// The watcher's name.
        watcher: Box<str>,
        /// How old its oldest undelivered alert is, in seconds; 0 if there is none.
        undelivered_seconds: u32,
    },
}

impl Order {
    /// The same, done by `actor`, whoever it says that it is done by.
    #[must_use]
    pub fn signed(mut self, actor: &str) -> Self {
        match &mut self {
            Self::Acknowledge { by, .. }
            | Self::Silence { by, .. }
            | Self::EndSilence { by, .. }
            | Self::GiveNotice { by, .. }
            | Self::UpdateNotice { by, .. }
            | Self::EndNotice { by, .. }
            | Self::LogCall { by, .. } => *by = actor.into(),
            Self::CallAnswered { .. } | Self::Heard { .. } => {}
        }
        self
    }
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Done {
    /// It is done.
    Done,
    /// A silence of this number.
    Silence(u64),
    /// A notice of this number; its messages are on their way.
    Notice(NoticeNo, Vec<MessageNo>),
}

/// Why an order is refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderError {
    /// There is no such incident, silence, notice, contact or call.
    #[error("there is no {0}")]
    NoSuch(Box<str>),
    /// It is over already.
    #[error("it is over already")]
    Over,
    /// A value is not allowed.
    #[error("{0}: {1}")]
    Invalid(Box<str>, Box<str>),
    /// There are too many already.
    #[error("there are too many {0} already")]
    TooMany(Box<str>),
    /// The monitor does not answer.
    #[error("the monitor does not answer")]
    Unavailable,
}
