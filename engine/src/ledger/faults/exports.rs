//! Exports of scripted stores: what is rebuilt from one is the store, and what is not whole is refused.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::script::{Script, Size, identity};
use super::{Dice, Life, on_every_core, seed};
use crate::ledger::codec::FORMAT;
use crate::ledger::export::{Exported, read_export};
use crate::ledger::export_error::ExportError;
use crate::ledger::index::Index;
use crate::ledger::rebuild::{rebuild, write_mark};
use crate::ledger::sim_disk::SimDisk;
use crate::ledger::snapshot::Snapshot;
use crate::ledger::store::{RedbLedger, StoreReader};
use crate::ledger::verify::{VerifyReport, verify};
use crate::ledger::writer::Step as Left;

const SMALL: Size = Size { residents: 6, batches: 4, entries_max: 4 };
const LARGE: Size = Size { residents: 150, batches: 60, entries_max: 12 };

/// A store that is served while it is exported.
pub(super) struct Served {
    pub(super) script: Script,
    pub(super) reader: StoreReader,
    life: Life,
    done: usize,
}

impl Served {
    pub(super) fn new(seed: u64, size: Size) -> Self {
        let script = Script::new(seed, size);
        let ledger = RedbLedger::create_on(Arc::new(SimDisk::default()), identity()).expect("a store");
        let reader = ledger.reader();
        Self { script, reader, life: Life::serve(ledger, Index::default()), done: 0 }
    }

    /// One that has its setup and its roll, always the same: what is stored of it is compared with what was stored before.
    pub(super) fn only_set_up() -> Self {
        let mut served = Self::new(7, SMALL);
        served.script.steps.truncate(2);
        let entries = served.script.boundaries().last().expect("an end");
        served.script.lines.truncate(entries);
        served
    }

    /// Does the next step of the script; false if there is none.
    pub(super) fn step(&mut self) -> bool {
        let Some(step) = self.script.steps.get(self.done) else { return false };
        assert_eq!(self.life.step(&self.script, step), Left::Open);
        self.done += 1;
        true
    }

    pub(super) fn all_steps(mut self) -> Self {
        while self.step() {}
        self
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        self.reader.snapshot().expect("a view")
    }
}

pub(super) fn exported(snapshot: &Snapshot) -> (Exported, Vec<u8>) {
    let mut bytes = Vec::new();
    let exported = snapshot.export(&mut bytes).expect("it is exported");
    (exported, bytes)
}

pub(super) fn verified(snapshot: &Snapshot) -> VerifyReport {
    let report = verify(snapshot, None).expect("it is read");
    assert_eq!(report.problems, Vec::<String>::new());
    report
}

/// A folder with the store that the export holds.
pub(super) fn rebuilt(mut bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    rebuild(folder.path(), &mut bytes).expect("it is built");
    folder
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("a folder").next().is_none()
}

