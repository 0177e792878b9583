//! Power cuts at every point of a scripted run: torn, reordered and lost writes, in the run, in the recovery after it, and after
//! a process was killed. Whatever a cut leaves must open as a prefix that holds every acknowledged entry.

use redb::StorageBackend;

use super::script::{Script, Size};
use super::{Dice, Judge, Life, on_every_core, report, seed, switch};
use crate::ledger::sim_disk::{Operation, SimDisk, apply, image_after_cut};
use crate::ledger::writer::Step as Left;

/// How many images, unless `SESSHU_CRASH_IMAGES` says otherwise.
const IMAGES: u64 = 10_000;
const SIZE: Size = Size { residents: 100, batches: 50, entries_max: 40 };
/// Where the durable part of the disk is kept, so that an image costs no replay of the whole run: every so many operations.
const KEPT_EVERY: usize = 64;

/// How a life ends, and what comes after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The power is cut.
    Cut,
    /// The power is cut, and again while the store recovers or shortly after.
    CutTwice,
    /// The process is killed; after the restart the power is cut.
    KilledThenCut,
}

/// A whole run on a disk that recorded everything.
struct Recording {
    script: Script,
    judge: Judge,
    operations: Vec<Operation>,
    /// How many operations were done when so many entries were acknowledged, ascending.
    acknowledged: Vec<(usize, usize)>,
    /// By operation number, every [`KEPT_EVERY`]: what is durable, and the first operation that is not.
    kept: Vec<(Vec<u8>, usize)>,
    bytes: usize,
}

impl Recording {
    fn new(seed: u64, size: Size) -> Self {
        let script = Script::new(seed, size);
        let judge = Judge::new(&script);
        let disk = SimDisk::default();
        let mut life = Life::create(&disk);
        let mut durable = disk.record();
        let mut acknowledged = vec![(0, 0)];
        for step in &script.steps {
            assert_eq!(life.step(&script, step), Left::Open, "no fault is set");
            acknowledged.push((disk.recorded_len(), life.acknowledged()));
        }
        drop(life);
        let operations = disk.recorded();
        let mut kept = Vec::new();
        let mut synced = 0;
        for number in 0..=operations.len() {
            if number > 0 && operations[number - 1] == Operation::Sync {
                operations[synced..number].iter().for_each(|operation| apply(&mut durable, operation));
                synced = number;
            }
            if number % KEPT_EVERY == 0 {
                kept.push((durable.clone(), synced));
            }
        }
        let bytes = durable.len();
        Self { script, judge, operations, acknowledged, kept, bytes }
    }

    /// What is durable after `at` operations, and what was done since.
    fn state_at(&self, at: usize) -> (Vec<u8>, &[Operation]) {
        let (mut durable, mut synced) = self.kept[at / KEPT_EVERY].clone();
        let last_sync = (synced..at).rev().find(|&number| self.operations[number] == Operation::Sync);
        if let Some(last_sync) = last_sync {
            self.operations[synced..last_sync].iter().for_each(|operation| apply(&mut durable, operation));
            synced = last_sync;
        }
        (durable, &self.operations[synced..at])
    }

    /// How many entries were acknowledged when `at` operations were done.
    fn acknowledged_at(&self, at: usize) -> usize {
        let after = self.acknowledged.partition_point(|&(operations, _)| operations <= at);
        self.acknowledged[after - 1].1
    }

