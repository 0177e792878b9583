//! Pages a second beside bare axum: `cargo bench -p sesshu-benches --bench pages`. Bare axum gives the very same answers, heads
//! and compressed bodies, from its memory; the same client asks both over the same number of connections, in turns, and the
//! table shows medians of five rounds after one to warm up. The client has a part in every request, which makes both look alike;
//! so the table also shows what each server itself spends on a request, in microseconds of a processor. Meanwhile somebody books twenty times a second, so that what is
//! rendered in advance is rendered anew all the time.

use std::sync::Arc;
use std::time::Duration;

use sesshu_benches::bare_axum::{BareAxum, Copy, be_bare_axum_if_asked};
use sesshu_benches::crowd::{Crowd, open_sessions};
use sesshu_benches::rounds::{ROUNDS, median, processor_time, rate};
use sesshu_benches::rush::{Requests, client_runtime, rush, to_path};
use sesshu_benches::wire::Wire;
use sesshu_tests::{Answer, City, Place, Request, report};
use tokio::runtime::Runtime;

const CONNECTIONS: usize = 64;
const REQUESTS: usize = 20_000;
/// Residents whose own pages are asked for; every second of them has a booking.
const PEOPLE: usize = 2_000;
/// People who book beside the measurement, one after the other.
const BOOKERS: usize = 6_000;
const BETWEEN_BOOKINGS: Duration = Duration::from_millis(50);
/// What a phone's browser sends.
const HEADERS: [(&str, &str); 4] = [
    (
        "user-agent",
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
    ),
    ("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    ("accept-encoding", "gzip, deflate, br"),
    ("accept-language", "ja,en-US;q=0.9,en;q=0.8"),
];

/// Who asks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskedBy {
    Nobody,
    Everybody,
    /// People without a booking: they have a choice.
    TheUnbooked,
}

impl AskedBy {
    /// The tokens of those who ask; every second of `people` has booked, the first among them.
    fn of(self, people: &[String]) -> Vec<&str> {
        let (skipped, step) = match self {
            Self::Nobody => return Vec::new(),
            Self::Everybody => (0, 1),
            Self::TheUnbooked => (1, 2),
        };
        people.iter().skip(skipped).step_by(step).map(String::as_str).collect()
    }
}

/// Something to measure.
struct Subject {
    what: &'static str,
    path: &'static str,
    asked_by: AskedBy,
    /// The ratio that is wanted; none for what is only shown.
    goal: Option<f64>,
}

const SUBJECTS: [Subject; 7] = [
    Subject { what: "top page", path: "/", asked_by: AskedBy::Nobody, goal: Some(0.70) },
    Subject { what: "top page, logged in", path: "/", asked_by: AskedBy::Everybody, goal: Some(0.40) },
    Subject {
        what: "availability, JSON",
        path: "/api/v1/sessions?dose=1",
        asked_by: AskedBy::Nobody,
        goal: Some(0.70),
    },
    Subject { what: "days, JSON", path: "/api/v1/days?dose=1", asked_by: AskedBy::Nobody, goal: Some(0.70) },
    Subject { what: "choice of a place", path: "/choose?dose=1", asked_by: AskedBy::TheUnbooked, goal: Some(0.40) },
    Subject {
        what: "choice of a pair",
        path: "/choose?dose=1&pair=1",
        asked_by: AskedBy::TheUnbooked,
        goal: Some(0.40),
    },
    Subject { what: "one's own bookings", path: "/my", asked_by: AskedBy::Everybody, goal: Some(0.40) },
];

