//! The public listener: every request gets an answer of the documented kind, in its form, that gives nobody's data away and never
//! repeats what was sent unescaped; over the router itself, and as raw bytes on a connection.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use sesshu_engine::EngineHandle;
use sesshu_engine::clock::ManualClock;
use sesshu_http::{
    AddressHeader, Auth, ConnectionLimits, PublicConfig, ServeOptions, TrustedProxy, public_router, serve,
};
use sesshu_tests::report;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tower::ServiceExt;

use crate::city::{self, Person};
use crate::driver::Target;

const STATUSES: &[u16] = &[200, 201, 204, 303, 304, 400, 401, 403, 404, 405, 408, 409, 413, 429, 503];
/// What the HTTP library itself may answer to bytes that are no request of ours.
const STATUSES_RAW: &[u16] = &[100, 414, 431];
const CODES: &[&str] = &[
    "invalid",
    "invalid_credentials",
    "login_required",
    "too_many_attempts",
    "cross_site",
    "not_found",
    "method_not_allowed",
    "too_large",
    "too_slow",
    "key_reused",
    "no_such_booking",
    "no_such_hold",
    "too_late",
    "no_such_slot",
    "not_open",
    "closed",
    "not_eligible",
    "already_booked",
    "interval",
    "full",
    "queued",
    "busy",
    "unavailable",
];
const ANSWER_BYTES_MAX: usize = 2 << 20;
const PROBLEM_BYTES_MAX: usize = 4 << 10;
/// The clock moves on with each request, so that holds end and delays pass.
const MS_PER_REQUEST: u32 = 500;
const WORDS: &[&str] = &[
    "GET ",
    "POST ",
    "PUT ",
    "DELETE ",
    "HEAD ",
    "OPTIONS ",
    "/api/v1/",
    "/api/v1/bookings",
    "/api/v1/sessions?dose=1",
    "/choose?dose=1",
    "/change/",
    "/cancel/",
    "/login?next=",
    "?lang=en",
    "&lang=ja-easy",
    "&furigana=on",
    "&text=large",
    "/my/{number}",
    "/calendar.ics",
    "/contact",
    "/wait?back=/choose%3Fdose%3D1",
    "/draw",
    "/api/v1/queue",
    "&",
    "{token}",
    "{number}",
    "{foreign}",
    "{hold}",
    "{id}",
    "{password}",
    "{key}",
    "\nAuthorization: Bearer {token}",
    "\nCookie: sesshu={token}",
    "\nCookie: __Host-sesshu={token}; sesshu-lang=en",
    "\nCookie: sesshu-device=AAAA",
    "\nContent-Type: application/json",
    "\nContent-Type: application/x-www-form-urlencoded",
    "\nIdempotency-Key: {key}",
    "\nOrigin: http://evil.example",
    "\nSec-Fetch-Site: cross-site",
    "\nX-Forwarded-Proto: https",
    "\nX-Forwarded-For: 203.0.113.9, 198.51.100.7",
    "\nX-Forwarded-For: ::ffff:1.2.3.4",
    "\nAccept-Language: en;q=0.5, ja;q=NaN",
    "\nAccept-Encoding: gzip",
    "\nIf-None-Match: *",
    "\nContent-Length: 5",
    "\nExpect: 100-continue",
    "\nTransfer-Encoding: chunked",
    "\nConnection: close",
    "\n\n",
    "\"session\":",
    "\"slot\":",
    "\"dose\":",
    "\"bookings\":[",
    "\"changes\":",
    "null",
    "true",
    "[",
    "]",
    "{",
    "}",
    "\\u0000",
    "\\ud800",
    "place=1-0-1,2-0-2",
    "&second=2-0-2",
    "&pair=1",
    "&back=/choose?dose=1",
    "contact=taro@example.jp",
    "&consent=yes",
    "place=1-0-1",
    "key={key}",
    "number={number}",
    "%3Czq%3E",
    "%22%27%3E%3Czq%3E",
    "//evil.example",
    "/\\evil.example",
    "javascript:",
];

