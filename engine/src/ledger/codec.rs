//! The stored form of entries and blocks. A block is one committed batch; its entries are chained by hashes.
//!
//! Block: format (1 byte) · number of entries (u32, little endian) · chain before (32) · for each entry: length (u32) and
//! postcard bytes · chain after (32). The chain grows by `blake3(chain ‖ entry)`, so that nobody can change, drop or swap an
//! entry without breaking every later hash.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::LoadError;
use super::audit::AuditRow;
use crate::core::event::{Entry, Event};
use crate::core::time::Instant;
use crate::planted::{Bug, planted};

/// The version of everything stored. A newer one is refused, an older one migrated.
pub const FORMAT: u8 = 1;

/// The format of a block with events that format 1 did not know. A block without them stays what it was, byte for byte.
const BLOCK_FORMAT_GROWN: u8 = 2;

/// The hash before the first entry of a store.
pub const CHAIN_START: Chain = Chain([0; 32]);

/// A link of the journal's hash chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chain(pub [u8; 32]);

impl Chain {
    fn after(self, entry: &[u8]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0).update(entry);
        Self(*hasher.finalize().as_bytes())
    }
}

/// A batch of entries, encoded, with consecutive sequence numbers.
#[derive(Debug)]
pub struct Block {
    /// The sequence number of its first entry.
    pub first_seq: u64,
    /// How many entries it has.
    pub entries: u32,
    /// The chain after its last entry.
    pub chain: Chain,
    /// The latest instant of its entries.
    pub at: Instant,
    /// Its stored form.
    pub bytes: Vec<u8>,
    /// What the audit's index gets of it.
    pub audit: Vec<AuditRow>,
}

/// Collects entries into a block.
#[derive(Debug)]
pub struct BlockWriter {
    first_seq: u64,
    entries: u32,
    chain: Chain,
    at: Instant,
    bytes: Vec<u8>,
    audit: Vec<AuditRow>,
}

const FORMAT_BYTE: usize = 0;
const COUNT_BYTES: std::ops::Range<usize> = 1..5;

impl BlockWriter {
    /// An empty block after the entry `head_seq`, whose chain is `chain`.
    #[must_use]
    pub fn after(head_seq: u64, chain: Chain) -> Self {
        let mut bytes = Vec::with_capacity(4_096);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&0_u32.to_le_bytes());
        bytes.extend_from_slice(&chain.0);
        Self { first_seq: head_seq + 1, entries: 0, chain, at: Instant::default(), bytes, audit: Vec::new() }
    }

    /// The sequence number that the next entry gets.
    #[must_use]
    pub fn next_seq(&self) -> u64 {
        self.first_seq + u64::from(self.entries)
    }

    /// Adds an entry; gives its sequence number and the chain after it.
    ///
    /// # Panics
    /// If memory ends.
    pub fn push(&mut self, entry: &Entry) -> (u64, Chain) {
        let length_at = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 4]);
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes = postcard::to_extend(entry, bytes).expect("an entry encodes into a growing buffer");
        let length = (bytes.len() - length_at - 4) as u32;
        bytes[length_at..length_at + 4].copy_from_slice(&length.to_le_bytes());
        if !(planted(Bug::ChainGap) && self.entries == 1) {
            self.chain = self.chain.after(&bytes[length_at + 4..]);
        }
        self.bytes = bytes;
        if entry.events.iter().any(Event::is_of_the_waiting_room) {
            self.bytes[FORMAT_BYTE] = BLOCK_FORMAT_GROWN;
        }
        self.at = self.at.max(entry.at);
        let seq = self.next_seq();
        self.audit.extend(AuditRow::of(seq, entry));
        self.entries += 1;
        (seq, self.chain)
    }

    /// The finished block.
    #[must_use]
    pub fn finish(mut self) -> Block {
        self.bytes[COUNT_BYTES].copy_from_slice(&self.entries.to_le_bytes());
        self.bytes.extend_from_slice(&self.chain.0);
        let Self { first_seq, entries, chain, at, bytes, audit } = self;
        Block { first_seq, entries, chain, at, bytes, audit }
    }
}

