//! The frames of exports and deltas: a header, tables of rows in chunks, each table with its count and digest, and at the end the sum
//! of everything. They delimit themselves: what follows in the stream stays unread. It knows rows as bytes.
//!
//! Stream: magic (8 bytes) · version (1) · fixed fields · tables · blake3 of all before but the chunks, whose digests are in it (32).
//! Table: chunks · 0 (u32) · number of rows (u64) · blake3 of its chunks (32). Chunk: length (u32) · rows. Row: length of the key
//! (u16) · length of the value (u32) · key · value. Numbers are little endian.

use std::io::{self, Read, Write};

use super::codec::FORMAT;
use super::export_error::ExportError;

/// A chunk is written once it has so many bytes.
const CHUNK_BYTES: usize = 256 * 1024;
/// No chunk is longer: a row, such as the block of a large batch, does not span chunks.
const CHUNK_BYTES_MAX: usize = 64 * 1024 * 1024;
const ROW_HEAD_BYTES: usize = 2 + 4;

/// What a stream is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Magic {
    /// Its first bytes.
    pub(super) bytes: [u8; 8],
    /// The newest version of it that this program knows.
    pub(super) version: u8,
    /// What it is, in words.
    pub(super) what: &'static str,
}

/// How many rows a table has, and their digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) count: u64,
    pub(super) digest: [u8; 32],
}

/// Writes a stream of frames.
pub(super) struct FrameWriter<'a> {
    out: &'a mut dyn Write,
    sum: blake3::Hasher,
    bytes: u64,
    chunk: Vec<u8>,
    table: blake3::Hasher,
    rows: u64,
}

impl<'a> FrameWriter<'a> {
    pub(super) fn start(out: &'a mut dyn Write, magic: Magic) -> Result<Self, ExportError> {
        let (sum, table) = (blake3::Hasher::new(), blake3::Hasher::new());
        let mut frames = Self { out, sum, bytes: 0, chunk: Vec::with_capacity(CHUNK_BYTES * 2), table, rows: 0 };
        frames.fixed(&magic.bytes)?;
        frames.fixed(&[magic.version])?;
        Ok(frames)
    }

    /// Writes a field of fixed length.
    pub(super) fn fixed(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.sum.update(bytes);
        self.write(bytes)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.bytes += bytes.len() as u64;
        self.out.write_all(bytes).map_err(ExportError::Write)
    }

    /// Writes a row of the current table.
    pub(super) fn row(&mut self, key: &[u8], value: &[u8]) -> Result<(), ExportError> {
        let too_long = |_| ExportError::Write(io::Error::other("a row is longer than rows can be"));
        let key_bytes = u16::try_from(key.len()).map_err(too_long)?;
        let value_bytes = u32::try_from(value.len()).map_err(too_long)?;
        self.chunk.extend_from_slice(&key_bytes.to_le_bytes());
        self.chunk.extend_from_slice(&value_bytes.to_le_bytes());
        self.chunk.extend_from_slice(key);
        self.chunk.extend_from_slice(value);
        self.rows += 1;
        if self.chunk.len() >= CHUNK_BYTES { self.flush_chunk() } else { Ok(()) }
    }

    fn flush_chunk(&mut self) -> Result<(), ExportError> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        if self.chunk.len() > CHUNK_BYTES_MAX {
            return Err(ExportError::Write(io::Error::other("a row is longer than rows can be")));
        }
        let chunk = std::mem::take(&mut self.chunk);
        self.table.update(&chunk);
        self.write(&(chunk.len() as u32).to_le_bytes())?;
        self.write(&chunk)?;
        self.chunk = chunk;
        self.chunk.clear();
        Ok(())
    }

    /// Ends the current table; the next row begins another.
    pub(super) fn end_table(&mut self) -> Result<Rows, ExportError> {
        self.flush_chunk()?;
        let rows = Rows { count: self.rows, digest: *self.table.finalize().as_bytes() };
        self.rows = 0;
        self.table.reset();
        self.write(&0_u32.to_le_bytes())?;
        self.fixed(&rows.count.to_le_bytes())?;
        self.fixed(&rows.digest)?;
        Ok(rows)
    }

    /// Ends the stream; gives its length in bytes.
    pub(super) fn finish(mut self) -> Result<u64, ExportError> {
        let sum = *self.sum.finalize().as_bytes();
        self.write(&sum)?;
        self.out.flush().map_err(ExportError::Write)?;
        Ok(self.bytes)
    }
}

