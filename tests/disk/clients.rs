//! People who book and cancel again and again while the disk fails, people who read meanwhile, and the comparison of what was
//! acknowledged with what is there. The load is light: a process that is traced is slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::{City, Client, Place, PlannedSession, Request, Resident, wait_until_async};
use tokio::task::JoinSet;

use super::timeline::Timeline;

const BOOKERS: usize = 48;
const READERS: usize = 2;
/// So long a booker thinks between two requests.
const BOOKER_THINKS: Duration = Duration::from_millis(200);
/// So long a reader does.
const READER_THINKS: Duration = Duration::from_millis(50);
/// A person changes at most so often, so that the city's own limit of changes is never met.
const KEYS_MAX: usize = 60;
const ANSWERED_WITHIN: Duration = Duration::from_mins(1);

/// A success of a key, to be repeated later.
#[derive(Debug)]
struct Acknowledged {
    request: Request,
    answer: Vec<u8>,
}

/// Somebody who books, cancels, and books again.
#[derive(Debug)]
pub(crate) struct Booker {
    resident: Resident,
    client: Client,
    keys: Vec<Acknowledged>,
    /// The live booking, as it was acknowledged.
    live: Option<Value>,
    /// What was asked last, if its outcome is not known yet.
    open: Option<Request>,
}

impl Booker {
    async fn step(&mut self, place: &Place, timeline: &Timeline) {
        let request = self.open.clone().unwrap_or_else(|| self.next(place));
        let began = Instant::now();
        let answer = self.client.try_send(&request).await;
        let took = began.elapsed();
        let Ok(answer) = answer else {
            timeline.refused("none", took);
            self.open = Some(request);
            return;
        };
        match (answer.status, answer.code().as_deref()) {
            (200 | 201, _) => {
                timeline.booked(took);
                let booking = answer.json()["bookings"][0].clone();
                let is_live = booking["state"] == "booked";
                if is_live {
                    self.keys.push(Acknowledged { request, answer: answer.body });
                }
                self.live = is_live.then_some(booking);
                self.open = None;
            }
            (503, Some(code)) => {
                assert!(answer.header("retry-after").is_some(), "503 {code} carries Retry-After");
                timeline.refused(code, took);
                // After `unavailable` nobody knows; a later `busy` does not tell either.
                if code == "unavailable" {
                    self.open = Some(request);
                }
            }
            _ => panic!("{}: {request:?}: {} {}", self.resident.id, answer.status, answer.text()),
        }
    }

    fn next(&self, place: &Place) -> Request {
        if let Some(live) = &self.live {
            let number = live["number"].as_str().expect("a booking has a number");
            return Request::new("DELETE", format!("/api/v1/bookings/{number}"));
        }
        // A refused key is decided anew, so only successes use keys up.
        Request::new("POST", "/api/v1/bookings").key(format!("disk-{}", self.keys.len())).json(&place.dose(1))
    }

    /// Compares with what is there. Gives how many keys were repeated.
    async fn check(&mut self, city: &City) -> usize {
        self.client = self.client.moved_to(city.public());
        let live: Vec<Value> =
            self.client.bookings().await.into_iter().filter(|booking| booking["state"] == "booked").collect();
        if self.open.is_none() {
            assert_eq!(live, self.live.as_slice(), "{}: what was acknowledged is there", self.resident.id);
        }
        for Acknowledged { request, answer } in &self.keys {
            let again = self.client.send(request.clone()).await.expect(200);
            assert_eq!(again.text(), String::from_utf8_lossy(answer), "{request:?}: the first answer comes again");
        }
        self.keys.len()
    }
}

/// A city under load.
pub(crate) struct Load {
    pub(crate) timeline: Arc<Timeline>,
    bookers: JoinSet<Booker>,
    readers: JoinSet<()>,
    stop: Arc<AtomicBool>,
}

/// So many residents a city needs for a load.
pub(crate) const RESIDENTS: usize = BOOKERS + READERS;

