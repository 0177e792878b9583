//! What it costs to send somebody away, beside bare axum's answer to the same POST: `cargo bench -p sesshu-benches --bench refusals`.
//! The guard of the residents' listener is served by itself, with bounds that let nobody in, in a process of its own as bare axum is.
//! The same client asks both over the same connections, in turns; the table shows the processor time of a request, medians of five
//! rounds after one to warm up.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sesshu_benches::bare_axum::{BareAxum, be_bare_axum_if_asked};
use sesshu_benches::rounds::{ROUNDS, median, processor_time};
use sesshu_benches::rush::{Requests, client_runtime, rush};
use sesshu_engine::core::setup::Rules;
use sesshu_engine::{EngineConfig, FREE_DISK_FLOOR_BYTES};
use sesshu_http::{Auth, Guard, Load, LoadLimits, PublicConfig, ServeOptions, public_router, serve};
use sesshu_tests::{report, wait_until};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ARGUMENT: &str = "--refusing";
const CONNECTIONS: usize = 64;
const REQUESTS: usize = 20_000;
const GOAL: f64 = 1.2;

fn main() {
    be_bare_axum_if_asked();
    refuse_if_asked();
    let (runtime, bare, city) = (client_runtime(), BareAxum::start(), Refusing::start());
    let body = r#"{"session":"12","slot":"3","dose":1}"#;
    let post = |path: &str| -> Requests {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nidempotency-key: k-1\r\n\
             accept-language: ja,en-US;q=0.9,en;q=0.8\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            "A".repeat(80),
            body.len()
        );
        (0..REQUESTS).map(|_| request.clone().into_bytes().into()).collect()
    };
    let get = "GET /login HTTP/1.1\r\nhost: x\r\naccept-language: ja,en-US;q=0.9,en;q=0.8\r\n\
               accept: text/html,application/xhtml+xml\r\n\r\n";
    let get: Requests = (0..REQUESTS).map(|_| get.as_bytes().into()).collect();
    let (booking, login) = (post("/api/v1/bookings"), post("/api/v1/login"));
    let subjects = [
        ("bare axum, a booking's JSON", bare.process_id(), bare.address, &booking, 201),
        ("a booking that is sent away", city.process.id(), city.address, &booking, 503),
        ("a login that is sent away", city.process.id(), city.address, &login, 503),
        ("a page that is sent away", city.process.id(), city.address, &get, 503),
    ];
    let mut costs: [Vec<f64>; 4] = Default::default();
    for round in 0..=ROUNDS {
        for ((_, process, address, requests, status), costs) in subjects.iter().zip(&mut costs) {
            let before = processor_time(*process);
            runtime.block_on(rush(*address, CONNECTIONS, requests, *status));
            let used = processor_time(*process).saturating_sub(before);
            if round > 0 {
                costs.push(used.as_secs_f64() * 1_000_000.0 / REQUESTS as f64);
            }
        }
    }
    let costs = costs.map(|costs| median(&costs));
    let lines = subjects.iter().zip(costs).map(|((what, ..), cost)| {
        format!("{what:<28} {cost:>6.1} µs of a processor   ratio {:.2} (goal: {GOAL:.2})\n", cost / costs[0])
    });
    report(&format!("\n{}", lines.collect::<String>()));
}

/// The process that sends everybody away; ended when dropped.
struct Refusing {
    process: Child,
    address: SocketAddr,
    _folder: TempDir,
}

impl Refusing {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let own = std::env::current_exe().expect("the bench itself");
        let process = Command::new(own).arg(ARGUMENT).arg(folder.path()).stdin(Stdio::null()).spawn();
        let process = process.expect("a process");
        let address = wait_until("it serves", Duration::from_secs(20), || {
            let text = std::fs::read_to_string(folder.path().join("address")).ok()?;
            text.strip_suffix(" ready")?.parse().ok()
        });
        Self { process, address, _folder: folder }
    }
}

impl Drop for Refusing {
    fn drop(&mut self) {
        // What it holds is thrown away.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends everybody away, for ever, if the process was started to do so.
fn refuse_if_asked() {
    let mut arguments = std::env::args().skip_while(|argument| argument != ARGUMENT).skip(1);
    if let Some(folder) = arguments.next() {
        Runtime::new().expect("a runtime").block_on(refuse(folder.into()));
    }
}

async fn refuse(folder: std::path::PathBuf) {
    let engine = EngineConfig {
        folder: folder.clone(),
        mark: None,
        rules: Rules::default(),
        vaccines: Vec::new(),
        hashing: sesshu_engine::roll::PasswordHashParams::default(),
        free_disk_floor_bytes: FREE_DISK_FLOOR_BYTES,
        waiting_room: sesshu_engine::core::pace::WaitingRules::default(),
    };
    engine.create().expect("a new store");
    let engine = engine.start().await.expect("the engine starts");
    let nobody = LoadLimits { requests_in_flight_min: 0, requests_in_flight_max: 0, ..LoadLimits::default() };
    let config = PublicConfig { load: Load::new(nobody), ..PublicConfig::default() };
    let auth = Arc::new(Auth::new(&[7; 32], config.login_queue));
    let guard = Some(Guard::new(engine.clone(), Arc::clone(&auth), &config));
    let router = public_router(engine, auth, config);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("an address");
    std::fs::write(folder.join("address"), format!("{address} ready")).expect("a file");
    let options = ServeOptions { guard, ..ServeOptions::default() };
    serve(listener, router, options, std::future::pending()).await.expect("it serves");
}
