//! What can go wrong with backups, by family, in words that say what to do. Nothing here names a person or a key.

use std::io;
use std::path::{Path, PathBuf};

use sesshu_engine::ledger::LoadError;

use crate::core::name::Generation;

/// What kind of trouble it is: what a caller does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Something else has to end first, or the disk has to come back: try again later.
    Later,
    /// A disk, a folder or a file's rights: a person must look; trying again does no harm.
    Place,
    /// A generation is not what was written: choose another one.
    Damage,
    /// A key is missing, wrong or readable by others.
    Key,
    /// What was asked for cannot be had: ask for something else.
    Choice,
    /// It was stopped on purpose.
    Stopped,
}

/// Why a backup, a look at one or a restore did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder could not be used.
    #[error("{path} cannot be {verb}: {source}")]
    Io {
        /// What was tried: `read`, `written`, `listed`, `removed`, `made`.
        verb: &'static str,
        /// Where.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A disk is full, or would be.
    #[error("there is no room on the disk of {path}; make room there or configure another folder, then try again")]
    Full {
        /// Where.
        path: PathBuf,
    },
    /// A disk has less room than is needed.
    #[error(
        "the disk of {path} has {free_mib} MiB free and {needed_mib} MiB are needed; make room there or configure another folder, \
         then try again"
    )]
    NoRoom {
        /// Where.
        path: PathBuf,
        /// How much is needed, in MiB.
        needed_mib: u64,
        /// How much is free, in MiB.
        free_mib: u64,
    },
    /// A folder is not there.
    #[error("there is no folder {0}; is its disk mounted?")]
    NoFolder(PathBuf),
    /// No generation has this name.
    #[error("there is no generation {name} in {folder}; `sesshu backup list` shows those that are there")]
    NoGeneration {
        /// Which.
        name: Generation,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// A generation's file or manifest is not what was written.
    #[error("{file} is damaged: {what}; restore another generation")]
    Damaged {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// It was written by a newer version.
    #[error(
        "{file} was written by a newer version of the program (format {found}; this one knows {known}); use that version to restore it"
    )]
    Newer {
        /// Which file.
        file: PathBuf,
        /// The format found.
        found: u32,
        /// The newest one that this version reads.
        known: u32,
    },
    /// It is encrypted, and no key was given.
    #[error("{file} is encrypted for {}; name the file with one of their keys (`--identity FILE`, or `backup.identity_file`)", one_of(.recipients))]
    NoKey {
        /// Which file.
        file: PathBuf,
        /// For whom it is.
        recipients: Vec<String>,
    },
    /// The key that was given is not one of those it is encrypted for.
    #[error("{file} is encrypted for {}; the key that was given is {given}", one_of(.recipients))]
    WrongKey {
        /// Which file.
        file: PathBuf,
        /// For whom it is.
        recipients: Vec<String>,
        /// The public part of the key that was given.
        given: String,
    },
    /// A text is not a public key.
    #[error("`{0}` is not a public key of age (age1…)")]
    NotARecipient(String),
    /// A key file cannot be used.
    #[error("the key file {path} {what}")]
    KeyFile {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A key of the data folder is missing: the backup would be of no use.
    #[error("the key file {0} is missing or not 32 bytes; no backup is of use without it")]
    NoKeyMaterial(PathBuf),
    /// Something lies where a store shall be restored to.
    #[error("{0} is not empty; nothing is restored over data: name a new or empty folder")]
    Occupied(PathBuf),
    /// A whole disk is mounted where a store shall be restored to; a folder cannot become one in one step.
    #[error("a disk is mounted at {0}; name a new folder in it")]
    MountPoint(PathBuf),
    /// The chosen instant is before the generation.
    #[error("{name} was taken at {taken_at}, after {wanted}; choose an older generation")]
    BeforeGeneration {
        /// Which.
        name: Generation,
        /// The snapshot's instant, RFC 3339.
        taken_at: String,
        /// The instant asked for, RFC 3339.
        wanted: String,
    },
    /// The journal does not reach the chosen instant.
    #[error(
        "what was kept reaches {reached}, not {wanted}; restore without `--at` for everything, or name an earlier time"
    )]
    NotReached {
        /// How far it reaches, RFC 3339.
        reached: String,
        /// The instant asked for, RFC 3339.
        wanted: String,
    },
    /// Something that was erased soon after the chosen instant is kept nowhere.
    #[error(
        "the state at {wanted} cannot be had: what was erased soon after it is kept nowhere; name {before} or {after}"
    )]
    NotToBeHad {
        /// The instant asked for, RFC 3339.
        wanted: String,
        /// The latest one before it that can be had, RFC 3339.
        before: String,
        /// The earliest one after it that can be had, RFC 3339.
        after: String,
    },
    /// The journal that was shipped cannot be applied.
    #[error(
        "the journal that was shipped cannot be applied: {0}; restore without it (`--at snapshot`), or up to an earlier time (`--at TIME`)"
    )]
    Journal(String),
    /// A restored store breaks an invariant or is not what was backed up.
    #[error("what {name} restores is not sound: {what}; restore another generation")]
    NotSound {
        /// Which.
        name: Generation,
        /// What is wrong.
        what: String,
    },
    /// A new generation could not be restored to check it.
    #[error("{name} could not be restored to check it, and does not count before it is: {what}")]
    NotProven {
        /// Which.
        name: Generation,
        /// Why.
        what: String,
    },
    /// There is nothing to hold a drill with.
    #[error("there is no generation that was restored and checked; `sesshu backup now` makes one")]
    NoneGood,
    /// The store could not be read.
    #[error("the store cannot be read for a backup: {0}")]
    Store(#[from] LoadError),
    /// Another run goes on.
    #[error("another backup runs ({0}); wait for its end")]
    Runs(String),
    /// It was stopped on purpose.
    #[error("it was stopped before its end; nothing of it counts")]
    Stopped,
}

