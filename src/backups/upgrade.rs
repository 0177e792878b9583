//! Before another version of the program opens a store for writing, it is backed up as it is.

use std::sync::Arc;

use sesshu_backup::core::manifest::Reason;
use sesshu_backup::folder::Folder;
use sesshu_backup::order::{Done, Order};
use sesshu_backup::progress::Progress;
use sesshu_backup::works::Works;

use super::{AtRest, PROGRAM, Pace, setup};
use crate::config::Config;
use crate::exit::Failure;
use crate::folder::DataFolder;

/// Who asks for it.
const BY: &str = "upgrade";

/// Takes an extra generation if the newest one was taken by another version of the program. A failure is told and does not keep the
/// server from serving: residents come first, and the older generations are there.
pub(crate) async fn before_upgrade(folder: &DataFolder, config: &Config) -> Result<(), Failure> {
    if config.is_copy || !folder.engine_config(config).has_store() {
        return Ok(());
    }
    let Some(version) = newest_version(folder, config).filter(|version| version != PROGRAM) else { return Ok(()) };
    tracing::info!(from = %version, to = PROGRAM, "another version of the program: the data is backed up first");
    let works = Works::new(setup(folder, config, Arc::new(AtRest(folder.path.clone())), Pace::Full)?);
    let order = Order::BackUp { reason: Reason::Upgrade };
    let taking = tokio::task::spawn_blocking(move || works.perform(&order, BY, &Progress::silent()));
    match taking.await.map_err(Failure::internal)? {
        Ok(Done::Taken(manifest)) => tracing::info!(generation = %manifest.name, "the data was backed up"),
        Ok(_) => {}
        Err(error) => {
            tracing::error!(%error, "there is no backup from before the upgrade; the server starts all the same");
        }
    }
    Ok(())
}

/// The version of the program that took the newest generation.
fn newest_version(folder: &DataFolder, config: &Config) -> Option<String> {
    let dir = Folder::open(&config.backup.places(&folder.path).dir).ok()?;
    let listing = dir.list().ok()?;
    listing.generations.first().map(|manifest| manifest.program.clone())
}
