//! The goals that show over HTTP, each as a ratio of two things measured in turns in the same run, medians of five rounds:
//! `cargo bench -p sesshu-benches --bench goals`. With the argument `million` it measures the city of a million residents and a
//! million bookings instead; with names of [`GOALS`], those alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sesshu_benches::bare_axum::{BareAxum, be_bare_axum_if_asked};
use sesshu_benches::crowd::{Crowd, login_requests, open_sessions};
use sesshu_benches::million::{self, filled_as_asked};
use sesshu_benches::open_model::open_load;
use sesshu_benches::raw;
use sesshu_benches::rounds::{ROUNDS, median, p99_ms, rate};
use sesshu_benches::rush::{Requests, client_runtime, rush};
use sesshu_benches::versus::{self, Versus};
use sesshu_benches::wire::Wire;
use sesshu_tests::{City, Place, report};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// Connections of a rush and of an open load.
const CONNECTIONS: usize = 512;
/// Logins in flight: enough to keep every core hashing.
const LOGINS_AT_ONCE: usize = 8;
const STEADY_BOOKINGS_PER_SECOND: usize = 500;
const SECONDS: usize = 3;
const COMMITS: u64 = 500;
/// How often it is looked whether the fold has ended, at most.
const FOLDED_LOOKS_MAX: usize = 600;
/// Residents that all goals together use up, and some more.
const RESIDENTS: usize = 1_000_000;

/// Measures a goal, or several; gives their lines.
type Measure = fn(&mut Goals) -> String;
/// The goals by name; `half-peak` needs the peak that `axum` finds.
const GOALS: [(&str, Measure); 5] = [
    ("fold", Goals::fold),
    ("axum", Goals::versus_bare_axum),
    ("hot", Goals::hot_session),
    ("half-peak", Goals::latency_at_half_peak),
    ("logins", Goals::logins),
];

fn main() {
    be_bare_axum_if_asked();
    if filled_as_asked() {
        return;
    }
    let runtime = client_runtime();
    let table = if std::env::args().any(|argument| argument == "million") {
        million_lines(&million::measure(&runtime))
    } else {
        let mut goals = Goals::begin(runtime);
        let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
        for (name, goal) in GOALS {
            if asked.is_empty() || asked.iter().any(|asked| asked == name) {
                if name != "fold" {
                    goals.runtime.block_on(folded(&goals.city));
                }
                report(&goal(&mut goals));
            }
        }
        let verified = goals.city.verify();
        line("verify finds problems", if verified["ok"] == true { 0.0 } else { 1.0 }, "0")
    };
    report(&format!("\n{table}"));
}

fn line(what: &str, value: f64, goal: &str) -> String {
    format!("{what:<64} {value:>10.2}   goal {goal}\n")
}

fn million_lines(found: &million::Found) -> String {
    line("restart after kill -9 to the first booking, s", found.restart.as_secs_f64(), "<= 5")
        + &line("memory for each of 1,000,000 residents, bytes", found.resident_bytes, "<= 1024")
        + &line("memory for each of 1,000,000 bookings, bytes", found.booking_bytes, "<= 1024")
}

/// Waits until the tables have what the making of the city left in the journal: no city opens its booking in the minute after it
/// imported its roll.
async fn folded(city: &City) {
    let mut ops = city.device().moved_to(city.ops());
    let mut looks = tokio::time::interval(Duration::from_millis(200));
    for _ in 0..FOLDED_LOOKS_MAX {
        looks.tick().await;
        if lag(&ops.get("/metrics").await.text()) == 0 {
            return;
        }
    }
    panic!("the fold does not end");
}

/// How many records lag in the tables, as the metrics say it.
fn lag(metrics: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix("sesshu_ledger_fold_lag "));
    line.and_then(|number| number.trim().parse().ok()).expect("the fold's lag is a metric")
}

struct Goals {
    runtime: Runtime,
    city: City,
    crowd: Crowd,
    /// Many sessions with room for everybody.
    places: Vec<Place>,
    /// The bookings a second that the rushes reached.
    peak: f64,
}

impl Goals {
    fn begin(runtime: Runtime) -> Self {
        let city = City::demo().residents(RESIDENTS).start();
        let places = runtime.block_on(open_sessions(&city, "計測", 200, 1));
        let crowd = runtime.block_on(Crowd::of(&city));
        Self { runtime, city, crowd, places, peak: 0.0 }
    }

    /// Right after its making the city's tables lag by more than half a million records, so that the fold is written beside the
    /// batches; then nothing lags.
    fn fold(&mut self) -> String {
        let metrics = |goals: &Self| {
            let mut ops = goals.city.device().moved_to(goals.city.ops());
            lag(&goals.runtime.block_on(ops.get("/metrics")).text())
        };
        let before = metrics(self);
        let with = self.p99_of_rounds();
        let after = metrics(self);
        self.runtime.block_on(folded(&self.city));
        let without = self.p99_of_rounds();
        format!(
            "records that lag {before}, then {after}; booking p99 with the fold {with:.2} ms, without {without:.2} ms\n"
        ) + &line("booking p99 with the fold / without", with / without, "<= 1.2")
    }

