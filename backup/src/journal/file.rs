//! One file of the journal: how it is begun, appended to and read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::frame::{DIGEST_BYTES, HEADER_BYTES, HEADING_BYTES, Header, Heading, NoHeader};
use crate::container::Hashing;
use crate::error::{BackupError, io_error};
use crate::folder::sync_folder;

const PREFIX: &str = "sesshu-journal-";
const ENDING: &str = ".journal";
const SEQ_DIGITS: usize = 16;
const VERSION_KNOWN: u32 = 1;

/// Whether `name` is one that [`begin`] makes: `sesshu-journal-SEQ.journal`, or with `-N` if that was there.
pub(super) fn is_ours(name: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let Some(middle) = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(ENDING)) else { return false };
    let (seq, again) = middle.split_once('-').map_or((middle, None), |(seq, again)| (seq, Some(again)));
    seq.len() == SEQ_DIGITS && digits(seq) && again.is_none_or(digits)
}

/// A file that is written.
#[derive(Debug)]
pub(super) struct Open {
    file: File,
    path: PathBuf,
    bytes: u64,
}

/// Begins a file whose first frame has the entry `first_seq`.
pub(super) fn begin(folder: &Path, header: &Header, first_seq: u64) -> Result<Open, BackupError> {
    let mut again = 1;
    loop {
        let suffix = if again == 1 { String::new() } else { format!("-{again}") };
        let path = folder.join(format!("{PREFIX}{first_seq:0SEQ_DIGITS$}{suffix}{ENDING}"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => again += 1,
            Err(error) => return Err(io_error("made", &path)(error)),
            Ok(mut file) => {
                file.write_all(&header.encode()).map_err(io_error("written", &path))?;
                sync_folder(folder)?;
                return Ok(Open { file, path, bytes: HEADER_BYTES as u64 });
            }
        }
    }
}

impl Open {
    /// Appends a frame; it is on the disk when this returns. After a failure the file is not to be used any more.
    pub(super) fn append(&mut self, heading: &Heading, body: &mut dyn Read) -> Result<(), BackupError> {
        let path = &self.path;
        let write = || {
            let mut body = Hashing::new(body);
            self.file.write_all(&heading.encode())?;
            let copied = io::copy(&mut body, &mut self.file)?;
            assert_eq!(copied, heading.bytes, "a body is as long as its heading says");
            self.file.write_all(body.digest().as_bytes())?;
            self.file.sync_data()
        };
        write().map_err(io_error("written", path))?;
        self.bytes += heading.frame_bytes();
        Ok(())
    }

    /// How long it is, in bytes.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is still there: a disk may have been taken away and have come back without it.
    pub(super) fn is_there(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        match (self.file.metadata(), std::fs::metadata(&self.path)) {
            (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
            _ => false,
        }
    }
}

/// A frame in a file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// Where it begins in the file.
    pub(super) offset: u64,
    /// What it says of itself.
    pub(super) heading: Heading,
}

/// What a file holds.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) path: PathBuf,
    pub(super) header: Header,
    /// Its frames in order. Of the last one the body was checked: a power cut leaves it torn.
    pub(super) frames: Vec<Frame>,
}

/// Reads the headings of a file. What follows the last whole frame is passed over.
pub(super) fn read(path: &Path) -> Result<Contents, BackupError> {
    let file = File::open(path).map_err(io_error("read", path))?;
    let length = file.metadata().map_err(io_error("read", path))?.len();
    let mut header = [0; HEADER_BYTES];
    if length < HEADER_BYTES as u64 {
        return Err(BackupError::damaged(path, "it ends before its first entry"));
    }
    file.read_exact_at(&mut header, 0).map_err(io_error("read", path))?;
    let header = Header::decode(&header).map_err(|wrong| match wrong {
        NoHeader::Newer(found) => {
            BackupError::Newer { file: path.to_owned(), found: found.into(), known: VERSION_KNOWN }
        }
        NoHeader::Damaged => BackupError::damaged(path, "its beginning is not what was written"),
    })?;
    let mut frames = Vec::new();
    let mut offset = HEADER_BYTES as u64;
    while offset + (HEADING_BYTES as u64) < length {
        let mut heading = [0; HEADING_BYTES];
        file.read_exact_at(&mut heading, offset).map_err(io_error("read", path))?;
        let Some(heading) = Heading::decode(&heading) else { break };
        let Some(end) = offset.checked_add(heading.frame_bytes()).filter(|end| *end <= length) else { break };
        frames.push(Frame { offset, heading });
        offset = end;
    }
    while let Some(last) = frames.last() {
        if is_whole(&file, last).map_err(io_error("read", path))? {
            break;
        }
        frames.pop();
    }
    Ok(Contents { path: path.to_owned(), header, frames })
}

