//! Where generations come from and go to: what is in the way is refused, what is left behind is removed, what is foreign stays.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::atomic::{AtomicUsize, Ordering};

use sesshu_backup::error::BackupError;
use sesshu_backup::folder::Folder;
use sesshu_backup::progress::{Progress, Stop};

use crate::city::{City, verified};
use crate::damage::names;

/// Stops work when it begins its `nth` phase.
fn stopping_at(nth: usize) -> Progress {
    let (stop, begun) = (Stop::default(), AtomicUsize::new(0));
    let stopped = stop.clone();
    Progress::new(stop, move |_, done, _| {
        if done == 0 && begun.fetch_add(1, Ordering::Relaxed) == nth {
            stopped.stop();
        }
    })
}

#[test]
fn work_that_is_stopped_in_any_phase_leaves_nothing_behind() {
    let city = City::of(50);
    for phase in 0..2 {
        let error = city.take_with(&stopping_at(phase)).expect_err("it is stopped");
        assert!(matches!(error, BackupError::Stopped), "{error}");
        assert_eq!(names(&city.path("backups")), Vec::<String>::new(), "phase {phase}");
        assert_eq!(names(&city.path("scratch")), Vec::<String>::new(), "phase {phase}");
    }
    let manifest = city.take();
    for phase in 0..4 {
        let restored = city.restore_with(&manifest, &city.path("restored"), None, &stopping_at(phase));
        assert!(matches!(restored, Err(BackupError::Stopped)), "phase {phase}: {restored:?}");
        assert_eq!(names(city.root.path()), ["backups", "data", "scratch"], "phase {phase}");
    }
    city.restore(&manifest, &city.path("restored")).expect("nothing is in the way");
}

#[test]
fn nothing_is_restored_over_data() {
    let city = City::of(5);
    let manifest = city.take();
    let before = verified(&city.data());
    assert!(matches!(city.restore(&manifest, &city.data()), Err(BackupError::Occupied(_))));
    assert_eq!(verified(&city.data()), before);
    let file = city.path("file");
    fs::write(&file, "mine").expect("a file");
    assert!(matches!(city.restore(&manifest, &file), Err(BackupError::Occupied(_))));
    assert_eq!(fs::read_to_string(&file).expect("a file"), "mine");
    let nowhere = city.path("not").join("mounted");
    assert!(matches!(city.restore(&manifest, &nowhere), Err(BackupError::NoFolder(_))));
    assert!(matches!(city.restore(&manifest, "/proc".as_ref()), Err(BackupError::Occupied(_))));
    assert!(matches!(city.restore(&manifest, "/".as_ref()), Err(BackupError::Occupied(_))));

    // An empty folder is as good as none, also by way of a link.
    let (empty, link) = (city.path("empty"), city.path("link"));
    fs::create_dir(&empty).expect("a folder");
    symlink(&empty, &link).expect("a link");
    city.restore(&manifest, &link).expect("it is restored");
    assert_eq!(verified(&empty), before);
}

#[test]
fn a_restore_removes_what_a_dead_one_left_behind_and_spares_a_living_one() {
    let city = City::of(5);
    let manifest = city.take();
    let [dead, foreign, alive] =
        [".sesshu-restore-AbC123", ".sesshu-restore-mine", ".sesshu-restore-Liv1ng"].map(|name| city.path(name));
    for folder in [&dead, &foreign, &alive] {
        fs::create_dir(folder).expect("a folder");
        fs::write(folder.join("half"), "of a store").expect("a file");
    }
    let lock = fs::File::open(&alive).expect("a folder");
    lock.try_lock().expect("nobody has it");
    city.restore(&manifest, &city.path("restored")).expect("it is restored");
    assert!(!dead.exists() && foreign.exists() && alive.exists());
}

#[test]
fn a_run_removes_what_a_dead_one_left_behind_and_nothing_foreign() {
    let city = City::of(5);
    let whole = city.take();
    let put = |name: &str| fs::write(city.path("backups").join(name), "x").expect("a file");
    let dead = [".sesshu-AbC123.tmp", ".sesshu-sesshu-20261202-030000.json.tmp", "sesshu-20261202-030000.zst.age"];
    // A kill between the two steps in which a manifest is renamed leaves a whole generation.
    let late = format!(".sesshu-{}.json.tmp", whole.name);
    let foreign =
        [".sesshu-mine.tmp", "sesshu-20261203-030000.zst", "sesshu-20261204-030000.json", "drills.jsonl", "letter.zst"];
    dead.iter().chain(&foreign).for_each(|name| put(name));
    put(&late);
    assert_eq!(city.backups().sweep().expect("it is swept"), 3);
    let left = names(&city.path("backups"));
    assert!(foreign.iter().all(|name| left.iter().any(|left| left == name)), "{left:?}");
    assert!(!dead.iter().chain([&late.as_str()]).any(|name| left.iter().any(|left| left == name)), "{left:?}");
    let listing = city.backups().list().expect("a list");
    assert_eq!(listing.generations, std::slice::from_ref(&whole));
    let unreadable: Vec<&str> = listing.unreadable.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(unreadable, ["sesshu-20261203-030000.zst", "sesshu-20261204-030000.json"]);
    let foreign_name = "sesshu-20261203-030000".parse().expect("a name");
    assert!(matches!(city.backups().remove(&foreign_name), Err(BackupError::NoGeneration { .. })));

    city.backups().remove(&whole.name).expect("it is removed");
    assert_eq!(names(&city.path("backups")).len(), foreign.len());
}

#[test]
fn a_disk_that_is_short_or_away_is_said_before_anything_is_written() {
    let mut city = City::of(5);
    city.reserve_bytes = u64::MAX;
    let error = city.take_with(&Progress::silent()).expect_err("no room");
    assert!(matches!(error, BackupError::NoRoom { .. }), "{error}");
    assert_eq!(names(&city.path("backups")), Vec::<String>::new());
    let away = city.path("away");
    assert!(matches!(Folder::open(&away), Err(BackupError::NoFolder(_))));
    Folder::create(&away).expect("it is made");
    city.reserve_bytes = 0;
    fs::remove_file(city.data().join("keys/pepper")).expect("a key");
    let error = city.take_with(&Progress::silent()).expect_err("no pepper");
    assert!(matches!(error, BackupError::NoKeyMaterial(_)), "{error}");
}
