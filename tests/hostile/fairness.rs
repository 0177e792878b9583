//! The waiting room over HTTP: people with one browser and with several, by every door, before the opening and after it. Whoever comes
//! first by the published seed, or by arrival, is let in first, whatever anybody tries.
//!
//! What is claimed needs no clock but the order of events at the devices: nobody may hear that others come first *after* somebody
//! behind them has heard that they are in.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::{City, Client, Place, PlannedSession, Request, Resident, report, wait_until_async};
use tokio::task::JoinSet;

/// A line that everybody has to stand in, and that is through in some seconds.
const CONFIG: &str =
    "[waiting_room]\nfirst_people = 0\nstart_per_second = 16\nper_second_min = 16\nper_second_max = 16\n";
const EARLY: usize = 48;
const LATE: usize = 12;
/// Every so many-th has several browsers; another one looks for other doors.
const MANY_BROWSERS_EVERY: usize = 4;
const BROWSERS: usize = 4;
const OPENS_IN_SECONDS: i64 = 8;
/// So long somebody thinks before they press again.
const AGAIN_AFTER: Duration = Duration::from_millis(100);
const ALL_IN_WITHIN: Duration = Duration::from_mins(2);

/// One person, as the devices saw them.
#[derive(Debug)]
struct Seen {
    /// Their place in the order that is expected: smaller comes first.
    order: (bool, u64),
    /// When the last request began to which they heard that others come first.
    last_queued: Option<Instant>,
    /// When they first knew that they are in.
    let_in: Instant,
}

/// How somebody tries to get in.
#[derive(Debug, Clone, Copy)]
enum Door {
    /// The button.
    Book,
    /// The step before.
    Hold,
    /// The form of the last page, without ever having seen it.
    Form,
}

impl Door {
    fn request(self, place: &Place, key: &str) -> Request {
        match self {
            Self::Book => Request::new("POST", "/api/v1/bookings").key(key).json(&place.dose(1)),
            Self::Hold => Request::new("POST", "/api/v1/holds").json(&place.dose(1)),
            Self::Form => {
                let body = format!("place={}-{}-1&key={key}", place.session, place.slot);
                Request::new("POST", "/book").text("application/x-www-form-urlencoded", body)
            }
        }
    }
}

/// What one device of somebody heard.
#[derive(Debug, Default)]
struct Heard {
    last_queued: Option<Instant>,
    let_in: Option<Instant>,
}

