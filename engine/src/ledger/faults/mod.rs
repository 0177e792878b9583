//! Faults of the disk, played through the production writer on a disk in memory: power cuts, kills, failing operations, flipped
//! bits. What must hold after each of them is said once, in [`Judge`].

mod bit_flips;
mod clock_jumps;
mod crash_images;
mod deltas;
mod exports;
mod failing_io;
mod script;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::codec::{CHAIN_START, Chain};
use super::high_water::{HighWater, HighWaterFile, to_text};
use super::index::Index;
use super::queue::{Message, Submission};
use super::recover::recover;
use super::sim_disk::SimDisk;
use super::storage::Storage;
use super::store::RedbLedger;
use super::verify::{digest, verify};
use super::writer::{Batch, Outcome, Sink, Step as Left, Writer, WriterFigures};
use script::{Line, Script, Step, identity};

/// A small generator of random numbers (`SplitMix64`).
#[derive(Debug, Clone)]
struct Dice(u64);

impl Dice {
    /// A generator whose numbers depend on all of `seed`.
    const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The generator of the case `number` of a run that has this seed.
    fn of_case(seed: u64, number: usize) -> Self {
        Self(Self(seed ^ (number as u64).wrapping_mul(0xD134_2543_DE82_EF95)).roll())
    }

    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, without, `end`.
    fn below(&mut self, end: usize) -> usize {
        (self.roll() % end as u64) as usize
    }
}

