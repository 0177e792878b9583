//! Everybody wants the same slot at the same moment, over HTTP, each from a device of their own; a tenth of them try another
//! session at that moment as well.
//!
//! Nobody may hear `full` before the last place is durable. From outside that is seen in two ways: by the times of requests
//! and answers, and by cutting the power at the first `full`: what was durable then is what is there afterwards.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::{
    Answer, City, Client, Place, PlannedSession, PublishedSession, Request, Resident, report, switches,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

const TRIES_MAX: usize = 200;

/// How large the race is.
struct Size {
    clients: usize,
    places: usize,
}

impl Size {
    fn from_switches() -> Self {
        let size = Self {
            clients: switches::number("SESSHU_RACE_CLIENTS", 300),
            places: switches::number("SESSHU_RACE_PLACES", 100),
        };
        assert!(size.clients > size.places * 2, "a race needs more than two people for each place");
        size
    }

    /// How many try another session as well.
    const fn torn(&self) -> usize {
        self.clients / 10
    }
}

/// How it ended for one device.
#[derive(Debug)]
enum Ended {
    Booked(Answer),
    Full(Answer),
    OtherwiseRefused(Answer),
    /// The power was cut before an answer came.
    Unheard,
}

/// One request of one device.
struct Runner {
    person: usize,
    wants_hot: bool,
    client: Client,
    request: Request,
}

/// Asks until there is an answer that stands: not busy, and not full because of holds.
async fn run(client: &mut Client, request: &Request) -> Ended {
    for _ in 0..TRIES_MAX {
        let Ok(answer) = client.try_send(request).await else { return Ended::Unheard };
        match (answer.status, answer.code().as_deref()) {
            (200 | 201, _) => return Ended::Booked(answer),
            (409, Some("full")) if answer.json()["retry_at"].is_null() => return Ended::Full(answer),
            (503, _) | (409, Some("full")) => tokio::time::sleep(Duration::from_millis(20)).await,
            _ => return Ended::OtherwiseRefused(answer),
        }
    }
    panic!("the server was busy {TRIES_MAX} times");
}

/// Devices of `people` that want `hot`, and second devices of the first of them that want `cool`; all connected.
async fn at_the_line(people: &[(Resident, Client)], torn: usize, hot: &Place, cool: &Place) -> Vec<Runner> {
    let mut runners = Vec::new();
    for (person, (_, client)) in people.iter().enumerate() {
        let wishes: &[(bool, &Place)] = if person < torn { &[(true, hot), (false, cool)] } else { &[(true, hot)] };
        for &(wants_hot, place) in wishes {
            let mut client = client.another_device();
            client.connect().await.expect("a connection");
            let key = format!("race-{person}-{}", if wants_hot { "hot" } else { "cool" });
            let request = Request::new("POST", "/api/v1/bookings").key(key).json(&place.dose(1));
            runners.push(Runner { person, wants_hot, client, request });
        }
    }
    runners
}

/// Starts all at once; tells each ending as it happens.
fn start(runners: Vec<Runner>) -> (JoinSet<()>, mpsc::Receiver<(usize, bool, Ended)>) {
    let (endings, heard) = mpsc::channel(runners.len().max(1));
    let line = std::sync::Arc::new(tokio::sync::Barrier::new(runners.len()));
    let mut race = JoinSet::new();
    for mut runner in runners {
        let (endings, line) = (endings.clone(), std::sync::Arc::clone(&line));
        race.spawn(async move {
            line.wait().await;
            let ended = run(&mut runner.client, &runner.request).await;
            endings.send((runner.person, runner.wants_hot, ended)).await.expect("somebody listens");
        });
    }
    (race, heard)
}

/// A city with a slot of exactly `size.places`, another session with room for all, and everybody logged in.
async fn prepare(size: &Size) -> (City, PublishedSession, PublishedSession, Vec<(Resident, Client)>) {
    let city = City::demo().residents(size.clients).start();
    raise_open_files();
    let mut hot = PlannedSession::new("争奪の会場", 30, size.places);
    hot.end = "10:30";
    let cool = PlannedSession::new("空いている会場", 30, size.clients);
    let mut sessions = city.open(&[hot, cool]).await;
    let people = city.people(size.clients).await;
    let cool = sessions.pop().expect("two sessions");
    (city, sessions.pop().expect("two sessions"), cool, people)
}

/// Thousands of connections need as many open files.
fn raise_open_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the limit of open files rises to its maximum");
}

