//! All that the monitor remembers over a restart. Bounded, so that it fits into its file whatever happens.

use serde::{Deserialize, Serialize};

use super::incident::{Actor, Incident, IncidentNo};
use super::message::{Delivery, Message};
use super::notice::{Notice, NoticeNo};
use super::silence::Silence;
use super::time::WallMs;

/// The most incidents that are open at once; there are fewer causes.
pub const OPEN_MAX: usize = 128;
/// How many ended incidents are kept.
pub const ENDED_MAX: usize = 300;
/// The most messages that wait.
pub const WAITING_MAX: usize = 400;
/// How many deliveries are kept.
pub const DELIVERIES_MAX: usize = 500;
/// The most silences at once.
pub const SILENCES_MAX: usize = 50;
/// How many notices are kept.
pub const NOTICES_MAX: usize = 100;
/// How many calls by hand are kept.
pub const HAND_CALLS_MAX: usize = 300;
/// The most watchers that are known.
pub const WATCHERS_MAX: usize = 8;

/// The state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// The last number that was given to anything.
    pub last_no: u64,
    /// Open incidents, the oldest first.
    pub open: Vec<Incident>,
    /// Ended ones, the latest first.
    pub ended: Vec<Incident>,
    /// Messages that are not delivered yet, in the order in which they were written.
    pub waiting: Vec<Message>,
    /// Deliveries that ended, the latest first.
    pub deliveries: Vec<Delivery>,
    /// Silences and maintenance windows that are not over.
    pub silences: Vec<Silence>,
    /// Notices, the latest first.
    pub notices: Vec<Notice>,
    /// The number of the latest saying of a notice.
    pub notice_act: u64,
    /// Calls by hand, the latest first.
    pub hand_calls: Vec<HandCall>,
    /// Watchers that were heard of.
    pub watchers: Vec<Watcher>,
}

impl State {
    /// Forgets the older half of what is over, so that it fits into its file. Whether there was anything to forget.
    pub(crate) fn forget_half_of_the_past(&mut self) -> bool {
        let over = self.notices.iter().filter(|notice| notice.ended_at.is_some()).count();
        let past = self.ended.len() + self.deliveries.len() + self.hand_calls.len() + over;
        self.ended.truncate(self.ended.len() / 2);
        self.deliveries.truncate(self.deliveries.len() / 2);
        self.hand_calls.truncate(self.hand_calls.len() / 2);
        let mut kept = 0;
        self.notices.retain(|notice| {
            let is_over = notice.ended_at.is_some();
            kept += usize::from(is_over);
            !is_over || kept <= over / 2
        });
        past > 0
    }
}

/// A call that a person made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandCall {
    /// When.
    pub at: WallMs,
    /// Who was called.
    pub contact: Box<str>,
    /// About which incident.
    pub incident: Option<IncidentNo>,
    /// About which notice.
    #[serde(default)]
    pub notice: Option<NoticeNo>,
    /// Whether they were reached.
    pub reached: bool,
    /// Who called.
    pub by: Actor,
}

/// An outside watcher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Watcher {
    /// Its name.
    pub name: Box<str>,
    /// When it was last heard of.
    pub heard_at: WallMs,
    /// How old its oldest undelivered alert was then, in seconds.
    pub undelivered_seconds: u32,
}
