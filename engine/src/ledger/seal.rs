//! The seal: one row, written with every commit, by which a changed, lost, doubled or stale row shows when a table is read, and
//! a lost end of the journal when it is. redb verifies the checksums of its pages only when it repairs a whole file, not when it
//! opens one, so the ledger seals what it stores itself.
//!
//! It knows rows as bytes, not what they mean.

use redb::{Key, Table, TableHandle};

use super::LoadError;
use super::codec::{CHAIN_START, Chain, FORMAT};
use crate::core::time::Instant;

/// The sealed tables. A table's place here is its place in the stored seal.
pub(super) const SEALED: [&str; 7] = ["meta", "people", "passwords", "staff", "residents", "sessions", "contacts"];

const SUM_BYTES: usize = 16;
/// How long a stored seal is.
pub(super) const SEAL_BYTES: usize = 1 + SEALED.len() * SUM_BYTES + 8 + 8 + 32;

/// The sum of the hashes of a table's rows, each with its key. It does not depend on their order, so a change of one row costs
/// two hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RowSum(u128);

impl RowSum {
    /// Takes up the row `row` at `key`.
    pub(super) fn add(&mut self, key: &[u8], row: &[u8]) {
        self.0 = self.0.wrapping_add(hash(key, row));
    }

    fn remove(&mut self, key: &[u8], row: &[u8]) {
        self.0 = self.0.wrapping_sub(hash(key, row));
    }
}

fn hash(key: &[u8], row: &[u8]) -> u128 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u32).to_le_bytes()).update(key).update(row);
    let hash = hasher.finalize();
    let half = hash.as_bytes().first_chunk::<SUM_BYTES>().expect("a hash has 32 bytes");
    u128::from_le_bytes(*half)
}

/// What a whole store adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seal {
    sums: [RowSum; SEALED.len()],
    /// The journal's last entry.
    pub(super) seq: u64,
    /// The latest instant in the journal; not always its last entry's, since decisions overtake each other on their way.
    pub(super) at: Instant,
    /// The chain after the last entry.
    pub(super) chain: Chain,
}

impl Seal {
    /// The seal of an empty store.
    pub(super) const EMPTY: Self = Self { sums: [RowSum(0); SEALED.len()], seq: 0, at: Instant(0), chain: CHAIN_START };

    /// The sum of the sealed table `name`.
    pub(super) fn sum(&self, name: &str) -> RowSum {
        self.sums[place(name)]
    }

    /// Whether a journal that was read ends where this says.
    pub(super) fn check_end(&self, seq: u64, chain: Chain) -> Result<(), LoadError> {
        let ends_here = (seq, chain) == (self.seq, self.chain);
        if ends_here { Ok(()) } else { Err(LoadError::Damaged { what: "the journal's end", at: self.seq }) }
    }

    /// Writes a row of a sealed table.
    pub(super) fn put<K: Key + 'static>(
        &mut self,
        table: &mut Table<'_, K, &'static [u8]>,
        key: K::SelfType<'_>,
        row: &[u8],
    ) -> Result<(), redb::StorageError> {
        let sum = &mut self.sums[place(table.name())];
        let key_bytes = K::as_bytes(&key).as_ref().to_vec();
        if let Some(replaced) = table.insert(key, row)? {
            sum.remove(&key_bytes, replaced.value());
        }
        sum.add(&key_bytes, row);
        Ok(())
    }

    /// Erases a row of a sealed table, if it is there.
    pub(super) fn erase<K: Key + 'static>(
        &mut self,
        table: &mut Table<'_, K, &'static [u8]>,
        key: K::SelfType<'_>,
    ) -> Result<(), redb::StorageError> {
        let sum = &mut self.sums[place(table.name())];
        let key_bytes = K::as_bytes(&key).as_ref().to_vec();
        if let Some(erased) = table.remove(key)? {
            sum.remove(&key_bytes, erased.value());
        }
        Ok(())
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(SEAL_BYTES);
        bytes.push(FORMAT);
        self.sums.iter().for_each(|sum| bytes.extend_from_slice(&sum.0.to_le_bytes()));
        bytes.extend_from_slice(&self.seq.to_le_bytes());
        bytes.extend_from_slice(&self.at.0.to_le_bytes());
        bytes.extend_from_slice(&self.chain.0);
        bytes
    }

    /// None if `bytes` are no seal of this format.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&FORMAT, mut rest) = bytes.split_first()? else { return None };
        let mut sums = [RowSum::default(); SEALED.len()];
        for sum in &mut sums {
            let (bytes, after) = rest.split_first_chunk()?;
            *sum = RowSum(u128::from_le_bytes(*bytes));
            rest = after;
        }
        let (seq, rest) = rest.split_first_chunk()?;
        let (at, rest) = rest.split_first_chunk()?;
        let chain = Chain(rest.try_into().ok()?);
        Some(Self { sums, seq: u64::from_le_bytes(*seq), at: Instant(i64::from_le_bytes(*at)), chain })
    }
}

fn place(name: &str) -> usize {
    SEALED.iter().position(|sealed| *sealed == name).expect("a sealed table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_forgets_the_order_and_nothing_else() {
        let sum = |rows: &[(&[u8], &[u8])]| {
            let mut sum = RowSum::default();
            for (key, row) in rows {
                sum.add(key, row);
            }
            sum
        };
        let both = sum(&[(b"a", b"1"), (b"b", b"2")]);
        assert_eq!(sum(&[(b"b", b"2"), (b"a", b"1")]), both);
        for other in [
            sum(&[(b"a", b"1")]),
            sum(&[(b"a", b"2"), (b"b", b"1")]),
            sum(&[(b"a", b"1"), (b"b", b"2"), (b"b", b"2")]),
            sum(&[(b"a1", b""), (b"b2", b"")]),
        ] {
            assert_ne!(other, both);
        }
        let mut changed = both;
        changed.remove(b"b", b"2");
        assert_eq!(changed, sum(&[(b"a", b"1")]));
    }

    #[test]
    fn a_seal_is_read_back_and_nothing_else_is_one() {
        let mut seal = Seal { seq: 7, at: Instant(-5), chain: Chain([3; 32]), ..Seal::EMPTY };
        seal.sums[2].add(b"k", b"v");
        let bytes = seal.encode();
        assert_eq!((bytes.len(), Seal::decode(&bytes)), (SEAL_BYTES, Some(seal)));
        assert_eq!(Seal::decode(&bytes[1..]), None);
        assert_eq!(Seal::decode(&[&bytes[..], &[0]].concat()), None);
    }
}
