//! Places that are away, and files that are not ours.

use std::fs;
use std::sync::atomic::Ordering;

use sesshu_backup::core::name::Generation;
use sesshu_backup::journal::{Head, Shipped};
use sesshu_backup::order::{Done, Finding, Order};
use sesshu_backup::parties::NotProven;
use sesshu_backup::progress::Progress;

use crate::town::Town;

#[test]
fn a_second_place_that_is_away_for_a_day_is_told_fails_no_backup_and_is_made_up_for() {
    let mut town = Town::with("2026-12-01 12:00", true, |setup| {
        setup.second = Some(setup.dir.with_file_name("second"));
        setup.second_keep_days = 3;
    });
    fs::create_dir(town.path("second")).expect("a folder");
    town.a_day_passes();
    let there = |town: &Town| town.status().second.clone().expect("a second place");
    assert_eq!((there(&town).generations, there(&town).trouble), (2, None));
    assert!(town.status().generations.iter().all(|kept| kept.copied_at.is_some()));

    // The disk is taken away, and a file lies where it was.
    fs::rename(town.path("second"), town.path("away")).expect("moved");
    fs::write(town.path("second"), "no folder").expect("written");
    town.a_day_passes();
    let status = town.status();
    assert!(status.failure.is_none(), "the backup succeeds: {:?}", status.failure);
    assert_eq!(town.good().len(), 3);
    let trouble = there(&town).trouble.expect("it is told");
    assert!(trouble.what.contains("second"), "{trouble:?}");
    assert_eq!(there(&town).generations, 2, "what was there last");
    let shipping = status.journal.clone().expect("a journal");
    assert!(shipping.trouble.is_some());
    assert!(town.now().ms_since(shipping.complete_at.expect("it was complete")) >= 23 * 3_600_000, "the lag grows");

    fs::remove_file(town.path("second")).expect("removed");
    fs::rename(town.path("away"), town.path("second")).expect("moved back");
    town.hours_pass(1);
    let status = town.status();
    assert_eq!((there(&town).generations, there(&town).trouble), (3, None));
    assert!(status.generations.iter().all(|kept| kept.copied_at.is_some()));
    let shipping = status.journal.clone().expect("a journal");
    assert_eq!((shipping.complete_at, shipping.trouble), (Some(town.now()), None));
    // Nothing of that day is missing in it.
    let head = town.setup.source.snapshot().expect("a view").head().expect("a head");
    let oldest = town.good().last().expect("a generation").clone();
    let start = Head {
        seq: oldest.seq,
        chain: sesshu_backup::core::hex::bytes(&oldest.chain).expect("a chain"),
        at: oldest.taken_at,
    };
    let pieces = Shipped::read(&town.path("second")).expect("a journal").after(&head.store, &start);
    assert!(pieces.last().expect("it leads on").to().is(&Head::from(&head)));

    // The second place has a rule of its own.
    for _ in 0..4 {
        town.a_day_passes();
    }
    assert_eq!((town.good().len(), there(&town).generations), (7, 3));
    assert_eq!(there(&town).trouble, None, "what is too old for it is not missed");
}

#[test]
fn a_copy_that_is_damaged_is_found_and_made_anew() {
    let mut town = Town::with("2026-12-01 12:00", false, |setup| {
        setup.second = Some(setup.dir.with_file_name("second"));
    });
    fs::create_dir(town.path("second")).expect("a folder");
    town.a_day_passes();
    let name = town.good()[1].name.clone();
    town.a_bit_flips("second", &name);
    town.a_day_passes();
    town.hours_pass(1);
    let file = format!("{name}.zst");
    let read = |folder: &str| fs::read(town.path(folder).join(&file)).expect("a generation's file");
    assert_eq!(read("second"), read("backups"));
    assert!(town.status().generations.iter().all(|kept| kept.copied_at.is_some()));
}

#[test]
fn a_folder_that_cannot_be_written_is_told_tried_again_ever_less_often_and_a_success_ends_it() {
    let mut town = Town::at("2026-12-01 12:00");
    fs::write(town.path("backups"), "no folder").expect("written");
    let told = |town: &Town| town.works.shown().failure.clone();
    town.minutes_pass(0);
    let failure = told(&town).expect("it is told");
    assert!(failure.what.contains("backups"), "{failure:?}");
    for _ in 0..6 * 60 {
        town.minutes_pass(1);
    }
    assert_eq!(told(&town).map(|failure| failure.since), Some(failure.since), "since it began");
    assert_eq!(town.outside.tried.load(Ordering::SeqCst), 0);
    fs::remove_file(town.path("backups")).expect("removed");
    for _ in 0..31 {
        town.minutes_pass(1);
    }
    assert_eq!(told(&town), None);
    assert_eq!(town.good().len(), 1, "within half an hour");
}

