//! Every operation of the disk fails, one by one, once and for ever, in every way. The script goes on: what the writer said of
//! each entry must be true, each entry is there once, and a power cut at the end takes nothing away.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use super::script::{Script, Size, Step};
use super::{Dice, Judge, Life, on_every_core, report, seed, submission};
use crate::ledger::sim_disk::{Failure, Faults, Kind, SimDisk, image_after_cut};
use crate::ledger::writer::Step as Left;

/// How many runs, unless `SESSHU_FAILING_IO` says otherwise.
const RUNS: usize = 400;
const SIZE: Size = Size { residents: 400, batches: 2_000, entries_max: 2 };
/// The run is cut into pieces of so many steps, each with a start and a stop of the store, so that a fault costs one piece.
const PIECE_STEPS: usize = 20;
/// How often the store is tried again while the disk fails for ever.
const TRIES: usize = 3;

/// One fault.
#[derive(Debug, Clone, Copy)]
struct Case {
    piece: usize,
    operation: u64,
    kind: Kind,
    failure: Failure,
    for_ever: bool,
}

/// What a fault did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// The store did not open until the disk worked again.
    NotOpened,
    /// The ledger was suspended and went on by itself; what it was writing was not on the disk.
    Lost,
    /// The same, and what it was writing was there after all.
    ThereAfterAll,
    /// Nobody noticed.
    Harmless,
}

/// A piece of the run: the disk before it, its steps, and what it asks of a disk that does not fail.
struct Piece {
    image: Vec<u8>,
    steps: std::ops::Range<usize>,
    asked: Vec<Kind>,
}

struct Run {
    script: Script,
    judge: Judge,
    pieces: Vec<Piece>,
    seed: u64,
}

impl Run {
    fn new(seed: u64) -> Self {
        let script = Script::new(seed, SIZE);
        let judge = Judge::new(&script);
        let disk = SimDisk::default();
        drop(Life::create(&disk));
        let mut image = disk.cut().0;
        let mut pieces = Vec::new();
        for first in (0..script.steps.len()).step_by(PIECE_STEPS) {
            let steps = first..(first + PIECE_STEPS).min(script.steps.len());
            let disk = SimDisk::holding(image.clone());
            let mut life = Life::open(&disk).expect("no fault is set");
            for step in &script.steps[steps.clone()] {
                assert_eq!(life.step(&script, step), Left::Open, "no fault is set");
            }
            drop(life);
            pieces.push(Piece { image, steps, asked: disk.asked() });
            image = disk.cut().0;
        }
        Self { script, judge, pieces, seed }
    }