/// Reads a stored block, verifies its chain from its own start, and gives each entry with its sequence number and the chain
/// after it. `before` is the chain that the block must continue.
pub(crate) fn read_block(
    first_seq: u64,
    bytes: &[u8],
    before: Chain,
    mut each: impl FnMut(u64, Entry, Chain),
) -> Result<Chain, LoadError> {
    let damaged = |what: &'static str| LoadError::Damaged { what, at: first_seq };
    let (&format, rest) = bytes.split_first().ok_or_else(|| damaged("an empty block"))?;
    if format != FORMAT && format != BLOCK_FORMAT_GROWN {
        return Err(LoadError::NewerFormat { found: format, known: BLOCK_FORMAT_GROWN });
    }
    let (count, rest) = take::<4>(rest).ok_or_else(|| damaged("a short block"))?;
    let (start, mut rest) = take::<32>(rest).ok_or_else(|| damaged("a short block"))?;
    if start != before.0 {
        return Err(damaged("a block that does not continue the chain"));
    }
    let mut chain = before;
    for index in 0..u64::from(u32::from_le_bytes(count)) {
        let (length, after) = take::<4>(rest).ok_or_else(|| damaged("a short entry"))?;
        let length = u32::from_le_bytes(length) as usize;
        if after.len() < length {
            return Err(damaged("a short entry"));
        }
        let (entry, after) = after.split_at(length);
        chain = chain.after(entry);
        each(first_seq + index, decode(entry, "an entry", first_seq + index)?, chain);
        rest = after;
    }
    if rest == chain.0 { Ok(chain) } else { Err(damaged("a block whose chain does not verify")) }
}

/// What a stored block says of itself at its ends; its entries are not looked at.
pub(super) struct BlockFrame {
    /// How many entries it has.
    pub(super) entries: u32,
    /// The chain that it continues.
    pub(super) before: Chain,
    /// The chain after it.
    pub(super) after: Chain,
}

/// Reads the ends of a block.
pub(super) fn block_frame(first_seq: u64, bytes: &[u8]) -> Result<BlockFrame, LoadError> {
    let damaged = || LoadError::Damaged { what: "a short block", at: first_seq };
    let (_format, rest) = bytes.split_first().ok_or_else(damaged)?;
    let (entries, rest) = take::<4>(rest).ok_or_else(damaged)?;
    let (before, rest) = take::<32>(rest).ok_or_else(damaged)?;
    let after = *rest.last_chunk::<32>().ok_or_else(damaged)?;
    Ok(BlockFrame { entries: u32::from_le_bytes(entries), before: Chain(before), after: Chain(after) })
}

/// The entry `seq` of a stored block, without its chain: `verify` is who checks that.
pub(super) fn entry_of(first_seq: u64, bytes: &[u8], seq: u64) -> Result<Entry, LoadError> {
    let damaged = || LoadError::Damaged { what: "an entry of the journal", at: seq };
    let mut rest = bytes.get(COUNT_BYTES.end + 32..).ok_or_else(damaged)?;
    for _ in first_seq..seq {
        let (length, after) = take::<4>(rest).ok_or_else(damaged)?;
        rest = after.get(u32::from_le_bytes(length) as usize..).ok_or_else(damaged)?;
    }
    let (length, after) = take::<4>(rest).ok_or_else(damaged)?;
    decode(after.get(..u32::from_le_bytes(length) as usize).ok_or_else(damaged)?, "an entry", seq)
}

fn take<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    bytes.split_first_chunk::<N>().map(|(head, rest)| (*head, rest))
}

/// A row of a table: the format, then postcard.
pub(super) fn encode_row<T: Serialize>(row: &T) -> Vec<u8> {
    postcard::to_extend(row, vec![FORMAT]).expect("a row encodes into a growing buffer")
}

/// Names a value by what it is: equal digests are equal values.
pub(crate) fn digest_of<T: Serialize>(value: &T) -> [u8; 32] {
    *blake3::hash(&encode_row(value)).as_bytes()
}

/// Reads a row of table `what` with key `at`.
pub(super) fn decode_row<T: DeserializeOwned>(bytes: &[u8], what: &'static str, at: u64) -> Result<T, LoadError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => decode(rest, what, at),
        Some((&found, _)) => Err(LoadError::NewerFormat { found, known: FORMAT }),
        None => Err(LoadError::Damaged { what, at }),
    }
}