/// Reads a stream of frames. What it gives of a table is only to be trusted once the table has ended.
pub(super) struct FrameReader<'a> {
    input: &'a mut dyn Read,
    sum: blake3::Hasher,
    bytes: u64,
    chunk: Vec<u8>,
    table: blake3::Hasher,
    rows: u64,
}

impl<'a> FrameReader<'a> {
    /// Refuses another stream and a newer version of it.
    pub(super) fn start(input: &'a mut dyn Read, magic: Magic) -> Result<Self, ExportError> {
        let (sum, table) = (blake3::Hasher::new(), blake3::Hasher::new());
        let mut frames = Self { input, sum, bytes: 0, chunk: Vec::new(), table, rows: 0 };
        if frames.fixed::<8>()? != magic.bytes {
            return Err(ExportError::NotOne(magic.what));
        }
        match frames.fixed::<1>()? {
            [0] => Err(ExportError::Damaged("its version")),
            [found] if found > magic.version => Err(ExportError::NewerFormat { found, known: magic.version }),
            _ => Ok(frames),
        }
    }

    /// Reads the format of the store that the stream was made from; refuses what a newer version has written.
    pub(super) fn store_format(&mut self) -> Result<(), ExportError> {
        match self.fixed::<1>()? {
            [FORMAT] => Ok(()),
            [found] if found > FORMAT => Err(ExportError::NewerFormat { found, known: FORMAT }),
            _ => Err(ExportError::Damaged("the format of its store")),
        }
    }

    /// Reads a field of fixed length.
    pub(super) fn fixed<const N: usize>(&mut self) -> Result<[u8; N], ExportError> {
        let bytes = self.read()?;
        self.sum.update(&bytes);
        Ok(bytes)
    }

    fn read<const N: usize>(&mut self) -> Result<[u8; N], ExportError> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes).map_err(read_error)?;
        self.bytes += N as u64;
        Ok(bytes)
    }

    /// The next chunk of the current table, or its end.
    pub(super) fn chunk(&mut self) -> Result<Chunk<'_>, ExportError> {
        let length = u32::from_le_bytes(self.read()?) as usize;
        if length == 0 {
            return self.end_of_table().map(Chunk::End);
        }
        if length > CHUNK_BYTES_MAX {
            return Err(ExportError::Damaged("the length of a chunk"));
        }
        self.chunk.clear();
        // It grows by what comes, not by what a damaged length says.
        let read = (&mut *self.input).take(length as u64).read_to_end(&mut self.chunk).map_err(read_error)?;
        if read < length {
            return Err(ENDS_EARLY);
        }
        self.bytes += length as u64;
        self.table.update(&self.chunk);
        self.rows += count_rows(&self.chunk).ok_or(ExportError::Damaged("the rows of a chunk"))?;
        Ok(Chunk::Rows(RowsOf(&self.chunk)))
    }

    fn end_of_table(&mut self) -> Result<Rows, ExportError> {
        let found = Rows { count: self.rows, digest: *self.table.finalize().as_bytes() };
        self.rows = 0;
        self.table.reset();
        let written = Rows { count: u64::from_le_bytes(self.fixed()?), digest: self.fixed()? };
        if written == found { Ok(found) } else { Err(ExportError::Damaged("the rows of a table")) }
    }

    /// Reads the end of the stream; gives its length in bytes.
    pub(super) fn finish(mut self) -> Result<u64, ExportError> {
        let found = *self.sum.finalize().as_bytes();
        if self.read::<32>()? == found { Ok(self.bytes) } else { Err(ExportError::Damaged("its digest")) }
    }
}

/// What comes next of a table.
pub(super) enum Chunk<'a> {
    /// Some of its rows.
    Rows(RowsOf<'a>),
    /// Nothing; these were all.
    End(Rows),
}

/// The rows of a chunk: keys and values.
pub(super) struct RowsOf<'a>(&'a [u8]);

impl RowsOf<'_> {
    /// How long they are, in bytes.
    pub(super) const fn bytes(&self) -> usize {
        self.0.len()
    }
}

impl<'a> Iterator for RowsOf<'a> {
    type Item = (&'a [u8], &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (row, rest) = first_row(self.0)?;
        self.0 = rest;
        Some(row)
    }
}

/// A row with what follows it.
type FirstRow<'a> = ((&'a [u8], &'a [u8]), &'a [u8]);

