//! Every place on a disk that is full before, or becomes full in the middle: it is said which, nothing half done counts, and with
//! room again all goes on.

use std::path::PathBuf;

use sesshu_tests::{SmallDisk, not_run, report};
use tempfile::TempDir;

use super::process::Running;
use super::town::{Places, Town};

const DISK_MIB: u32 = 64;
/// So many that no phase is over at once.
const RESIDENTS: usize = 3_000;

/// A place with a disk of its own, and what is done there in which phase.
struct Case {
    place: &'static str,
    phase: &'static str,
    restores: bool,
    /// A copy that fails does not make the backup fail.
    fails: bool,
}

const CASES: [Case; 4] = [
    Case { place: "scratch", phase: "spooling", restores: false, fails: true },
    Case { place: "dir", phase: "packing", restores: false, fails: true },
    Case { place: "second", phase: "copying", restores: false, fails: false },
    Case { place: "to", phase: "restoring", restores: true, fails: true },
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_in_any_place_is_told_and_leaves_nothing_half() {
    let mut disks = Vec::new();
    for _ in &CASES {
        match SmallDisk::mount(DISK_MIB) {
            Ok(disk) => disks.push(disk),
            Err(why) => return not_run(&format!("full disks: no file system can be mounted ({why}); it needs root")),
        }
    }
    let [scratch, dir, second, to] = [0, 1, 2, 3].map(|nth: usize| disks[nth].path().join("place"));
    let places = Places { dir, second, scratch, to };
    for place in [&places.dir, &places.second, &places.scratch] {
        std::fs::create_dir(place).expect("a folder");
    }
    let folder = TempDir::with_prefix("sesshu-places-").expect("a folder");
    let mut town = Town::with(folder, places, RESIDENTS, "[store]\nfree_disk_floor_mib = 1\n").await;
    town.back_up();
    // The server keeps to its budget: so a phase can be met.
    town.city.restart();
    for (case, disk) in CASES.iter().zip(&disks) {
        let newest = town.list().remove(0).name;
        let command = || {
            if case.restores { town.restore_slowly(&newest) } else { town.command(["backup", "now"]) }
        };
        let filler = disk.fill(0);
        let before = Running::start(&command()).end().expect(i32::from(case.fails));
        before.says(&["room"]);
        std::fs::remove_file(filler).expect("the filler goes");

        let mut run = Running::start(&command());
        assert!(run.until(case.phase), "{} was not seen", case.phase);
        let filler = disk.fill(0);
        let meanwhile = run.end();
        std::fs::remove_file(filler).expect("the filler goes");
        // What was quicker than the filler has succeeded.
        let was_told = meanwhile.said.contains("room");
        assert!(was_told || meanwhile.code == Some(0), "{}: {}", case.place, meanwhile.said);
        assert!(!case.restores || town.places.to.exists() != was_told, "a restore that failed leaves nothing");
        town.all_verify();
        if case.restores {
            if !was_told {
                std::fs::remove_dir_all(&town.places.to).expect("it was restored");
            }
            command().run().done();
        } else {
            town.back_up();
        }
        assert_eq!(town.places.leftovers(), Vec::<PathBuf>::new(), "{}", case.place);
        report(&format!(
            "full: {:8} full before: told; full while {}: {}; with room again: done",
            case.place,
            case.phase,
            if was_told { "told" } else { "it was quicker" }
        ));
    }
}