    fn p99_of_rounds(&mut self) -> f64 {
        let rounds: Vec<f64> =
            (0..ROUNDS).map(|_| p99_ms(&self.open_load(STEADY_BOOKINGS_PER_SECOND as f64))).collect();
        median(&rounds)
    }

    fn versus_bare_axum(&mut self) -> String {
        let bare = BareAxum::start();
        let mut lines = String::new();
        for connections in [64, CONNECTIONS] {
            let versus = Versus { city: self.city.public(), bare: bare.address, connections };
            let rates = versus.measure(&self.runtime, &mut self.crowd, &self.places);
            self.peak = self.peak.max(rates.bookings);
            lines += &format!("bookings {:.0} /s, bare axum {:.0} /s\n", rates.bookings, rates.bare_json);
            let what = format!("durable bookings / bare axum's same POST, {connections} connections");
            lines += &line(&what, rates.bookings / rates.bare_json, ">= 0.50");
        }
        lines
    }

    fn hot_session(&mut self) -> String {
        let hot = self.runtime.block_on(open_sessions(&self.city, "一か所", 1, 8));
        let places = self.places.clone();
        let (mut one, mut many) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            one.push(self.rush(&hot));
            many.push(self.rush(&places));
        }
        line("one hot session / 200 sessions", median(&one) / median(&many), ">= 0.90")
    }

    fn rush(&mut self, places: &[Place]) -> f64 {
        let requests = self.crowd.bookings(versus::BOOKINGS, places);
        rate(requests.len(), self.runtime.block_on(rush(self.city.public(), CONNECTIONS, &requests, 201)))
    }

    fn latency_at_half_peak(&mut self) -> String {
        let per_second = self.peak / 2.0;
        let bare = BareAxum::start();
        let (mut ours, mut disk, mut busy_disk) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            let requests = self.crowd.bookings(per_second as usize * SECONDS, &self.places);
            let load = |server| open_load(server, CONNECTIONS, &requests, per_second, 201);
            ours.push(p99_ms(&self.runtime.block_on(load(self.city.public()))));
            disk.push(p99_ms(&raw::commits(self.city.files(), COMMITS)));
            // A machine that is as busy, though nobody books.
            let folder = self.city.files().to_owned();
            let committing = std::thread::spawn(move || raw::commits(&folder, COMMITS));
            self.runtime.block_on(load(bare.address));
            busy_disk.push(p99_ms(&committing.join().expect("commits")));
        }
        let (ours, disk, busy_disk) = (median(&ours), median(&disk), median(&busy_disk));
        format!("at {per_second:.0} bookings/s p99 {ours:.2} ms; one-row commit p99 {disk:.2} ms, ")
            + &format!("{busy_disk:.2} ms while bare axum is asked as often\n")
            + &line("p99 of acknowledgement / p99 of a one-row commit", ours / disk, "<= 3")
    }

    fn open_load(&mut self, per_second: f64) -> Vec<Duration> {
        let requests = self.crowd.bookings(per_second as usize * SECONDS, &self.places);
        self.runtime.block_on(open_load(self.city.public(), CONNECTIONS, &requests, per_second, 201))
    }

    fn logins(&mut self) -> String {
        let requests = login_requests(&self.city, 512);
        let (mut logins, mut hashes, mut with, mut without) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            hashes.push(raw::hashes_per_second(Duration::from_secs(SECONDS as u64)));
            without.push(p99_ms(&self.open_load(STEADY_BOOKINGS_PER_SECOND as f64)));
            let (rate, latencies) = self.bookings_beside_logins(&requests);
            logins.push(rate);
            with.push(p99_ms(&latencies));
        }
        let (with, without) = (median(&with), median(&without));
        format!("logins {:.0} /s, raw argon2 {:.0} /s; ", median(&logins), median(&hashes))
            + &format!("booking p99 with logins {with:.2} ms, without {without:.2} ms\n")
            + &line("logins / raw argon2, beside 500 bookings/s", median(&logins) / median(&hashes), ">= 0.95")
            + &line("booking p99 with logins / without", with / without, "<= 2")
    }

    /// Logins a second, and the latencies of the bookings meanwhile.
    fn bookings_beside_logins(&mut self, logins: &Requests) -> (f64, Vec<Duration>) {
        let per_second = STEADY_BOOKINGS_PER_SECOND;
        let bookings = self.crowd.bookings(per_second * SECONDS, &self.places);
        let server = self.city.public();
        self.runtime.block_on(async {
            let (end, next) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
            let mut lanes = JoinSet::new();
            let started = Instant::now();
            for _ in 0..LOGINS_AT_ONCE {
                let mut wire = Wire::open(server).await.expect("a connection");
                let (logins, end, next) = (Arc::clone(logins), Arc::clone(&end), Arc::clone(&next));
                lanes.spawn(async move {
                    while !end.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed) % logins.len();
                        let answer = wire.exchange(&logins[index]).await.expect("an answer");
                        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(answer.body));
                    }
                });
            }
            let latencies = open_load(server, CONNECTIONS, &bookings, per_second as f64, 201).await;
            end.store(true, Ordering::Relaxed);
            lanes.join_all().await;
            (rate(next.load(Ordering::Relaxed), started.elapsed()), latencies)
        })
    }
}
