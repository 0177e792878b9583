//! The file of the history. It has its whole size from the first, and is written in place: a full disk does not stop it. Each row and
//! each state of the names carries its hash: what was torn by a crash is left out, and everything else is there.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::rings::{CAUSES_MAX, Cell, Changed, DAY_ROWS, Name, Names, Rings, Row, WEEK_ROWS};
use crate::core::cause::{Cause, SUBJECT_BYTES_MAX};
use crate::core::metric::Metric;

/// Names the layout; another one begins anew.
const MAGIC: &[u8; 16] = b"sesshu history 1";
const HEAD_BYTES: usize = 4_096;
/// Names are written to two places in turn.
const NAMES_BYTES: usize = 12_288;
const NAME_BYTES: usize = 128;
const CODE_BYTES_MAX: usize = 32;
const ROW_BYTES: usize = 1_024;
const CELL_BYTES: usize = 12;
const HASH_BYTES: usize = 16;
const ROWS_AT: usize = HEAD_BYTES + 2 * NAMES_BYTES;
/// The size of the file.
pub(super) const FILE_BYTES: usize = ROWS_AT + (DAY_ROWS + WEEK_ROWS) * ROW_BYTES;

const _: () = assert!(8 + CAUSES_MAX * NAME_BYTES + HASH_BYTES <= NAMES_BYTES);
const _: () = assert!(10 + CODE_BYTES_MAX + SUBJECT_BYTES_MAX <= NAME_BYTES);
const _: () = assert!(16 + CAUSES_MAX * CELL_BYTES + HASH_BYTES <= ROW_BYTES);

/// The file.
#[derive(Debug)]
pub(super) struct HistoryFile {
    file: File,
    /// The names that were written last.
    names_written: u64,
}

impl HistoryFile {
    /// Opens the file, or makes it, with what it holds.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Rings)> {
        let mut bytes = Vec::new();
        match File::open(path) {
            Ok(mut file) => drop(file.read_to_end(&mut bytes)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        if bytes.len() != FILE_BYTES || !bytes.starts_with(MAGIC) {
            bytes = make(path)?;
        }
        let rings = read(&bytes);
        let file = OpenOptions::new().write(true).open(path)?;
        Ok((Self { file, names_written: rings.names.state }, rings))
    }

    /// Writes the rows of a finished minute. The names under which they were written are on the disk before them.
    pub(super) fn write(&mut self, rings: &Rings, changed: Changed) -> io::Result<()> {
        self.write_names(&rings.names)?;
        self.write_row(changed.day, rings.day[changed.day].as_ref())?;
        self.write_row(DAY_ROWS + changed.week, rings.week[changed.week].as_ref())?;
        self.file.sync_data()
    }

    /// Writes everything, after something could not be written.
    pub(super) fn write_all(&mut self, rings: &Rings) -> io::Result<()> {
        self.write_names(&rings.names)?;
        for (nth, row) in rings.day.iter().chain(&rings.week).enumerate() {
            self.write_row(nth, row.as_ref())?;
        }
        self.file.sync_data()
    }

    fn write_names(&mut self, names: &Names) -> io::Result<()> {
        if names.state != self.names_written {
            let place = HEAD_BYTES + (names.state % 2) as usize * NAMES_BYTES;
            self.file.write_all_at(&names_bytes(names), place as u64)?;
            self.file.sync_data()?;
            self.names_written = names.state;
        }
        Ok(())
    }

    fn write_row(&self, nth: usize, row: Option<&Row>) -> io::Result<()> {
        let Some(row) = row else { return Ok(()) };
        self.file.write_all_at(&row_bytes(row), (ROWS_AT + nth * ROW_BYTES) as u64)
    }
}

/// Makes an empty file, whole or not at all.
fn make(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; FILE_BYTES];
    bytes[..MAGIC.len()].copy_from_slice(MAGIC);
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(folder)?.sync_all()?;
    Ok(bytes)
}