impl Load {
    /// Everybody logs in and begins.
    pub(crate) async fn start(city: &City) -> Self {
        let session = city.open_one(PlannedSession::new("障害の会場", 30, BOOKERS)).await;
        let people = city.people(BOOKERS).await;
        let timeline = Arc::new(Timeline::start(city.data()));
        let stop = Arc::new(AtomicBool::new(false));
        let (mut bookers, mut readers) = (JoinSet::new(), JoinSet::new());
        for (resident, client) in people {
            let mut booker = Booker { resident, client, keys: Vec::new(), live: None, open: None };
            let (timeline, stop, place) = (Arc::clone(&timeline), Arc::clone(&stop), session.place(0));
            bookers.spawn(async move {
                while !stop.load(Ordering::Relaxed) && booker.keys.len() < KEYS_MAX {
                    booker.step(&place, &timeline).await;
                    tokio::time::sleep(BOOKER_THINKS).await;
                }
                booker
            });
        }
        for _ in 0..READERS {
            let (resident, client) = city.people(1).await.remove(0);
            let (timeline, stop, ops) = (Arc::clone(&timeline), Arc::clone(&stop), city.device().moved_to(city.ops()));
            readers.spawn(read(resident, client, ops, timeline, stop));
        }
        Self { timeline, bookers, readers, stop }
    }

    /// Waits until `so_many` more changes are done; gives how long that took.
    pub(crate) async fn books(&self, so_many: usize, limit: Duration) -> Duration {
        let (began, before) = (Instant::now(), self.timeline.booked_so_far());
        let what = format!("{so_many} more bookings are done");
        wait_until_async(&what, limit, async || (self.timeline.booked_so_far() >= before + so_many).then_some(()))
            .await;
        began.elapsed()
    }

    /// Waits until one of `codes` was heard `so_many` times.
    pub(crate) async fn is_refused(&self, codes: &[&str], so_many: usize, limit: Duration) {
        let what = format!("{so_many} refusals of {codes:?}");
        let heard = async || (self.timeline.refused_so_far(codes) >= so_many).then_some(());
        wait_until_async(&what, limit, heard).await;
    }

    /// Lets everybody finish what they ask.
    pub(crate) async fn stop(mut self) -> Vec<Booker> {
        self.stop.store(true, Ordering::Relaxed);
        let mut bookers = Vec::new();
        let all = async {
            while let Some(booker) = self.bookers.join_next().await {
                bookers.push(booker.expect("a booker"));
            }
            while let Some(reader) = self.readers.join_next().await {
                reader.expect("a reader");
            }
        };
        tokio::time::timeout(ANSWERED_WITHIN, all).await.expect("everybody is answered");
        bookers
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.timeline.report("until the test failed");
        }
    }
}

/// Reads one's bookings, the lists, logs in again, and asks whether the server is ready, until told to stop.
async fn read(resident: Resident, mut client: Client, mut ops: Client, timeline: Arc<Timeline>, stop: Arc<AtomicBool>) {
    let login = serde_json::json!({"id": resident.id, "password": resident.password});
    let requests = [
        Request::new("GET", "/api/v1/me"),
        Request::new("GET", "/api/v1/sessions?dose=1"),
        Request::new("GET", "/api/v1/days?dose=1"),
        Request::new("POST", "/api/v1/login").json(&login),
    ];
    for request in requests.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let began = Instant::now();
        let answer = client.try_send(request).await;
        timeline.read(began.elapsed(), answer.is_ok_and(|answer| answer.status == 200));
        let state = match ops.try_send(&Request::new("GET", "/health/ready")).await {
            Ok(ready) if ready.status == 200 => "ready".to_owned(),
            Ok(not) => not.json()["reasons"][0]["code"].as_str().unwrap_or("not ready, without a reason").to_owned(),
            Err(error) => error.to_string(),
        };
        timeline.state(&state);
        tokio::time::sleep(READER_THINKS).await;
    }
}

/// Compares what everybody was told with what is there, now and after a power cut. Gives how many successes that were.
pub(crate) async fn all_is_there(city: &mut City, bookers: &mut [Booker]) -> usize {
    let mut acknowledged = 0;
    for booker in &mut *bookers {
        booker.check(city).await;
    }
    city.kill9();
    city.restart();
    let _ = city.verify();
    for booker in bookers {
        acknowledged += booker.check(city).await;
    }
    assert!(acknowledged > 0, "nothing was acknowledged, so nothing was tested");
    acknowledged
}