/// The number in the environment variable `name`, if it is set.
fn switch(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// The seed of this run; the same run repeats with `SESSHU_SEED`.
fn seed() -> u64 {
    switch("SESSHU_SEED").unwrap_or(20_261_124)
}

/// Shows a table also when the test passes.
fn report(text: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Runs `case` on each of `cases`, on every core, and collects what is wrong.
fn on_every_core<T: Sync>(cases: &[T], case: impl Fn(&T) -> Result<(), String> + Sync) -> Vec<String> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let work = || {
        while let Some(one) = cases.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
            if let Err(what) = case(one) {
                wrong.lock().unwrap_or_else(PoisonError::into_inner).push(what);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    wrong.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// What the script's senders heard.
#[derive(Debug, Default)]
struct Heard {
    /// How many entries of the script are acknowledged: they are the first ones.
    acknowledged: usize,
    /// The entries of the last unknown outcome.
    unknown: Vec<usize>,
    stale: Vec<usize>,
    epoch: u64,
}

/// Hears the outcomes; a ticket is an entry's place in the script.
#[derive(Clone, Default)]
struct Ears(Arc<Mutex<Heard>>);

impl Ears {
    fn heard(&self) -> std::sync::MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Ears {
    type Ticket = usize;

    fn durable(&mut self, _: &Batch<usize>) {}

    fn reply(&mut self, batch: Batch<usize>, outcome: Outcome) {
        let mut heard = self.heard();
        for settled in batch {
            match outcome {
                Outcome::Durable => {
                    assert_eq!(settled.ticket, heard.acknowledged, "in order, and once");
                    heard.acknowledged += 1;
                }
                Outcome::Unknown => heard.unknown.push(settled.ticket),
                Outcome::Stale => heard.stale.push(settled.ticket),
            }
        }
    }

    fn resumed(&mut self, epoch: u64) {
        self.heard().epoch = epoch;
    }
}

/// A served store: the production writer on a disk.
struct Life {
    writer: Writer<RedbLedger, Ears>,
    index: Arc<Index>,
    ears: Ears,
}

impl Life {
    /// Opens the store as a start does, but for the high-water mark, which [`Judge`] holds against it.
    fn open(disk: &SimDisk) -> Result<Self, String> {
        let ledger = RedbLedger::open_on(Arc::new(disk.clone())).map_err(|error| error.to_string())?;
        let snapshot = ledger.snapshot().map_err(|error| error.to_string())?;
        let (recovered, _) = super::recover::load(&snapshot, None).map_err(|error| error.to_string())?;
        drop(snapshot);
        Ok(Self::serve(ledger, recovered.index))
    }

    /// A new store.
    fn create(disk: &SimDisk) -> Self {
        let ledger = RedbLedger::create_on(Arc::new(disk.clone()), identity()).expect("a store");
        Self::serve(ledger, Index::default())
    }

    fn serve(ledger: RedbLedger, index: Index) -> Self {
        let (index, ears, store) = (Arc::new(index), Ears::default(), identity());
        ears.heard().acknowledged = index.head().seq as usize;
        let figures = Arc::new(WriterFigures::default());
        let writer = Writer::new(ledger, Arc::clone(&index), ears.clone(), store, figures);
        Self { writer, index, ears }
    }

    /// How many entries are durable, as reads show it.
    fn entries(&self) -> usize {
        self.index.head().seq as usize
    }

    fn acknowledged(&self) -> usize {
        self.ears.heard().acknowledged
    }

    /// Does one step as the ledger's thread does it: a panic leaves the outcome unknown.
    fn step(&mut self, script: &Script, step: &Step) -> Left {
        let writer = &mut self.writer;
        let epoch = self.ears.heard().epoch;
        let done = catch_unwind(AssertUnwindSafe(|| match step {
            Step::Fold(records_max) => writer.fold(*records_max),
            Step::Batch(range) => writer.take(range.clone().map(|at| submission(epoch, at, &script.lines[at]))),
        }));
        done.unwrap_or_else(|_panic| self.writer.suspend())
    }

    fn resume(&mut self) -> Left {
        catch_unwind(AssertUnwindSafe(|| self.writer.resume())).unwrap_or_else(|_panic| self.writer.suspend())
    }
}

fn submission(epoch: u64, at: usize, line: &Line) -> Message<usize> {
    let beside = line.beside.clone().map(Box::new);
    Message::Entry(Submission { epoch, entry: line.entry.clone(), beside, ticket: at })
}

/// What every store must be after every fault.
struct Judge {
    /// The chain after so many entries, and the digest of the whole state, folded without any store; digests only where a
    /// batch ends.
    expected: Vec<(Chain, Option<String>)>,
    mark_path: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl Judge {
    fn new(script: &Script) -> Self {
        let index = Index::default();
        let mut expected = Vec::new();
        let mut block = super::codec::BlockWriter::after(0, CHAIN_START);
        let ends: std::collections::BTreeSet<usize> = script.boundaries().collect();
        expected.push((CHAIN_START, Some(digest(&index))));
        for (at, line) in script.lines.iter().enumerate() {
            let mut entry = line.entry.clone();
            entry.number_bookings(block.next_seq(), &identity().number_key);
            let (seq, chain) = block.push(&entry);
            index.apply(seq, chain, &entry, line.beside.as_ref());
            expected.push((chain, ends.contains(&(at + 1)).then(|| digest(&index))));
        }
        let folder = tempfile::tempdir().expect("a folder");
        let mark_path = folder.path().join("high-water");
        Self { expected, mark_path, _folder: folder }
    }

    /// The mark after entry `seq`.
    fn mark_at(&self, seq: usize) -> HighWater {
        HighWater { store: identity().id, seq: seq as u64, chain: self.expected[seq].0 }
    }

    /// Opens and recovers what is on `disk` with a mark at `mark_seq`, and judges it: the journal is a prefix of the script's and
    /// ends where a batch ends, it has `acknowledged` entries or more, the state is the fold of that prefix, and it verifies.
    /// Gives how many entries there are.
    fn judge(&self, disk: &SimDisk, acknowledged: usize, mark_seq: usize) -> Result<usize, String> {
        let storage: Arc<dyn Storage> = Arc::new(disk.clone());
        let ledger = RedbLedger::open_on(storage).map_err(|error| format!("does not open: {error}"))?;
        let thread = format!("{:?}", std::thread::current().id());
        let path = self.mark_path.with_extension(thread.replace(|c: char| !c.is_ascii_digit(), ""));
        let mark = self.mark_at(mark_seq);
        std::fs::write(&path, to_text(&mark)).map_err(|error| error.to_string())?;
        let recovered =
            recover(&ledger, &HighWaterFile::new(path)).map_err(|error| format!("does not recover: {error}"))?;
        let head = recovered.index.head();
        let entries = head.seq as usize;
        if entries < acknowledged {
            return Err(format!("{acknowledged} entries are acknowledged, {entries} are there"));
        }
        let Some((chain, Some(state))) = self.expected.get(entries) else {
            return Err(format!("{entries} entries are no whole batches of the script"));
        };
        if head.chain != *chain {
            return Err(format!("the first {entries} entries are not the script's"));
        }
        if digest(&recovered.index) != *state {
            return Err(format!("the state is not the fold of the first {entries} entries"));
        }
        let snapshot = ledger.snapshot().map_err(|error| error.to_string())?;
        let report = verify(&snapshot, Some(mark)).map_err(|error| format!("does not verify: {error}"))?;
        if let Some(problem) = report.problems.first() {
            return Err(format!("does not verify: {problem}"));
        }
        if report.digest != *state || report.entries != head.seq {
            return Err("verification finds another state".into());
        }
        Ok(entries)
    }
}
