//! What lies in the data folder: a damaged file is refused, or read as what was written, and never anything else.

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use sesshu_engine::VerifyReport;
use sesshu_engine::ledger::{HighWaterError, HighWaterFile};

use crate::city;
use crate::driver::Target;

#[test]
fn a_high_water_mark_is_read_as_written_or_refused() {
    const WORDS: &[&str] = &["0102030405060708090a0b0c0d0e0f10", "18446744073709551615"];
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("high-water");
    let file = HighWaterFile::new(path.clone());
    Target { name: "high-water", words: WORDS, runs: 2_000 }.hold(|bytes| {
        fs::write(&path, bytes).expect("written");
        match file.read() {
            Ok(mark) => {
                let mark = mark.expect("the file is there");
                file.write(&mark).expect("written");
                assert_eq!(file.read().expect("a mark"), Some(mark));
            }
            Err(HighWaterError::Damaged(named)) => assert_eq!(named, path),
            // What is not text is not read at all.
            Err(HighWaterError::Io { .. }) => assert!(std::str::from_utf8(bytes).is_err()),
            Err(error) => panic!("{error}"),
        }
    });
}

/// Each input is a list of places in the store's file, four bytes each, with a byte that is changed there.
#[test]
fn damage_never_changes_what_the_journal_says_unnoticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (engine, ..) = runtime.block_on(city::open(folder.path()));
    runtime.block_on(async { drop(tokio::task::spawn_blocking(move || engine.shutdown()).await) });
    let config = city::config(folder.path());
    let whole = config.verify().expect("the store verifies");
    assert_eq!(whole.problems, Vec::<String>::new());
    let store = store_file(folder.path());
    let bytes = fs::read(&store).expect("the store");
    Target { name: "store", words: &[], runs: 300 }.hold(|damage| {
        let mut damaged = bytes.clone();
        for place in damage.as_chunks::<5>().0 {
            let at = u32::from_le_bytes([place[0], place[1], place[2], place[3]]) as usize % bytes.len();
            damaged[at] ^= place[4];
        }
        fs::write(&store, &damaged).expect("written");
        // The library below the ledger panics at some damage; that is a way to refuse it, though not a kind one.
        if let Ok(Ok(report)) = catch_unwind(|| config.verify()) {
            // Personal data lies beside the journal, without a sum of its own: only what the chain holds is compared.
            let journal =
                |report: &VerifyReport| [report.residents, report.sessions, report.bookings_live, report.entries];
            assert!(!report.problems.is_empty() || journal(&report) == journal(&whole), "unnoticed: {report:?}");
        }
    });
}

fn store_file(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.max_by_key(|path| fs::metadata(path).map_or(0, |about| about.len())).expect("a store")
}