impl BackupError {
    /// What kind of trouble it is.
    #[must_use]
    pub const fn family(&self) -> Family {
        match self {
            Self::Store(LoadError::InUse) | Self::Runs(_) => Family::Later,
            Self::Io { .. }
            | Self::Full { .. }
            | Self::NoRoom { .. }
            | Self::NoFolder(_)
            | Self::NotProven { .. }
            | Self::Store(_) => Family::Place,
            Self::Damaged { .. } | Self::NotSound { .. } => Family::Damage,
            Self::NoKey { .. }
            | Self::WrongKey { .. }
            | Self::NotARecipient(_)
            | Self::KeyFile { .. }
            | Self::NoKeyMaterial(_) => Family::Key,
            Self::NoGeneration { .. }
            | Self::NoneGood
            | Self::Newer { .. }
            | Self::Occupied(_)
            | Self::MountPoint(_)
            | Self::BeforeGeneration { .. }
            | Self::NotReached { .. }
            | Self::NotToBeHad { .. }
            | Self::Journal(_) => Family::Choice,
            Self::Stopped => Family::Stopped,
        }
    }

    /// Whether it shows that a generation is not what was written. Only this may mark one as damaged: a disk that is away, or a key
    /// that is wrong, says nothing about it.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        self.family() == Family::Damage
    }

    /// Something is wrong with what lies in `file`.
    pub(crate) fn damaged(file: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { file: file.to_owned(), what: what.into() }
    }
}

/// An error of the system while `path` was `verb`. A full disk has words of its own.
pub(crate) fn io_error(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    move |source| match source.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => BackupError::Full { path: path.to_owned() },
        _ => BackupError::Io { verb, path: path.to_owned(), source },
    }
}

fn one_of(recipients: &[String]) -> String {
    if recipients.is_empty() { "keys that its manifest does not name".into() } else { recipients.join(" or ") }
}
