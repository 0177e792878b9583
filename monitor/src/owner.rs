//! Whose the files are that an administrator makes for the server.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::Path;

/// What root makes below a folder of the user that runs the server becomes that user's: the server must be able to read and write
/// it. A file that cannot be given away keeps its owner, which is noted in the log.
pub fn give_to_owner_of(above: &Path, made: &File) {
    if let (Ok(owner), Ok(own)) = (std::fs::metadata(above), made.metadata())
        && own.uid() == 0
        && owner.uid() != 0
        && let Err(error) = fchown(made, Some(owner.uid()), Some(owner.gid()))
    {
        tracing::warn!(%error, above = %above.display(), "what was made keeps its owner");
    }
}
