//! Bits that flip at rest, one by one: the store is refused, or verification says so, or nothing is different.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use super::script::{Script, Size, Step, identity};
use super::{Dice, Judge, Life, on_every_core, report, seed, switch};
use crate::ledger::high_water::{HighWaterFile, to_text};
use crate::ledger::recover::recover;
use crate::ledger::sim_disk::SimDisk;
use crate::ledger::storage::Storage;
use crate::ledger::store::RedbLedger;
use crate::ledger::verify::{digest, verify};
use crate::ledger::writer::Step as Left;

/// How many bits are flipped, unless `SESSHU_BIT_FLIPS` says otherwise; `0` is every bit.
const FLIPS: u64 = 1_500;
const SIZE: Size = Size { residents: 100, batches: 20, entries_max: 20 };

/// What became of a flipped bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    /// The store is refused.
    Refused,
    /// It is served with the same state; verification finds the damage in the journal that is not needed to serve.
    FoundByVerification,
    /// The same state is served, but redb's own lists of free pages are damaged: a later commit fails, or stops the process,
    /// without an answer.
    Bookkeeping,
    /// The same state is served, and what is written later fails, or the next start or verification finds damage.
    FoundLater,
    /// Nothing is different, then and after some more commits and a restart.
    Harmless,
    /// Another state is served.
    Served,
}

/// A store at rest.
struct Rest {
    script: Script,
    judge: Judge,
    image: Vec<u8>,
    /// The steps that are left to do.
    left: std::ops::Range<usize>,
}

/// How many steps are left to do on the store with the flipped bit.
const STEPS_LEFT: usize = 4;

impl Rest {
    /// After most of the script, with the last batches not folded.
    fn new(seed: u64) -> Self {
        let script = Script::new(seed, SIZE);
        let judge = Judge::new(&script);
        let disk = SimDisk::default();
        let mut life = Life::create(&disk);
        let left = script.steps.len() - STEPS_LEFT..script.steps.len();
        let unfolded = left.start - 5;
        for (number, step) in script.steps[..left.start].iter().enumerate() {
            if number < unfolded || matches!(step, Step::Batch(_)) {
                assert_eq!(life.step(&script, step), Left::Open);
            }
            if number == unfolded {
                assert_eq!(life.step(&script, &Step::Fold(usize::MAX)), Left::Open);
            }
        }
        drop(life);
        let image = disk.cut().0;
        Self { script, judge, image, left }
    }

    fn fate(&self, bit: usize, path: &std::path::Path) -> Fate {
        let mut image = self.image.clone();
        image[bit / 8] ^= 1 << (bit % 8);
        let entries = self.entries();
        let (_, state) = &self.judge.expected[entries];
        let mark = self.judge.mark_at(entries);
        std::fs::write(path, to_text(&mark)).expect("written");
        let disk = SimDisk::holding(image.clone());
        let Ok(ledger) = RedbLedger::open_on(Arc::new(disk.clone())) else { return Fate::Refused };
        if *ledger.identity() != identity() {
            return Fate::Served;
        }
        let Ok(recovered) = recover(&ledger, &HighWaterFile::new(path.into())) else { return Fate::Refused };
        if Some(digest(&recovered.index)) != *state {
            return Fate::Served;
        }
        let Ok(snapshot) = ledger.snapshot() else { return Fate::Refused };
        match verify(&snapshot, Some(mark)) {
            Ok(report) if report.problems.is_empty() => {}
            _ => return Fate::FoundByVerification,
        }
        if !pages_are_sound(image) {
            // Closing the store writes to it, and redb may end the process when it finds its lists damaged then.
            std::mem::forget((snapshot, ledger));
            return Fate::Bookkeeping;
        }
        drop((snapshot, ledger));
        self.later(&disk)
    }

    /// Some more commits, and a restart.
    fn later(&self, disk: &SimDisk) -> Fate {
        let Ok(mut life) = Life::open(disk) else { return Fate::FoundLater };
        for step in &self.script.steps[self.left.clone()] {
            if life.step(&self.script, step) != Left::Open {
                return Fate::FoundLater;
            }
        }
        let acknowledged = life.acknowledged();
        drop(life);
        match self.judge.judge(disk, acknowledged, acknowledged) {
            Ok(_) => Fate::Harmless,
            Err(what) if what.starts_with("does not") => Fate::FoundLater,
            Err(_) => Fate::Served,
        }
    }

    /// How many entries are in the store at rest.
    fn entries(&self) -> usize {
        let batch_end = |step: &Step| if let Step::Batch(range) = step { Some(range.end) } else { None };
        self.script.steps[..self.left.start].iter().rev().find_map(batch_end).expect("a batch")
    }
}

/// Whether every page in use, redb's own among them, has the checksum that it was written with.
fn pages_are_sound(image: Vec<u8>) -> bool {
    let mut database = SimDisk::holding(image).open().expect("it opened before");
    let sound = catch_unwind(AssertUnwindSafe(|| matches!(database.check_integrity(), Ok(true)))).unwrap_or(false);
    if !sound {
        std::mem::forget(database);
    }
    sound
}

/// A panic while a damaged store is read is a refusal: nothing is served.
fn caught(fate: impl FnOnce() -> Fate) -> (Fate, bool) {
    catch_unwind(AssertUnwindSafe(fate)).map_or((Fate::Refused, true), |fate| (fate, false))
}

#[test]
fn a_flipped_bit_is_refused_or_found_or_harmless() {
    let seed = seed();
    let rest = Rest::new(seed);
    let bits = rest.image.len() * 8;
    // Bytes that are zero in the whole sector are unused, or nearly so: they are tried less often.
    let used: Vec<usize> = (0..rest.image.len() / 512)
        .filter(|sector| rest.image[sector * 512..][..512].iter().any(|b| *b != 0))
        .collect();
    let wanted = switch("SESSHU_BIT_FLIPS").unwrap_or(FLIPS) as usize;
    let mut dice = Dice::new(seed);
    let cases: Vec<usize> = if wanted == 0 {
        used.iter().flat_map(|sector| sector * 4_096..(sector + 1) * 4_096).collect()
    } else {
        (0..wanted).map(|_| used[dice.below(used.len())] * 4_096 + dice.below(4_096)).collect()
    };
    let folder = tempfile::tempdir().expect("a folder");
    let fates = Mutex::new(BTreeMap::<(Fate, bool), usize>::new());
    let wrong = on_every_core(&cases, |&bit| {
        let path = folder.path().join(format!("{:?}", std::thread::current().id()));
        let (fate, panicked) = caught(|| rest.fate(bit, &path));
        *fates.lock().expect("sound").entry((fate, panicked)).or_default() += 1;
        if fate == Fate::Served || panicked { Err(format!("bit {} of byte {:#x}", bit % 8, bit / 8)) } else { Ok(()) }
    });
    let mut text =
        format!("bit flips: SESSHU_SEED={seed}; {} of {bits} bits, {} KiB used", cases.len(), used.len() / 2);
    for ((fate, panicked), bits) in fates.into_inner().expect("sound") {
        let how = if panicked { " (a panic that nobody caught)" } else { "" };
        text.push_str(&format!("\n  {fate:?}{how}: {bits}"));
    }
    report(&text);
    assert!(
        wrong.is_empty(),
        "{} served: {}",
        wrong.len(),
        wrong.iter().take(40).cloned().collect::<Vec<_>>().join(", ")
    );
}
