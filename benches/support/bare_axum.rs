//! What bookings are measured against: axum by itself, in a process of its own as the city is. One route takes and gives the same
//! JSON as a booking, another one does nothing at all.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use sesshu_tests::wait_until;
use tokio::runtime::Runtime;

/// The argument with which a bench starts itself as bare axum, before the file for the address.
const ARGUMENT: &str = "--bare-axum";
/// The route that does nothing: 204.
pub const NOTHING_PATH: &str = "/nothing";

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
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("address");
        let own = std::env::current_exe().expect("the bench itself");
        let process = Command::new(own).arg(ARGUMENT).arg(&file).stdin(Stdio::null()).spawn().expect("a process");
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

/// Serves as bare axum, for ever, if the process was started to do so.
pub fn be_bare_axum_if_asked() {
    let mut arguments = std::env::args().skip_while(|argument| argument != ARGUMENT).skip(1);
    if let Some(file) = arguments.next() {
        serve(&file);
    }
}

fn serve(file: &str) {
    let router = Router::new()
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
