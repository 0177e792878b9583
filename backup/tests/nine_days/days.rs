//! Nine days: what is kept on each, and one generation that is damaged.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use sesshu_backup::core::manifest::Manifest;
use sesshu_backup::order::{Checked, Done, Finding, Order};
use sesshu_backup::progress::Progress;

use crate::town::Town;

fn ages(town: &Town) -> String {
    let age = |one: &Manifest| {
        let hours = town.now().ms_since(one.taken_at) / 3_600_000;
        format!("{} ({hours} h)", &one.name.as_str()[11..])
    };
    town.good().iter().map(age).collect::<Vec<_>>().join(", ")
}

#[test]
fn from_the_seventh_day_on_there_are_exactly_seven_proven_generations_each_of_its_day() {
    let mut town = Town::at("2026-12-01 12:00");
    eprintln!("day  good  names without year, newest first (age)");
    for day in 1..=9_usize {
        town.a_day_passes();
        let good = town.good();
        eprintln!("{day:>3} {:>5}  {}", good.len(), ages(&town));
        // The first is taken at once; the first whole day brings a second one.
        assert_eq!(good.len(), (day + 1).min(7), "day {day}");
        let status = town.status();
        assert_eq!(status.generations.len(), good.len());
        assert!(status.failure.is_none() && status.running.is_none());
        let days: Vec<_> = good.iter().map(|one| town.setup.schedule.backup_day(one.taken_at)).collect();
        assert!(days.windows(2).all(|pair| pair[0].days_since(pair[1]) == 1), "{days:?}");
        assert_eq!(good[0].seq, good[0].proof.as_ref().expect("it is proven").counts.entries);
        assert!(good.windows(2).all(|pair| pair[0].seq > pair[1].seq), "each holds more than the one before");
    }
}

#[test]
fn one_that_is_damaged_on_the_fifth_day_is_found_within_a_day_and_never_chosen() {
    let mut town = Town::at("2026-12-01 12:00");
    let mut damaged = None;
    for day in 1..=9 {
        if day == 5 {
            let third = town.good()[2].name.clone();
            town.a_bit_flips("backups", &third);
            damaged = Some(third);
        }
        town.a_day_passes();
        let status = town.status();
        let found: Vec<_> = status.generations.iter().filter(|kept| kept.manifest.damage.is_some()).collect();
        eprintln!(
            "day {day}: {} good, damaged: {}",
            town.good().len(),
            found.first().map_or("none".into(), |kept| kept.manifest.name.to_string())
        );
        match (&damaged, day) {
            (Some(name), 5..=6) => {
                assert_eq!(found.len(), 1);
                assert_eq!(found[0].manifest.name, *name);
                let damage = found[0].manifest.damage.as_ref().expect("it was found");
                assert!(town.now().ms_since(damage.found_at) <= (day - 4) * 24 * 3_600_000, "{damage:?}");
                assert!(!damage.what.is_empty());
            }
            // It is kept as a last resort until seven others are good.
            _ => assert!(found.is_empty()),
        }
        let expected = if day < 5 { day + 1 } else { day.min(7) };
        assert_eq!(town.good().len() as i64, expected, "day {day}");
        // The next good one is named by being first among the good ones; drills draw from those alone.
        assert!(town.good().iter().all(|one| Some(&one.name) != damaged.as_ref()));
        if day == 5 {
            for _ in 0..40 {
                town.works.perform(&Order::Drill, "uid:0", &Progress::silent()).expect("a drill");
            }
            let drilled = town.outside.drilled.lock().expect("no panic");
            assert!(drilled.iter().all(|name| Some(name) != damaged.as_ref()));
            let different: BTreeSet<_> = drilled.iter().collect();
            assert!(different.len() > 2, "drills are held with different ones: {different:?}");
            drop(drilled);
            let done = town.works.perform(&Order::Verify(None), "uid:0", &Progress::silent()).expect("looked at");
            let Done::Verified(checked) = done else { panic!("{done:?}") };
            let bad: Vec<&Checked> = checked.iter().filter(|one| one.finding != Finding::Good).collect();
            assert_eq!(bad.len(), 1);
            assert_eq!(Some(&bad[0].generation), damaged.as_ref());
        }
    }
}

#[test]
fn one_of_today_that_is_found_damaged_is_replaced_at_once() {
    let mut town = Town::at("2026-12-01 12:00");
    town.hours_pass(1);
    let first = town.good()[0].name.clone();
    town.a_bit_flips("backups", &first);
    let looked = Order::Verify(Some(first.clone()));
    let done = town.works.perform(&looked, "uid:0", &Progress::silent()).expect("looked at");
    assert!(matches!(&done, Done::Verified(all) if matches!(all[0].finding, Finding::Damaged(_))), "{done:?}");
    assert!(town.good().is_empty());
    town.hours_pass(1);
    let good = town.good();
    assert_eq!(good.len(), 1);
    assert_ne!(good[0].name, first);
}

#[test]
fn drills_are_held_by_themselves_at_times_that_differ_and_none_is_overdue() {
    let mut town = Town::with("2026-12-01 12:00", false, |setup| {
        setup.drills = true;
        setup.drill_days = 2;
    });
    town.outside.believes.store(true, Ordering::SeqCst);
    let mut hours = BTreeSet::new();
    let mut held = 0;
    for _ in 0..14 * 24 {
        town.hours_pass(1);
        let status = town.works.shown();
        assert!(
            status.drill_due_at.is_none_or(|due| town.now() < due),
            "a drill is overdue: {:?}",
            status.drill_due_at
        );
        if status.drills.len() > held {
            held = status.drills.len();
            assert_eq!(status.drills[0].by, "schedule");
            hours.insert(town.now().city_clock().0 / 60);
        }
    }
    assert!(held >= 7, "{held} drills in 14 days");
    assert!(hours.len() > 2, "at the same hours each time: {hours:?}");
}