    /// Every operation with every way in which it can fail.
    fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for (piece, of) in self.pieces.iter().enumerate() {
            for (operation, &kind) in of.asked.iter().enumerate() {
                let failures: &[Failure] = match kind {
                    Kind::Read => &[Failure::Io],
                    Kind::Write => &[Failure::Io, Failure::NoSpace, Failure::Short],
                    Kind::SetLen | Kind::Sync => &[Failure::Io, Failure::NoSpace],
                };
                for &failure in failures {
                    for for_ever in [false, true] {
                        cases.push(Case { piece, operation: operation as u64, kind, failure, for_ever });
                    }
                }
            }
        }
        cases
    }

    fn play(&self, case: Case) -> Result<Effect, String> {
        let piece = &self.pieces[case.piece];
        let mut dice = Dice::of_case(self.seed, (case.piece << 32) + case.operation as usize);
        let disk = SimDisk::holding(piece.image.clone());
        let fault = if case.for_ever { Faults::From } else { Faults::Once }(case.operation, case.failure);
        disk.set_faults(fault, dice.roll());
        let mut effect = Effect::Harmless;
        let mut life = if let Ok(life) = Life::open(&disk) {
            life
        } else {
            effect = Effect::NotOpened;
            self.open_again(&disk, case)?
        };
        for step in &self.script.steps[piece.steps.clone()] {
            if life.step(&self.script, step) == Left::Suspended {
                effect = self.resume(&mut life, &disk, step, case)?;
            }
        }
        let acknowledged = life.acknowledged();
        // A process that ends may fail to close its store: what it promised is durable already.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(life)));
        let (durable, unsynced) = disk.cut();
        let image = image_after_cut(&durable, &unsynced, &mut |below| dice.below(below));
        let there = self.judge.judge(&SimDisk::holding(image), acknowledged, acknowledged)?;
        if there == acknowledged { Ok(effect) } else { Err(format!("{there} entries, {acknowledged} acknowledged")) }
    }

    /// The store does not open while the disk fails, and does when it works.
    fn open_again(&self, disk: &SimDisk, case: Case) -> Result<Life, String> {
        if case.for_ever {
            if (1..TRIES).any(|_| Life::open(disk).is_ok()) {
                return Err("opens on a disk that fails".into());
            }
            disk.set_faults(Faults::None, self.seed);
        }
        Life::open(disk).map_err(|error| format!("does not open when the disk works again: {error}"))
    }

    /// Exactly this batch is of unknown outcome; nothing is acknowledged until the disk works; then the batch is there as a
    /// whole, or not at all and can be written again.
    fn resume(&self, life: &mut Life, disk: &SimDisk, step: &Step, case: Case) -> Result<Effect, String> {
        let batch = match step {
            Step::Batch(range) => range.clone(),
            Step::Fold(_) => life.entries()..life.entries(),
        };
        let unknown = std::mem::take(&mut life.ears.heard().unknown);
        if !unknown.iter().copied().eq(batch.clone()) {
            return Err(format!("{unknown:?} heard `unknown`, not {batch:?}"));
        }
        if case.for_ever {
            for _ in 0..TRIES {
                if life.resume() == Left::Open {
                    return Err("resumes on a disk that fails".into());
                }
                if let Some(at) = batch.clone().next() {
                    let epoch = life.ears.heard().epoch;
                    life.writer.refuse(submission(epoch, at, &self.script.lines[at]));
                    if std::mem::take(&mut life.ears.heard().stale) != [at] {
                        return Err("what comes meanwhile is not refused".into());
                    }
                }
            }
            disk.set_faults(Faults::None, self.seed);
        }
        if life.resume() == Left::Suspended {
            return Err("does not resume when the disk works again".into());
        }
        let there = life.entries();
        let mut heard = life.ears.heard();
        if heard.acknowledged != batch.start {
            return Err("an entry of unknown outcome is acknowledged".into());
        }
        if there == batch.end {
            // Who asks again finds the entry, by its key.
            heard.acknowledged = there;
            return Ok(Effect::ThereAfterAll);
        }
        drop(heard);
        if there != batch.start {
            return Err(format!("{there} entries are there of a batch {batch:?}"));
        }
        match life.step(&self.script, step) {
            Left::Open => Ok(Effect::Lost),
            Left::Suspended => Err("suspended again on a disk that works".into()),
        }
    }
}

#[test]
fn whatever_fails_and_for_however_long_no_answer_is_a_lie() {
    let seed = seed();
    let started = std::time::Instant::now();
    let run = Run::new(seed);
    let all = run.cases();
    let wanted = match std::env::var("SESSHU_FAILING_IO").as_deref() {
        Err(_) => RUNS,
        Ok("all") => all.len(),
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("SESSHU_FAILING_IO={text} is neither a number nor `all`")),
    };
    let wanted = wanted.min(all.len());
    let cases: Vec<Case> = (0..wanted).map(|number| all[number * all.len() / wanted]).collect();
    let table = Mutex::new(BTreeMap::<(String, bool, Effect), usize>::new());
    let wrong = on_every_core(&cases, |&case| {
        let effect = run.play(case).map_err(|what| format!("{case:?}: {what} (SESSHU_SEED={seed})"))?;
        let row = (format!("{:?} {:?}", case.kind, case.failure), case.for_ever, effect);
        *table.lock().expect("sound").entry(row).or_default() += 1;
        Ok(())
    });
    let operations: usize = run.pieces.iter().map(|piece| piece.asked.len()).sum();
    let mut text = format!(
        "failing IO: SESSHU_SEED={seed}; {} transactions, {} entries, {operations} operations; {} of {} faults: {} \
         violations; {:.1} s\n",
        run.script.steps.len(),
        run.script.lines.len(),
        cases.len(),
        all.len(),
        wrong.len(),
        started.elapsed().as_secs_f32(),
    );
    for ((what, for_ever, effect), runs) in table.into_inner().expect("sound") {
        let long = if for_ever { "for ever" } else { "once" };
        text.push_str(&format!("  {what:<14} {long:<8} {effect:<13?} {runs:>7}\n"));
    }
    report(&text);
    assert!(wrong.is_empty(), "{}", wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
}
