//! The bytes of a file of the journal.
//!
//! ```text
//! file   = MAGIC (8) · version (1) · number of the file (8) · store (16) · check (32) · frames…
//! frame  = heading · body · blake3 of the body (32)
//! heading = MARK (4) · sealed (1) · length of the body (8) · from · to · check (32)
//! head   = seq (8) · instant (8) · chain (32)
//! ```
//!
//! Numbers are little-endian. A check is the blake3 of the bytes before it, in its heading. The body is zstd(delta), in an age file if it
//! is sealed. Files with a higher number were begun later.

use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::StoreHead;

const MAGIC: &[u8; 8] = b"sesshu-J";
const VERSION: u8 = 1;
const MARK: &[u8; 4] = b"FRAM";
const HEAD_BYTES: usize = 8 + 8 + 32;
pub(super) const DIGEST_BYTES: usize = 32;
pub(super) const HEADER_BYTES: usize = 8 + 1 + 8 + 16 + DIGEST_BYTES;
pub(super) const HEADING_BYTES: usize = 4 + 1 + 8 + 2 * HEAD_BYTES + DIGEST_BYTES;

/// A place in a store's journal: after which entry, by its chain in which history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The last entry.
    pub seq: u64,
    /// The chain after it.
    pub chain: [u8; 32],
    /// Its instant.
    pub at: Instant,
}

impl Head {
    /// Whether both are the same place.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        (self.seq, self.chain) == (other.seq, other.chain)
    }
}

impl From<&StoreHead> for Head {
    fn from(head: &StoreHead) -> Self {
        Self { seq: head.seq, chain: head.chain, at: head.at }
    }
}

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Files with a higher one were begun later.
    pub(super) number: u64,
    /// Whose journal it is.
    pub(super) store: [u8; 16],
}

/// Why a header is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoHeader {
    /// A newer version wrote it.
    Newer(u8),
    /// It is not one.
    Damaged,
}

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&self.number.to_le_bytes());
        bytes.extend_from_slice(&self.store);
        checked(bytes)
    }

    pub(super) fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, NoHeader> {
        let mut fields = Fields::of(bytes).ok_or(match bytes {
            // What a newer version writes after its number is not ours to check.
            [magic @ .., _] if magic.starts_with(MAGIC) && bytes[MAGIC.len()] > VERSION => {
                NoHeader::Newer(bytes[MAGIC.len()])
            }
            _ => NoHeader::Damaged,
        })?;
        if fields.take::<8>() != *MAGIC || fields.take() != [VERSION] {
            return Err(NoHeader::Damaged);
        }
        Ok(Self { number: u64::from_le_bytes(fields.take()), store: fields.take() })
    }
}

/// What a frame says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heading {
    /// Whether its body is encrypted.
    pub(super) is_sealed: bool,
    /// How long its body is, in bytes.
    pub(super) bytes: u64,
    /// Where its delta begins.
    pub(super) from: Head,
    /// Where its delta ends.
    pub(super) to: Head,
}

impl Heading {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADING_BYTES);
        bytes.extend_from_slice(MARK);
        bytes.push(u8::from(self.is_sealed));
        bytes.extend_from_slice(&self.bytes.to_le_bytes());
        for head in [&self.from, &self.to] {
            bytes.extend_from_slice(&head.seq.to_le_bytes());
            bytes.extend_from_slice(&head.at.0.to_le_bytes());
            bytes.extend_from_slice(&head.chain);
        }
        checked(bytes)
    }

    /// None if it is not what was written.
    pub(super) fn decode(bytes: &[u8; HEADING_BYTES]) -> Option<Self> {
        let mut fields = Fields::of(bytes)?;
        let (mark, [sealed]) = (fields.take::<4>(), fields.take());
        let length = u64::from_le_bytes(fields.take());
        let mut head = || Head {
            seq: u64::from_le_bytes(fields.take()),
            at: Instant(i64::from_le_bytes(fields.take())),
            chain: fields.take(),
        };
        let (from, to) = (head(), head());
        let is_one = mark == *MARK && sealed <= 1 && from.seq < to.seq;
        is_one.then_some(Self { is_sealed: sealed == 1, bytes: length, from, to })
    }

    /// How long the whole frame is, in bytes.
    pub(super) const fn frame_bytes(&self) -> u64 {
        (HEADING_BYTES as u64).saturating_add(self.bytes).saturating_add(DIGEST_BYTES as u64)
    }
}

/// `bytes` with their check.
fn checked(mut bytes: Vec<u8>) -> Vec<u8> {
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(check.as_bytes());
    bytes
}

/// Fields of fixed length, one after the other, of bytes whose check is right.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn of(bytes: &'a [u8]) -> Option<Self> {
        let (fields, check) = bytes.split_last_chunk::<DIGEST_BYTES>()?;
        (blake3::hash(fields) == *check).then_some(Self(fields))
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (field, rest) = self.0.split_first_chunk().expect("lengths are those of the layout");
        self.0 = rest;
        *field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(seq: u64) -> Head {
        Head { seq, chain: [seq as u8; 32], at: Instant(seq as i64 * 1_000) }
    }

    #[test]
    fn headers_and_headings_are_read_back_and_a_flipped_bit_is_seen() {
        let header = Header { number: 7, store: [3; 16] };
        let bytes: [u8; HEADER_BYTES] = header.encode().try_into().expect("the length of a header");
        assert_eq!(Header::decode(&bytes), Ok(header));
        let heading = Heading { is_sealed: true, bytes: 99, from: head(4), to: head(9) };
        let frame: [u8; HEADING_BYTES] = heading.encode().try_into().expect("the length of a heading");
        assert_eq!(Heading::decode(&frame), Some(heading));
        assert_eq!(heading.frame_bytes(), HEADING_BYTES as u64 + 99 + 32);
        for bit in 0..HEADER_BYTES * 8 {
            let mut flipped = bytes;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(Header::decode(&flipped).is_err(), "bit {bit}");
        }
        for bit in 0..HEADING_BYTES * 8 {
            let mut flipped = frame;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Heading::decode(&flipped), None, "bit {bit}");
        }
        let mut newer = bytes;
        newer[8] = 2;
        assert_eq!(Header::decode(&newer), Err(NoHeader::Newer(2)));
    }
}
