//! What a folder has of the journal: read to restore from, to ship on, and to remove what no generation needs.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::StoreHead;

use super::file::{self, Contents, Frame};
use super::frame::Head;
use super::path::{Step, lead_on};
use crate::container::{Locked, unpack};
use crate::error::{BackupError, io_error};
use crate::keys::Identity;
use crate::restore::{Deltas, JournalSource};

/// The journal in a folder.
#[derive(Debug)]
pub struct Shipped {
    files: Vec<Contents>,
    /// Files with a name of ours that cannot be read as one, with what is wrong.
    unreadable: Vec<(PathBuf, BackupError)>,
}

/// A frame of the journal: one delta of the store.
#[derive(Debug, Clone)]
pub struct Piece {
    path: PathBuf,
    frame: Frame,
}

/// The oldest generation of a store that is kept: what leads on from it is needed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needed {
    /// Which store.
    pub(crate) store: [u8; 16],
    /// Its last entry.
    pub(crate) seq: u64,
    /// The snapshot's instant.
    pub(crate) at: Instant,
}

impl Shipped {
    /// Reads the headings of everything in `folder`.
    pub fn read(folder: &Path) -> Result<Self, BackupError> {
        let mut shipped = Self { files: Vec::new(), unreadable: Vec::new() };
        for entry in fs::read_dir(folder).map_err(io_error("listed", folder))? {
            let entry = entry.map_err(io_error("listed", folder))?;
            if !entry.file_name().to_str().is_some_and(file::is_ours) {
                continue;
            }
            match file::read(&entry.path()) {
                Ok(contents) => shipped.files.push(contents),
                Err(error) => shipped.unreadable.push((entry.path(), error)),
            }
        }
        shipped.files.sort_by_key(|file| file.header.number);
        Ok(shipped)
    }

    /// Files with a name of ours that cannot be read, with what is wrong.
    #[must_use]
    pub fn unreadable(&self) -> &[(PathBuf, BackupError)] {
        &self.unreadable
    }

    /// What leads on from `start` in the journal of `store`, in order.
    #[must_use]
    pub fn after(&self, store: &[u8; 16], start: &Head) -> Vec<Piece> {
        let files = self.files.iter().filter(|file| file.header.store == *store);
        let frames: Vec<_> = files.flat_map(|file| file.frames.iter().map(move |frame| (file, frame))).collect();
        let step = |(file, frame): &(&Contents, &Frame)| Step {
            file: file.header.number,
            from: frame.heading.from,
            to: frame.heading.to,
        };
        let steps: Vec<Step> = frames.iter().map(step).collect();
        let piece = |place: usize| Piece { path: frames[place].0.path.clone(), frame: *frames[place].1 };
        lead_on(&steps, start).into_iter().map(piece).collect()
    }

    /// The number of the next file.
    pub(super) fn next_number(&self) -> u64 {
        self.files.iter().map(|file| file.header.number).max().map_or(1, |number| number.saturating_add(1))
    }

    /// The places where frames of `store` end, the one that was shipped last first.
    pub(super) fn ends(&self, store: &[u8; 16]) -> impl Iterator<Item = Head> {
        let files = self.files.iter().rev().filter(|file| file.header.store == *store);
        files.flat_map(|file| file.frames.iter().rev().map(|frame| frame.heading.to))
    }

    /// The files that no kept generation needs: all of each was in the oldest ones already.
    pub(crate) fn superfluous<'a>(&'a self, needed: &'a [Needed]) -> impl Iterator<Item = &'a Path> {
        let is_superfluous = move |file: &&Contents| {
            let ends = || file.frames.iter().map(|frame| frame.heading.to);
            let of_store: Vec<&Needed> = needed.iter().filter(|one| one.store == file.header.store).collect();
            let oldest_at = needed.iter().map(|one| one.at).min();
            let is_old = oldest_at.is_some_and(|oldest| ends().all(|end| end.at < oldest));
            is_old && of_store.iter().all(|one| ends().all(|end| end.seq <= one.seq))
        };
        self.files.iter().filter(is_superfluous).map(|file| file.path.as_path())
    }
}

impl Piece {
    /// Where it begins.
    #[must_use]
    pub const fn from(&self) -> Head {
        self.frame.heading.from
    }

    /// Where it ends.
    #[must_use]
    pub const fn to(&self) -> Head {
        self.frame.heading.to
    }

    /// The delta, as it was written. Its bytes are checked before any of them is given.
    pub fn open(&self, identity: Option<&Identity>) -> Result<Box<dyn Read>, BackupError> {
        let path = &self.path;
        let file = File::open(path).map_err(io_error("read", path))?;
        if !file::is_whole(&file, &self.frame).map_err(io_error("read", path))? {
            return Err(BackupError::damaged(path, "its bytes are not what was written"));
        }
        let body = io::BufReader::new(file::body(&file, &self.frame).map_err(io_error("read", path))?);
        unpack(body, self.frame.heading.is_sealed, identity).map_err(|locked| match locked {
            Locked::NoKey => BackupError::NoKey { file: path.clone(), recipients: Vec::new() },
            Locked::WrongKey => BackupError::WrongKey {
                file: path.clone(),
                recipients: Vec::new(),
                given: identity.map(Identity::public).unwrap_or_default(),
            },
            Locked::Damaged(what) => BackupError::damaged(path, what),
            Locked::Io(error) => io_error("read", path)(error),
        })
    }
}

impl JournalSource for Shipped {
    fn deltas(&self, head: &StoreHead, identity: Option<&Identity>) -> Result<Box<dyn Deltas + '_>, BackupError> {
        let pieces = self.after(&head.store, &Head::from(head)).into_iter();
        Ok(Box::new(Pieces { pieces, identity: identity.cloned() }))
    }
}

struct Pieces {
    pieces: std::vec::IntoIter<Piece>,
    identity: Option<Identity>,
}

impl Deltas for Pieces {
    fn next_delta(&mut self) -> Result<Option<Box<dyn Read + '_>>, BackupError> {
        self.pieces.next().map(|piece| piece.open(self.identity.as_ref()).map(|read| read as Box<dyn Read>)).transpose()
    }
}
