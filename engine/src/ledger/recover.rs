//! From disk to memory: tables, then the journal's tail through the same `apply`, then counts.

use super::codec::{CHAIN_START, Chain, block_frame, read_block};
use super::high_water::{HighWater, HighWaterError, HighWaterFile};
use super::index::{Head, Index};
use super::snapshot::{Snapshot, refusing_panics};
use super::{LoadError, RedbLedger};
use crate::core::time::Instant;

/// A store in memory.
pub struct Recovered {
    /// The fold.
    pub index: Index,
    /// How many entries were replayed over the tables.
    pub replayed: u64,
}

/// Why a store is not served.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// It cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It does not fit its high-water mark.
    #[error(transparent)]
    HighWater(#[from] HighWaterError),
}

/// Loads the store of `ledger`, refuses one that is behind its high-water mark, and writes the mark if there was none.
pub fn recover(ledger: &RedbLedger, mark: &HighWaterFile) -> Result<Recovered, RecoverError> {
    let wanted = mark.read()?;
    let snapshot = ledger.snapshot()?;
    let (recovered, chain_at_mark) = load(&snapshot, wanted.map(|mark| mark.seq))?;
    let head = recovered.index.head();
    match wanted {
        Some(wanted) => check_mark(ledger.identity().id, head, wanted, chain_at_mark, mark)?,
        None => mark.write(&HighWater { store: ledger.identity().id, seq: head.seq, chain: head.chain })?,
    }
    Ok(recovered)
}

pub(super) fn check_mark(
    store: [u8; 16],
    head: Head,
    wanted: HighWater,
    chain_at_mark: Option<Chain>,
    file: &HighWaterFile,
) -> Result<(), HighWaterError> {
    if wanted.store != store {
        return Err(file.behind("it is another store".into()));
    }
    if wanted.seq > head.seq {
        return Err(file.behind(format!("its journal ends at {}, the mark is at {}", head.seq, wanted.seq)));
    }
    if chain_at_mark != Some(wanted.chain) {
        return Err(file.behind(format!("entry {} is not the one that was acknowledged", wanted.seq)));
    }
    Ok(())
}

/// Loads a view of a store into memory, and gives the chain after the entry `chain_at`, if asked.
pub(super) fn load(snapshot: &Snapshot, chain_at: Option<u64>) -> Result<(Recovered, Option<Chain>), LoadError> {
    refusing_panics(|| try_load(snapshot, chain_at))
}

fn try_load(snapshot: &Snapshot, chain_at: Option<u64>) -> Result<(Recovered, Option<Chain>), LoadError> {
    snapshot.identity()?;
    let index = Index::default();
    index.put_beside(&snapshot.beside()?);
    index.put_setup(snapshot.setup()?);
    snapshot.sessions(&mut |_, session| index.put_session(session))?;
    snapshot.residents(&mut |no, record| index.put_record(no, record))?;
    let folded = snapshot.folded_seq()?;
    let mut head = Head { seq: 0, chain: CHAIN_START, at: Instant::default() };
    let mut chain_found = chain_at.filter(|&seq| seq == 0).map(|_| CHAIN_START);
    let mut replayed = 0;
    let mut first = true;
    let from = chain_at.map_or(folded, |at| at.min(folded)).max(1);
    snapshot.blocks_from(from, |first_seq, bytes| {
        if std::mem::take(&mut first) {
            // The block before is not read; this one says itself what it continues, and `verify` reads them all.
            head.chain = block_start(first_seq, bytes)?;
        } else if first_seq != head.seq + 1 {
            return Err(LoadError::Damaged { what: "a gap in the journal", at: first_seq });
        }
        let mut seq_seen = first_seq;
        let mut at_seen = head.at;
        let mut replaying = Ok(());
        head.chain = read_block(first_seq, bytes, head.chain, |seq, entry, chain| {
            seq_seen = seq;
            at_seen = at_seen.max(entry.at);
            if Some(seq) == chain_at {
                chain_found = Some(chain);
            }
            if seq > folded && replaying.is_ok() {
                replaying = index.replay(seq, &entry).map_err(|what| LoadError::Contradiction { what, at: seq });
                replayed += 1;
            }
        })?;
        replaying?;
        head.seq = seq_seen;
        head.at = at_seen;
        Ok(())
    })?;
    let seal = snapshot.seal()?;
    seal.check_end(head.seq, head.chain)?;
    head.at = seal.at;
    if head.seq < folded {
        return Err(LoadError::Damaged { what: "tables that are ahead of the journal", at: folded });
    }
    index.derive_counts(head).map_err(|what| LoadError::Contradiction { what, at: head.seq })?;
    Ok((Recovered { index, replayed }, chain_found))
}