fn main() {
    be_bare_axum_if_asked();
    let runtime = client_runtime();
    let city = City::demo().residents(2 + PEOPLE + BOOKERS).start();
    let places = runtime.block_on(open_sessions(&city, "計測", 2, 2));
    let mut crowd = runtime.block_on(Crowd::of(&city));
    let people = runtime.block_on(people(&city, &mut crowd, &places));
    // Cargo adds `--bench`; any other argument picks the subjects that have it in their name.
    let picked = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let subjects: Vec<(Subject, Answer)> = SUBJECTS
        .into_iter()
        .filter(|subject| subject.what.contains(&picked))
        .map(|subject| {
            let answer = runtime.block_on(ask(&city, &subject, &people, None)).expect(200);
            (subject, answer)
        })
        .collect();
    let copies: Vec<Copy> =
        subjects.iter().enumerate().map(|(number, (_, answer))| Copy::of(answer, &copy_path(number))).collect();
    let bare = BareAxum::start_with(&copies);
    let booker = runtime.spawn(book_beside(city.public(), crowd.bookings(BOOKERS, &places)));
    let mut table = format!(
        "{:<22} {:>6} {:>9} {:>9} {:>6}  {:>5} {:>8} {:>8} {:>6} {:>9}\n",
        "page", "bytes", "Sesshu/s", "bare/s", "ratio", "goal", "Sesshu us", "bare us", "ratio", "304/s"
    );
    for (number, (subject, answer)) in subjects.iter().enumerate() {
        let ours = requests(subject, &people, None);
        let theirs = to_path(&ours, &copy_path(number));
        let known = answer.header("etag").filter(|_| subject.asked_by == AskedBy::Nobody);
        let known = known.map(|_| known_rate(&runtime, &city, subject));
        let mut rates = [Vec::new(), Vec::new()];
        let mut costs = [Vec::new(), Vec::new()];
        for round in 0..=ROUNDS {
            let servers = [(city.public(), city.process_id(), &ours), (bare.address, bare.process_id(), &theirs)];
            for (server, (address, process, requests)) in servers.into_iter().enumerate() {
                let before = processor_time(process);
                let took = runtime.block_on(rush(address, CONNECTIONS, requests, 200));
                let spent = processor_time(process).saturating_sub(before);
                if round > 0 {
                    rates[server].push(rate(REQUESTS, took));
                    costs[server].push(spent.as_secs_f64() * 1e6 / REQUESTS as f64);
                }
            }
        }
        let ([own, others], [own_us, others_us]) = (rates.map(|all| median(&all)), costs.map(|all| median(&all)));
        table.push_str(&format!(
            "{:<22} {:>6} {own:>9.0} {others:>9.0} {:>6.2}  {:>5} {own_us:>9.1} {others_us:>8.1} {:>6.2} {:>9}\n",
            subject.what,
            answer.body.len(),
            own / others,
            subject.goal.map_or_else(String::new, |goal| format!("{goal:.2}")),
            others_us / own_us,
            known.map_or_else(String::new, |rate| format!("{rate:.0}")),
        ));
    }
    assert!(!booker.is_finished(), "somebody books until the end");
    booker.abort();
    report(&format!("\n{table}"));
}

fn copy_path(number: usize) -> String {
    format!("/copy/{number}")
}

/// The tokens of people, every second of whom has booked.
async fn people(city: &City, crowd: &mut Crowd, places: &[Place]) -> Arc<[String]> {
    let tokens = crowd.tokens(PEOPLE);
    let bodies: Vec<String> = places.iter().map(|place| place.dose(1).to_string()).collect();
    let book = |(index, token): (usize, &String)| sesshu_benches::crowd::booking(token, &bodies[index % bodies.len()]);
    let bookings: Requests = tokens.iter().enumerate().step_by(2).map(book).collect();
    rush(city.public(), CONNECTIONS, &bookings, 201).await;
    tokens.into()
}

/// One answer as the measured requests get it; with `known`, to somebody who has it.
async fn ask(city: &City, subject: &Subject, people: &[String], known: Option<&str>) -> Answer {
    let mut request =
        HEADERS.iter().fold(Request::new("GET", subject.path), |request, (name, value)| request.header(name, *value));
    if let Some(token) = subject.asked_by.of(people).first() {
        request = request.header("cookie", format!("sesshu={token}"));
    }
    if let Some(known) = known {
        request = request.header("if-none-match", known);
    }
    city.device().send(request).await
}

/// The requests of a round, by all `people` in turn.
fn requests(subject: &Subject, people: &[String], known: Option<&str>) -> Requests {
    let tokens = subject.asked_by.of(people);
    let request = |number: usize| {
        let mut text = format!("GET {} HTTP/1.1\r\nhost: sesshu.test\r\n", subject.path);
        for (name, value) in HEADERS {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if !tokens.is_empty() {
            text.push_str(&format!("cookie: sesshu={}\r\n", tokens[number % tokens.len()]));
        }
        if let Some(known) = known {
            text.push_str(&format!("if-none-match: {known}\r\n"));
        }
        text.push_str("\r\n");
        text.into_bytes().into()
    };
    (0..REQUESTS).map(request).collect()
}

/// How many a second hear that they have it already. `*` stands for any tag, as the page changes meanwhile; one real tag is tried
/// before.
fn known_rate(runtime: &Runtime, city: &City, subject: &Subject) -> f64 {
    let tag = runtime.block_on(ask(city, subject, &[], None)).header("etag").expect("a tag").to_owned();
    let answer = runtime.block_on(ask(city, subject, &[], Some(&tag)));
    assert!(matches!(answer.status, 200 | 304), "{}", answer.status);
    let requests = requests(subject, &[], Some("*"));
    let rates: Vec<f64> = (0..ROUNDS)
        .map(|_| rate(REQUESTS, runtime.block_on(rush(city.public(), CONNECTIONS, &requests, 304))))
        .collect();
    median(&rates)
}

/// Books again and again, beside the measurement.
async fn book_beside(server: std::net::SocketAddr, bookings: Requests) {
    let mut wire = Wire::open(server).await.expect("a connection");
    for booking in bookings.iter() {
        let answer = wire.exchange(booking).await.expect("an answer");
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(answer.body));
        tokio::time::sleep(BETWEEN_BOOKINGS).await;
    }
}
