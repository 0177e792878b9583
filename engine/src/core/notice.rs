//! What the city told people of a failure or of planned work, as the journal keeps it. Who is told, and when, is the monitor's matter: here it
//! is noted, once for each saying.

use serde::{Deserialize, Serialize};

use super::time::Instant;

/// One saying of a notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSaid {
    /// The saying's own number: later ones have greater numbers, so that the journal knows which it has.
    pub number: u64,
    /// The notice that it belongs to, by the number that people read.
    pub notice: u64,
    /// Which step of the notice it is.
    pub step: NoticeStep,
    /// What the notice is about.
    pub about: NoticeAbout,
    /// When it was said, by the wall clock: the store may not have been there to note it.
    pub at: Instant,
    /// In Japanese.
    pub ja: Box<str>,
    /// In やさしい日本語.
    pub easy: Option<Box<str>>,
    /// In English.
    pub en: Option<Box<str>>,
}

/// A step of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeStep {
    /// It was given.
    Given,
    /// It goes on like this.
    Updated,
    /// It ended.
    Ended,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeAbout {
    /// Planned work.
    Maintenance {
        /// From when on.
        from: Instant,
        /// Until when.
        until: Instant,
    },
    /// A failure.
    Failure,
}
