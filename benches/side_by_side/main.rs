//! Durable bookings a second of Sesshu beside what a city would otherwise use, on the same disk and in the same run:
//! `cargo bench -p sesshu-benches --bench side_by_side`. It needs Debian's packages postgresql and redis-server, and starts servers of
//! its own in temporary folders. `SESSHU_BENCH_FOLDER` names the disk.
//!
//! Everybody syncs: a booking counts once it would survive a power cut. Everybody takes turns for three runs; the table shows medians,
//! the spread, and how long this disk took for one fdatasync in those minutes. PostgreSQL and Redis are spoken to over Unix sockets by
//! their own load generators, Sesshu and bare axum over TCP by ours, all on this machine. A booking is the same thing for all: a person
//! who has none gets a place of a session that has room, and the places are counted down. Only Sesshu checks more than that
//! (eligibility, intervals, keys, an audit chain).

mod postgres;
mod programs;
mod redis;
mod table;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use sesshu_benches::bare_axum::{BareAxum, be_bare_axum_if_asked};
use sesshu_benches::crowd::{Crowd, open_sessions};
use sesshu_benches::engine_rush::{self, EngineRush};
use sesshu_benches::raw;
use sesshu_benches::rounds::rate;
use sesshu_benches::rush::{Requests, client_runtime, rush};
use sesshu_tests::{City, Place, report};
use tokio::runtime::Runtime;

use postgres::{Call, Postgres};
use redis::Redis;
use table::Table;

const RUNS: usize = 3;
/// Bookings of one measurement of Sesshu's.
const BOOKINGS: usize = 30_000;
/// What peers have too.
const CLIENTS: usize = 64;
/// What a rush has.
const CONNECTIONS: usize = 512;
const SESSIONS: usize = 200;
const SYNCS: usize = 1_000;
/// Rounds of the engine for one measurement.
const ENGINE_ROUNDS: u32 = 10;

fn main() {
    be_bare_axum_if_asked();
    let disk = std::env::var_os("SESSHU_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    let own = tempfile::tempdir_in(&disk).expect("a folder");
    let runtime = client_runtime();
    let mut city = Ours::open(&runtime, own.path());
    let mut engine = Engine::gather(own.path());
    let bare = BareAxum::start();
    let postgres = Postgres::start(&disk);
    let redis = Redis::start(&disk);
    let mut table = Table::default();
    // The first turn warms everything up, and is not counted.
    for run in 0..=RUNS {
        report(&format!("run {run} of {RUNS}{}", if run == 0 { " (to warm up)" } else { "" }));
        city.open_hot(&runtime, run);
        let mut turn = Vec::new();
        for (connections, sessions) in [(CLIENTS, 1), (CLIENTS, SESSIONS), (CONNECTIONS, 1), (CONNECTIONS, SESSIONS)] {
            turn.push((
                format!("Sesshu over HTTP, {}", seen(connections, sessions)),
                city.rate(&runtime, connections, sessions),
            ));
        }
        for connections in [CLIENTS, CONNECTIONS] {
            let name = format!("bare axum, the same POST, {connections} connections");
            turn.push((name, city.rate_of(&runtime, bare.address, connections)));
        }
        for (call, sessions) in [(Call::One, 1), (Call::One, SESSIONS), (Call::Many, 1), (Call::Many, SESSIONS)] {
            let name = format!("PostgreSQL, {} a call, {}", call.bookings(), seen(CLIENTS, sessions));
            turn.push((name, postgres.rate(call, CLIENTS, sessions)));
        }
        turn.push((format!("Redis, appendfsync always, {}", seen(CLIENTS, 1)), redis.rate(CLIENTS)));
        for at_once in [CLIENTS, CONNECTIONS] {
            let name = format!("Sesshu's engine without HTTP, {}", seen(at_once, SESSIONS));
            turn.push((name, engine.rate(at_once)));
        }
        if run > 0 {
            table.add(turn, raw::syncs(&disk, SYNCS));
        }
    }
    postgres.check();
    redis.check();
    let verified = city.city.verify();
    assert_eq!(verified["ok"], true, "{verified}");
    report(&format!("\n{table}"));
}

fn seen(connections: usize, sessions: usize) -> String {
    let sessions = if sessions == 1 { "one hot session".to_owned() } else { format!("{sessions} sessions") };
    format!("{connections} connections, {sessions}")
}

/// Sesshu.
struct Ours {
    city: City,
    crowd: Crowd,
    hot: Vec<Place>,
    many: Vec<Place>,
    /// What was asked for last: bare axum is asked for the same.
    last: Requests,
}

impl Ours {
    fn open(runtime: &Runtime, folder: &Path) -> Self {
        let residents = 2 + BOOKINGS * 4 * (RUNS + 1);
        let city = City::demo().residents(residents).data_in(folder).start();
        let many = runtime.block_on(open_sessions(&city, "計測", SESSIONS, 1));
        let crowd = runtime.block_on(Crowd::of(&city));
        Self { city, crowd, hot: Vec::new(), many, last: Requests::default() }
    }

    /// Opens the hot session of a run: it has room for 80,000.
    fn open_hot(&mut self, runtime: &Runtime, run: usize) {
        self.hot = runtime.block_on(open_sessions(&self.city, &format!("一か所{run}"), 1, 8));
    }

    /// Bookings a second.
    fn rate(&mut self, runtime: &Runtime, connections: usize, sessions: usize) -> f64 {
        let places = if sessions == 1 { &self.hot } else { &self.many };
        self.last = self.crowd.bookings(BOOKINGS, places);
        rate(BOOKINGS, runtime.block_on(rush(self.city.public(), connections, &self.last, 201)))
    }

    /// What another server makes of the requests that came last.
    fn rate_of(&self, runtime: &Runtime, server: SocketAddr, connections: usize) -> f64 {
        rate(BOOKINGS, runtime.block_on(rush(server, connections, &self.last, 201)))
    }
}

/// Sesshu's engine. Its callers are on a runtime with a thread for each core, as the server's are.
struct Engine {
    runtime: Runtime,
    rush: EngineRush,
}

impl Engine {
    fn gather(folder: &Path) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let rush = runtime.block_on(EngineRush::gather_in(folder));
        Self { runtime, rush }
    }

    fn rate(&mut self, at_once: usize) -> f64 {
        let at_once = u32::try_from(at_once).expect("not so many");
        let took =
            (0..ENGINE_ROUNDS).map(|_| self.runtime.block_on(self.rush.round(at_once, engine_rush::SESSIONS))).sum();
        rate((engine_rush::RESIDENTS * ENGINE_ROUNDS) as usize, took)
    }
}
