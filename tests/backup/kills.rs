//! `kill -9` in each phase: of a run without a server, of the server that runs one, and of a restore.

use std::time::Duration;

use sesshu_tests::report;
use sesshu_tests::switches::{self, Dice};

use super::process::Running;
use super::town::{Listed, Town};

/// What a run goes through.
const RUN: &[&str] = &["spooling", "packing", "proving", "pruning", "copying"];
/// What a restore goes through.
const RESTORE: &[&str] = &["reading", "restoring", "verifying", "placing"];
/// So many that no phase is over at once.
const RESIDENTS: usize = 3_000;
/// How many extra generations are kept.
const EXTRA_MAX: usize = 3;

/// How often each phase is met.
fn kills_per_phase() -> usize {
    switches::number("SESSHU_BACKUP_KILLS", 2)
}

/// A moment within something that takes so long.
fn within(dice: &mut Dice, length: Duration) -> Duration {
    Duration::from_micros(dice.below(length.as_micros().max(1) as usize) as u64)
}

/// Everything proven that was there before is there, but for what a newer proven one has replaced; and all of it is sound.
fn none_is_lost(town: &Town, before: &[Listed]) -> Vec<Listed> {
    let after = town.list();
    let newest_proven = after.iter().find(|generation| generation.is_proven).map(|generation| &generation.name);
    for old in before.iter().filter(|generation| generation.is_proven) {
        if after.contains(old) {
            continue;
        }
        let newer = after.iter().filter(|own| own.is_proven && own.is_daily == old.is_daily && own.name > old.name);
        let replaced = newer.count() >= if old.is_daily { 1 } else { EXTRA_MAX };
        assert!(replaced, "{} is lost; there are {after:#?}", old.name);
    }
    assert!(newest_proven.is_some(), "no proven generation is left: {after:#?}");
    town.all_verify();
    after
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_is_killed_in_any_phase_loses_no_generation() {
    let mut dice = switches::dice("kills");
    let town = Town::of(RESIDENTS).await;
    let lengths = Running::start(&town.command(["backup", "now"])).end().expect(0).phases;
    for _ in 0..EXTRA_MAX {
        town.back_up();
    }
    let mut before = town.list();
    let (mut kills, mut leftovers) = (0, 0);
    report("kills: phase      kind   after-ms  killed in  leftovers  proven");
    for phase in RUN {
        let (_, length) =
            lengths.iter().find(|(own, _)| own == phase).unwrap_or_else(|| panic!("no {phase}: {lengths:?}"));
        for _ in 0..kills_per_phase() {
            let kind = *dice.pick(&["now", "daily"]);
            let mut run = Running::start(&town.command(["backup", kind]));
            assert!(run.until(phase), "{phase} was not seen: {}", run.end().said);
            let delay = within(&mut dice, *length);
            let end = run.kill_after(delay);
            kills += usize::from(end.code.is_none());
            let left = town.places.leftovers().len();
            leftovers += left;
            before = none_is_lost(&town, &before);
            let proven = before.iter().filter(|generation| generation.is_proven).count();
            let (last, ms) = (end.last_phase(), delay.as_secs_f64() * 1000.0);
            report(&format!("kills: {phase:9}  {kind:5}  {ms:8.1}  {last:9}  {left:9}  {proven:6}"));
        }
    }
    town.back_up();
    assert_eq!(town.places.leftovers(), Vec::<std::path::PathBuf>::new(), "the next run clears away what was left");
    none_is_lost(&town, &before);
    report(&format!("kills: {kills} kills of runs, {leftovers} leftovers cleared away, 0 generations lost"));
    assert!(kills > 0, "nothing was killed, so nothing was tested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_during_its_run_loses_no_generation() {
    let mut dice = switches::dice("kills of a server");
    let mut town = Town::of(RESIDENTS).await;
    town.back_up();
    let lengths = Running::start(&town.command(["backup", "now"])).end().expect(0).phases;
    let mut before = town.list();
    let mut kills = 0;
    for phase in RUN {
        let (_, length) =
            lengths.iter().find(|(own, _)| own == phase).unwrap_or_else(|| panic!("no {phase}: {lengths:?}"));
        for _ in 0..kills_per_phase().div_ceil(2) {
            town.city.restart();
            let mut run = Running::start(&town.command(["backup", "now"]));
            assert!(run.until(phase), "{phase} was not seen: {}", run.end().said);
            let delay = within(&mut dice, *length);
            // The server alone dies: the command hears that it is gone.
            let asking = std::thread::spawn(move || run.end());
            wait(delay);
            town.city.kill9();
            let end = asking.join().expect("the command ends");
            kills += usize::from(end.code != Some(0));
            report(&format!(
                "kills: server in {phase:9} after {:.1} ms: the command ends with {:?}",
                delay.as_secs_f64() * 1000.0,
                end.code
            ));
            before = none_is_lost(&town, &before);
        }
    }
    town.back_up();
    assert_eq!(town.places.leftovers(), Vec::<std::path::PathBuf>::new(), "the next run clears away what was left");
    let _ = town.city.verify();
    report(&format!("kills: {kills} kills of the server during a run, 0 generations lost"));
    assert!(kills > 0, "nothing was killed, so nothing was tested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_leaves_nothing_or_all() {
    let mut dice = switches::dice("kills of restores");
    let town = Town::of(RESIDENTS).await;
    let generation = town.back_up();
    let to = town.places.to.clone();
    let lengths = Running::start(&town.restore_slowly(&generation.name)).end().expect(0).phases;
    std::fs::remove_dir_all(&to).expect("it was restored");
    let (mut kills, mut whole) = (0, 0);
    for phase in RESTORE {
        let (_, length) =
            lengths.iter().find(|(own, _)| own == phase).unwrap_or_else(|| panic!("no {phase}: {lengths:?}"));
        for _ in 0..kills_per_phase() {
            let mut run = Running::start(&town.restore_slowly(&generation.name));
            assert!(run.until(phase), "{phase} was not seen: {}", run.end().said);
            let delay = within(&mut dice, *length);
            let end = run.kill_after(delay);
            kills += usize::from(end.code.is_none());
            let is_whole = to.exists();
            if is_whole {
                let verified = sesshu_tests::Sesshu::new(["verify", "--json"]).data(&to).run().done().json();
                assert_eq!(verified["digest"], generation.digest, "a restored folder is whole");
                std::fs::remove_dir_all(&to).expect("it can go");
                whole += 1;
            }
            let (last, ms) = (end.last_phase(), delay.as_secs_f64() * 1000.0);
            let left = if is_whole { "all" } else { "nothing" };
            report(&format!("kills: restore, {phase:9} {ms:8.1} ms later in {last:9}: {left}"));
        }
    }
    town.restore(&generation.name).run().done();
    let verified = sesshu_tests::Sesshu::new(["verify", "--json"]).data(&to).run().done().json();
    assert_eq!(verified["digest"], generation.digest);
    assert_eq!(town.places.leftovers(), Vec::<std::path::PathBuf>::new(), "the next restore clears away what was left");
    report(&format!("kills: {kills} kills of restores: {whole} had finished, 0 halves"));
    assert!(kills > 0, "nothing was killed, so nothing was tested");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_that_is_killed_leaves_no_server_and_no_data_behind() {
    let mut dice = switches::dice("kills of drills");
    let town = Town::of(RESIDENTS).await;
    town.back_up();
    let lengths = Running::start(&town.command(["backup", "drill"])).end().expect(0).phases;
    let length: Duration = lengths.iter().map(|(_, length)| *length).sum();
    let before = town.list();
    for nth in 1..=kills_per_phase() {
        let mut drill = Running::start(&town.command(["backup", "drill"]));
        assert!(drill.until("drilling"), "it begins: {}", drill.end().said);
        let delay = within(&mut dice, length);
        let end = drill.kill_after(delay);
        report(&format!(
            "kills: drill {nth} after {:.1} of {:.1} ms: {:?}, {} leftovers",
            delay.as_secs_f64() * 1000.0,
            length.as_secs_f64() * 1000.0,
            end.code,
            town.places.leftovers().len()
        ));
    }
    town.command(["backup", "drill"]).run().done();
    assert_eq!(town.places.leftovers(), Vec::<std::path::PathBuf>::new(), "the next drill clears away what was left");
    assert_eq!(town.list(), before, "a drill changes no generation");
    let _ = town.city.verify();
}

/// Lets so much time pass.
fn wait(delay: Duration) {
    let began = std::time::Instant::now();
    sesshu_tests::wait_until("the moment of the kill", delay * 2 + Duration::from_secs(1), || {
        (began.elapsed() >= delay).then_some(())
    });
}
