//! Deterministic simulation: one seed schedules gate, clerks, ledger, batches, clock, people and crashes on one thread, with the
//! production code of core, gate and ledger on a simulated disk. An independent auditor judges every answer and every state.
//!
//! `world` is the engine without threads, `people` what is asked, `life` the scheduler, `crash` and `quiet` its greater steps,
//! `journal`, `keys` and `verdict` the auditor's own rules, `memory` what
//! it sees of the engine itself, `copies` what its backup would be, `trace` what a world leaves in memory. `planted_table` shows that the auditor finds what it should.
//!
//! `SESSHU_SEED` runs one seed alone, `SESSHU_SIM_SEEDS` so many, `SESSHU_SIM_MINUTES` so long. A seed that fails is printed with
//! its last events and kept in `kept_seeds.txt`; the seeds of that file are always run.

mod auditor;
mod city;
mod clients;
mod copies;
mod crash;
mod journal;
mod keys;
mod lanes;
mod life;
mod memory;
mod people;
mod planted_table;
mod quiet;
mod scenes;
mod schedule;
mod trace;
mod verdict;
mod world;

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::auditor::Violation;
use self::life::{Life, Tally};
use self::trace::Trace;
use crate::ledger::HighWaterFile;

/// How many steps a life has.
const STEPS: u64 = 1_000;
/// How long fresh seeds are tried when nothing is said.
const USUAL_TIME: Duration = Duration::from_secs(18);

/// A life that came to its end.
struct Ended {
    tally: Tally,
    /// Equal hashes are equal histories.
    hash: u64,
}

/// A life in which something was wrong.
struct Failed {
    seed: u64,
    violation: Violation,
    events: String,
}

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { seed, violation: Violation { check, detail }, events } = self;
        write!(
            f,
            "seed {seed}: NOT \"{check}\": {detail}\nThe last events:\n{events}SESSHU_SEED={seed} repeats this life."
        )
    }
}

/// A folder for high-water marks, in memory if the machine has such.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a folder")
}

/// Lives the life of `seed`. Panics are violations too.
fn live(seed: u64, folder: &Path) -> Result<Ended, Failed> {
    let mark = folder.join("high-water");
    let _ = std::fs::remove_file(&mark);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let mut life = None;
    let lived = catch_unwind(AssertUnwindSafe(|| {
        let scheduled = async {
            let life = life.insert(Life::begin(seed, HighWaterFile::new(mark))?);
            life.run(STEPS).await
        };
        // The scheduler alone says who gets a turn, and when.
        runtime.expect("a runtime").block_on(tokio::task::unconstrained(scheduled))
    }));
    let events = life.as_ref().map(|life| life.log.tail()).unwrap_or_default();
    let violation = match lived {
        Ok(Ok(())) => {
            let Life { tally, log, traces, .. } = life.expect("it was lived");
            match traces.iter().try_for_each(Trace::judge) {
                Ok(()) => return Ok(Ended { tally, hash: log.hash() }),
                Err(violation) => violation,
            }
        }
        Ok(Err(violation)) => violation,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
            Violation { check: "nothing panics", detail: text.unwrap_or("a panic").to_owned() }
        }
    };
    Err(Failed { seed, violation, events })
}

/// Says something though the test passes.
fn report(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

fn kept_seeds() -> Vec<u64> {
    let lines = include_str!("kept_seeds.txt").lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).map(|line| line.parse().expect("a seed")).collect()
}

fn keep(failed: &Failed) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/simulation/kept_seeds.txt");
    let line = format!("{} # {}\n", failed.seed, failed.violation.check);
    let kept =
        std::fs::OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(line.as_bytes()));
    report(&match kept {
        Ok(()) => format!("the seed is kept in {}", path.display()),
        Err(error) => format!("the seed could not be kept in {}: {error}", path.display()),
    });
}

/// Fresh seeds until the time or the number asked for is over.
fn fresh_seeds(started: Instant) -> impl Iterator<Item = u64> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("random bytes");
    let first = u64::from_le_bytes(bytes) >> 16;
    let count = number("SESSHU_SIM_SEEDS");
    let minutes = number("SESSHU_SIM_MINUTES").map(|minutes| Duration::from_secs(minutes * 60));
    let time = minutes.or(count.is_none().then_some(USUAL_TIME));
    let goes_on =
        move |n: &u64| count.is_none_or(|count| *n < count) && time.is_none_or(|time| started.elapsed() < time);
    (0..).take_while(goes_on).map(move |n| first + n)
}

fn summary(lives: u64, tally: &Tally, took: Duration) -> String {
    let per_minute = |count: u64| count as f64 * 60.0 / took.as_secs_f64();
    let hours = tally.simulated_ms as f64 / 3_600_000.0;
    let answers: Vec<String> = tally.answers.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    format!(
        "simulation: {lives} seeds, {} operations, {} steps, {hours:.0} simulated hours in {:.1} s \
         ({:.0} operations a minute)\n  {} crashes, {} disk faults, {} panics, {} hang-ups\n  answers: {}\n  violations: 0",
        tally.calls,
        tally.steps,
        took.as_secs_f64(),
        per_minute(tally.calls),
        tally.crashes,
        tally.faults,
        tally.panics,
        tally.hangups,
        answers.join(", "),
    )
}

#[test]
fn every_life_keeps_the_invariants() {
    let folder = folder();
    let started = Instant::now();
    let seeds: Box<dyn Iterator<Item = u64>> = match number("SESSHU_SEED") {
        Some(seed) => Box::new(std::iter::once(seed)),
        None => Box::new(kept_seeds().into_iter().chain(fresh_seeds(started))),
    };
    let (mut lives, mut tally) = (0, Tally::default());
    for seed in seeds {
        match live(seed, folder.path()) {
            Ok(ended) => tally.add(&ended.tally),
            Err(failed) => {
                report(&failed.to_string());
                if !kept_seeds().contains(&seed) {
                    keep(&failed);
                }
                panic!("seed {seed}: not \"{}\"", failed.violation.check);
            }
        }
        lives += 1;
    }
    report(&summary(lives, &tally, started.elapsed()));
}

#[test]
fn a_seed_lives_the_same_life_again() {
    let folder = folder();
    for seed in 1..=3 {
        let hash = || live(seed, folder.path()).map_err(|failed| failed.to_string()).map(|ended| ended.hash);
        assert_eq!(hash(), hash(), "seed {seed}");
    }
}
