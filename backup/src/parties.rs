//! Who takes part in backups from outside of this crate: where the store is, who proves a generation, who holds a drill. The
//! composition root is all of them. They are called on threads of backups and may take minutes.

use std::path::Path;

use sesshu_engine::ledger::{LoadError, Snapshot};

use crate::core::drill::DrillRecord;
use crate::core::manifest::{Manifest, Proof};
use crate::progress::Progress;

/// Where consistent views of the store come from.
pub trait StoreSource: Send + Sync + 'static {
    /// A view of the store as it is now. While it is held the store grows.
    fn snapshot(&self) -> Result<Snapshot, LoadError>;
}

/// Restores a generation as a person would, and checks what comes out.
pub trait Prover: Send + Sync + 'static {
    /// Restores it into a new folder in the scratch folder, checks every invariant, the counts and the digests, and removes the folder.
    fn prove(&self, proving: &Proving<'_>) -> Result<Proof, NotProven>;
}

/// What is to be proven.
#[derive(Debug, Clone, Copy)]
pub struct Proving<'a> {
    /// The folder with the generation.
    pub folder: &'a Path,
    /// Which generation.
    pub manifest: &'a Manifest,
    /// An empty folder for what is restored; whoever asks removes it.
    pub scratch: &'a Path,
    /// Whoever asks may want to stop.
    pub progress: &'a Progress,
}

/// Why a generation is not proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotProven {
    /// The generation is not what was written, or what it restores is not sound.
    Damaged(String),
    /// It could not be tried: that says nothing about the generation.
    Failed(String),
}

/// Holds a restore drill.
pub trait Driller: Send + Sync + 'static {
    /// Restores the generation and the journal, serves them, books on them. A failure is in the record.
    fn drill(&self, drilling: &Drilling<'_>) -> DrillRecord;
}

/// What a drill is held with.
#[derive(Debug, Clone, Copy)]
pub struct Drilling<'a> {
    /// The folder with the generation.
    pub folder: &'a Path,
    /// Which generation.
    pub manifest: &'a Manifest,
    /// Where the journal is shipped to.
    pub journal: &'a Path,
    /// An empty folder for the restored city; whoever asks removes it.
    pub scratch: &'a Path,
    /// Who holds it.
    pub by: &'a str,
    /// Whoever asks may want to stop.
    pub progress: &'a Progress,
}