#[test]
fn every_request_is_answered_as_documented() {
    let target = Target { name: "requests", words: WORDS, runs: 20_000 };
    if target.is_chosen() {
        let mut city = City::open();
        target.hold(|bytes| city.ask(bytes));
        city.close();
    }
}

#[test]
fn any_bytes_on_a_connection_are_answered_or_closed() {
    let target = Target { name: "connection", words: WORDS, runs: 5_000 };
    if target.is_chosen() {
        let mut city = City::open();
        let served = Served::start(&city);
        target.hold(|bytes| served.send(&mut city, bytes));
        served.stop(&city);
        city.close();
    }
}

struct City {
    runtime: Runtime,
    engine: EngineHandle,
    clock: Arc<ManualClock>,
    router: Router,
    own: Person,
    other: Person,
    token: String,
    /// The latest booking and hold of our own.
    number: String,
    hold: String,
    /// Somebody else's booking, which must stand at the end.
    foreign: String,
    requests: u32,
    /// How often each status was the answer: said at the end, so that one sees how far the inputs come.
    statuses: BTreeMap<u16, u32>,
    folder: TempDir,
}

impl City {
    fn open() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let runtime = Runtime::new().expect("a runtime");
        let (engine, clock, [own, other]) = runtime.block_on(city::open(folder.path()));
        let proxy = TrustedProxy {
            peers: vec![Ipv4Addr::LOCALHOST.into()],
            address_header: AddressHeader::XForwardedFor,
            origin: Some("https://yoyaku.example".to_owned()),
        };
        let config = PublicConfig { trusted_proxy: Some(proxy), login_minutes: 1_440, ..PublicConfig::default() };
        let router = public_router(engine.clone(), Arc::new(Auth::new(&[7; 32], config.login_queue)), config);
        let unknown = String::new;
        let (token, number, hold, foreign) = (unknown(), unknown(), unknown(), unknown());
        let mut city = Self {
            runtime,
            engine,
            clock,
            router,
            own,
            other,
            token,
            number,
            hold,
            foreign,
            requests: 0,
            statuses: BTreeMap::new(),
            folder,
        };
        let others = city.log_in(&city.other);
        let place = r#"{"session":"1","slot":"0","dose":1}"#;
        city.foreign = city.change("/api/v1/bookings", &others, place)["bookings"][0]["number"].to_string();
        city.foreign = city.foreign.replace('"', "");
        city.renew();
        city
    }

    /// Logs in again and books what lacks, so that placeholders name something.
    fn renew(&mut self) {
        self.token = self.log_in(&self.own);
        let hold = self.change("/api/v1/holds", &self.token, r#"{"session":"3","slot":"1","dose":1}"#);
        hold["hold"].as_str().unwrap_or("0000000000000000").clone_into(&mut self.hold);
        let booked = self.change("/api/v1/bookings", &self.token, r#"{"session":"2","slot":"1","dose":1}"#);
        if let Some(number) = booked["bookings"][0]["number"].as_str() {
            number.clone_into(&mut self.number);
        }
    }

    fn log_in(&self, person: &Person) -> String {
        let body = serde_json::json!({ "id": person.id, "password": person.password }).to_string();
        let granted = self.change("/api/v1/login", "", &body);
        granted["token"].as_str().expect("a login is granted").to_owned()
    }

    fn change(&self, path: &str, token: &str, body: &str) -> serde_json::Value {
        let request = Request::post(path)
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {token}"))
            .header("idempotency-key", format!("own-{}", self.requests));
        let (_, _, body) = self.answer(request.body(Body::from(body.to_owned())).expect("a request"));
        serde_json::from_slice(&body).expect("JSON")
    }

    fn answer(&self, mut request: Request<Body>) -> (StatusCode, HeaderMap, Vec<u8>) {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 4_000))));
        self.runtime.block_on(async {
            let Ok(answer) = self.router.clone().oneshot(request).await;
            let (parts, body) = answer.into_parts();
            let body = to_bytes(body, ANSWER_BYTES_MAX).await.expect("a bounded body");
            (parts.status, parts.headers, body.into())
        })
    }

    /// `bytes` with the names of placeholders replaced by what they name now.
    fn filled(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.requests += 1;
        self.clock.advance_ms(MS_PER_REQUEST);
        let key = format!("key-{}", self.requests % 97);
        let values = [
            ("{token}", &self.token),
            ("{number}", &self.number),
            ("{foreign}", &self.foreign),
            ("{hold}", &self.hold),
            ("{id}", &self.own.id),
            ("{password}", &self.own.password),
            ("{key}", &key),
        ];
        let mut filled = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((&first, after)) = rest.split_first() {
            if let Some((name, value)) = values.iter().find(|(name, _)| rest.starts_with(name.as_bytes())) {
                filled.extend(value.as_bytes());
                rest = &rest[name.len()..];
            } else {
                filled.push(first);
                rest = after;
            }
        }
        filled
    }

    fn ask(&mut self, bytes: &[u8]) {
        let filled = self.filled(bytes);
        let Some(request) = request_of(&filled) else { return };
        let (method, api) = (request.method().clone(), request.uri().path().starts_with("/api/"));
        let (status, headers, body) = self.answer(request);
        *self.statuses.entry(status.as_u16()).or_default() += 1;
        self.check(&method, api, status, &headers, &body);
        if status == StatusCode::UNAUTHORIZED || status == StatusCode::SEE_OTHER || self.requests.is_multiple_of(64) {
            self.renew();
        }
    }

    fn check(&self, method: &Method, api: bool, status: StatusCode, headers: &HeaderMap, body: &[u8]) {
        let header = |name: &str| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let kind = header("content-type").unwrap_or_default();
        let zipped = header("content-encoding").is_some();
        let text = if zipped { "".into() } else { String::from_utf8_lossy(body) };
        assert!(STATUSES.contains(&status.as_u16()), "status {status}: {text}");
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
        assert!(header("content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'")));
        if matches!(status.as_u16(), 429 | 503) {
            assert!(header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()), "when to come back");
        }
        if let Some(to) = header("location") {
            assert!(to.starts_with('/') && !to.starts_with("//") && !to.contains('\\'), "leads to {to}");
        }
        if *method == Method::HEAD {
            return;
        }
        if api && (status.is_client_error() || status.is_server_error()) {
            assert_eq!(kind, "application/problem+json");
            assert!(body.len() <= PROBLEM_BYTES_MAX, "a problem of {} bytes", body.len());
            let problem: serde_json::Value = serde_json::from_slice(body).expect("a problem is JSON");
            let code = problem["code"].as_str().unwrap_or_default();
            assert!(CODES.contains(&code), "{problem}");
            assert_eq!(problem["status"], status.as_u16());
            assert_eq!(problem["type"], format!("urn:sesshu:problem:{code}"));
            assert!(["title", "detail"].iter().all(|part| problem[part].as_str().is_some_and(|text| !text.is_empty())));
        } else if status.is_client_error() || status.is_server_error() {
            assert!(kind.starts_with("text/html"), "a page says {status}, not {kind}");
        }
        if kind.starts_with("text/html") {
            assert!(!text.contains("<zq") && !text.contains("'zq") && !text.contains("'>"), "unescaped: {text}");
            assert!(zipped || text.trim_end().ends_with("</html>"), "a whole page");
        }
        for theirs in [self.other.name_kana, &self.other.id] {
            assert!(!text.contains(theirs), "somebody else's data: {text}");
        }
    }

    /// Nothing that was asked has broken a rule, or touched somebody else's booking.
    fn close(self) {
        report(&format!("fuzz: answers by status {:?}", self.statuses));
        assert!(self.statuses.is_empty() || self.statuses.contains_key(&200), "some requests are right");
        let others = self.log_in(&self.other);
        let request = Request::get("/api/v1/me").header("authorization", format!("Bearer {others}"));
        let (_, _, me) = self.answer(request.body(Body::empty()).expect("a request"));
        let me: serde_json::Value = serde_json::from_slice(&me).expect("JSON");
        assert_eq!(me["bookings"][0]["number"], self.foreign.as_str());
        assert_eq!(me["bookings"][0]["state"], "booked");
        let engine = self.engine;
        drop(self.router);
        engine.shutdown();
        drop(engine);
        let report = city::config(self.folder.path()).verify().expect("the store can be read");
        assert_eq!(report.problems, Vec::<String>::new());
    }
}