/// Whether the body of a frame is what was written.
pub(super) fn is_whole(file: &File, frame: &Frame) -> io::Result<bool> {
    let mut body = Hashing::new(body(file, frame)?);
    io::copy(&mut body, &mut io::sink())?;
    let mut digest = [0; DIGEST_BYTES];
    file.read_exact_at(&mut digest, frame.offset + HEADING_BYTES as u64 + frame.heading.bytes)?;
    Ok(body.digest() == digest)
}

/// The body of a frame.
pub(super) fn body(file: &File, frame: &Frame) -> io::Result<io::Take<File>> {
    let mut file = file.try_clone()?;
    file.seek(SeekFrom::Start(frame.offset + HEADING_BYTES as u64))?;
    Ok(file.take(frame.heading.bytes))
}

#[cfg(test)]
mod tests {
    use sesshu_engine::core::time::Instant;

    use super::super::frame::Head;
    use super::*;

    const BODIES: [&[u8]; 3] = [b"the first", b"", b"the third and last"];

    /// A file with the frames of [`BODIES`].
    fn written(folder: &Path) -> PathBuf {
        let mut open = begin(folder, &Header { number: 1, store: [7; 16] }, 1).expect("a file");
        let head = |seq| Head { seq, chain: [seq as u8; 32], at: Instant(0) };
        for (seq, mut body) in (0..).zip(BODIES) {
            let bytes = body.len() as u64;
            let heading = Heading { is_sealed: false, bytes, from: head(seq), to: head(seq + 1) };
            open.append(&heading, &mut body).expect("appended");
        }
        assert!(open.is_there() && is_ours(&open.path().file_name().expect("a name").to_string_lossy()));
        open.path().to_owned()
    }

    /// The bodies that a reader takes from the file, until one is not what was written.
    fn taken(path: &Path) -> Result<Vec<Vec<u8>>, BackupError> {
        let contents = read(path)?;
        let file = File::open(path).expect("a file");
        let whole = contents.frames.iter().take_while(|frame| is_whole(&file, frame).expect("readable"));
        let bytes = |frame: &Frame| {
            let mut bytes = Vec::new();
            body(&file, frame).and_then(|mut body| body.read_to_end(&mut bytes)).expect("readable");
            bytes
        };
        Ok(whole.map(bytes).collect())
    }

    #[test]
    fn whatever_happens_to_a_file_its_beginning_is_read_and_nothing_else_is_taken_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = written(folder.path());
        let bytes = std::fs::read(&path).expect("a file");
        assert_eq!(taken(&path).expect("readable"), BODIES);
        for length in 0..bytes.len() {
            std::fs::write(&path, &bytes[..length]).expect("written");
            match taken(&path) {
                Ok(taken) => assert!(
                    taken.len() < 3 && BODIES.starts_with(&taken.iter().map(Vec::as_slice).collect::<Vec<_>>()),
                    "{length}"
                ),
                Err(error) => assert!(length < HEADER_BYTES && error.is_damage(), "{length}: {error}"),
            }
        }
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            std::fs::write(&path, &flipped).expect("written");
            match taken(&path) {
                Ok(taken) => assert!(
                    taken.len() < 3 && BODIES.starts_with(&taken.iter().map(Vec::as_slice).collect::<Vec<_>>()),
                    "{at}"
                ),
                Err(_) => assert!(at < HEADER_BYTES, "{at}"),
            }
        }
    }

    #[test]
    fn a_name_that_is_there_is_not_used_again_and_foreign_names_are_not_ours() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (written(folder.path()), written(folder.path()));
        assert_ne!(first, second);
        assert_eq!(second.file_name().expect("a name"), "sesshu-journal-0000000000000001-2.journal");
        for foreign in [
            "sesshu-journal-1.journal",
            "sesshu-journal-0000000000000001.journal.bak",
            "notes.journal",
            "sesshu-journal-0000000000000001-.journal",
        ] {
            assert!(!is_ours(foreign), "{foreign}");
        }
    }
}
