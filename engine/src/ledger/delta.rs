//! What came into a store after an entry: the journal's blocks, and the rows beside the journal that their entries speak of, as they are
//! in the view that the delta is written from. Applied to an older copy of the store (replay.rs), it gives the newer one.
//!
//! Stream (frames.rs): format of the store (1 byte) · its id (16) · where the delta begins and where it ends: sequence number (8),
//! instant (8), chain (32) each · people, passwords, contacts, staff: the rows that are still there · blocks.

use std::collections::{BTreeSet, HashMap};
use std::io::{Read, Write};

use super::LoadError;
use super::codec::{CHAIN_START, Chain, FORMAT, block_frame, read_block};
use super::export::StoreHead;
use super::export_error::ExportError;
use super::frames::{Chunk, FrameReader, FrameWriter, Magic, RowsOf};
use super::snapshot::{Snapshot, refusing_panics};
use super::tables::{CONTACTS, PASSWORDS, PEOPLE, STAFF};
use super::touched::Touched;
use crate::core::time::Instant;

const MAGIC: Magic = Magic { bytes: *b"sesshu-D", version: 1, what: "a delta of a store" };

/// What a delta spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delta {
    /// It holds what came after this entry. `at` is that entry's own instant, 0 before the first.
    pub from: StoreHead,
    /// Its last entry. `at` is the latest instant of the whole journal.
    pub to: StoreHead,
    /// Its length, in bytes.
    pub bytes: u64,
}

/// The keys of the rows that entries speak of.
#[derive(Default)]
struct Keys {
    people: BTreeSet<u32>,
    passwords: BTreeSet<u32>,
    contacts: BTreeSet<u32>,
    staff: BTreeSet<Box<str>>,
}

impl Keys {
    fn note(&mut self, touched: Touched<'_>) {
        match touched {
            Touched::Person(no) => drop(self.people.insert(no.0)),
            Touched::Password(no) => drop(self.passwords.insert(no.0)),
            Touched::Contact(no) => drop(self.contacts.insert(no.0)),
            Touched::Staff(login) if self.staff.contains(login) => {}
            Touched::Staff(login) => drop(self.staff.insert(login.into())),
            // A row that is gone is not in the delta: whoever applies it knows by the entry.
            Touched::ContactGone(_) | Touched::Erased(_) => {}
        }
    }
}

impl Snapshot {
    /// Writes what came after entry `after`, in whole blocks: if `after` lies within one, from that block's beginning. Memory grows with
    /// the number of people whom the entries name, not with the entries.
    ///
    /// # Errors
    /// [`ExportError::Gap`] if the journal ends before `after`; if the store is damaged, or `out` fails.
    pub fn write_delta(&self, after: u64, out: &mut dyn Write) -> Result<Delta, ExportError> {
        refusing_panics(|| self.try_write_delta(after, out))
    }

    fn try_write_delta(&self, after: u64, out: &mut dyn Write) -> Result<Delta, ExportError> {
        let to = self.head()?;
        if after > to.seq {
            return Err(ExportError::Gap { ends: to.seq, begins: after });
        }
        let (from, keys) = self.span(after, &to)?;
        let mut frames = FrameWriter::start(out, MAGIC)?;
        frames.fixed(&[to.format])?;
        frames.fixed(&to.store)?;
        for end in [&from, &to] {
            frames.fixed(&end.seq.to_le_bytes())?;
            frames.fixed(&end.at.0.to_le_bytes())?;
            frames.fixed(&end.chain)?;
        }
        for (table, wanted) in [(PEOPLE, &keys.people), (PASSWORDS, &keys.passwords), (CONTACTS, &keys.contacts)] {
            // The whole table is read, since only all of its rows show that each is what was written.
            if !wanted.is_empty() {
                self.each_row(
                    table,
                    |no, row| {
                        if wanted.contains(&no) { frames.row(&no.to_le_bytes(), row) } else { Ok(()) }
                    },
                )?;
            }
            frames.end_table()?;
        }
        if !keys.staff.is_empty() {
            self.each_row(
                STAFF,
                |login, row| {
                    if keys.staff.contains(login) { frames.row(login.as_bytes(), row) } else { Ok(()) }
                },
            )?;
        }
        frames.end_table()?;
        if from.seq < to.seq {
            self.each_block(from.seq + 1, |first_seq, bytes| frames.row(&first_seq.to_le_bytes(), bytes))?;
        }
        frames.end_table()?;
        Ok(Delta { from, to, bytes: frames.finish()? })
    }