/// The request that a text of a corpus describes: a line with method and address, headers, an empty line, the body.
fn request_of(bytes: &[u8]) -> Option<Request<Body>> {
    let mut rest = bytes;
    let mut line = || {
        let end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let line = &rest[..end];
        rest = rest.get(end + 1..).unwrap_or_default();
        line.strip_suffix(b"\r").unwrap_or(line)
    };
    let mut words = line().splitn(2, |&byte| byte == b' ');
    let mut request = Request::builder().method(words.next()?).uri(words.next()?);
    loop {
        let header = line();
        if header.is_empty() {
            break;
        }
        let colon = header.iter().position(|&byte| byte == b':')?;
        request = request.header(&header[..colon], header[colon + 1..].trim_ascii());
    }
    request.body(Body::from(rest.to_vec())).ok()
}

/// The router on a real listener.
struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    ended: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Served {
    fn start(city: &City) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel();
        let limits =
            ConnectionLimits { header_read_timeout: Duration::from_millis(500), ..ConnectionLimits::default() };
        let options = ServeOptions { limits, ..ServeOptions::default() };
        let router = city.router.clone();
        let ended = city.runtime.spawn(serve(listener, router, options, async move {
            let _ = stopped.await;
        }));
        Self { address, stop, ended }
    }

    /// Sends `bytes` with the line ends of HTTP, says no more, and hears the answer to its end.
    fn send(&self, city: &mut City, bytes: &[u8]) {
        let filled = city.filled(bytes);
        let heard = city.runtime.block_on(self.exchange(city.requests, &filled));
        let heard = String::from_utf8_lossy(&heard);
        assert!(heard.is_empty() || heard.starts_with("HTTP/1."), "{heard}");
        for answer in heard.split("HTTP/1.1 ").skip(1) {
            let status: u16 = answer.get(..3).and_then(|status| status.parse().ok()).expect("a status");
            *city.statuses.entry(status).or_default() += 1;
            assert!(STATUSES.contains(&status) || STATUSES_RAW.contains(&status), "status {status}: {answer}");
        }
        let unescaped = |answer: &str| answer.contains("text/html") && answer.contains("<zq");
        assert!(!heard.split("HTTP/1.1 ").any(unescaped) && !heard.contains(city.other.name_kana), "{heard}");
        if city.requests.is_multiple_of(64) {
            city.renew();
        }
    }

    async fn exchange(&self, nth: u32, bytes: &[u8]) -> Vec<u8> {
        let socket = TcpSocket::new_v4().expect("a socket");
        // Ports of one address would run out in a long run.
        let [_, _, high, low] = (nth % 65_000 + 2).to_be_bytes();
        socket.bind(SocketAddr::from(([127, 0, high, low], 0))).expect("an address of loopback");
        let mut stream = socket.connect(self.address).await.expect("a connection");
        let mut heard = Vec::new();
        let talk = async {
            // The server may close before it has read all; what it said is heard all the same.
            let _ = stream.write_all(bytes).await;
            let _ = stream.shutdown().await;
            let _ = (&mut stream).take(ANSWER_BYTES_MAX as u64).read_to_end(&mut heard).await;
        };
        tokio::time::timeout(Duration::from_secs(20), talk).await.expect("every connection ends");
        heard
    }

    fn stop(self, city: &City) {
        self.stop.send(()).expect("it still serves");
        city.runtime.block_on(self.ended).expect("it ends").expect("well");
    }
}
