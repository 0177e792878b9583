//! A folder with generations: what lies in it, how a generation comes into it and leaves it. Everything here touches only names that
//! it makes itself; other files in the folder are never looked into, changed or removed.
//!
//! A generation is there when its manifest `NAME.json` is. Before that, and while it is removed, the manifest has the name
//! `.sesshu-NAME.json.tmp`: whatever is killed in between leaves that, and [`Folder::sweep`] removes both. Whoever changes a folder
//! holds the lock of the run.

use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::core::manifest::Manifest;
use crate::core::name::Generation;
use crate::error::{BackupError, io_error};
use crate::manifest_file::{from_json, to_json};

/// What our temporary names begin with.
pub(crate) const TEMPORARY_PREFIX: &str = ".sesshu-";
/// What our temporary names end with.
pub(crate) const TEMPORARY_ENDING: &str = ".tmp";
const RANDOM_CHARS: usize = 6;
const MANIFEST_ENDING: &str = ".json";
/// The endings that a generation's file may have, the encrypted one last.
const FILE_ENDINGS: [&str; 2] = [".zst", ".zst.age"];
/// No manifest is longer, in bytes.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// A folder with generations.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

/// What a folder holds.
#[derive(Debug, Clone, Default)]
pub struct Listing {
    /// Every generation with its file and manifest, newest first.
    pub generations: Vec<Manifest>,
    /// What has a generation's name and is none. It never counts, and nothing removes it by itself.
    pub unreadable: Vec<Unreadable>,
}

/// A file that has a generation's name and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Its name.
    pub name: String,
    /// What is wrong, in words.
    pub what: String,
}