fn block_start(first_seq: u64, bytes: &[u8]) -> Result<Chain, LoadError> {
    let start = block_frame(first_seq, bytes)?.before;
    if first_seq == 1 && start != CHAIN_START {
        return Err(LoadError::Damaged { what: "a journal that does not start at the beginning", at: first_seq });
    }
    Ok(start)
}

#[cfg(test)]
mod tests {
    use super::super::codec::BlockWriter;
    use super::super::{Append, Ledger};
    use super::*;
    use crate::core::event::{By, Entry, Event};
    use crate::core::staff::{StaffAccount, StaffRole};

    fn identity(id: u8) -> super::super::StoreIdentity {
        super::super::StoreIdentity { id: [id; 16], number_key: [7; 32] }
    }

    fn entry(at: i64) -> Entry {
        let account = StaffAccount { role: StaffRole::Ops, venue: None, disabled: false, generation: 1 };
        let event = Event::StaffChanged { login: "a".into(), account };
        Entry { at: Instant(at), by: By::System, key: None, events: vec![event] }
    }

    /// A store with `entries` entries, one to a block.
    fn store(folder: &std::path::Path, id: u8, entries: u64) -> RedbLedger {
        let mut ledger = RedbLedger::create(folder, identity(id)).expect("a store");
        let mut chain = CHAIN_START;
        for seq in 0..entries {
            let mut block = BlockWriter::after(seq, chain);
            chain = block.push(&entry(seq as i64)).1;
            assert!(matches!(ledger.append(Some(&block.finish()), &[], None), Append::Durable));
        }
        ledger
    }

    #[test]
    fn an_older_an_emptier_and_another_store_are_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = |name: &str| {
            let folder = place.path().join(name);
            std::fs::create_dir(&folder).expect("a folder");
            folder
        };
        let mark = HighWaterFile::new(place.path().join("high-water"));
        let served = recover(&store(&folder("served"), 1, 3), &mark).expect("served");
        assert_eq!((served.index.head().seq, served.replayed), (3, 3));
        mark.write(&HighWater { store: [1; 16], seq: 3, chain: served.index.head().chain }).expect("written");
        for (name, id, entries) in [("older", 1, 2), ("empty", 1, 0), ("another", 2, 3)] {
            let refused = recover(&store(&folder(name), id, entries), &mark);
            let behind = matches!(refused, Err(RecoverError::HighWater(HighWaterError::StoreIsBehind { .. })));
            assert!(behind, "{name}");
        }
        // As long, and the same store, but another history.
        let mut other = store(&folder("other history"), 1, 2);
        let mut block =
            BlockWriter::after(2, load(&other.snapshot().expect("a view"), None).expect("sound").0.index.head().chain);
        block.push(&entry(77));
        assert!(matches!(other.append(Some(&block.finish()), &[], None), Append::Durable));
        let refused = recover(&other, &mark);
        assert!(matches!(refused, Err(RecoverError::HighWater(HighWaterError::StoreIsBehind { .. }))));
        // The mark may lag.
        assert!(recover(&store(&folder("ahead"), 1, 4), &mark).is_ok());
    }
}
