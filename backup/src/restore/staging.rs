//! The folder beside its goal in which a restore works: it becomes the goal in one step, or it goes. One that a dead restore left
//! behind is removed by the next restore beside it.

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use tempfile::TempDir;

use crate::container::{KeptFile, Key};
use crate::error::{BackupError, io_error};
use crate::folder::{make_private, sync_folder};

/// What the names of staging folders begin with.
const PREFIX: &str = ".sesshu-restore-";
const RANDOM_CHARS: usize = 6;

/// A folder that is being restored.
pub(super) struct Staging {
    folder: TempDir,
    /// Locked as long as the restore lives.
    _alive: File,
    to: PathBuf,
    beside: PathBuf,
}

impl Staging {
    /// Makes one beside `to`, where nothing lies yet.
    pub(super) fn beside(to: &Path) -> Result<Self, BackupError> {
        let (to, beside) = goal(to)?;
        sweep(&beside)?;
        let mut builder = tempfile::Builder::new();
        let folder = builder
            .prefix(PREFIX)
            .rand_bytes(RANDOM_CHARS)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&beside);
        let folder = folder.map_err(io_error("made", &beside))?;
        let alive = File::open(folder.path()).map_err(io_error("made", folder.path()))?;
        flock(&alive, FlockOperation::NonBlockingLockExclusive)
            .map_err(|error| io_error("made", folder.path())(error.into()))?;
        Ok(Self { folder, _alive: alive, to, beside })
    }

    /// The folder above it, on the same disk.
    pub(super) fn above(&self) -> &Path {
        &self.beside
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn write_files(&self, files: &[KeptFile]) -> Result<(), BackupError> {
        files.iter().try_for_each(|file| write_private(&self.path().join(file.name), &file.bytes))
    }

    pub(super) fn write_keys(&self, keys: &[Key]) -> Result<(), BackupError> {
        let folder = self.path().join("keys");
        make_private(&folder)?;
        keys.iter().try_for_each(|key| write_private(&folder.join(key.name), &*key.bytes))?;
        sync_folder(&folder)
    }

    /// Puts it in its place in one step; it is on the disk when this returns.
    pub(super) fn place(self) -> Result<(), BackupError> {
        sync_folder(self.path())?;
        // Looked at again: whoever put something there meanwhile keeps it. An empty folder is replaced.
        refuse_occupied(&self.to)?;
        fs::rename(self.path(), &self.to).map_err(io_error("made", &self.to))?;
        // It has another name now, and is nobody's to remove.
        let _ = self.folder.keep();
        sync_folder(&self.beside)
    }
}

/// Where a restore goes, and the folder above it. Nothing lies there, and it can be renamed to.
pub(super) fn goal(to: &Path) -> Result<(PathBuf, PathBuf), BackupError> {
    let absolute = std::path::absolute(to).map_err(io_error("made", to))?;
    // A link to an empty folder means that folder.
    let to = if absolute.exists() { absolute.canonicalize().map_err(io_error("read", &absolute))? } else { absolute };
    refuse_occupied(&to)?;
    let beside = to.parent().ok_or_else(|| BackupError::Occupied(to.clone()))?.to_owned();
    let above = match fs::metadata(&beside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(BackupError::NoFolder(beside)),
        above => above.map_err(io_error("read", &beside))?,
    };
    if to.exists() && fs::metadata(&to).map_err(io_error("read", &to))?.dev() != above.dev() {
        return Err(BackupError::MountPoint(to));
    }
    Ok((to, beside))
}

fn refuse_occupied(to: &Path) -> Result<(), BackupError> {
    match fs::read_dir(to) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(BackupError::Occupied(to.to_owned())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(BackupError::Occupied(to.to_owned())),
        Err(error) => Err(io_error("read", to)(error)),
    }
}

/// Removes the staging folders in `folder` whose restores have ended: their locks are free.
fn sweep(folder: &Path) -> Result<(), BackupError> {
    for entry in fs::read_dir(folder).map_err(io_error("listed", folder))? {
        let entry = entry.map_err(io_error("listed", folder))?;
        let name = entry.file_name();
        let random = name.to_str().and_then(|name| name.strip_prefix(PREFIX)).unwrap_or_default();
        let is_ours = random.len() == RANDOM_CHARS && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        let Ok(left) = File::open(&path) else { continue };
        if flock(&left, FlockOperation::NonBlockingLockExclusive).is_ok() {
            fs::remove_dir_all(&path).map_err(io_error("removed", &path))?;
        }
    }
    Ok(())
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<(), BackupError> {
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.map_err(io_error("written", path))?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(io_error("written", path))
}