/// Tries until somebody's devices are in, through one door after the other.
async fn press(mut client: Client, place: Place, doors: &'static [Door], key: String, is_in: Arc<AtomicBool>) -> Heard {
    let mut heard = Heard::default();
    for door in doors.iter().cycle() {
        if is_in.load(Ordering::SeqCst) {
            return heard;
        }
        // A script may make up a place in the line.
        let request =
            door.request(&place, &key).header("x-sesshu-ticket", "AAAA").header("cookie", "place=1; ticket=1");
        let answer = client.send(request).await;
        let proven = answer.header("location").is_some_and(|to| to.starts_with("/done"));
        match (answer.status, answer.code().as_deref()) {
            (200 | 201, _) | (303, None) if proven || !matches!(door, Door::Form) => {
                heard.let_in = Some(answer.received_at);
                if matches!(door, Door::Hold) {
                    client.book(&key, &place.dose(1)).await;
                }
                is_in.store(true, Ordering::SeqCst);
            }
            (503, Some("queued")) => {
                let waiting = answer.refused(503, "queued");
                assert!(waiting["ahead"].is_u64() && waiting["estimate_seconds"].is_u64(), "{waiting}");
                heard.last_queued = Some(answer.sent_at);
            }
            // Another browser of the same person was quicker, or it is before the opening, or a page answers.
            (409, Some("already_booked" | "not_open")) | (429, Some("too_many_attempts")) | (503, Some("busy")) => {}
            _ if matches!(door, Door::Form) => {}
            _ => panic!("{door:?}: {} {}", answer.status, answer.text()),
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    heard
}

/// Somebody's devices, which all try at once.
async fn come(nth: usize, resident: Resident, client: Client, place: Place, order: (bool, u64)) -> Seen {
    let browsers = if nth.is_multiple_of(MANY_BROWSERS_EVERY) { BROWSERS } else { 1 };
    let doors: &[Door] = match nth % MANY_BROWSERS_EVERY {
        1 => &[Door::Hold],
        2 => &[Door::Form, Door::Book, Door::Hold],
        _ => &[Door::Book],
    };
    let is_in = Arc::new(AtomicBool::new(false));
    let mut devices = JoinSet::new();
    for _ in 0..browsers {
        devices.spawn(press(
            client.another_device(),
            place.clone(),
            doors,
            format!("fair-{}", resident.id),
            Arc::clone(&is_in),
        ));
    }
    let heard = devices.join_all().await;
    let let_in = heard.iter().filter_map(|heard| heard.let_in).min().expect("one of the devices has heard it");
    // What a browser heard before another one was in is no complaint.
    let last_queued = heard.iter().filter_map(|heard| heard.last_queued).max();
    Seen { order, last_queued, let_in }
}

async fn draw(city: &City, which: &str) -> Option<Value> {
    let draws = city.device().get("/api/v1/queue/draw").await.expect(200).json();
    Some(draws[which].clone()).filter(Value::is_object)
}

fn bytes_of(hex: &Value) -> [u8; 32] {
    let hex = hex.as_str().expect("64 hexadecimal digits");
    std::array::from_fn(|nth| u8::from_str_radix(&hex[nth * 2..nth * 2 + 2], 16).expect("hexadecimal digits"))
}

/// What anybody can do with the seed and their own ID.
fn number(seed: &[u8; 32], id: &str) -> u64 {
    let hash = blake3::keyed_hash(seed, id.as_bytes());
    hash.as_bytes()[..8].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_skips_the_line_and_the_published_seed_gives_its_order() {
    let city = City::demo().residents(EARLY + LATE + 2).config(CONFIG).start();
    let people = city.people(EARLY).await;
    let plan = PlannedSession::new("抽選の会場", 30, EARLY + LATE);
    city.publish(std::slice::from_ref(&plan), OPENS_IN_SECONDS).await;
    let before = wait_until_async("the draw is announced", ALL_IN_WITHIN, async || draw(&city, "next").await).await;
    assert!(before["seed"].is_null(), "the seed is a secret before the opening: {before}");
    let place = city.listed(&plan, |_| true).await.place(0);

    // Everybody begins before the opening; who is where in the draw is not known yet to anybody.
    let mut early = JoinSet::new();
    for (nth, (resident, client)) in people.into_iter().enumerate() {
        let place = place.clone();
        early.spawn(async move { (resident.id.clone(), come(nth, resident, client, place, (false, 0)).await) });
    }
    let after = wait_until_async("the seed is published", ALL_IN_WITHIN, async || {
        draw(&city, "last").await.filter(|last| last["commitment"] == before["commitment"])
    })
    .await;
    let published = bytes_of(&after["seed"]);
    assert_eq!(*blake3::hash(&published).as_bytes(), bytes_of(&before["commitment"]), "the seed is the one promised");

    // Later people come one after the other: the order of their logins is certain.
    let mut late = JoinSet::new();
    for nth in 0..LATE {
        let resident = city.resident();
        let client = city.login(&resident).await;
        late.spawn(come(nth, resident, client, place.clone(), (true, nth as u64)));
    }
    let mut seen: Vec<Seen> = tokio::time::timeout(ALL_IN_WITHIN, early.join_all())
        .await
        .expect("everybody's turn comes")
        .into_iter()
        .map(|(id, seen)| Seen { order: (false, number(&published, &id)), ..seen })
        .collect();
    seen.extend(tokio::time::timeout(ALL_IN_WITHIN, late.join_all()).await.expect("everybody's turn comes"));

    seen.sort_by_key(|seen| seen.order);
    let waited = seen.iter().filter(|seen| seen.last_queued.is_some()).count();
    assert!(waited > EARLY / 2, "only {waited} people had to wait, so nothing was tested");
    for (behind, second) in seen.iter().enumerate() {
        for first in &seen[..behind] {
            let skipped = first.last_queued.is_some_and(|queued| queued > second.let_in);
            assert!(!skipped, "{:?} was let in before {:?}", second.order, first.order);
        }
    }
    let verified = city.verify();
    assert_eq!(verified["bookings_live"], EARLY + LATE, "everybody has their place, and one: {verified}");
    report(&format!("fairness: {} people, {waited} waited, nobody skipped anybody", seen.len()));
}
