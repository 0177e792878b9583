//! What somebody asked of the backups, as the journal keeps it. What came of it is told by the backups themselves: they must be able to
//! speak when the store is not there.

use serde::{Deserialize, Serialize};

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackupWish {
    /// A backup beside the daily ones.
    Backup,
    /// A restore drill.
    Drill,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::Event;

    /// The stored form must not change without a new format and a migration.
    #[test]
    fn the_stored_form_of_a_wish_is_fixed() {
        for (wish, bytes) in [(BackupWish::Backup, [43, 0]), (BackupWish::Drill, [43, 1])] {
            assert_eq!(postcard::to_allocvec(&Event::BackupAsked(wish)).expect("it encodes"), bytes);
        }
    }
}
