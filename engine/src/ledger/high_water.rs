//! The high-water mark: a small file beside the store that remembers how far the journal had come, so that an older or emptier
//! store put in its place is never served. It follows commits at most once a second, off the hot path: it may lag, never lead.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::codec::Chain;
use super::index::Index;
use crate::planted::{Bug, planted};

/// The mark's name in the data folder.
pub(crate) const MARK_NAME: &str = "high-water";

/// How far the journal of a store has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HighWater {
    /// Which store.
    pub store: [u8; 16],
    /// The last entry.
    pub seq: u64,
    /// The chain after it.
    pub chain: Chain,
}

/// Why a mark cannot be used. Advice: a person must look.
#[derive(Debug, thiserror::Error)]
pub enum HighWaterError {
    /// The file cannot be read or written.
    #[error("the high-water mark {path}: {source}")]
    Io {
        /// Its path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The file is not a mark.
    #[error("the high-water mark {0} is damaged")]
    Damaged(PathBuf),
    /// The store is older, emptier or another than the mark says.
    #[error(
        "the store is not the one that was served last ({why}); restore a backup, or remove {path} if this is what you want"
    )]
    StoreIsBehind {
        /// What does not fit.
        why: String,
        /// The mark's path.
        path: PathBuf,
    },
}

/// The mark's file.
#[derive(Debug, Clone)]
pub struct HighWaterFile {
    path: PathBuf,
}

impl HighWaterFile {
    /// The mark at `path`.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The mark, if one was ever written.
    pub fn read(&self) -> Result<Option<HighWater>, HighWaterError> {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.io(source)),
        };
        parse(&text).map(Some).ok_or_else(|| HighWaterError::Damaged(self.path.clone()))
    }

    /// Writes the mark: temporary file, sync, rename, sync of the folder.
    pub fn write(&self, mark: &HighWater) -> Result<(), HighWaterError> {
        self.try_write(mark).map_err(|source| self.io(source))
    }

    fn try_write(&self, mark: &HighWater) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| std::path::Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(to_text(mark).as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        fs::File::open(folder)?.sync_all()
    }

    /// A store that does not fit its mark.
    pub(super) fn behind(&self, why: String) -> HighWaterError {
        HighWaterError::StoreIsBehind { why, path: self.path.clone() }
    }

    fn io(&self, source: io::Error) -> HighWaterError {
        HighWaterError::Io { path: self.path.clone(), source }
    }
}

/// How often the mark is written at most.
const MARK_EVERY: Duration = Duration::from_secs(1);

/// Writes the high-water mark behind the commits.
pub(crate) struct Marker {
    file: HighWaterFile,
    store: [u8; 16],
    written_seq: u64,
}

impl Marker {
    pub(crate) fn new(file: HighWaterFile, store: [u8; 16]) -> Self {
        Self { file, store, written_seq: 0 }
    }

    /// Lets the mark follow to the last durable entry.
    pub(crate) fn write(&mut self, index: &Index) {
        let head = index.head();
        if head.seq == self.written_seq {
            return;
        }
        let seq = head.seq + u64::from(planted(Bug::MarkLeads));
        match self.file.write(&HighWater { store: self.store, seq, chain: head.chain }) {
            Ok(()) => self.written_seq = head.seq,
            Err(error) => tracing::warn!(%error, "the high-water mark could not be written"),
        }
    }
}

/// The thread on which the mark follows the commits: its syncs must not hold up a batch.
pub(super) struct MarkFollower {
    end: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl MarkFollower {
    pub(super) fn start(marker: Marker, index: Arc<Index>) -> io::Result<Self> {
        let (end, ended) = sync_channel(0);
        let thread =
            std::thread::Builder::new().name("high-water".into()).spawn(move || follow(marker, &index, &ended))?;
        Ok(Self { end, thread })
    }

    /// Writes the mark a last time and ends.
    pub(super) fn finish(self) {
        drop(self.end);
        if self.thread.join().is_err() {
            tracing::error!("the thread of the high-water mark had panicked");
        }
    }
}

fn follow(mut marker: Marker, index: &Index, ended: &Receiver<()>) {
    while ended.recv_timeout(MARK_EVERY) == Err(RecvTimeoutError::Timeout) {
        marker.write(index);
    }
    marker.write(index);
}

/// A mark as its file holds it.
pub(super) fn to_text(mark: &HighWater) -> String {
    format!("{} {} {}\n", hex(&mark.store), mark.seq, hex(&mark.chain.0))
}

fn parse(text: &str) -> Option<HighWater> {
    let mut words = text.split_ascii_whitespace();
    let store = unhex(words.next()?)?;
    let seq = words.next()?.parse().ok()?;
    let chain = Chain(unhex(words.next()?)?);
    words.next().is_none().then_some(HighWater { store, seq, chain })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N || !text.is_ascii() {
        return None;
    }
    let mut bytes = [0; N];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_and_a_damaged_one_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = HighWaterFile::new(folder.path().join("high-water"));
        assert!(file.read().expect("nothing yet").is_none());
        let mark = HighWater { store: [1; 16], seq: 42, chain: Chain([9; 32]) };
        file.write(&mark).expect("written");
        assert_eq!(file.read().expect("a mark"), Some(mark));
        fs::write(folder.path().join("high-water"), "01 42").expect("written");
        assert!(matches!(file.read(), Err(HighWaterError::Damaged(_))));
    }
}