/// The live bookings of everybody: how many are in `hot`; nobody may have two.
async fn booked_in(people: &mut [(Resident, Client)], hot: &Place) -> usize {
    let mut in_hot = 0;
    for (resident, client) in people {
        let bookings = client.bookings().await;
        let live: Vec<&Value> = bookings.iter().filter(|booking| booking["state"] == "booked").collect();
        assert!(live.len() <= 1, "{} has {} bookings of one dose: {live:?}", resident.id, live.len());
        in_hot +=
            live.iter().filter(|booking| booking["session"] == hot.session && booking["slot"] == hot.slot).count();
    }
    in_hot
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_places_of_a_slot_are_booked_and_nobody_twice() {
    let size = Size::from_switches();
    let (mut city, hot, cool, mut people) = prepare(&size).await;
    let (hot, cool) = (hot.place(0), cool.place(0));
    let runners = at_the_line(&people, size.torn(), &hot, &cool).await;
    let started = Instant::now();
    let (mut race, mut heard) = start(runners);
    let (mut won, mut full, mut cool_won, mut other) = (Vec::new(), Vec::new(), BTreeSet::new(), 0_usize);
    let mut winners = BTreeSet::new();
    while let Some((person, wants_hot, ended)) = heard.recv().await {
        match ended {
            Ended::Booked(answer) if wants_hot => {
                assert!(winners.insert(person) && !cool_won.contains(&person), "somebody won twice");
                won.push(answer);
            }
            Ended::Booked(_) => assert!(cool_won.insert(person) && !winners.contains(&person), "somebody won twice"),
            Ended::Full(answer) => {
                assert!(wants_hot, "the other session has room for all: {}", answer.text());
                full.push(answer);
            }
            Ended::OtherwiseRefused(answer) => {
                // Only who tried both can have lost to themself.
                assert!(person < size.torn(), "{}", answer.text());
                answer.refused(409, "already_booked");
                other += 1;
            }
            Ended::Unheard => panic!("a connection broke"),
        }
    }
    while race.join_next().await.is_some_and(|ended| ended.is_ok()) {}
    let took = started.elapsed();

    assert_eq!(won.len(), size.places, "exactly the places of the slot are booked");
    assert_eq!(
        won.len() + full.len() + cool_won.len() + other,
        size.clients + size.torn(),
        "everybody heard something"
    );
    let last_sent = won.iter().map(|answer| answer.sent_at).max().expect("somebody won");
    let first_full = full.iter().map(|answer| answer.received_at).min().expect("somebody lost");
    assert!(last_sent <= first_full, "`full` was heard before the last place was even asked for");

    city.kill9();
    city.restart();
    let verified = city.verify();
    assert_eq!(verified["bookings_live"], won.len() + cool_won.len(), "{verified}");
    for (_, client) in &mut people {
        *client = client.moved_to(city.public());
    }
    assert_eq!(booked_in(&mut people, &hot).await, size.places);
    report(&format!(
        "race: {} people, {} places, {} of them torn between two sessions: {} booked, {} full, {} in the other session, \
         {} already booked, in {:.0} ms; after a power cut all are there, verify agrees",
        size.clients,
        size.places,
        size.torn(),
        won.len(),
        full.len(),
        cool_won.len(),
        other,
        took.as_secs_f64() * 1000.0
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_first_full_is_heard_the_last_place_is_durable() {
    let size = Size::from_switches();
    let (mut city, hot, cool, mut people) = prepare(&size).await;
    let (hot, cool) = (hot.place(0), cool.place(0));
    let runners = at_the_line(&people, size.torn(), &hot, &cool).await;
    let (mut race, mut heard) = start(runners);
    let mut acknowledged = BTreeSet::new();
    let mut cut = false;
    while let Some((person, wants_hot, ended)) = heard.recv().await {
        match ended {
            Ended::Full(_) if !cut => {
                // The power goes at the first `full` that is heard.
                city.kill9();
                cut = true;
            }
            Ended::Booked(_) if wants_hot => assert!(acknowledged.insert(person), "somebody won twice"),
            _ => {}
        }
    }
    while race.join_next().await.is_some_and(|ended| ended.is_ok()) {}
    assert!(cut, "nobody heard `full`");
    city.restart();
    let _ = city.verify();
    for (_, client) in &mut people {
        *client = client.moved_to(city.public());
    }
    assert_eq!(
        booked_in(&mut people, &hot).await,
        size.places,
        "`full` was heard while a place was not yet durably taken"
    );
    for person in &acknowledged {
        let bookings = people[*person].1.bookings().await;
        assert!(bookings.iter().any(|booking| booking["session"] == hot.session), "an acknowledged booking is lost");
    }
    report(&format!(
        "race: the power was cut at the first `full`: {} acknowledged by then, {} of {} places durable",
        acknowledged.len(),
        size.places,
        size.places
    ));
}
