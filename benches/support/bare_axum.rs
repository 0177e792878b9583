//! What Sesshu is measured against: axum by itself, in a process of its own as the city is. One route takes and gives the same
//! JSON as a booking, another one does nothing at all; and it serves copies of the city's pages, byte for byte, from memory.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sesshu_tests::{Answer, wait_until};
use tokio::runtime::Runtime;

/// The argument with which a bench starts itself as bare axum, before the file for the address.
const ARGUMENT: &str = "--bare-axum";
/// The route that does nothing: 204.
pub const NOTHING_PATH: &str = "/nothing";
/// Where the copies are handed over, beside the file for the address.
const COPIES_NAME: &str = "copies.json";

/// An answer of the city's that bare axum gives as well.
#[derive(Debug, Serialize, Deserialize)]
pub struct Copy {
    /// Where.
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Copy {
    /// A copy of `answer` to be served at `path`. What the server writes itself is left out, and cookies, which few hear.
    #[must_use]
    pub fn of(answer: &Answer, path: &str) -> Self {
        let own = |name: &str| !matches!(name, "content-length" | "date" | "connection" | "set-cookie");
        let headers = answer.headers.iter().filter(|(name, _)| own(name)).cloned().collect();
        Self { path: path.to_owned(), headers, body: answer.body.clone() }
    }
}

/// The process; ended when dropped.
#[derive(Debug)]
pub struct BareAxum {
    process: Child,
    /// Where it listens.
    pub address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl BareAxum {
    /// Starts the bench's own binary once more, as [`be_bare_axum_if_asked`] wants it.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// [`Self::start`], with these answers beside its own.
    #[must_use]
    pub fn start_with(copies: &[Copy]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let copies = serde_json::to_vec(copies).expect("JSON");
        std::fs::write(folder.path().join(COPIES_NAME), copies).expect("a file");
        let file = folder.path().join("address");
        let own = std::env::current_exe().expect("the bench itself");
        let process = Command::new(own).arg(ARGUMENT).arg(&file).stdin(Stdio::null()).spawn().expect("a process");
        let address = wait_until("bare axum serves", Duration::from_secs(10), || {
            std::fs::read_to_string(&file).ok()?.trim_end().strip_suffix(" ready")?.parse().ok()
        });
        Self { process, address, _folder: folder }
    }

    /// The id of the process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for BareAxum {
    fn drop(&mut self) {
        // It holds nothing that could be lost.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Serves as bare axum, for ever, if the process was started to do so.
pub fn be_bare_axum_if_asked() {
    let mut arguments = std::env::args().skip_while(|argument| argument != ARGUMENT).skip(1);
    if let Some(file) = arguments.next() {
        serve(&file);
    }
}

fn serve(file: &str) {
    let router = copies(Path::new(file))
        .route("/api/v1/bookings", post(post_bookings))
        .route(NOTHING_PATH, post(async |_body: Bytes| StatusCode::NO_CONTENT));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("an address");
    std::fs::write(file, format!("{address} ready")).expect("a file");
    Runtime::new().expect("a runtime").block_on(async {
        let server = axum_server::from_tcp(listener).expect("a server");
        server.serve(router.into_make_service()).await.expect("bare axum serves");
    });
}

/// The routes of the copies: from memory, and nothing between.
fn copies(file: &Path) -> Router {
    let copies = std::fs::read(file.with_file_name(COPIES_NAME)).expect("the copies");
    let copies: Vec<Copy> = serde_json::from_slice(&copies).expect("copies");
    copies.into_iter().fold(Router::new(), |router, copy| {
        let header = |(name, value): (String, String)| {
            let name: HeaderName = name.parse().expect("a header's name");
            (name, HeaderValue::try_from(value).expect("a header's value"))
        };
        let headers: HeaderMap = copy.headers.into_iter().map(header).collect();
        let body = Bytes::from(copy.body);
        router.route(&copy.path, get(async move || (headers, body)))
    })
}

#[derive(Deserialize)]
struct Place {
    session: String,
    slot: String,
    dose: u8,
}

#[derive(Serialize)]
struct Bookings {
    bookings: [Booking; 1],
}

#[derive(Serialize)]
struct Booking {
    number: &'static str,
    session: String,
    slot: String,
    venue: Venue,
    date: &'static str,
    start: &'static str,
    end: &'static str,
    dose: u8,
    vaccine: &'static str,
    state: &'static str,
}

#[derive(Serialize)]
struct Venue {
    id: &'static str,
    name: &'static str,
}

/// The same JSON as that of a booking, in and out, and nothing between.
async fn post_bookings(Json(place): Json<Place>) -> (StatusCode, Json<Bookings>) {
    let booking = Booking {
        number: "4821093756",
        session: place.session,
        slot: place.slot,
        venue: Venue { id: "1", name: "計測の会場1" },
        date: "2026-12-05",
        start: "09:30",
        end: "10:00",
        dose: place.dose,
        vaccine: "コミナティ",
        state: "booked",
    };
    (StatusCode::CREATED, Json(Bookings { bookings: [booking] }))
}
