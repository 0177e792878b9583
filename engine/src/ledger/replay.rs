//! Deltas applied to an older copy of their store, up to their end or to an instant.
//!
//! Entries follow one another by the chain, whatever delta they come from; what the store has already is skipped. Rows beside the
//! journal come as they were when the delta was written: one that is merely newer than the instant is used; one that was erased
//! since is not to be had, and with it the instants between its entry and its erasure.

use std::io::Read;
use std::path::Path;

use super::codec::{Chain, read_block};
use super::course::Course;
use super::delta::DeltaReader;
use super::export::StoreHead;
use super::export_error::ExportError;
use super::snapshot::refusing_panics;
use super::{Append, Block, Ledger, RedbLedger};
use crate::core::time::Instant;

/// So many bytes of blocks are committed at once.
const COMMIT_BYTES: usize = 4 * 1024 * 1024;

/// A store to which deltas are applied. After an error other than [`ExportError::Gap`], [`ExportError::OtherStore`],
/// [`ExportError::OtherHistory`] and [`ExportError::NewerFormat`], which are found before anything is written, the folder is to be
/// thrown away.
pub struct Replay {
    ledger: RedbLedger,
    head: StoreHead,
    /// Whether everybody's data was erased on the way.
    erased_all: bool,
}

/// What a delta added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Applied {
    /// How many entries are new.
    pub entries: u64,
    /// The store's head now.
    pub head: StoreHead,
    /// Whether the journal goes on beyond the instant that was asked for: no later delta is needed.
    pub reached_until: bool,
}

impl Replay {
    /// Opens the store in `folder`, which nobody else may have open.
    ///
    /// # Errors
    /// If it is in use, missing, damaged or of a newer format.
    pub fn open(folder: &Path) -> Result<Self, ExportError> {
        let ledger = RedbLedger::open(folder)?;
        let head = ledger.snapshot()?.head()?;
        Ok(Self { ledger, head, erased_all: false })
    }

    /// The store's head now.
    #[must_use]
    pub const fn head(&self) -> StoreHead {
        self.head
    }

    /// Applies a delta: the longest run of entries of which none is later than `until`. Reads it to its end and no further.
    ///
    /// # Errors
    /// If it does not follow on the store, is damaged, or `until` cannot be had.
    pub fn apply(&mut self, input: &mut dyn Read, until: Option<Instant>) -> Result<Applied, ExportError> {
        refusing_panics(|| self.try_apply(input, until))
    }

    fn try_apply(&mut self, input: &mut dyn Read, until: Option<Instant>) -> Result<Applied, ExportError> {
        let mut delta = DeltaReader::start(input)?;
        let (from, to, base) = (delta.from, delta.to, self.head);
        if from.store != base.store {
            return Err(ExportError::OtherStore);
        }
        if from.seq > base.seq {
            return Err(ExportError::Gap { ends: base.seq, begins: from.seq });
        }
        let rows = delta.rows_beside()?;
        let mut course = Course::new(base, &rows, until);
        course.pass(from.seq, Chain(from.chain))?;
        let (mut next, mut chain) = (from.seq + 1, Chain(from.chain));
        delta.blocks(|first_seq, bytes| {
            if first_seq != next {
                return Err(ExportError::Damaged("a gap between its entries"));
            }
            let mut entries = Vec::new();
            chain = read_block(first_seq, bytes, chain, |seq, entry, after| entries.push((seq, entry, after)))?;
            next = first_seq + entries.len() as u64;
            for (seq, entry, after) in entries {
                course.meet(seq, &entry, after)?;
            }
            course.end_block();
            if course.ready_bytes() >= COMMIT_BYTES { self.commit(&mut course) } else { Ok(()) }
        })?;
        if (next - 1, chain.0) != (to.seq, to.chain) {
            return Err(ExportError::Damaged("its last entry"));
        }
        course.end()?;
        self.commit(&mut course)?;
        delta.finish()?;
        let entries = self.head.seq - base.seq;
        Ok(Applied { entries, head: self.head, reached_until: course.has_reached(self.head.at) })
    }

    fn commit(&mut self, course: &mut Course<'_>) -> Result<(), ExportError> {
        let (blocks, beside) = course.take_ready()?;
        let Some(last) = blocks.last() else { return Ok(()) };
        let (seq, chain) = (last.first_seq + u64::from(last.entries) - 1, last.chain.0);
        let at = blocks.iter().map(|block| block.at).fold(self.head.at, Instant::max);
        let blocks: Vec<&Block> = blocks.iter().collect();
        self.ledger.commit(&blocks, &[&beside], None)?;
        self.head = StoreHead { seq, chain, at, ..self.head };
        self.erased_all |= course.erased_all();
        Ok(())
    }

    /// Closes the store; gives its head. If everybody was erased on the way, nothing of them is left in the file.
    ///
    /// # Errors
    /// If the disk fails.
    pub fn finish(mut self) -> Result<StoreHead, ExportError> {
        if self.erased_all
            && let Append::Unknown(error) = self.ledger.overwrite_erased()
        {
            return Err(error.into());
        }
        Ok(self.head)
    }
}