/// Reads a row whose first format lacks what it has at its end since format `grown`: `unused` stands for it then.
pub(super) fn decode_grown<T: DeserializeOwned>(
    bytes: &[u8],
    grown: u8,
    unused: &[u8],
    what: &'static str,
    at: u64,
) -> Result<T, LoadError> {
    match bytes.split_first() {
        Some((&FORMAT, rest)) => decode(&[rest, unused].concat(), what, at),
        Some((&found, rest)) if found == grown => decode(rest, what, at),
        Some((&found, _)) => Err(LoadError::NewerFormat { found, known: grown }),
        None => Err(LoadError::Damaged { what, at }),
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8], what: &'static str, at: u64) -> Result<T, LoadError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        _ => Err(LoadError::Damaged { what, at }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::event::{By, Event};
    use crate::core::ids::{BookingNumber, Channel, DoseNo, RequestKey, ResidentNo, SessionId, SlotNo, VaccineId};
    use crate::core::resident::{Booking, BookingState};
    use crate::core::time::Day;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::Index;

    fn entry(n: u32) -> Entry {
        let booking = Booking {
            number: BookingNumber::from_ordinal(u64::from(n), &[1; 32]),
            session: SessionId(3),
            slot: SlotNo(2),
            dose: DoseNo::FIRST,
            date: Day(20_000),
            vaccine: VaccineId(1),
            channel: Channel::Web,
            state: BookingState::Booked,
        };
        Entry {
            at: Instant(1_000),
            by: By::Resident(ResidentNo(n)),
            key: RequestKey::new("k"),
            events: vec![Event::Booked { resident: ResidentNo(n), booking }],
        }
    }

    fn block(head: u64, chain: Chain, entries: std::ops::Range<u32>) -> Block {
        let mut writer = BlockWriter::after(head, chain);
        for n in entries {
            writer.push(&entry(n));
        }
        writer.finish()
    }

    #[test]
    fn a_digest_names_a_value() {
        assert_eq!(digest_of(&entry(1)), digest_of(&entry(1)));
        assert_ne!(digest_of(&entry(1)), digest_of(&entry(2)));
    }

    #[test]
    fn a_block_is_read_back_as_it_was_written() {
        let first = block(0, CHAIN_START, 0..3);
        let second = block(3, first.chain, 3..5);
        let mut seen = Vec::new();
        let chain = read_block(1, &first.bytes, CHAIN_START, |seq, entry, _| seen.push((seq, entry))).expect("whole");
        read_block(4, &second.bytes, chain, |seq, entry, _| seen.push((seq, entry))).expect("whole");
        assert_eq!(seen, (0..5).map(|n| (u64::from(n) + 1, entry(n))).collect::<Vec<_>>());
        assert_eq!(entry_of(4, &second.bytes, 5).expect("whole"), entry(4));
        assert!(entry_of(4, &second.bytes, 6).is_err(), "a chain is no entry");
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let whole = block(0, CHAIN_START, 0..2);
        for at in 0..whole.bytes.len() * 8 {
            let mut bytes = whole.bytes.clone();
            bytes[at / 8] ^= 1 << (at % 8);
            assert!(read_block(1, &bytes, CHAIN_START, |_, _, _| {}).is_err(), "bit {at}");
        }
    }

    proptest! {
        #[test]
        fn a_block_is_read_whole_or_refused(
            count in 0..6_u32,
            head in 0..1_000_u64,
            chain in any::<[u8; 32]>(),
            at in any::<Index>(),
            with in vec(any::<u8>(), 0..40),
            cut in 0..40_usize,
        ) {
            let whole = block(head, Chain(chain), 0..count);
            let from = at.index(whole.bytes.len() + 1);
            let mut bytes = whole.bytes.clone();
            bytes.splice(from..(from + cut).min(whole.bytes.len()), with);
            let mut seen = Vec::new();
            let read = read_block(head + 1, &bytes, Chain(chain), |seq, found, _| seen.push((seq, found)));
            prop_assert_eq!(read.is_ok(), bytes == whole.bytes);
            let right = |(nth, (seq, found)): (usize, &(u64, Entry))| {
                *seq == head + 1 + nth as u64 && *found == entry(nth as u32)
            };
            prop_assert!(read.is_err() || seen.iter().enumerate().all(right));
        }

        #[test]
        fn any_bytes_are_a_block_or_a_row_or_refused(mut bytes in vec(any::<u8>(), 0..200), known in any::<bool>()) {
            if let (true, Some(format)) = (known, bytes.first_mut()) {
                *format = FORMAT;
            }
            if bytes.len() > 37 {
                bytes[5..37].copy_from_slice(&CHAIN_START.0);
            }
            let mut seen = 0;
            if read_block(1, &bytes, CHAIN_START, |seq, _, _| seen = seq).is_ok() {
                prop_assert!(seen >= 1, "a block has an entry");
            }
            if let Ok(row) = decode_row::<Entry>(&bytes, "a row", 1) {
                prop_assert_eq!(decode_row::<Entry>(&encode_row(&row), "a row", 1).ok(), Some(row));
            }
        }

        #[test]
        fn an_entry_with_a_right_chain_and_wrong_bytes_is_refused_or_read(at in any::<Index>(), byte in any::<u8>()) {
            let mut bytes = postcard::to_allocvec(&entry(7)).expect("it encodes");
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = decode::<Entry>(&bytes, "an entry", 1) {
                let again = postcard::to_allocvec(&read).expect("it encodes");
                prop_assert_eq!(decode::<Entry>(&again, "an entry", 1).ok(), Some(read));
            }
        }
    }

    /// The stored form must not change without a new format and a migration.
    #[test]
    fn the_stored_form_of_an_entry_is_fixed() {
        let digest = blake3::hash(&block(0, CHAIN_START, 0..1).bytes).to_hex().to_string();
        assert_eq!(&digest[..16], "9bc35b70fcb3d0f3");
    }
}
