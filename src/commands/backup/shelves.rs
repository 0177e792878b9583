//! Where a command looks for generations and for the journal: in the folder that it was given, else where the configuration says.

use std::path::{Path, PathBuf};

use sesshu_backup::core::name::Generation;
use sesshu_backup::error::BackupError;
use sesshu_backup::folder::Folder;

use crate::cli::GenerationsArgs;
use crate::exit::Failure;
use crate::folder::DataFolder;

/// The folders.
#[derive(Debug)]
pub(super) struct Shelves {
    /// Where generations lie.
    pub(super) dir: PathBuf,
    /// Where copies of them lie.
    pub(super) second: Option<PathBuf>,
    /// Where the journal lies.
    pub(super) journal: PathBuf,
    /// The key that opens what is encrypted.
    pub(super) identity: Option<PathBuf>,
    /// Whether the folder of generations was named, by hand or in the configuration: then it must be there.
    pub(super) is_named: bool,
    /// Whether the journal is restored too unless something else is said: where it lies beside the only generations there are, a
    /// generation is what it was.
    pub(super) replays: bool,
}

impl Shelves {
    /// Those of a command. With `--from`, neither data nor configuration are read.
    pub(super) fn of(folder: &DataFolder, args: &GenerationsArgs) -> Result<Self, Failure> {
        if let Some(from) = &args.from {
            return Ok(Self {
                dir: from.clone(),
                second: None,
                journal: from.clone(),
                identity: None,
                is_named: true,
                replays: true,
            });
        }
        let config = folder.config_or_failure()?;
        let places = config.backup.places(&folder.path);
        Ok(Self {
            journal: places.journal().to_owned(),
            replays: places.second.is_some(),
            dir: places.dir,
            second: places.second,
            identity: config.backup.identity_file.clone(),
            is_named: config.backup.dir.is_some(),
        })
    }

    /// The folder that has a generation: the first of them, else the second place.
    pub(super) fn holding(&self, generation: &Generation) -> Result<Folder, BackupError> {
        let has = |path: &Path| -> Result<Folder, BackupError> {
            let folder = Folder::open(path)?;
            folder.manifest(generation)?;
            Ok(folder)
        };
        has(&self.dir).or_else(|error| {
            let second = self.second.as_ref().and_then(|second| has(second).ok());
            let second = second.ok_or(error)?;
            eprintln!("{generation}: {}", second.path().display());
            Ok(second)
        })
    }

    /// The newest generation that was proven, nothing of it being known to be wrong, but for these.
    pub(super) fn newest_good_but(&self, damaged: &[&str]) -> Option<Generation> {
        let shelves = [Some(&self.dir), self.second.as_ref()].into_iter().flatten();
        let listed = shelves.filter_map(|dir| Folder::open(dir).and_then(|dir| dir.list()).ok());
        let good = listed
            .flat_map(|listing| listing.generations)
            .filter(|one| one.is_good() && !damaged.contains(&one.name.as_str()));
        good.max_by_key(|one| one.taken_at).map(|one| one.name)
    }

    /// Another folder that has the generation too.
    pub(super) fn other(&self, than: &Folder, generation: &Generation) -> Option<&Path> {
        let others = [Some(&self.dir), self.second.as_ref()].into_iter().flatten().filter(|dir| *dir != than.path());
        others.map(PathBuf::as_path).find(|dir| Folder::open(dir).is_ok_and(|dir| dir.manifest(generation).is_ok()))
    }
}
