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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Event;

    /// The stored form must not change without a new format and a migration.
    #[test]
    fn the_stored_form_of_a_saying_is_fixed() {
        let said = NoticeSaid {
            number: 300,
            notice: 2,
            step: NoticeStep::Updated,
            about: NoticeAbout::Maintenance { from: Instant(1), until: Instant(-1) },
            at: Instant(64),
            ja: "a".into(),
            easy: None,
            en: Some("b".into()),
        };
        let bytes = postcard::to_allocvec(&Event::NoticeNoted(Box::new(said))).expect("it encodes");
        assert_eq!(bytes, [40, 0xac, 2, 2, 1, 0, 2, 1, 0x80, 1, 1, b'a', 0, 1, 1, b'b']);
        let failure = postcard::to_allocvec(&NoticeAbout::Failure).expect("it encodes");
        assert_eq!(failure, [1]);
    }
}
