//! Failure and maintenance notices: what residents, staff and the city's contacts are told about the service.

use serde::{Deserialize, Serialize};

use super::incident::Actor;
use super::time::WallMs;

/// The number of a notice; never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NoticeNo(pub u64);

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeKind {
    /// Work that is planned for a time.
    Maintenance {
        /// From when on the service may be away.
        from: WallMs,
        /// Until when.
        until: WallMs,
    },
    /// Something is wrong.
    Failure,
}

/// The same text in each language; what is missing is said in Japanese.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeText {
    /// Japanese.
    pub ja: Box<str>,
    /// やさしい日本語.
    pub easy: Option<Box<str>>,
    /// English.
    pub en: Option<Box<str>>,
}

/// What was said at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSaying {
    /// Its own number among all sayings: later ones have greater numbers, also after the monitor's folder was lost.
    pub act: u64,
    /// When.
    pub at: WallMs,
    /// By whom.
    pub by: Actor,
    /// What.
    pub text: NoticeText,
}

/// A notice with its updates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Its number.
    pub no: NoticeNo,
    /// What it is about.
    pub kind: NoticeKind,
    /// What was said, the first saying first; never empty.
    pub sayings: Vec<NoticeSaying>,
    /// When it ended.
    pub ended_at: Option<WallMs>,
    /// When ops were reminded that planned work takes longer than was said.
    pub reminded_at: Option<WallMs>,
}
