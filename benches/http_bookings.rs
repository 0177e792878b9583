//! Durable bookings a second over HTTP, against bare axum in the same run: the same client, the same connections, the same
//! requests, sent to a handler that does nothing. The table at the end says where the goal (half of bare axum) stands.
//!
//! Every measured request is a booking that is durable when its answer comes. Between two measured rounds everybody cancels, which
//! is not measured. `SESSHU_BENCH_CLIENTS` sets the connections (64), `SESSHU_BENCH_RESIDENTS` the residents (1024): every login
//! costs its full price before the first round.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use criterion::{Criterion, Throughput};
use sesshu_tests::{City, Client, Place, PlannedSession, Request, report, switches, wait_until};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// A resident remembers so many requests; one more is refused as too many changes. The bench stays below it.
const ROUNDS_MAX: usize = 60;
const BARE_AXUM: &str = "--bare-axum";

/// Residents with their requests, shared out over the connections.
struct Crowd {
    lanes: Vec<Lane>,
    round: usize,
}

/// One connection and the people who use it in turn.
struct Lane {
    client: Client,
    people: Vec<Person>,
}

struct Person {
    token: String,
    place: Place,
    number: Option<String>,
}

impl Crowd {
    /// Everybody logged in, and places enough for all.
    async fn gather(city: &City, clients: usize, residents: usize) -> Self {
        let planned: Vec<PlannedSession> =
            (0..8).map(|index| PlannedSession::new(&format!("計測の会場{index}"), 30, residents)).collect();
        let sessions = city.open(&planned).await;
        let people = city.people(residents).await;
        let mut lanes: Vec<Lane> = (0..clients).map(|_| Lane { client: city.device(), people: Vec::new() }).collect();
        for (index, (_, client)) in people.into_iter().enumerate() {
            let place = sessions[index % sessions.len()].place(index / sessions.len() % 2);
            let token = client.token.expect("everybody is logged in");
            lanes[index % clients].people.push(Person { token, place, number: None });
        }
        Self { lanes, round: 0 }
    }

    fn len(&self) -> usize {
        self.lanes.iter().map(|lane| lane.people.len()).sum()
    }

    /// Everybody books once, at `server`. Gives how long it took from the first request to the last answer.
    async fn book(&mut self, server: SocketAddr) -> Duration {
        self.round += 1;
        let round = self.round;
        let mut lanes = JoinSet::new();
        let mut ready = Vec::new();
        for mut lane in self.lanes.drain(..) {
            lane.client = lane.client.moved_to(server);
            lane.client.connect().await.expect("a connection");
            ready.push(lane);
        }
        let start = Instant::now();
        for mut lane in ready {
            lanes.spawn(async move {
                for person in &mut lane.people {
                    lane.client.token = Some(person.token.clone());
                    let request = Request::new("POST", "/api/v1/bookings")
                        .key(format!("round-{round}"))
                        .json(&person.place.dose(1));
                    let answer = lane.client.send(request).await;
                    assert!(matches!(answer.status, 201 | 204), "{} {}", answer.status, answer.text());
                    if answer.status == 201 {
                        let number = answer.json()["bookings"][0]["number"].as_str().map(str::to_owned);
                        person.number = number;
                    }
                }
                lane
            });
        }
        while let Some(lane) = lanes.join_next().await {
            self.lanes.push(lane.expect("a lane"));
        }
        start.elapsed()
    }

    /// Everybody who has booked cancels.
    async fn cancel(&mut self) {
        let mut lanes = JoinSet::new();
        for mut lane in self.lanes.drain(..) {
            lanes.spawn(async move {
                for person in &mut lane.people {
                    if let Some(number) = person.number.take() {
                        lane.client.token = Some(person.token.clone());
                        lane.client.cancel(&number).await.expect(200);
                    }
                }
                lane
            });
        }
        while let Some(lane) = lanes.join_next().await {
            self.lanes.push(lane.expect("a lane"));
        }
    }
}

/// Bare axum in a process of its own, as the city is: ended with the bench.
struct BareAxum {
    process: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl BareAxum {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("address");
        let own = std::env::current_exe().expect("the bench itself");
        let process = Command::new(own).arg(BARE_AXUM).arg(&file).stdin(Stdio::piped()).spawn().expect("a process");
        let address = wait_until("bare axum serves", Duration::from_secs(10), || {
            std::fs::read_to_string(&file).ok()?.trim_end().strip_suffix(" ready")?.parse().ok()
        });
        Self { process, address, _folder: folder }
    }
}

impl Drop for BareAxum {
    fn drop(&mut self) {
        // It holds nothing that could be lost.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the process does that [`BareAxum::start`] starts: takes the same body and answers without doing anything.
fn serve_bare_axum(file: &str) {
    let router = Router::new().route("/api/v1/bookings", post(async |_body: Bytes| StatusCode::NO_CONTENT));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("an address");
    std::fs::write(file, format!("{address} ready")).expect("a file");
    Runtime::new().expect("a runtime").block_on(async {
        let server = axum_server::from_tcp(listener).expect("a server");
        server.serve(router.into_make_service()).await.expect("bare axum serves");
    });
}

/// Measures rounds of `crowd` at `server`; returns the median of their requests a second.
fn measure(criterion: &mut Criterion, name: &str, crowd: &mut Crowd, runtime: &Runtime, server: SocketAddr) -> f64 {
    let mut rates = Vec::new();
    let people = crowd.len();
    let mut group = criterion.benchmark_group("http");
    group.throughput(Throughput::Elements(1)).sample_size(10).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_secs(5));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            // A round is the smallest thing to measure; criterion counts single requests.
            assert!(rates.len() < ROUNDS_MAX, "nobody may change more often");
            let took = runtime.block_on(crowd.book(server));
            runtime.block_on(crowd.cancel());
            rates.push(people as f64 / took.as_secs_f64());
            took.mul_f64(iterations as f64 / people as f64)
        });
    });
    group.finish();
    median(&rates)
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let Some(at) = arguments.iter().position(|argument| argument == BARE_AXUM) {
        serve_bare_axum(arguments.get(at + 1).expect("the file for the address"));
        return;
    }
    let clients = switches::number("SESSHU_BENCH_CLIENTS", 64);
    let residents = switches::number("SESSHU_BENCH_RESIDENTS", 1024).max(clients);
    let runtime = Runtime::new().expect("a runtime");
    let city = City::demo().residents(residents).start();
    let bare = BareAxum::start();
    let mut crowd = runtime.block_on(Crowd::gather(&city, clients, residents));
    let mut criterion = Criterion::default().configure_from_args();
    let axum_rate = measure(&mut criterion, "bare axum", &mut crowd, &runtime, bare.address);
    let booking_rate = measure(&mut criterion, "durable bookings", &mut crowd, &runtime, city.public());
    criterion.final_summary();
    let verified = city.verify();
    report(&format!(
        "\n{clients} connections, {residents} residents, median of the rounds\n\
         bare axum         {axum_rate:>8.0} /s\n\
         durable bookings  {booking_rate:>8.0} /s\n\
         ratio             {:>8.2}   (goal: 0.50)\n\
         verify            {}",
        booking_rate / axum_rate,
        if verified["ok"] == true { "ok" } else { "FAILED" }
    ));
}