fn first_row(bytes: &[u8]) -> Option<FirstRow<'_>> {
    let (head, rest) = bytes.split_first_chunk::<ROW_HEAD_BYTES>()?;
    let [k0, k1, v0, v1, v2, v3] = *head;
    let (key, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes([k0, k1])))?;
    let (value, rest) = rest.split_at_checked(u32::from_le_bytes([v0, v1, v2, v3]) as usize)?;
    Some(((key, value), rest))
}

/// None if the bytes are no whole rows.
fn count_rows(mut bytes: &[u8]) -> Option<u64> {
    let mut rows = 0;
    while !bytes.is_empty() {
        bytes = first_row(bytes)?.1;
        rows += 1;
    }
    Some(rows)
}

const ENDS_EARLY: ExportError = ExportError::Damaged("it ends too early");

fn read_error(error: io::Error) -> ExportError {
    if error.kind() == io::ErrorKind::UnexpectedEof { ENDS_EARLY } else { ExportError::Read(error) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    const MAGIC: Magic = Magic { bytes: *b"a stream", version: 3, what: "a stream" };

    type Table = Vec<(Vec<u8>, Vec<u8>)>;

    fn written(tables: &[Table]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut frames = FrameWriter::start(&mut bytes, MAGIC).expect("memory");
        for table in tables {
            for (key, value) in table {
                frames.row(key, value).expect("memory");
            }
            frames.end_table().expect("memory");
        }
        let length = frames.finish().expect("memory");
        assert_eq!(length, bytes.len() as u64);
        bytes
    }

    fn read(mut bytes: &[u8], tables: usize) -> Result<Vec<Table>, ExportError> {
        let mut frames = FrameReader::start(&mut bytes, MAGIC)?;
        let mut found = Vec::new();
        for _ in 0..tables {
            let mut table = Table::new();
            while let Chunk::Rows(rows) = frames.chunk()? {
                table.extend(rows.map(|(key, value)| (key.to_vec(), value.to_vec())));
            }
            found.push(table);
        }
        frames.finish()?;
        Ok(found)
    }

    fn tables() -> impl Strategy<Value = Vec<Table>> {
        vec(vec((vec(any::<u8>(), 0..20), vec(any::<u8>(), 0..60)), 0..8), 0..4)
    }

    proptest! {
        #[test]
        fn a_stream_is_read_whole_or_refused(
            tables in tables(),
            at in any::<Index>(),
            with in vec(any::<u8>(), 0..40),
            cut in 0..40_usize,
        ) {
            let whole = written(&tables);
            prop_assert_eq!(read(&whole, tables.len()).expect("whole"), tables.clone());
            let from = at.index(whole.len());
            let mut bytes = whole.clone();
            bytes.splice(from..(from + cut).min(whole.len()), with);
            // What follows the stream is somebody else's.
            prop_assert_eq!(read(&bytes, tables.len()).is_ok(), bytes.starts_with(&whole));
        }

        #[test]
        fn any_bytes_are_a_stream_or_refused(bytes in vec(any::<u8>(), 0..300), tables in 0..3_usize) {
            let bytes = [&MAGIC.bytes[..], &[1], &bytes].concat();
            prop_assert!(read(&bytes, tables).is_err());
        }
    }

    #[test]
    fn a_row_that_is_longer_than_a_chunk_has_one_of_its_own_and_a_longer_one_is_refused() {
        let tables = [vec![(vec![1], vec![7; CHUNK_BYTES + 1]), (vec![2], vec![8; 3])]];
        assert!(read(&written(&tables), 1).expect("whole") == tables);
        let mut sink = io::sink();
        let mut frames = FrameWriter::start(&mut sink, MAGIC).expect("a sink");
        assert!(matches!(frames.row(&[1], &vec![0; CHUNK_BYTES_MAX]), Err(ExportError::Write(_))));
    }

    #[test]
    fn a_length_that_is_damaged_takes_no_memory() {
        let mut bytes = [&MAGIC.bytes[..], &[1]].concat();
        bytes.extend_from_slice(&(CHUNK_BYTES_MAX as u32).to_le_bytes());
        let mut input = bytes.as_slice();
        let mut frames = FrameReader::start(&mut input, MAGIC).expect("a header");
        assert!(matches!(frames.chunk(), Err(ExportError::Damaged(_))));
        assert!(frames.chunk.capacity() < 1_024 * 1_024);
    }
}