fn read(bytes: &[u8]) -> Rings {
    let names_at = |nth: usize| &bytes[HEAD_BYTES + nth * NAMES_BYTES..][..NAMES_BYTES];
    let names = [0, 1].into_iter().filter_map(|nth| read_names(names_at(nth))).max_by_key(|names| names.state);
    let names = names.unwrap_or_default();
    let mut rows: Vec<Option<Row>> = bytes[ROWS_AT..]
        .chunks_exact(ROW_BYTES)
        // Without the names that a row was written under, nobody knows whose its cells are.
        .map(|row| read_row(row).filter(|row| row.names <= names.state))
        .collect();
    let week = rows.split_off(DAY_ROWS);
    Rings::new(names, rows, week)
}

fn names_bytes(names: &Names) -> Vec<u8> {
    let mut bytes = names.state.to_le_bytes().to_vec();
    for name in &names.places {
        let at = bytes.len();
        if let Some(Name { cause, born }) = name {
            bytes.extend(born.to_le_bytes());
            for word in [cause.metric.code(), &cause.subject] {
                bytes.push(word.len() as u8);
                bytes.extend(word.as_bytes());
            }
        }
        bytes.resize(at + NAME_BYTES, 0);
    }
    sealed(bytes)
}

fn read_names(bytes: &[u8]) -> Option<Names> {
    let bytes = unsealed(bytes, 8 + CAUSES_MAX * NAME_BYTES)?;
    let places = bytes[8..].chunks_exact(NAME_BYTES).map(read_name).collect();
    Some(Names { state: u64::from_le_bytes(bytes[..8].try_into().ok()?), places })
}

/// A name; none at an empty place, and if its metric is not known any more.
fn read_name(bytes: &[u8]) -> Option<Name> {
    let (born, rest) = bytes.split_at(8);
    let word = |from: &'_ [u8]| {
        let len = usize::from(*from.first()?);
        Some((std::str::from_utf8(from.get(1..=len)?).ok()?.to_owned(), from[len + 1..].to_vec()))
    };
    let (code, rest) = word(rest)?;
    let (subject, _) = word(&rest)?;
    Some(Name { cause: Cause::new(Metric::of_code(&code)?, &subject), born: u64::from_le_bytes(born.try_into().ok()?) })
}

fn row_bytes(row: &Row) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(ROW_BYTES);
    bytes.extend(row.number.to_le_bytes());
    bytes.extend(row.names.to_le_bytes());
    for cell in row.cells.iter() {
        // A value is finite; what is not a number is not measured.
        let Cell { min, mean, max } = cell.unwrap_or(Cell { min: f32::NAN, mean: f32::NAN, max: f32::NAN });
        for value in [min, mean, max] {
            bytes.extend(value.to_le_bytes());
        }
    }
    sealed(bytes)
}

fn read_row(bytes: &[u8]) -> Option<Row> {
    let bytes = unsealed(bytes, 16 + CAUSES_MAX * CELL_BYTES)?;
    let number = i64::from_le_bytes(bytes[..8].try_into().ok()?);
    let names = u64::from_le_bytes(bytes[8..16].try_into().ok()?);
    let mut cells = Box::new([None; CAUSES_MAX]);
    for (cell, bytes) in cells.iter_mut().zip(bytes[16..].chunks_exact(CELL_BYTES)) {
        let value = |nth: usize| Some(f32::from_le_bytes(bytes[nth * 4..][..4].try_into().ok()?));
        let read = Cell { min: value(0)?, mean: value(1)?, max: value(2)? };
        *cell = (!read.mean.is_nan()).then_some(read);
    }
    Some(Row { number, names, cells })
}

fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let hash = blake3::hash(&bytes);
    bytes.extend(&hash.as_bytes()[..HASH_BYTES]);
    bytes
}