    /// Where a delta after `after` begins, and the rows that its entries speak of. Reads the entries, along the chain.
    fn span(&self, after: u64, to: &StoreHead) -> Result<(StoreHead, Keys), LoadError> {
        let mut keys = Keys::default();
        let mut begins = None;
        let (mut next, mut chain) = (0, CHAIN_START);
        if after < to.seq {
            self.each_block::<LoadError>(after + 1, |first_seq, bytes| {
                if begins.is_none() {
                    chain = block_frame(first_seq, bytes)?.before;
                    next = first_seq;
                    begins = Some((first_seq - 1, chain));
                }
                if first_seq != next {
                    return Err(LoadError::Damaged { what: "a gap in the journal", at: first_seq });
                }
                chain = read_block(first_seq, bytes, chain, |seq, entry, _| {
                    Touched::by(&entry, |touched| keys.note(touched));
                    next = seq + 1;
                })?;
                Ok(())
            })?;
            self.seal()?.check_end(next.saturating_sub(1), chain)?;
        }
        let (seq, chain) = begins.unwrap_or((to.seq, Chain(to.chain)));
        let at = self.journal()?.entry(seq)?.map_or(Instant::default(), |entry| entry.at);
        Ok((StoreHead { seq, chain: chain.0, at, ..*to }, keys))
    }
}

/// Rows beside the journal as a delta holds them.
#[derive(Default)]
pub(super) struct RowsBeside {
    pub(super) people: HashMap<u32, Box<[u8]>>,
    pub(super) passwords: HashMap<u32, Box<[u8]>>,
    pub(super) contacts: HashMap<u32, Box<[u8]>>,
    pub(super) staff: HashMap<Box<str>, Box<[u8]>>,
}

/// A delta that is being read.
pub(super) struct DeltaReader<'a> {
    frames: FrameReader<'a>,
    pub(super) from: StoreHead,
    pub(super) to: StoreHead,
}

impl<'a> DeltaReader<'a> {
    /// Reads the header; refuses what a newer version has written.
    pub(super) fn start(input: &'a mut dyn Read) -> Result<Self, ExportError> {
        let mut frames = FrameReader::start(input, MAGIC)?;
        frames.store_format()?;
        let store = frames.fixed()?;
        let mut end = || -> Result<StoreHead, ExportError> {
            let seq = u64::from_le_bytes(frames.fixed()?);
            let at = Instant(i64::from_le_bytes(frames.fixed()?));
            Ok(StoreHead { store, seq, chain: frames.fixed()?, at, format: FORMAT })
        };
        let (from, to) = (end()?, end()?);
        if from.seq > to.seq {
            return Err(ExportError::Damaged("where it begins and ends"));
        }
        Ok(Self { frames, from, to })
    }

    /// The rows beside the journal.
    pub(super) fn rows_beside(&mut self) -> Result<RowsBeside, ExportError> {
        let mut beside = RowsBeside::default();
        for table in [&mut beside.people, &mut beside.passwords, &mut beside.contacts] {
            self.table(|rows| {
                for (key, row) in rows {
                    table.insert(u32::from_le_bytes(key.try_into().map_err(|_| WRONG_KEY)?), row.into());
                }
                Ok(())
            })?;
        }
        self.table(|rows| {
            for (key, row) in rows {
                beside.staff.insert(std::str::from_utf8(key).map_err(|_| WRONG_KEY)?.into(), row.into());
            }
            Ok(())
        })?;
        Ok(beside)
    }

    /// The blocks, each with its first sequence number. What `each` gets is only to be trusted as far as the chain goes.
    pub(super) fn blocks(
        &mut self,
        mut each: impl FnMut(u64, &[u8]) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        self.table(|rows| {
            for (key, block) in rows {
                each(u64::from_le_bytes(key.try_into().map_err(|_| WRONG_KEY)?), block)?;
            }
            Ok(())
        })
    }

    fn table(&mut self, mut each: impl FnMut(RowsOf<'_>) -> Result<(), ExportError>) -> Result<(), ExportError> {
        while let Chunk::Rows(rows) = self.frames.chunk()? {
            each(rows)?;
        }
        Ok(())
    }

    /// Reads the end.
    pub(super) fn finish(self) -> Result<Delta, ExportError> {
        let Self { frames, from, to } = self;
        Ok(Delta { from, to, bytes: frames.finish()? })
    }
}

const WRONG_KEY: ExportError = ExportError::Damaged("the key of a row");

/// Reads a delta whole, to its end and no further, and checks every digest. Applies nothing.
///
/// # Errors
/// If it is damaged, of a newer version, or cannot be read.
pub fn read_delta_heads(input: &mut dyn Read) -> Result<Delta, ExportError> {
    let mut delta = DeltaReader::start(input)?;
    delta.rows_beside()?;
    delta.blocks(|_, _| Ok(()))?;
    delta.finish()
}
