//! What must survive a restart and stands nowhere else: when the next drill is. It is a file of some bytes beside the generations.

use std::io::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sesshu_engine::core::time::Instant;

use crate::error::{BackupError, io_error};
use crate::folder::Folder;

const NAME: &str = ".sesshu-state.json";

/// See the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct State {
    /// Since when drills are due: before the first one went well, the first is overdue from then on as any other.
    pub(crate) drills_since: Instant,
    /// When the next drill is held, if one was drawn.
    pub(crate) next_drill_at: Option<Instant>,
}

/// What is remembered; none if nothing is, or nothing that can be read: it is begun anew then.
pub(crate) fn read(folder: &Path) -> Option<State> {
    let bytes = std::fs::read(folder.join(NAME)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Remembers `state`.
pub(crate) fn write(folder: &Folder, state: State) -> Result<(), BackupError> {
    let path = folder.path().join(NAME);
    let mut file = folder.temporary()?;
    let json = serde_json::to_vec(&state).expect("a state is plain data");
    file.write_all(&json).and_then(|()| file.as_file().sync_all()).map_err(io_error("written", &path))?;
    file.persist(&path).map_err(|error| io_error("written", &path)(error.error))?;
    Ok(())
}