/// The bytes, if their hash is right. A place that was never written has none.
fn unsealed(bytes: &[u8], len: usize) -> Option<&[u8]> {
    let (content, rest) = bytes.split_at(len);
    (blake3::hash(content).as_bytes()[..HASH_BYTES] == rest[..HASH_BYTES]).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Span;
    use crate::core::sample::{Reading, Sample};
    use crate::core::time::WallMs;
    use std::path::PathBuf;

    const HOUR_MS: i64 = 3_600_000;

    /// An hour of one cause, a value a minute, written minute by minute.
    fn written() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("history");
        let (mut file, mut rings) = HistoryFile::open(&path).expect("a file");
        for minute in 0..=60 {
            let sample = Sample { readings: vec![Reading::new(Metric::CpuUse, "", minute as f64)] };
            if let Some(changed) = rings.see(WallMs(minute * 60_000), &sample) {
                file.write(&rings, changed).expect("written");
            }
        }
        (folder, path)
    }

    fn points(path: &Path, span: Span) -> Vec<f32> {
        let (_, rings) = HistoryFile::open(path).expect("it opens");
        rings.series(span, WallMs(HOUR_MS)).iter().flat_map(|series| &series.points).map(|point| point.mean).collect()
    }

    #[test]
    fn everything_is_there_after_a_restart_and_the_size_never_changes() {
        let (_folder, path) = written();
        assert_eq!(points(&path, Span::Day), (0..60).map(|minute| minute as f32).collect::<Vec<_>>());
        assert_eq!(points(&path, Span::Week), [4.5, 14.5, 24.5, 34.5, 44.5, 54.5]);
        assert_eq!(std::fs::metadata(&path).expect("the file").len(), FILE_BYTES as u64);
    }

    #[test]
    fn a_torn_row_is_left_out_and_nothing_else() {
        let (_folder, path) = written();
        let file = OpenOptions::new().write(true).open(&path).expect("the file");
        file.write_all_at(&[7; 200], (ROWS_AT + 30 * ROW_BYTES + 100) as u64).expect("torn");
        assert_eq!(points(&path, Span::Day), (0..60).filter(|it| *it != 30).map(|it| it as f32).collect::<Vec<_>>());
    }

    #[test]
    fn torn_names_take_no_points_of_others() {
        let (_folder, path) = written();
        let (mut file, mut rings) = HistoryFile::open(&path).expect("it opens");
        let sample = Sample { readings: vec![Reading::new(Metric::DiskUse, "data", 50.0)] };
        rings.see(WallMs(2 * HOUR_MS), &sample);
        let changed = rings.finish().expect("a minute");
        file.write(&rings, changed).expect("written");
        let newest = HEAD_BYTES + (rings.names.state % 2) as usize * NAMES_BYTES;
        file.file.write_all_at(&[7; 50], newest as u64 + 20).expect("torn");
        assert_eq!(points(&path, Span::Day).len(), 60, "the names before are there, with their points");
        let (_, rings) = HistoryFile::open(&path).expect("it opens");
        assert!(rings.series(Span::Day, WallMs(2 * HOUR_MS)).iter().all(|it| it.cause.metric == Metric::CpuUse));
    }

    #[test]
    fn another_layout_or_a_cut_file_begins_anew() {
        let (_folder, path) = written();
        for bytes in [vec![], vec![0; FILE_BYTES], vec![1; 100]] {
            std::fs::write(&path, bytes).expect("written");
            assert!(points(&path, Span::Day).is_empty());
            assert_eq!(std::fs::metadata(&path).expect("the file").len(), FILE_BYTES as u64);
        }
    }

    #[test]
    fn nonsense_at_any_place_is_no_history() {
        let (_folder, path) = written();
        let good = std::fs::read(&path).expect("the file");
        for at in (0..FILE_BYTES).step_by(4_099) {
            let mut bytes = good.clone();
            bytes[at] ^= 0x40;
            std::fs::write(&path, bytes).expect("written");
            assert!(points(&path, Span::Day).len() <= 60);
        }
    }
}
