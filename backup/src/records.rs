//! The records of drills: one line of JSON each, in `drills.jsonl`, only ever appended to.

use std::fs::{self, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::core::drill::DrillRecord;
use crate::error::{BackupError, io_error};
use crate::folder::sync_folder;

/// The file, in the folder with the generations and on the second place.
pub const FILE_NAME: &str = "drills.jsonl";
/// A century of weekly drills has room in it, in bytes.
const BYTES_MAX: u64 = 16 << 20;

/// Appends a record; it is on the disk when this returns.
pub fn append(folder: &Path, record: &DrillRecord) -> Result<(), BackupError> {
    let path = folder.join(FILE_NAME);
    let line = serde_json::to_string(record).map_err(io::Error::from);
    line.and_then(|line| append_line(&path, &line)).map_err(io_error("written", &path))?;
    sync_folder(folder)
}

fn append_line(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // What a power cut left of a record stays by itself, and does not spoil the next one.
    let is_torn = file.seek(SeekFrom::End(0))? > 0 && {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        last != *b"\n"
    };
    file.write_all(format!("{}{line}\n", if is_torn { "\n" } else { "" }).as_bytes())?;
    file.sync_all()
}

/// Every record, newest first. A line that is none is passed over: it is what a power cut left of one.
pub fn read(folder: &Path) -> Result<Vec<DrillRecord>, BackupError> {
    let path = folder.join(FILE_NAME);
    let file = match fs::File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        file => file.map_err(io_error("read", &path))?,
    };
    let mut bytes = Vec::new();
    file.take(BYTES_MAX).read_to_end(&mut bytes).map_err(io_error("read", &path))?;
    let lines = bytes.split(|byte| *byte == b'\n');
    let mut records: Vec<DrillRecord> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
    records.reverse();
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::manifest::Counts;

    fn record(by: &str) -> DrillRecord {
        DrillRecord {
            by: by.into(),
            began_at: "2026-12-01T10:00:00+09:00".into(),
            generation: "sesshu-20261201-030000".parse().expect("a generation"),
            with_journal: true,
            recovery_ms: 1_000,
            data_age_seconds: 7,
            counts: Counts::default(),
            digest: String::new(),
            steps: Vec::new(),
            failure: None,
        }
    }

    #[test]
    fn records_are_read_newest_first_and_a_torn_one_spoils_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(read(folder.path()).expect("readable").is_empty());
        append(folder.path(), &record("first")).expect("written");
        let mut file = OpenOptions::new().append(true).open(folder.path().join(FILE_NAME)).expect("the file");
        file.write_all(b"{\"by\":\"torn").expect("written");
        append(folder.path(), &record("second")).expect("written");
        let by: Vec<String> = read(folder.path()).expect("readable").into_iter().map(|record| record.by).collect();
        assert_eq!(by, ["second", "first"]);
    }
}
