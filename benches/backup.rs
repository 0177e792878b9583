//! Backups of a city of 105,000 residents and a million bookings: `cargo bench -p sesshu-benches --bench backup`.
//!
//! First what the engine does, each step in a process of its own, so that its peak of memory is its own: the export of a store, reading
//! it again, building a store from it, verifying that. Then `backup now` at the server, beside a steady load of bookings: rounds with and
//! without it in turn, medians of five. `SESSHU_BENCH_FOLDER` names the disk.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sesshu_benches::crowd::{Crowd, open_sessions};
use sesshu_benches::long_journal;
use sesshu_benches::open_model::open_load;
use sesshu_benches::rounds::{ROUNDS, median, p99_ms};
use sesshu_benches::rush::client_runtime;
use sesshu_engine::ledger::{Snapshot, read_export, rebuild, verify};
use sesshu_tests::memory::{forget_peak, status_mib};
use sesshu_tests::{City, Place, report};
use tokio::runtime::Runtime;

const RESIDENTS: u32 = 105_000;
const BOOKINGS: u64 = 1_000_000;
/// The first so many residents book in the load; the others have the million bookings.
const BOOKING_NOW: u32 = 62_500;
const SESSIONS: usize = 200;
const PER_SECOND: usize = 500;
const CONNECTIONS: usize = 256;
/// The load is made in pieces, since the residents have to last: in each round every fifth piece, so that the five rounds together are
/// under load from the backup's first moment to its last.
const PIECE: Duration = Duration::from_secs(1);
const PIECES_MAX: usize = 24;
/// The argument with which the bench starts itself for a step of the engine's, before the step, where from and where to.
const STEP: &str = "--step";
const MIB: f64 = 1_048_576.0;
/// How often it is looked whether the fold has ended, at most.
const FOLDED_LOOKS_MAX: usize = 1_500;

fn main() {
    if step_as_asked() {
        return;
    }
    let runtime = client_runtime();
    let mut builder = City::demo().residents(RESIDENTS as usize);
    if let Some(folder) = std::env::var_os("SESSHU_BENCH_FOLDER") {
        builder = builder.data_in(Path::new(&folder));
    }
    let mut city = builder.start();
    let places = runtime.block_on(open_sessions(&city, "計測", SESSIONS, 1));
    city.stop();
    long_journal::fill(city.data(), BOOKING_NOW, RESIDENTS, BOOKINGS);
    city.restart();
    runtime.block_on(folded(&city));
    city.stop();
    report(&format!("\n{}", engine_table(&city)));
    city.restart();
    let crowd = runtime.block_on(Crowd::of(&city));
    let mut beside = Beside { runtime, city, places, crowd };
    report(&format!("\n{}", beside.table()));
    assert_eq!(beside.city.verify()["ok"], true);
}

/// Waits until nothing lags in the tables.
async fn folded(city: &City) {
    let mut ops = city.device().moved_to(city.ops());
    let mut looks = tokio::time::interval(Duration::from_millis(200));
    for _ in 0..FOLDED_LOOKS_MAX {
        looks.tick().await;
        let metrics = ops.get("/metrics").await.text();
        let lag = metrics.lines().find_map(|line| line.strip_prefix("sesshu_ledger_fold_lag "));
        if lag.map(str::trim) == Some("0") {
            return;
        }
    }
    panic!("the fold does not end");
}

// --- the engine's steps

fn engine_table(city: &City) -> String {
    let file = city.files().join("export");
    let copy = city.files().join("copy");
    fs::create_dir(&copy).expect("a folder");
    let stored = fs::metadata(city.data().join("sesshu.redb")).expect("a store").len() as f64 / MIB;
    let mut lines = format!("the store has {stored:.0} MiB\n");
    let steps = [
        ("verify", city.data(), city.data(), "verify the source"),
        ("export", city.data(), &file, "export"),
        ("read", &file, &file, "read the export again"),
        ("rebuild", &file, &copy, "build a store from it"),
        ("verify", &copy, &copy, "verify that store"),
    ];
    let mut digests = Vec::new();
    for (step, from, to, what) in steps {
        let done = run_step(step, from, to);
        let (seconds, mib) = (done["seconds"].as_f64().expect("seconds"), done["bytes"].as_f64().expect("bytes") / MIB);
        let peak = done["peak_mib"].as_f64().expect("a peak");
        lines += &format!(
            "{what:<24} {seconds:>6.1} s {:>6.0} MiB/s of {mib:.0} MiB, peak of memory {peak:.0} MiB\n",
            mib / seconds
        );
        digests.extend(done["digest"].as_str().map(str::to_owned));
    }
    assert_eq!(digests.first(), digests.last(), "the copy is the store");
    fs::remove_file(&file).and_then(|()| fs::remove_dir_all(&copy)).expect("they are removed");
    lines
}

