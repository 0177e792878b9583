//! What somebody asked of the backups, noted beside what else was done.

use super::EngineHandle;
use crate::actors::Ticket;
use crate::core::backup::BackupWish;
use crate::core::event::{By, Event};
use crate::core::ids::Channel;
use crate::core::refusal::Refusal;

impl EngineHandle {
    /// Notes durably that `by` asked for a backup or a drill.
    ///
    /// # Errors
    /// If the ledger does not take it. A backup may be taken all the same: it says itself who asked for it.
    pub async fn note_backup_asked(&self, wish: BackupWish, by: By) -> Result<(), Refusal> {
        self.append(by, vec![Event::BackupAsked(wish)], None, Ticket::default(), Channel::City).await?;
        Ok(())
    }
}