    /// Image number `number` of `all`: the cut is after operation `number / all` of the run, what arrives is drawn.
    fn image(&self, number: usize, all: usize, seed: u64) -> Result<(), String> {
        let at = number * (self.operations.len() + 1) / all;
        let mut dice = Dice::of_case(seed, number);
        let end = match number % 10 {
            3 => End::CutTwice,
            7 => End::KilledThenCut,
            _ => End::Cut,
        };
        let acknowledged = self.acknowledged_at(at);
        let (durable, unsynced) = self.state_at(at);
        // The mark follows the acknowledged entries: it is at the last one, or lags.
        let lag = if dice.below(2) == 0 { 0 } else { dice.below(30) };
        let judged = match end {
            End::Cut => {
                let image = image_after_cut(&durable, unsynced, &mut |below| dice.below(below));
                let marked = acknowledged.saturating_sub(lag);
                self.judge.judge(&SimDisk::holding(image), acknowledged, marked).map(drop)
            }
            End::CutTwice => {
                let image = image_after_cut(&durable, unsynced, &mut |below| dice.below(below));
                self.second_life(&SimDisk::holding(image), acknowledged, &mut dice)
            }
            End::KilledThenCut => {
                let disk = SimDisk::holding(durable);
                for operation in unsynced {
                    match operation {
                        Operation::Write(offset, bytes) => disk.write(*offset, bytes).expect("no fault is set"),
                        Operation::SetLen(len) => disk.set_len(*len).expect("no fault is set"),
                        Operation::Sync => disk.sync_data().expect("no fault is set"),
                    }
                }
                self.second_life(&disk.left_by_a_kill(), acknowledged, &mut dice)
            }
        };
        judged.map_err(|what| {
            let repeat = format!("SESSHU_SEED={seed} SESSHU_CRASH_IMAGES={all} SESSHU_CRASH_IMAGE={number}");
            format!("{end:?} after operation {at} of {}: {what} ({repeat})", self.operations.len())
        })
    }

    /// Opens what is on the disk, serves some more, and cuts the power at any moment since the opening began.
    fn second_life(&self, disk: &SimDisk, acknowledged: usize, dice: &mut Dice) -> Result<(), String> {
        let mut durable = disk.record();
        let mut life = Life::open(disk).map_err(|error| format!("does not open: {error}"))?;
        let shown = life.entries();
        // What the opened store shows is durable from then on: a reader may have seen it.
        let mut promised = vec![(0, acknowledged), (disk.recorded_len(), shown)];
        let next = self.script.step_after(shown);
        for step in self.script.steps.iter().skip(next).take(dice.below(5)) {
            if life.step(&self.script, step) != Left::Open {
                return Err("the second life fails without a fault".into());
            }
            promised.push((disk.recorded_len(), life.acknowledged()));
        }
        drop(life);
        let operations = disk.recorded();
        let at = dice.below(operations.len() + 1);
        let synced = operations[..at].iter().rposition(|operation| *operation == Operation::Sync).unwrap_or(0);
        operations[..synced].iter().for_each(|operation| apply(&mut durable, operation));
        let image = image_after_cut(&durable, &operations[synced..at], &mut |below| dice.below(below));
        let after = promised.partition_point(|&(done, _)| done <= at);
        let promised = promised[after - 1].1;
        let judged = self.judge.judge(&SimDisk::holding(image), promised, promised);
        judged.map(drop).map_err(|what| format!("second life, {shown} entries, cut after {at}: {what}"))
    }
}

#[test]
fn whatever_a_power_cut_leaves_holds_every_acknowledged_entry() {
    let (seed, all) = (seed(), switch("SESSHU_CRASH_IMAGES").unwrap_or(IMAGES) as usize);
    let started = std::time::Instant::now();
    let recording = Recording::new(seed, SIZE);
    let numbers: Vec<usize> = match switch("SESSHU_CRASH_IMAGE") {
        Some(alone) => vec![alone as usize],
        None => (0..all).collect(),
    };
    let recorded = started.elapsed();
    let wrong = on_every_core(&numbers, |&number| recording.image(number, all, seed));
    let of = |end: &[usize]| numbers.iter().filter(|&&number| end.contains(&(number % 10))).count();
    let syncs = recording.operations.iter().filter(|operation| **operation == Operation::Sync).count();
    let growths = recording.operations.iter().filter(|operation| matches!(operation, Operation::SetLen(_))).count();
    report(&format!(
        "crash images: SESSHU_SEED={seed}; run of {} entries in {} steps: {} operations, {syncs} syncs, {growths} growths \
         to {} KiB\n  one cut {}, cut twice {}, killed then cut {}: {} violations; {:.1} s to record, {:.1} s",
        recording.script.lines.len(),
        recording.script.steps.len(),
        recording.operations.len(),
        recording.bytes / 1_024,
        of(&[0, 1, 2, 4, 5, 6, 8, 9]),
        of(&[3]),
        of(&[7]),
        wrong.len(),
        recorded.as_secs_f32(),
        started.elapsed().as_secs_f32(),
    ));
    assert!(wrong.is_empty(), "{}", wrong.iter().take(20).cloned().collect::<Vec<_>>().join("\n"));
}
