//! The service with its threads: one run at a time, and a stop that waits for nobody.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use sesshu_backup::core::manifest::Reason;
use sesshu_backup::error::BackupError;
use sesshu_backup::order::{Done, Order, Refused};
use sesshu_backup::progress::{Progress, Stop};
use sesshu_backup::service::start;
use sesshu_backup::works::Works;

use crate::town::Town;

const ASKED: Order = Order::BackUp { reason: Reason::Asked };

fn town() -> Town {
    Town::with("2026-12-01 12:00", false, |setup| setup.takes_daily = false)
}

#[test]
fn the_second_of_two_hears_that_one_runs_in_the_server_and_beside_it() {
    let town = town();
    town.outside.waits.store(true, Ordering::SeqCst);
    let backup = start(town.setup.clone()).expect("threads");
    let handle = backup.handle();
    let first = handle.begin(ASKED, "staff:ops", Progress::silent()).expect("nothing runs");
    let refused = handle.begin(ASKED, "uid:0", Progress::silent()).expect_err("one runs");
    let Refused::Running(underway) = &refused else { panic!("{refused}") };
    assert_eq!(underway.by, "staff:ops");
    let deadline = Instant::now() + Duration::from_mins(1);
    while town.outside.tried.load(Ordering::SeqCst) == 0 {
        assert!(Instant::now() < deadline, "it never came to the proof");
        std::thread::yield_now();
    }
    assert!(handle.status().running.is_some(), "it is shown");
    // A command in another process has no server to ask: the lock says it.
    let error = town.works.perform(&ASKED, "uid:0", &Progress::silent()).expect_err("one runs");
    assert!(matches!(&error, BackupError::Runs(which) if which.contains("staff:ops")), "{error}");
    town.outside.waits.store(false, Ordering::SeqCst);
    let done = first.wait().expect("it was taken");
    assert!(matches!(done, Done::Taken(manifest) if manifest.is_good()));
    assert_eq!(handle.status().generations.len(), 1);
    assert!(handle.status().running.is_none());
    backup.stop();
}

#[test]
fn a_stop_abandons_a_run_and_the_next_one_removes_what_it_left() {
    let town = town();
    town.outside.waits.store(true, Ordering::SeqCst);
    let backup = start(town.setup.clone()).expect("threads");
    let handle = backup.handle();
    let pending = handle.begin(ASKED, "uid:0", Progress::silent()).expect("nothing runs");
    let began = Instant::now();
    backup.stop();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert!(matches!(pending.wait(), Err(BackupError::Stopped)));
    assert!(matches!(handle.begin(ASKED, "uid:0", Progress::silent()), Err(Refused::Stopping)));
    assert!(handle.status().failure.is_none(), "a stop is no failure");
    assert!(town.good().is_empty(), "what was not proven does not count");
    town.outside.waits.store(false, Ordering::SeqCst);
    let works = Works::new(town.setup.clone());
    works.perform(&ASKED, "uid:0", &Progress::silent()).expect("the next run");
    let left = std::fs::read_dir(town.path("scratch")).expect("a folder").count();
    assert_eq!((town.good().len(), left), (1, 0));
}

#[test]
fn whoever_asked_can_stop_it_and_the_server_goes_on() {
    let town = town();
    town.outside.waits.store(true, Ordering::SeqCst);
    let backup = start(town.setup.clone()).expect("threads");
    let handle = backup.handle();
    let stop = Stop::default();
    let pending = handle.begin(ASKED, "uid:0", Progress::new(stop.clone(), |_, _, _| {})).expect("nothing runs");
    stop.stop();
    assert!(matches!(pending.wait(), Err(BackupError::Stopped)));
    town.outside.waits.store(false, Ordering::SeqCst);
    handle.begin(ASKED, "uid:0", Progress::silent()).expect("nothing runs").wait().expect("it was taken");
    assert_eq!(handle.status().generations.iter().filter(|kept| kept.manifest.is_good()).count(), 1);
    backup.stop();
}
