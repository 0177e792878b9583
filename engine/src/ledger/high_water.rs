//! The high-water mark: a small file beside the store that remembers how far the journal had come, so that an older or emptier
//! store put in its place is never served. It follows commits at most once a second, off the hot path: it may lag, never lead.
//!
//! The file has two lines of a sector each, which are overwritten in turn: whatever happens to one, the other is the mark before. A file
//! that is replaced each second frees a block each second, and on a file system that tells the disk what is free that held up the
//! syncs of bookings for up to 30 ms.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
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
/// How long a line is, in bytes: what a disk writes whole or not at all.
const LINE_BYTES: usize = 512;
const LINES: usize = 2;
/// How much of a digest stands at a line's end, in bytes.
const CHECK_BYTES: usize = 8;

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
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(self.io(source)),
        };
        let mark = newest(&bytes).map(|(_, mark)| mark).or_else(|| parse_alone(&bytes));
        mark.map(Some).ok_or_else(|| HighWaterError::Damaged(self.path.clone()))
    }

    /// Writes the mark over the older line, if it follows from what is there; else the file is made anew.
    pub fn write(&self, mark: &HighWater) -> Result<(), HighWaterError> {
        let written = match self.follow(mark) {
            Ok(true) => Ok(()),
            // What is wrong with the file is told by making it anew.
            Ok(false) | Err(_) => self.replace(mark),
        };
        written.map_err(|source| self.io(source))
    }

    /// Overwrites the older line and syncs it; says whether the file is such that it can.
    fn follow(&self, mark: &HighWater) -> io::Result<bool> {
        let file = File::options().read(true).write(true).open(&self.path)?;
        let mut bytes = [0; LINES * LINE_BYTES + 1];
        let length = file.read_at(&mut bytes, 0)?;
        let place = match newest(&bytes[..length]) {
            Some((place, before)) if before.store == mark.store && before.seq <= mark.seq => LINES - 1 - place,
            _ => return Ok(false),
        };
        file.write_all_at(line(mark).as_bytes(), (place * LINE_BYTES) as u64)?;
        file.sync_data()?;
        Ok(true)
    }

    /// Temporary file, sync, rename, sync of the folder.
    fn replace(&self, mark: &HighWater) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| std::path::Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(to_text(mark).as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        File::open(folder)?.sync_all()
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

/// A mark as a new file holds it.
pub(super) fn to_text(mark: &HighWater) -> String {
    line(mark).repeat(LINES)
}

/// Store, sequence, chain and check, as long as a line is.
fn line(mark: &HighWater) -> String {
    let said = format!("{} {} {}", hex(&mark.store), mark.seq, hex(&mark.chain.0));
    let checked = format!("{said} {}", check(&said));
    format!("{checked:<width$}\n", width = LINE_BYTES - 1)
}

fn check(said: &str) -> String {
    hex(&blake3::hash(said.as_bytes()).as_bytes()[..CHECK_BYTES])
}

/// The newest mark of a whole file, and in which line it stands.
fn newest(bytes: &[u8]) -> Option<(usize, HighWater)> {
    if bytes.len() != LINES * LINE_BYTES {
        return None;
    }
    let marks = bytes.chunks(LINE_BYTES).enumerate().filter_map(|(place, line)| {
        let (said, check_of_it) = std::str::from_utf8(line).ok()?.trim_end().rsplit_once(' ')?;
        let mark = parse(said)?;
        (check(said) == check_of_it).then_some((place, mark))
    });
    marks.max_by_key(|(_, mark)| mark.seq)
}

/// The mark of a file as it was written before there were two lines.
fn parse_alone(bytes: &[u8]) -> Option<HighWater> {
    parse(std::str::from_utf8(bytes).ok()?)
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

    #[test]
    fn a_torn_line_leaves_the_mark_before_and_a_damaged_file_is_made_anew() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("high-water");
        let file = HighWaterFile::new(path.clone());
        let mark = |seq| HighWater { store: [1; 16], seq, chain: Chain([seq as u8; 32]) };
        for seq in 1..=5 {
            file.write(&mark(seq)).expect("written");
            assert_eq!(file.read().expect("a mark"), Some(mark(seq)));
        }
        let whole = fs::read(&path).expect("a file");
        let (newest_place, _) = newest(&whole).expect("a mark");
        for at in 0..LINE_BYTES {
            let mut torn = whole.clone();
            torn[newest_place * LINE_BYTES + at] ^= 0x10;
            fs::write(&path, &torn).expect("written");
            let found = file.read().expect("a mark").expect("a mark");
            // Whatever is after the check says nothing.
            assert!(found == mark(4) || (found == mark(5) && at > 150), "{at}: {found:?}");
            file.write(&mark(6)).expect("written");
            assert_eq!(file.read().expect("a mark"), Some(mark(6)), "{at}");
        }
        fs::write(&path, vec![7; LINES * LINE_BYTES]).expect("written");
        assert!(matches!(file.read(), Err(HighWaterError::Damaged(_))));
        file.write(&mark(2)).expect("written");
        assert_eq!(file.read().expect("a mark"), Some(mark(2)));
    }

    #[test]
    fn another_store_or_an_earlier_mark_replaces_both_lines_and_a_file_of_one_line_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("high-water");
        let file = HighWaterFile::new(path.clone());
        let mark = |store, seq| HighWater { store: [store; 16], seq, chain: Chain([9; 32]) };
        for next in [mark(1, 7), mark(2, 5), mark(2, 3), mark(1, 4)] {
            file.write(&next).expect("written");
            assert_eq!(file.read().expect("a mark"), Some(next));
        }
        fs::write(&path, format!("{} 42 {}\n", hex(&[3; 16]), hex(&[9; 32]))).expect("written");
        assert_eq!(file.read().expect("a mark"), Some(mark(3, 42)));
        file.write(&mark(3, 43)).expect("written");
        assert_eq!(file.read().expect("a mark"), Some(mark(3, 43)));
    }
}
