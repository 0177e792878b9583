//! The machine is lost: a generation and the journal after it are all there was.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use sesshu_backup::folder::Folder;
use sesshu_backup::journal::Shipped;
use sesshu_backup::progress::Progress;
use sesshu_backup::restore::{JournalSource, Restore, restore};
use sesshu_backup::throttle::Throttle;
use sesshu_backup::works::Works;
use sesshu_engine::ledger::{ExportError, Replay, StoreHead};

use crate::town::{Town, engine_config};

fn town() -> Town {
    let town = Town::with("2026-12-01 12:00", true, |setup| {
        setup.second = Some(setup.dir.with_file_name("second"));
    });
    fs::create_dir(town.path("second")).expect("a folder");
    town
}

/// Restores the newest generation of the second place and the journal after it, into a new folder; gives where that ends.
fn restored(town: &Town, to: &Path, generation: usize) -> StoreHead {
    let folder = Folder::open(&town.path("second")).expect("the second place");
    let name = folder.list().expect("a listing").generations[generation].name.clone();
    let whole = Restore {
        folder: &folder,
        generation: &name,
        to,
        identity: town.identity.as_ref(),
        journal: None,
        at: None,
        throttle: &Throttle::unlimited(),
    };
    let restored = restore(&whole, &Progress::silent()).expect("a restored folder");
    let shipped = Shipped::read(&town.path("second")).expect("a journal");
    let mut deltas = shipped.deltas(&restored.head, town.identity.as_ref()).expect("deltas");
    let mut replay = Replay::open(to).expect("a store");
    while let Some(mut delta) = deltas.next_delta().expect("a readable frame") {
        match replay.apply(&mut delta, None) {
            Ok(_) => {}
            Err(error @ ExportError::OtherHistory { .. }) => panic!("the path leaves the history: {error}"),
            Err(error) => panic!("{error}"),
        }
    }
    replay.finish().expect("a store")
}

fn head(town: &Town) -> StoreHead {
    town.setup.source.snapshot().expect("a view").head().expect("a head")
}

fn journals(town: &Town) -> Vec<PathBuf> {
    let files = fs::read_dir(town.path("second")).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "journal")).collect();
    files.sort();
    files
}

#[test]
fn whatever_was_shipped_is_there_after_the_machine_is_lost() {
    let mut town = town();
    town.hours_pass(3);
    for _ in 0..5 {
        town.is_changed();
        town.works.ship();
    }
    let shipped = head(&town);
    // What came after the last shipping is lost, and nothing else.
    town.is_changed();
    assert_eq!(restored(&town, &town.path("new-machine"), 0), shipped);
    town.is_changed();
    town.works.ship();
    assert_eq!(restored(&town, &town.path("another"), 0), head(&town));
    // Every older generation leads to the same end.
    town.a_day_passes();
    assert_eq!(restored(&town, &town.path("older"), 1), head(&town));
}

#[test]
fn a_new_start_goes_on_where_the_journal_ends_and_a_torn_frame_is_shipped_again() {
    let mut town = town();
    town.hours_pass(1);
    town.is_changed();
    town.works.ship();
    let files = journals(&town);
    // A power cut: the last frame is half there, then with its length but without its bytes.
    for (number, torn) in [&b"FRAM half a heading"[..], &[0; 700]].into_iter().enumerate() {
        town.is_changed();
        let last = journals(&town).pop().expect("a file");
        let length = fs::metadata(&last).expect("a file").len();
        town.works.ship();
        let shipped_to = journals(&town).pop().expect("a file");
        assert_eq!(shipped_to, last, "the same file goes on");
        let file = OpenOptions::new().write(true).open(&last).expect("a file");
        file.set_len(length + 100 * number as u64).expect("cut");
        OpenOptions::new().append(true).open(&last).expect("a file").write_all(torn).expect("written");
        town.works = Works::new(town.setup.clone());
        town.works.ship();
        let to = town.path(&format!("restored-{number}"));
        assert_eq!(restored(&town, &to, 0), head(&town), "case {number}");
    }
    assert!(journals(&town).len() > files.len(), "a new start begins a new file");
}

#[test]
fn a_city_that_went_on_from_an_earlier_state_has_one_history_and_the_undone_one_is_not_taken_for_it() {
    let mut town = town();
    town.hours_pass(1);
    town.is_changed();
    town.works.ship();
    let kept = head(&town);
    restored(&town, &town.path("earlier"), 0);
    // A wrong import, which is shipped and even backed up.
    for _ in 0..3 {
        town.is_changed();
        town.works.ship();
    }
    let undone = head(&town);
    town.hours_pass(24);
    // It is undone: the earlier state is served.
    town.stops();
    fs::rename(town.path("data"), town.path("wrong")).expect("moved");
    let folder = town.path("earlier");
    sesshu_engine::ledger::write_mark(&folder).expect("a mark");
    fs::rename(&folder, town.path("data")).expect("moved");
    town.serves();
    assert_eq!(head(&town).seq, kept.seq);
    town.works = Works::new(town.setup.clone());
    // Entries with the same numbers come to be, in another history, and more of them.
    for _ in 0..6 {
        town.is_changed();
        town.works.ship();
    }
    let now = head(&town);
    assert!(now.seq > undone.seq);
    // The machine is lost. The oldest generation is of before the fork; it leads into the history that was served last.
    let oldest = Folder::open(&town.path("second")).expect("there").list().expect("a listing").generations.len() - 1;
    assert_eq!(restored(&town, &town.path("new-machine"), oldest), now);
    // The generation of the undone history leads on in that alone.
    let of_undone = restored(&town, &town.path("undone"), 0);
    assert_eq!((of_undone.seq, of_undone.chain), (undone.seq, undone.chain));
    // And the city's next generation leads on in its own.
    town.hours_pass(24);
    town.is_changed();
    town.works.ship();
    assert_eq!(restored(&town, &town.path("next"), 0), head(&town));
}

#[test]
fn files_of_the_journal_go_with_the_generations_that_need_them() {
    let mut town = town();
    for _ in 0..10 {
        town.a_day_passes();
    }
    assert_eq!(town.good().len(), 7);
    let files = journals(&town).len();
    assert!((22..=32).contains(&files), "{files} files: an hour at most in each, for seven days");
    let oldest = Folder::open(&town.path("second")).expect("there").list().expect("a listing").generations.len() - 1;
    assert_eq!(restored(&town, &town.path("restored"), oldest), head(&town));
    engine_config(&town.path("restored")).verify().expect("a store that is whole");
}