#[test]
fn a_rebuilt_store_is_the_store_at_the_instant_of_the_view() {
    let seeds: Vec<u64> = (0..6).map(|n| Dice::of_case(seed(), n).roll()).collect();
    let wrong = on_every_core(&seeds, |&seed| {
        let mut served = Served::new(seed, LARGE);
        let mut dice = Dice::new(seed);
        loop {
            let go_on = served.step();
            if go_on && dice.below(12) > 0 {
                continue;
            }
            let snapshot = served.snapshot();
            let report = verified(&snapshot);
            // What is written meanwhile is not in it.
            served.step();
            let (written, bytes) = exported(&snapshot);
            assert_eq!(written.head, snapshot.head().expect("a head"));
            assert_eq!(read_export(&mut bytes.as_slice()).expect("whole"), written);
            let folder = rebuilt(&bytes);
            let copy = Snapshot::open(folder.path()).expect("a store");
            assert_eq!((verified(&copy), exported(&copy)), (report, (written, bytes)));
            if !go_on {
                return Ok(());
            }
        }
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn a_rebuilt_store_is_served_with_the_mark_that_is_written_for_it() {
    let served = Served::new(seed(), SMALL).all_steps();
    let folder = rebuilt(&exported(&served.snapshot()).1);
    let head = write_mark(folder.path()).expect("a mark");
    let mark = crate::ledger::HighWaterFile::new(folder.path().join(crate::ledger::MARK_NAME));
    let ledger = RedbLedger::open(folder.path()).expect("a store");
    let recovered = crate::ledger::recover(&ledger, &mark).expect("it is served");
    assert_eq!((recovered.index.head().seq, recovered.index.head().at), (head.seq, head.at));
}

#[test]
fn every_flipped_bit_and_every_truncation_is_refused() {
    let served = Served::new(seed(), SMALL).all_steps();
    let (_, bytes) = exported(&served.snapshot());
    let places: Vec<usize> = (0..bytes.len()).collect();
    let wrong = on_every_core(&places, |&at| {
        let mut flipped = bytes.clone();
        for bit in 0..8 {
            flipped[at] = bytes[at] ^ (1 << bit);
            if read_export(&mut flipped.as_slice()).is_ok() {
                return Err(format!("bit {bit} of byte {at}"));
            }
        }
        if read_export(&mut &bytes[..at]).is_ok() { Err(format!("the first {at} bytes")) } else { Ok(()) }
    });
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn nothing_is_left_of_a_store_whose_export_is_damaged() {
    let served = Served::new(seed(), SMALL).all_steps();
    let (_, bytes) = exported(&served.snapshot());
    let mut dice = Dice::new(seed());
    let cases: Vec<(usize, bool)> = (0..60).map(|_| (dice.below(bytes.len()), dice.below(2) == 0)).collect();
    let wrong = on_every_core(&cases, |&(at, truncated)| {
        let mut damaged = bytes.clone();
        if truncated {
            damaged.truncate(at);
        } else {
            damaged[at] ^= 0x10;
        }
        let folder = tempfile::tempdir().expect("a folder");
        let refused = rebuild(folder.path(), &mut damaged.as_slice()).is_err();
        if refused && is_empty(folder.path()) { Ok(()) } else { Err(format!("byte {at}, truncated {truncated}")) }
    });
    assert_eq!(wrong, Vec::<String>::new());
}

/// The right sums around what does not follow: chain and seal find what a digest cannot.
#[test]
fn an_export_with_right_digests_and_another_history_is_not_built() {
    let one = Served::new(seed(), SMALL).all_steps();
    let (_, bytes) = exported(&one.snapshot());
    let other = Served::new(seed() + 1, SMALL).all_steps();
    let (_, others) = exported(&other.snapshot());
    // Magic, version, format and id are the same; the seal is the other's.
    let seal = 26..26 + crate::ledger::seal::SEAL_BYTES;
    let mut mixed = bytes.clone();
    mixed[seal.clone()].copy_from_slice(&others[seal]);
    assert!(read_export(&mut mixed.as_slice()).is_err());
    let folder = tempfile::tempdir().expect("a folder");
    assert!(rebuild(folder.path(), &mut mixed.as_slice()).is_err() && is_empty(folder.path()));
}

#[test]
fn a_store_is_never_built_over_another_and_a_newer_export_is_refused_before_anything_is_written() {
    let served = Served::new(seed(), SMALL).all_steps();
    let (_, bytes) = exported(&served.snapshot());
    let folder = rebuilt(&bytes);
    let before = std::fs::read(folder.path().join("sesshu.redb")).expect("a store");
    assert!(matches!(rebuild(folder.path(), &mut bytes.as_slice()), Err(ExportError::Exists(_))));
    assert!(std::fs::read(folder.path().join("sesshu.redb")).expect("a store") == before, "it is untouched");
    for (at, newer) in [(8, 2), (9, FORMAT + 1)] {
        let mut bytes = bytes.clone();
        bytes[at] = newer;
        let folder = tempfile::tempdir().expect("a folder");
        let refused = rebuild(folder.path(), &mut bytes.as_slice());
        assert!(matches!(refused, Err(ExportError::NewerFormat { found, .. }) if found == newer), "byte {at}");
        assert!(is_empty(folder.path()));
    }
    assert!(matches!(read_export(&mut &b"something else, and long"[..]), Err(ExportError::NotOne(_))));
}

#[test]
fn what_follows_an_export_stays_unread() {
    let served = Served::new(seed(), SMALL).all_steps();
    let (_, mut bytes) = exported(&served.snapshot());
    bytes.extend_from_slice(b"what follows");
    let mut input = bytes.as_slice();
    read_export(&mut input).expect("whole");
    let mut rest = Vec::new();
    input.read_to_end(&mut rest).expect("memory");
    assert_eq!(rest, b"what follows");
}

#[test]
fn a_damaged_store_is_not_exported() {
    let served = Served::new(seed(), SMALL).all_steps();
    let folder = rebuilt(&exported(&served.snapshot()).1);
    let path = folder.path().join("sesshu.redb");
    let image = std::fs::read(&path).expect("a store");
    let name = "ジュウミン".as_bytes();
    let at = image.windows(name.len()).position(|window| window == name).expect("a person's page");
    let mut damaged = image;
    damaged[at + 2] ^= 1;
    std::fs::write(&path, damaged).expect("written");
    let snapshot = Snapshot::open(folder.path()).expect("it opens");
    assert!(matches!(snapshot.export(&mut Vec::new()), Err(ExportError::Load(_))));
}

#[test]
fn a_full_disk_is_an_error_of_writing() {
    struct Full(usize);
    impl std::io::Write for Full {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.checked_sub(bytes.len()).ok_or(std::io::ErrorKind::StorageFull)?;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let served = Served::new(seed(), SMALL).all_steps();
    let whole = exported(&served.snapshot()).1.len();
    for room in [0, 9, whole / 2, whole - 1] {
        assert!(matches!(served.snapshot().export(&mut Full(room)), Err(ExportError::Write(_))), "{room} bytes");
    }
    assert!(served.snapshot().export(&mut Full(whole)).is_ok());
}

/// The stream must not change without a new version that reads the old one.
#[test]
fn the_form_of_an_export_is_fixed() {
    let (_, bytes) = exported(&Served::only_set_up().all_steps().snapshot());
    assert_eq!(&bytes[..10], b"sesshu-E\x01\x01");
    let digest = blake3::hash(&bytes).to_hex().to_string();
    assert_eq!((bytes.len(), &digest[..16]), (2_475, "5a91989a54014bc7"));
}