impl Folder {
    /// The folder at `path`, which must be there: a disk that is not mounted is not replaced by an empty folder.
    pub fn open(path: &Path) -> Result<Self, BackupError> {
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { path: path.to_owned() }),
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("read", path)(error)),
            _ => Err(BackupError::NoFolder(path.to_owned())),
        }
    }

    /// The same; makes it, for its owner alone, if it is not there.
    pub fn create(path: &Path) -> Result<Self, BackupError> {
        if !path.exists() {
            make_private(path)?;
        }
        Self::open(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything that is in it.
    pub fn list(&self) -> Result<Listing, BackupError> {
        let mut listing = Listing::default();
        for entry in fs::read_dir(&self.path).map_err(io_error("listed", &self.path))? {
            let Ok(name) = entry.map_err(io_error("listed", &self.path))?.file_name().into_string() else { continue };
            let unreadable = match named(&name) {
                Some((generation, MANIFEST_ENDING)) => match self.manifest(&generation) {
                    Ok(manifest) if self.file(&manifest).exists() => {
                        listing.generations.push(manifest);
                        None
                    }
                    Ok(manifest) => Some(format!("its file {} is not there", manifest.file)),
                    Err(error) => Some(error.to_string()),
                },
                // While it is made, or removed, its manifest has the other name.
                Some((generation, _)) => [self.manifest_path(&generation), self.unfinished_path(&generation)]
                    .iter()
                    .all(|manifest| !manifest.exists())
                    .then(|| "there is no manifest for it".into()),
                None => None,
            };
            listing.unreadable.extend(unreadable.map(|what| Unreadable { name, what }));
        }
        listing.generations.sort_by(|one, other| (other.taken_at, &other.name).cmp(&(one.taken_at, &one.name)));
        listing.unreadable.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(listing)
    }

    /// What `name` says of itself.
    pub fn manifest(&self, name: &Generation) -> Result<Manifest, BackupError> {
        let path = self.manifest_path(name);
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::NoGeneration { name: name.clone(), folder: self.path.clone() });
            }
            file => file.map_err(io_error("read", &path))?,
        };
        let mut bytes = Vec::new();
        file.take(MANIFEST_BYTES_MAX).read_to_end(&mut bytes).map_err(io_error("read", &path))?;
        let manifest = from_json(&path, &bytes)?;
        let is_its_own = manifest.name == *name
            && manifest.taken_at == name.instant()
            && manifest.file == file_name(name, !manifest.recipients.is_empty());
        if is_its_own {
            return Ok(manifest);
        }
        Err(BackupError::damaged(
            &path,
            format!("it is the manifest of {} with the file {}", manifest.name, manifest.file),
        ))
    }

    /// The file of a generation.
    #[must_use]
    pub fn file(&self, manifest: &Manifest) -> PathBuf {
        self.path.join(file_name(&manifest.name, !manifest.recipients.is_empty()))
    }

    /// Writes anew what a generation that is there says of itself.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), BackupError> {
        let path = self.manifest_path(&manifest.name);
        if !path.exists() {
            return Err(BackupError::NoGeneration { name: manifest.name.clone(), folder: self.path.clone() });
        }
        let mut file = self.temporary()?;
        file.write_all(&to_json(manifest)).map_err(io_error("written", file.path()))?;
        file.as_file().sync_all().map_err(io_error("written", file.path()))?;
        file.persist(&path).map_err(|error| io_error("written", &path)(error.error))?;
        self.sync()
    }

    /// A new file of ours, for its owner alone, that is no generation yet. It is removed when it is dropped.
    pub fn temporary(&self) -> Result<NamedTempFile, BackupError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY_PREFIX).suffix(TEMPORARY_ENDING).rand_bytes(RANDOM_CHARS);
        builder.tempfile_in(&self.path).map_err(io_error("written", &self.path))
    }

    /// Whether something has this name, finished or not.
    #[must_use]
    pub fn has(&self, name: &Generation) -> bool {
        self.manifest_path(name).exists() || self.files(name).iter().any(|file| file.exists())
    }

    /// Makes a finished file the generation that `manifest` speaks of. A kill on the way leaves no generation.
    pub fn adopt(&self, file: NamedTempFile, manifest: &Manifest) -> Result<(), BackupError> {
        if self.has(&manifest.name) {
            return Err(io_error("made", &self.file(manifest))(io::ErrorKind::AlreadyExists.into()));
        }
        file.as_file().sync_all().map_err(io_error("written", file.path()))?;
        let adopted = self.try_adopt(file, manifest);
        if adopted.is_err() {
            // As far as it goes; what cannot be removed now is removed by the next run.
            let _ = self.remove_unfinished(&manifest.name);
        }
        adopted
    }

    fn try_adopt(&self, file: NamedTempFile, manifest: &Manifest) -> Result<(), BackupError> {
        let (unfinished, finished) = (self.unfinished_path(&manifest.name), self.manifest_path(&manifest.name));
        let mut options = fs::OpenOptions::new();
        let written = std::os::unix::fs::OpenOptionsExt::mode(options.write(true).create(true).truncate(true), 0o600)
            .open(&unfinished)
            .and_then(|mut file| file.write_all(&to_json(manifest)).and_then(|()| file.sync_all()));
        written.map_err(io_error("written", &unfinished))?;
        self.sync()?;
        let path = self.file(manifest);
        file.persist(&path).map_err(|error| io_error("written", &path)(error.error))?;
        self.sync()?;
        fs::rename(&unfinished, &finished).map_err(io_error("written", &finished))?;
        self.sync()
    }

    /// Removes a generation. A kill on the way leaves none.
    pub fn remove(&self, name: &Generation) -> Result<(), BackupError> {
        let path = self.manifest_path(name);
        match fs::rename(&path, self.unfinished_path(name)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(BackupError::NoGeneration { name: name.clone(), folder: self.path.clone() });
            }
            renamed => renamed.map_err(io_error("removed", &path))?,
        }
        self.sync()?;
        self.remove_unfinished(name)
    }

    /// Removes what runs left behind that were killed; says how many files that were.
    pub fn sweep(&self) -> Result<usize, BackupError> {
        let mut swept = 0;
        for entry in fs::read_dir(&self.path).map_err(io_error("listed", &self.path))? {
            let entry = entry.map_err(io_error("listed", &self.path))?;
            let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
            let Some(name) = entry.file_name().into_string().ok().filter(|_| is_file) else { continue };
            let Some(middle) = between(&name, TEMPORARY_PREFIX, TEMPORARY_ENDING) else { continue };
            if let Some((generation, MANIFEST_ENDING)) = named(middle) {
                self.remove_unfinished(&generation)?;
                swept += 1;
            } else if middle.len() == RANDOM_CHARS && middle.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                remove_file(&entry.path())?;
                swept += 1;
            }
        }
        Ok(swept)
    }

    /// Removes the files of something that is no generation, or no longer, and what says so last.
    fn remove_unfinished(&self, name: &Generation) -> Result<(), BackupError> {
        if !self.manifest_path(name).exists() {
            for file in self.files(name) {
                remove_file(&file)?;
            }
            self.sync()?;
        }
        remove_file(&self.unfinished_path(name))?;
        self.sync()
    }

    fn files(&self, name: &Generation) -> [PathBuf; 2] {
        FILE_ENDINGS.map(|ending| self.path.join(format!("{name}{ending}")))
    }

    fn manifest_path(&self, name: &Generation) -> PathBuf {
        self.path.join(format!("{name}{MANIFEST_ENDING}"))
    }

    fn unfinished_path(&self, name: &Generation) -> PathBuf {
        self.path.join(format!("{TEMPORARY_PREFIX}{name}{MANIFEST_ENDING}{TEMPORARY_ENDING}"))
    }

    fn sync(&self) -> Result<(), BackupError> {
        sync_folder(&self.path)
    }
}

/// The name of a generation's file.
pub(crate) fn file_name(name: &Generation, is_sealed: bool) -> String {
    format!("{name}{}", FILE_ENDINGS[usize::from(is_sealed)])
}

/// Makes what the directory at `path` says durable.
pub(crate) fn sync_folder(path: &Path) -> Result<(), BackupError> {
    File::open(path).and_then(|folder| folder.sync_all()).map_err(io_error("written", path))
}

/// Makes a folder, with those above it, for its owner alone.
pub(crate) fn make_private(path: &Path) -> Result<(), BackupError> {
    fs::create_dir_all(path).map_err(io_error("made", path))?;
    fs::set_permissions(path, Permissions::from_mode(0o700)).map_err(io_error("made", path))
}

/// A generation's name and the ending after it, which is one of ours.
fn named(name: &str) -> Option<(Generation, &'static str)> {
    let (stem, _) = name.split_once('.')?;
    let ending = [MANIFEST_ENDING].into_iter().chain(FILE_ENDINGS).find(|ending| name[stem.len()..] == **ending)?;
    Some((stem.parse().ok()?, ending))
}

fn between<'a>(name: &'a str, prefix: &str, ending: &str) -> Option<&'a str> {
    name.strip_prefix(prefix)?.strip_suffix(ending)
}

fn remove_file(path: &Path) -> Result<(), BackupError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("removed", path)(error)),
        _ => Ok(()),
    }
}