fn run_step(step: &str, from: &Path, to: &Path) -> Value {
    let own = std::env::current_exe().expect("the bench itself");
    let output = Command::new(own).arg(STEP).arg(step).arg(from).arg(to).stderr(Stdio::inherit()).output();
    let output = output.expect("a process");
    assert!(output.status.success(), "{step}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

/// Does a step, if the process was started to do so, and says whether it was.
fn step_as_asked() -> bool {
    let mut arguments = std::env::args().skip_while(|argument| argument != STEP).skip(1);
    let (Some(step), Some(from), Some(to)) = (arguments.next(), arguments.next(), arguments.next()) else {
        return false;
    };
    let (from, to) = (Path::new(&from), Path::new(&to));
    let length = |path: &Path| fs::metadata(path).expect("a file").len();
    let input = || BufReader::new(File::open(from).expect("an export"));
    let started = Instant::now();
    let (bytes, digest) = match step.as_str() {
        "export" => {
            let mut out = BufWriter::new(File::create(to).expect("a file"));
            Snapshot::open(from).expect("a store").export(&mut out).expect("it is exported");
            out.flush().and_then(|()| out.get_ref().sync_all()).expect("the disk takes it");
            (length(to), None)
        }
        "read" => {
            read_export(&mut input()).expect("whole");
            (length(from), None)
        }
        "rebuild" => {
            rebuild(to, &mut input()).expect("it is built");
            (length(from), None)
        }
        _ => {
            let report = verify(&Snapshot::open(from).expect("a store"), None).expect("it is read");
            assert_eq!(report.problems, Vec::<String>::new());
            (length(&from.join("sesshu.redb")), Some(report.digest))
        }
    };
    let seconds = started.elapsed().as_secs_f64();
    let peak_mib = status_mib("self", "VmHWM:");
    let done = json!({"seconds": seconds, "bytes": bytes, "digest": digest, "peak_mib": peak_mib});
    std::io::stdout().write_all(done.to_string().as_bytes()).expect("the bench hears it");
    true
}

// --- at the server

struct Beside {
    runtime: Runtime,
    city: City,
    places: Vec<Place>,
    crowd: Crowd,
}

/// A round.
#[derive(Default)]
struct Round {
    latencies: Vec<Duration>,
    pieces: usize,
    /// What the store's file grew by, in MiB.
    grown_mib: f64,
    /// The phases of the backup, with how long each took, in seconds.
    phases: Vec<(String, f64)>,
    /// What the server had more of memory at most than before, in MiB.
    memory_mib: f64,
}

impl Beside {
    fn table(&mut self) -> String {
        self.alone(1);
        let (mut with, mut without) = (Vec::new(), Vec::new());
        for first in 0..ROUNDS {
            let round = self.beside_backup(first);
            let other = self.alone(round.pieces);
            let (with_ms, without_ms) = (p99_ms(&round.latencies), p99_ms(&other.latencies));
            report(&format!("booking p99 beside a backup {with_ms:.2} ms, without one {without_ms:.2} ms"));
            with.push(round);
            without.push(other);
        }
        let of = |rounds: &[Round], value: fn(&Round) -> f64| median(&rounds.iter().map(value).collect::<Vec<_>>());
        let mut lines = format!("{PER_SECOND} bookings a second\n");
        for (name, _) in &with[0].phases {
            let seconds = |round: &Round| round.phases.iter().find(|(other, _)| other == name).map_or(0.0, |(_, s)| *s);
            let all: Vec<f64> = with.iter().map(seconds).collect();
            lines += &format!("{name:<24} {:>6.1} s\n", median(&all));
        }
        for (what, rounds) in [("with a backup", &with), ("without", &without)] {
            let (p99, grown) = (of(rounds, |round| p99_ms(&round.latencies)), of(rounds, |round| round.grown_mib));
            let pieces = rounds.iter().map(|round| round.pieces).sum::<usize>();
            lines +=
                &format!("{what:<24} booking p99 {p99:>6.2} ms, the file grew by {grown:.0} MiB, {pieces} pieces\n");
        }
        let all =
            |rounds: &[Round]| p99_ms(&rounds.iter().flat_map(|round| round.latencies.clone()).collect::<Vec<_>>());
        lines += &format!(
            "all rounds together      booking p99 {:>6.2} ms with a backup, {:.2} ms without\n",
            all(&with),
            all(&without)
        );
        let ratio = of(&with, |round| p99_ms(&round.latencies)) / of(&without, |round| p99_ms(&round.latencies));
        lines
            + &format!(
                "memory of the server     {:>6.0} MiB more at most\nbooking p99 with / without {ratio:>4.2}   goal <= 1.2\n",
                of(&with, |round| round.memory_mib)
            )
    }

    /// A load of so many pieces, one after the other.
    fn alone(&mut self, pieces: usize) -> Round {
        let before = self.length_mib();
        let latencies = (0..pieces).flat_map(|_| self.piece()).collect();
        Round { latencies, pieces, grown_mib: self.length_mib() - before, ..Round::default() }
    }

    /// A load beside a backup: the piece `first`, and every fifth from there on.
    fn beside_backup(&mut self, first: usize) -> Round {
        let process = self.city.process_id().to_string();
        let (before, memory) = (self.length_mib(), status_mib(&process, "VmRSS:"));
        forget_peak(&process);
        let running = self.back_up();
        let mut round = Round::default();
        let mut next = tokio::time::Instant::now() + PIECE * first as u32;
        loop {
            self.runtime.block_on(async {
                let mut looks = tokio::time::interval(Duration::from_millis(100));
                while tokio::time::Instant::now() < next && !running.is_finished() {
                    tokio::select! {
                        _ = looks.tick() => {}
                        () = tokio::time::sleep_until(next) => {}
                    }
                }
            });
            if running.is_finished() || round.pieces == PIECES_MAX {
                break;
            }
            round.latencies.extend(self.piece());
            round.pieces += 1;
            next += PIECE * ROUNDS as u32;
        }
        round.phases = running.join().expect("the backup succeeds");
        round.memory_mib = status_mib(&process, "VmHWM:") - memory;
        round.grown_mib = self.length_mib() - before;
        round
    }

    fn piece(&mut self) -> Vec<Duration> {
        let requests = self.crowd.bookings(PER_SECOND * PIECE.as_secs() as usize, &self.places);
        let load = open_load(self.city.public(), CONNECTIONS, &requests, PER_SECOND as f64, 201);
        self.runtime.block_on(load)
    }

    /// Begins a backup; gives its phases in the end, with how long each took, in seconds.
    fn back_up(&self) -> JoinHandle<Vec<(String, f64)>> {
        let mut command = self.city.command(["backup", "now", "--json"]).command();
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("a process");
        let said = BufReader::new(child.stderr.take().expect("it is piped"));
        std::thread::spawn(move || {
            let mut phases: Vec<(String, Instant)> = Vec::new();
            for line in said.lines().map_while(Result::ok) {
                phases.push((line.split_whitespace().next().unwrap_or_default().to_owned(), Instant::now()));
            }
            assert!(child.wait().expect("it ends").success(), "the backup succeeds");
            let ends: Vec<Instant> = phases.iter().skip(1).map(|(_, at)| *at).chain([Instant::now()]).collect();
            phases.into_iter().zip(ends).map(|((name, at), end)| (name, (end - at).as_secs_f64())).collect()
        })
    }

    fn length_mib(&self) -> f64 {
        fs::metadata(self.city.data().join("sesshu.redb")).expect("a store").len() as f64 / MIB
    }
}
