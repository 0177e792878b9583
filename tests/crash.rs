//! The power is cut again and again while people book, move and cancel. Each device writes down what was acknowledged to it,
//! and after each cut the city must still know all of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use sesshu_tests::{Answer, City, Client, Place, PlannedSession, Request, Resident, report, switches};
use tokio::task::JoinSet;

const DEVICES: usize = 16;
const PEOPLE_PER_CYCLE: usize = 160;
const STEPS_MAX: usize = 4;
const CYCLES_PER_SLOT_MAX: usize = 250;
const TRIES_MAX: usize = 50;

/// A request with a key that was acknowledged, and what was answered.
#[derive(Debug)]
struct Acknowledged {
    request: Request,
    answer: Vec<u8>,
}

/// What one person did, and what they were told.
#[derive(Debug)]
struct Log {
    resident: Resident,
    client: Client,
    keys: Vec<Acknowledged>,
    /// The live booking that was acknowledged last, if any.
    booking: Option<Value>,
    /// A change was sent, and the power was cut before the answer came: its outcome is not known.
    unheard: bool,
}

impl Log {
    fn number(&self) -> Option<String> {
        self.booking.as_ref().and_then(|booking| booking["number"].as_str()).map(str::to_owned)
    }

    /// Sends one change and writes down what comes back. Says whether the server is still there.
    async fn step(&mut self, dice: &mut switches::Dice, places: &[Place], step: usize) -> bool {
        let key = format!("{}-{step}", self.resident.id);
        let is_own = |place: &&Place| {
            self.booking.as_ref().is_some_and(|own| own["slot"] == place.slot && own["session"] == place.session)
        };
        let others: Vec<&Place> = places.iter().filter(|place| !is_own(place)).collect();
        let place = dice.pick(&others);
        let (request, keeps_key) = match self.number() {
            None => (Request::new("POST", "/api/v1/bookings").key(key).json(&place.dose(1)), true),
            Some(number) if dice.below(3) > 0 => {
                (Request::new("PUT", format!("/api/v1/bookings/{number}")).key(key).json(&place.here()), true)
            }
            Some(number) => (Request::new("DELETE", format!("/api/v1/bookings/{number}")), false),
        };
        for _ in 0..TRIES_MAX {
            let Ok(answer) = self.client.try_send(&request).await else {
                self.unheard = true;
                return false;
            };
            if answer.status == 503 && answer.code().as_deref() == Some("busy") {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                continue;
            }
            self.write_down(request, keeps_key, answer);
            return true;
        }
        true
    }

    fn write_down(&mut self, request: Request, keeps_key: bool, answer: Answer) {
        match (answer.status, answer.code().as_deref()) {
            (200 | 201, _) => {
                let booking = answer.json()["bookings"][0].clone();
                self.booking = (booking["state"] == "booked").then_some(booking);
                if keeps_key {
                    self.keys.push(Acknowledged { request, answer: answer.body });
                }
            }
            // Refusals change nothing; so much for a slot that is full, or a person who changed too often.
            (409, Some("full")) | (429, Some("too_many_attempts")) => {}
            _ => panic!("{:?}: {} {}", request, answer.status, answer.text()),
        }
    }

    /// [`Self::check`] at the city's address of now, over a connection that is closed afterwards: there are many people.
    async fn check_at(&mut self, city: &City) -> (usize, usize) {
        self.client = self.client.moved_to(city.public());
        let found = self.check().await;
        self.client = self.client.moved_to(city.public());
        found
    }

    /// Asks the city what it knows, and compares. Gives how many acknowledged bookings there are, and how many are there.
    async fn check(&mut self) -> (usize, usize) {
        let live: Vec<Value> =
            self.client.bookings().await.into_iter().filter(|booking| booking["state"] == "booked").collect();
        assert!(live.len() <= 1, "{} has two live bookings of one dose: {live:?}", self.resident.id);
        let expected: &[Value] = self.booking.as_slice();
        let lost = !self.unheard && live != expected;
        assert!(!lost, "{}: acknowledged {expected:?}, present {live:?}", self.resident.id);
        let mut present = 0;
        for Acknowledged { request, answer } in &self.keys {
            let again = self.client.send(request.clone()).await.expect(200);
            assert_eq!(again.text(), String::from_utf8_lossy(answer), "{request:?}: the first answer comes again");
            present += 1;
        }
        // Repeating keys has changed nothing.
        let after: Vec<Value> =
            self.client.bookings().await.into_iter().filter(|booking| booking["state"] == "booked").collect();
        assert_eq!(after, live, "{}: a repeated key changed something", self.resident.id);
        (self.keys.len(), present)
    }
}

