//! A store as one stream of bytes: every row that a restore needs, raw, in fixed order. The audit's index is not in it: it follows from
//! the journal.
//!
//! Stream (frames.rs): `format` of the store (1 byte) · its id (16) · its seal · the tables of [`EXPORTED`]. What is exported adds up to
//! the seal: rows that do not are refused as damage while they are written, so that a damaged store is never exported as if it were
//! whole.

use std::io::{Read, Write};

use redb::{Key, TableDefinition, TableHandle};

use super::LoadError;
use super::codec::{CHAIN_START, FORMAT, block_frame};
use super::export_error::ExportError;
use super::frames::{Chunk, FrameReader, FrameWriter, Magic, Rows, RowsOf};
use super::seal::{SEAL_BYTES, Seal};
use super::snapshot::{Snapshot, refusing_panics};
use super::tables::{EXPORTED, Exportable, JOURNAL};
use crate::core::time::Instant;

pub(super) const MAGIC: Magic = Magic { bytes: *b"sesshu-E", version: 1, what: "an export of a store" };

/// Which store, and how far its journal has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreHead {
    /// Names the store.
    pub store: [u8; 16],
    /// The last entry; 0 before the first.
    pub seq: u64,
    /// The chain after it.
    pub chain: [u8; 32],
    /// The latest instant of the journal up to there.
    pub at: Instant,
    /// The version of the stored form.
    pub format: u8,
}

/// A table as it was exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDigest {
    /// Its name.
    pub name: &'static str,
    /// How many rows it has.
    pub rows: u64,
    /// blake3 of its rows in order.
    pub digest: [u8; 32],
}

/// What an export holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exported {
    /// The store's head.
    pub head: StoreHead,
    /// Its tables, in the order of the stream.
    pub tables: Vec<TableDigest>,
}

impl Snapshot {
    /// Which store it is, and how far its journal has come.
    ///
    /// # Errors
    /// If it is damaged or of a newer format.
    pub fn head(&self) -> Result<StoreHead, LoadError> {
        refusing_panics(|| {
            let store = self.identity()?.id;
            let Seal { seq, at, chain, .. } = self.seal()?;
            Ok(StoreHead { store, seq, chain: chain.0, at, format: FORMAT })
        })
    }

    /// Writes everything that a restore needs. It holds the view for as long as `out` takes: that should be short.
    ///
    /// # Errors
    /// If the store is damaged, or `out` fails.
    pub fn export(&self, out: &mut dyn Write) -> Result<Exported, ExportError> {
        refusing_panics(|| {
            let head = self.head()?;
            let mut frames = FrameWriter::start(out, MAGIC)?;
            frames.fixed(&[head.format])?;
            frames.fixed(&head.store)?;
            frames.fixed(&self.seal()?.encode())?;
            let mut tables = Vec::with_capacity(EXPORTED.len());
            for table in EXPORTED {
                let rows = match table {
                    Exportable::Named(table) => self.export_rows(*table, &mut frames),
                    Exportable::Numbered(table) => self.export_rows(*table, &mut frames),
                    Exportable::Journal => self.export_journal(&mut frames),
                };
                tables.push(table.digest(rows?));
            }
            frames.finish()?;
            Ok(Exported { head, tables })
        })
    }

    fn export_rows<K: Key + 'static>(
        &self,
        table: TableDefinition<'_, K, &'static [u8]>,
        frames: &mut FrameWriter<'_>,
    ) -> Result<Rows, ExportError> {
        self.each_row(table, |key, row| frames.row(K::as_bytes(&key).as_ref(), row))?;
        frames.end_table()
    }

    /// The blocks, each of which must continue the one before. Whether their entries are those of the chain is not computed here: that
    /// takes as long as everything else, and whoever builds a store from them does it.
    fn export_journal(&self, frames: &mut FrameWriter<'_>) -> Result<Rows, ExportError> {
        let (mut next, mut chain) = (1, CHAIN_START);
        self.each_block(1, |first_seq, bytes| {
            let block = block_frame(first_seq, bytes)?;
            if (first_seq, block.before) != (next, chain) {
                return Err(
                    LoadError::Damaged { what: "a block that does not continue the chain", at: first_seq }.into()
                );
            }
            (next, chain) = (first_seq + u64::from(block.entries), block.after);
            frames.row(&first_seq.to_le_bytes(), bytes)
        })?;
        self.seal()?.check_end(next - 1, chain)?;
        frames.end_table()
    }
}

/// An export that is being read.
pub(super) struct ExportReader<'a> {
    frames: FrameReader<'a>,
    pub(super) head: StoreHead,
    pub(super) seal: Seal,
}

impl<'a> ExportReader<'a> {
    /// Reads the header; refuses what a newer version has written.
    pub(super) fn start(input: &'a mut dyn Read) -> Result<Self, ExportError> {
        let mut frames = FrameReader::start(input, MAGIC)?;
        frames.store_format()?;
        let store = frames.fixed()?;
        let seal = Seal::decode(&frames.fixed::<SEAL_BYTES>()?).ok_or(ExportError::Damaged("its seal"))?;
        let head = StoreHead { store, seq: seal.seq, chain: seal.chain.0, at: seal.at, format: FORMAT };
        Ok(Self { frames, head, seal })
    }

    /// Reads every table, and the end. What `each` gets is only to be trusted if this succeeds.
    pub(super) fn read(
        mut self,
        mut each: impl FnMut(&'static Exportable, RowsOf<'_>) -> Result<(), ExportError>,
    ) -> Result<Exported, ExportError> {
        let mut tables = Vec::with_capacity(EXPORTED.len());
        for table in EXPORTED {
            let rows = loop {
                match self.frames.chunk()? {
                    Chunk::Rows(rows) => each(table, rows)?,
                    Chunk::End(rows) => break rows,
                }
            };
            tables.push(table.digest(rows));
        }
        self.frames.finish()?;
        Ok(Exported { head: self.head, tables })
    }
}

impl Exportable {
    fn name(&'static self) -> &'static str {
        match self {
            Self::Named(table) => table.name(),
            Self::Numbered(table) => table.name(),
            Self::Journal => JOURNAL.name(),
        }
    }

    fn digest(&'static self, rows: Rows) -> TableDigest {
        TableDigest { name: self.name(), rows: rows.count, digest: rows.digest }
    }
}

/// Reads an export whole, to its end and no further, and checks every digest. Builds nothing.
///
/// # Errors
/// If it is damaged, of a newer version, or cannot be read.
pub fn read_export(input: &mut dyn Read) -> Result<Exported, ExportError> {
    ExportReader::start(input)?.read(|_, _| Ok(()))
}
