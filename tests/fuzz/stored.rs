//! What lies in the data folder: a damaged file is refused, or read as what was written, and never anything else.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use sesshu_engine::ledger::{HighWaterError, HighWaterFile};
use sesshu_tests::{Sesshu, report};

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
            Err(error) => panic!("{error}"),
        }
    });
}

/// Each input is a list of places in the store's file, four bytes each, with a byte that is changed there.
#[test]
fn damage_never_changes_what_the_journal_says_unnoticed() {
    let target = Target { name: "store", words: &[], runs: 300 };
    if !target.is_chosen() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (engine, ..) = runtime.block_on(city::open(folder.path()));
    runtime.block_on(async { drop(tokio::task::spawn_blocking(move || engine.shutdown()).await) });
    let verify = Sesshu::new(["verify", "--json"]).data(folder.path());
    let whole = verify.run().done().json();
    let store = store_file(folder.path());
    let bytes = fs::read(&store).expect("the store");
    let mut endings: BTreeMap<Option<i32>, u32> = BTreeMap::new();
    target.hold(|damage| {
        let mut damaged = bytes.clone();
        for place in damage.as_chunks::<5>().0 {
            let at = u32::from_le_bytes([place[0], place[1], place[2], place[3]]) as usize % bytes.len();
            damaged[at] ^= place[4];
        }
        fs::write(&store, &damaged).expect("written");
        // In a process of its own: the library below the ledger panics at some damage, and may end the process.
        let outcome = verify.run();
        *endings.entry(outcome.code).or_default() += 1;
        assert!(matches!(outcome.code, Some(0 | 1 | 75)), "it says why: {:?}\n{}", outcome.code, outcome.stderr);
        if outcome.code == Some(0) {
            let found = outcome.json();
            assert_eq!(found, whole, "what verifies is what was stored");
        }
    });
    report(&format!("fuzz store: exit codes of verify {endings:?}"));
}

fn store_file(folder: &Path) -> PathBuf {
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.max_by_key(|path| fs::metadata(path).map_or(0, |about| about.len())).expect("a store")
}
