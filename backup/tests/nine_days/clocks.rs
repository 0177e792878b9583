//! Clocks that somebody sets wrong, and right again.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use sesshu_backup::core::manifest::Reason;

use crate::town::Town;

/// A town after eight days, with seven good generations.
fn settled() -> Town {
    let mut town = Town::at("2026-12-01 12:00");
    town.outside.believes.store(true, Ordering::SeqCst);
    for _ in 0..8 {
        town.a_day_passes();
    }
    assert_eq!(town.good().len(), 7);
    town
}

fn names(town: &Town) -> BTreeSet<String> {
    town.good().iter().map(|one| one.name.to_string()).collect()
}

#[test]
fn a_clock_that_is_set_back_or_forward_deletes_no_more_than_a_day_that_passes() {
    for hours in [-24, 24, -24 * 40, 24 * 400] {
        let mut town = settled();
        let before = names(&town);
        town.clocks.set_by_hours(hours);
        town.hours_pass(1);
        let at_once = names(&town);
        assert_eq!(at_once.len(), 7, "{hours} h");
        assert!(before.difference(&at_once).count() <= 1, "{hours} h");
        town.a_day_passes();
        // The clock is set right again.
        town.clocks.set_by_hours(-hours);
        town.hours_pass(1);
        let after = names(&town);
        assert_eq!(after.len(), 7, "{hours} h: {after:?}");
        assert!(before.intersection(&after).count() >= 4, "{hours} h: {after:?} of {before:?}");
        // Two more days: one new generation each, and never fewer than seven.
        for _ in 0..2 {
            let newest_seq = town.good().iter().map(|one| one.seq).max();
            town.a_day_passes();
            assert_eq!(town.good().len(), 7, "{hours} h");
            assert!(town.good().iter().map(|one| one.seq).max() > newest_seq, "{hours} h: a day without a backup");
        }
    }
}

#[test]
fn a_day_passes_with_a_backup_although_the_clock_shows_the_same_date_again() {
    let mut town = settled();
    let newest = town.good()[0].clone();
    town.clocks.set_by_hours(-24);
    town.a_day_passes();
    let good = town.good();
    let of_that_day: Vec<_> = good.iter().filter(|one| one.reason == Some(Reason::ClockSet)).collect();
    assert_eq!(of_that_day.len(), 1, "{good:?}");
    assert!(of_that_day[0].seq > newest.seq);
    assert!(good.iter().any(|one| one.name == newest.name), "what the real day before has left stays");
}