/// Lets `people` act on `DEVICES` devices at once, and cuts the power after `cut_after` answers, or when
/// nobody has anything left to do.
async fn rush_until_cut(
    city: &mut City,
    people: Vec<Log>,
    places: &Arc<[Place]>,
    cut_after: usize,
    seed: u64,
) -> Vec<Log> {
    let answers = Arc::new(AtomicUsize::new(0));
    let working = Arc::new(AtomicUsize::new(DEVICES));
    let enough = Arc::new(tokio::sync::Notify::new());
    let mut devices = JoinSet::new();
    let mut shares: Vec<Vec<Log>> = (0..DEVICES).map(|_| Vec::new()).collect();
    for (index, log) in people.into_iter().enumerate() {
        shares[index % DEVICES].push(log);
    }
    for (index, mut share) in shares.into_iter().enumerate() {
        let (answers, working) = (Arc::clone(&answers), Arc::clone(&working));
        let (enough, places) = (Arc::clone(&enough), Arc::clone(places));
        let mut dice = switches::Dice::seeded(seed ^ index as u64);
        devices.spawn(async move {
            'people: for log in &mut share {
                for step in 0..=dice.below(STEPS_MAX) {
                    if !log.step(&mut dice, &places, step).await {
                        break 'people;
                    }
                    if answers.fetch_add(1, Ordering::Relaxed) + 1 == cut_after {
                        enough.notify_one();
                    }
                }
            }
            if working.fetch_sub(1, Ordering::Relaxed) == 1 {
                enough.notify_one();
            }
            share
        });
    }
    enough.notified().await;
    city.kill9();
    let mut logs = Vec::new();
    while let Some(share) = devices.join_next().await {
        logs.extend(share.expect("a device"));
    }
    logs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_when_the_power_is_cut() {
    let cycles = switches::number("SESSHU_CRASH_CYCLES", 5);
    let mut dice = switches::dice("crash");
    let mut city = City::demo().residents(cycles * PEOPLE_PER_CYCLE).start();
    // A slot has room for 10,000 at most.
    let (sessions, capacity) = (4 * cycles.div_ceil(CYCLES_PER_SLOT_MAX), cycles.min(CYCLES_PER_SLOT_MAX) * 40);
    let planned: Vec<PlannedSession> =
        (30..).take(sessions).map(|day| PlannedSession::new(&format!("停電の会場{day}"), day, capacity)).collect();
    let sessions = city.open(&planned).await;
    let places: Arc<[Place]> = sessions.iter().flat_map(|session| [session.place(0), session.place(1)]).collect();
    let mut earlier: Vec<Log> = Vec::new();
    let (mut acknowledged_total, mut present_total, mut unheard_total) = (0, 0, 0);
    report("crash: cycle  answers-before-cut  acknowledged  present  lost  unheard");
    for cycle in 1..=cycles {
        let people = city.people(PEOPLE_PER_CYCLE).await;
        let logs = people
            .into_iter()
            .map(|(resident, client)| Log { resident, client, keys: Vec::new(), booking: None, unheard: false })
            .collect();
        let cut_after = 20 + dice.below(PEOPLE_PER_CYCLE * 2);
        let mut logs = rush_until_cut(&mut city, logs, &places, cut_after, dice.roll()).await;
        city.restart();
        let _ = city.verify();
        let (mut acknowledged, mut present, mut unheard) = (0, 0, 0);
        for log in &mut logs {
            let (expected, found) = log.check_at(&city).await;
            acknowledged += expected;
            present += found;
            unheard += usize::from(log.unheard);
        }
        report(&format!(
            "crash: {cycle:5}  {cut_after:18}  {acknowledged:12}  {present:7}  {:4}  {unheard:7}",
            acknowledged - present
        ));
        acknowledged_total += acknowledged;
        present_total += present;
        unheard_total += unheard;
        earlier.extend(logs);
    }
    // What was there after its own cut is there after all later ones.
    for log in &mut earlier {
        log.check_at(&city).await;
    }
    let _ = city.verify();
    report(&format!(
        "crash: {cycles} cuts: acknowledged {acknowledged_total}, present {present_total}, lost {}, unheard {unheard_total}",
        acknowledged_total - present_total
    ));
    assert!(acknowledged_total > 0, "nothing was acknowledged, so nothing was tested");
}
