//! The rush: what is left of the server when more people come than it can serve, and how soon it is itself again.
//! `cargo bench -p sesshu-benches --bench rush`; `SESSHU_RUSH_SECONDS=4` makes every phase shorter, for a quick look.
//! `SESSHU_BENCH_FOLDER` names the disk.
//!
//! Server and generator have a core each. The unit is the *journey*: log in, look, hold, book; its rate when 16 people are there at any
//! time is the peak, 1×. Then people come at multiples of it, whether or not the server keeps up. Whoever is refused comes back when
//! told to, with their ticket, and counts as one who comes. Connections are kept alive, the same number in every phase, each from a
//! network of its own.

mod arrivals;
mod cost;
mod person;
mod tally;
mod trouble;

use std::path::Path;
use std::time::{Duration, Instant};

use sesshu_benches::bare_axum::be_bare_axum_if_asked;
use sesshu_benches::cores;
use sesshu_benches::crowd::OPEN_SESSIONS_IN_DAYS;
use sesshu_benches::rounds::{p99_ms, processor_time};
use sesshu_benches::rush::client_runtime;
use sesshu_tests::memory::{forget_peak, status_mib};
use sesshu_tests::{City, clock, report, switches};

use arrivals::{Arrivals, Pace};
use cost::Cost;
use person::{Person, Wish};
use tally::Tally;

/// Who can come on foot, with their passwords; the others' tokens are sealed.
const VISITORS: usize = 130_000;
const RESIDENTS: usize = VISITORS + cost::RESIDENTS;
/// There at any time when the peak is measured: enough to keep a core at work, and few enough that nobody is told to wait.
const AT_ONCE: usize = 16;
/// The loads, as multiples of the peak, with the share of the peak that must be left.
const LOADS: [(f64, f64); 3] = [(10.0, 0.95), (70.0, 0.9), (100.0, 0.8)];
/// Where the server runs, and where everything else does.
const SERVER_CORE: usize = 0;
const OUR_CORE: usize = 1;

fn main() {
    be_bare_axum_if_asked();
    assert!(cores::are_two(), "server and generator need a core each");
    raise_open_files();
    let began = Instant::now();
    let mut rush = Rush::begin();
    let mut table = rush.overload();
    report(&table);
    table += &trouble::table(&mut rush);
    drop(rush.arrivals.take());
    table += &rush.cost.many_sessions(&rush.city);
    let verified = rush.city.verify();
    table += &line("verify finds problems", if verified["ok"] == true { 0.0 } else { 1.0 }, "0");
    report(&format!("\n{table}it took {:.0} s", began.elapsed().as_secs_f64()));
}

/// A line of the table.
fn line(what: &str, value: f64, goal: &str) -> String {
    format!("{what:<68} {value:>9.3}   goal {goal}\n")
}

/// Thousands of connections need as many open files, here and at the server.
fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the limit of open files rises to its maximum");
}

/// How long things last.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    phase: Duration,
    warm: Duration,
    flood: Duration,
    stall: Duration,
}

impl Lengths {
    fn from_switches() -> Self {
        let phase = switches::number("SESSHU_RUSH_SECONDS", 20);
        let seconds = |number: usize| Duration::from_secs(number as u64);
        Self {
            phase: seconds(phase),
            warm: seconds(phase.div_ceil(2)),
            flood: seconds(phase * 3),
            stall: seconds(phase * 3 / 2),
        }
    }
}

/// What the bench has.
struct Rush {
    city: City,
    /// None once nobody comes any more.
    arrivals: Option<Arrivals>,
    cost: Cost,
    lengths: Lengths,
    /// Journeys a second.
    peak: f64,
}

/// What a phase brought.
struct Phase {
    tally: Tally,
    lasting: Duration,
    /// The processor time of the server, and of its residents' threads.
    processor: Duration,
    public: Duration,
    /// The most memory that it had, in MiB.
    memory_mib: f64,
}

