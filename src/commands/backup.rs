//! `backup …`: takes, lists and checks generations, restores them, holds drills.

mod drill;
mod keygen;
mod list;
mod restore;
mod shelves;
mod take;
mod verify;

use crate::backups::BackupJob;
use crate::cli::{BackupCommand, GenerationsArgs};
use crate::exit::Failure;
use crate::folder::DataFolder;

/// Does what was asked.
pub(crate) async fn backup(folder: &DataFolder, command: BackupCommand) -> Result<(), Failure> {
    if let BackupCommand::List(GenerationsArgs { from: None })
    | BackupCommand::Verify { args: GenerationsArgs { from: None }, .. } = command
    {
        folder.must_be_known()?;
    }
    match command {
        BackupCommand::Now => take::take(folder, BackupJob::Now).await,
        BackupCommand::Daily => take::take(folder, BackupJob::Daily).await,
        BackupCommand::List(args) => list::list(folder, &args),
        BackupCommand::Verify { generation, args, identity } => {
            verify::verify(folder, generation, &args, identity.as_deref()).await
        }
        BackupCommand::Restore(args) => restore::restore(folder, args).await,
        BackupCommand::Drill => drill::drill(folder).await,
        BackupCommand::Keygen { out } => keygen::keygen(folder, &out),
    }
}