#[test]
fn what_is_no_generation_of_ours_never_counts_is_told_and_stays() {
    let mut town = Town::at("2026-12-01 12:00");
    town.outside.believes.store(true, Ordering::SeqCst);
    town.a_day_passes();
    let backups = town.path("backups");
    let names = town.good();
    // A manifest without its file, a file without its manifest, and files of somebody else.
    fs::copy(backups.join(format!("{}.json", names[0].name)), backups.join("sesshu-20261120-030000.json"))
        .expect("copied");
    fs::write(backups.join("sesshu-20261119-030000.zst"), "half a file").expect("written");
    fs::write(backups.join("notes.txt"), "a note of the staff").expect("written");
    fs::remove_file(backups.join(format!("{}.zst", names[1].name))).expect("removed");
    let strange = ["sesshu-20261119-030000.zst", "sesshu-20261120-030000.json", &format!("{}.json", names[1].name)]
        .map(str::to_owned);
    for day in 1..=8 {
        town.a_day_passes();
        let status = town.status();
        assert!(status.failure.is_none(), "day {day}: {:?}", status.failure);
        let told: Vec<String> = status.unreadable.iter().map(|one| one.name.clone()).collect();
        assert_eq!(told, strange, "day {day}");
        assert!(status.unreadable.iter().all(|one| !one.what.is_empty()));
        assert!(town.good().iter().all(|one| one.name != names[1].name));
    }
    assert_eq!(town.good().len(), 7);
    let done = town.works.perform(&Order::Verify(None), "uid:0", &Progress::silent()).expect("looked at");
    let Done::Verified(checked) = done else { panic!("{done:?}") };
    let bad = checked.iter().filter(|one| matches!(one.finding, Finding::Damaged(_))).count();
    assert_eq!((checked.len(), bad), (10, 3), "whoever looks at all hears of each");
    for name in strange.iter().map(String::as_str).chain(["notes.txt"]) {
        assert!(backups.join(name).exists(), "{name}");
    }
}

#[test]
fn at_most_three_extra_ones_are_kept_beside_the_seven() {
    let mut town = Town::at("2026-12-01 12:00");
    town.outside.believes.store(true, Ordering::SeqCst);
    for _ in 0..8 {
        town.a_day_passes();
        let order = Order::BackUp { reason: sesshu_backup::core::manifest::Reason::Asked };
        town.works.perform(&order, "uid:0", &Progress::silent()).expect("an extra one");
    }
    assert_eq!(town.good().len(), 10);
    // One more daily one of the same day takes the place of the older one.
    let newest: Generation = town.good()[1].name.clone();
    town.is_changed();
    town.minutes_pass(1);
    town.works.perform(&Order::Daily, "uid:0", &Progress::silent()).expect("a daily one");
    assert_eq!(town.good().len(), 10);
    assert!(town.good().iter().all(|one| one.name != newest));
}

#[test]
fn proofs_that_fail_again_and_again_fill_no_disk_and_the_first_that_succeeds_ends_it() {
    for failure in [NotProven::Failed("the scratch folder is full".into()), NotProven::Damaged("a bit flipped".into())]
    {
        let mut town = Town::at("2026-12-01 12:00");
        town.outside.believes.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            town.a_day_passes();
        }
        let names = |town: &Town| town.good().into_iter().map(|one| one.name).collect::<Vec<_>>();
        let good = names(&town);
        let is_damage = matches!(failure, NotProven::Damaged(_));
        *town.outside.fails.lock().expect("no panic") = Some(failure);
        for _ in 0..20 {
            town.hours_pass(3);
            let status = town.status();
            assert_eq!(names(&town), good, "nothing that is good goes");
            let doubtful = status.generations.len() - good.len();
            assert!(doubtful <= if is_damage { 7 } else { 2 }, "{doubtful} that do not count");
        }
        let told = town.status().failure.clone().expect("it is told");
        assert!(told.what.contains("sesshu-2026"), "{told:?}");
        *town.outside.fails.lock().expect("no panic") = None;
        town.hours_pass(1);
        assert!(town.status().failure.is_none());
        assert_eq!(town.good().len(), good.len() + 1);
    }
}