impl Rush {
    fn begin() -> Self {
        cores::pin_to(SERVER_CORE);
        let mut builder = City::demo().residents(RESIDENTS);
        if let Some(folder) = std::env::var_os("SESSHU_BENCH_FOLDER") {
            builder = builder.data_in(Path::new(&folder));
        }
        let mut city = builder.start();
        // After a restart people find it where it was.
        city.keep_addresses();
        let cost = Cost::begin(&city, VISITORS);
        cores::pin_to(OUR_CORE);
        let mut sessions = client_runtime().block_on(city.sessions(1));
        // A day with a thousand sessions is no list that anybody looks at.
        let crowded = clock::date_in(OPEN_SESSIONS_IN_DAYS);
        sessions.retain(|session| session.0["date"] != *crowded);
        let wishes = Wish::all_of(&sessions);
        let people = (0..VISITORS).map(|nth| Person::new(city.resident(), wishes[nth % wishes.len()].clone()));
        let arrivals = Some(Arrivals::of(people.collect(), city.public()));
        Self { city, arrivals, cost, lengths: Lengths::from_switches(), peak: 0.0 }
    }

    fn arrivals(&self) -> &Arrivals {
        self.arrivals.as_ref().expect("people still come")
    }

    /// The goals of goodput, latency, memory and the cost of a refusal.
    fn overload(&mut self) -> String {
        let peak = self.phase("the peak", Pace::AtOnce(AT_ONCE));
        self.peak = peak.tally.goodput(peak.lasting);
        let login_us = micros(peak.processor) / peak.tally.booked.len() as f64;
        let once = self.phase("1x", Pace::PerSecond(self.peak));
        let mut lines = format!("the peak is {:.1} journeys a second, a login costs {login_us:.0} us\n", self.peak);
        let (mut most, mut most_memory_mib, mut refusal_us) = (0.0, f64::NAN, f64::NAN);
        for (multiple, share) in LOADS {
            most = self.peak * multiple;
            let phase = self.phase(&format!("{multiple}x"), Pace::PerSecond(most));
            let kept = phase.tally.goodput(phase.lasting) / self.peak;
            let p99_s = p99_ms(&phase.tally.accepted) / 1_000.0;
            lines += &line(&format!("goodput at {multiple}x / peak"), kept, &format!(">= {share}"));
            lines += &line(&format!("p99 of the accepted at {multiple}x, s"), p99_s, "<= 1");
            refusal_us = micros(phase.public) / phase.tally.answers() as f64;
            most_memory_mib = phase.memory_mib;
        }
        lines += &line("memory at 100x / memory at 1x", most_memory_mib / once.memory_mib, "<= 1.2");
        let posts = self.cost.for_bare(most, self.lengths.warm);
        let bare_us = self.cost.bare_post_us(&posts, most);
        // As the refusals were: on a core whose caches belong to whoever hashes.
        self.arrivals().set(Pace::AtOnce(AT_ONCE));
        let bare_beside_us = self.cost.bare_post_us(&posts, most);
        self.arrivals().set(Pace::Nobody);
        let bare = format!("bare axum's POST {bare_us:.1} us, {bare_beside_us:.1} us beside logins");
        report(&format!("a refusal costs {refusal_us:.1} us, {bare}"));
        lines
            + &line("CPU of a refusal / bare axum's POST", refusal_us / bare_us, "<= 1.2")
            + &line("CPU of a refusal / bare axum's POST, both beside logins", refusal_us / bare_beside_us, "<= 1.2")
            + &line("CPU of a refusal / a login", refusal_us / login_us, "<= 0.01")
    }

    /// Lets people come at `pace`, first for a while that is not measured. Whoever was sent away in a phase comes back in the next one.
    fn phase(&self, name: &str, pace: Pace) -> Phase {
        let (arrivals, server) = (self.arrivals(), self.city.process_id());
        arrivals.set(pace);
        wait(self.lengths.warm);
        forget_peak(&server.to_string());
        let before = (processor_time(server), cost::public_time(server));
        let (_, began) = (arrivals.take(), Instant::now());
        wait(self.lengths.phase);
        let (tally, lasting) = (arrivals.take(), began.elapsed());
        let phase = Phase {
            processor: processor_time(server).saturating_sub(before.0),
            public: cost::public_time(server).saturating_sub(before.1),
            memory_mib: status_mib(&server.to_string(), "VmHWM:"),
            tally,
            lasting,
        };
        report(&format!("{name}: {}; {:.0} MiB", phase.tally.said(lasting), phase.memory_mib));
        arrivals.set(Pace::Nobody);
        phase
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}

/// A phase lasts as long as it lasts.
#[allow(clippy::disallowed_methods, reason = "what is measured is a rate over time")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}
