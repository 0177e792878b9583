//! A rush with a flood, a disk that stalls and a power cut in it: soon after each of them people are served as before, nothing that was
//! acknowledged is lost, and memory is what it was.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sesshu_tests::memory::status_mib;
use sesshu_tests::{City, Client, Place, PlannedSession, Request, Resident, Tracer, not_run, report, wait_until_async};
use tokio::task::JoinSet;

use super::TICKET;
use super::crowd::Crowd;

/// Devices of the flood, and for how long it lasts.
const FLOOD: usize = 250;
const FLOOD_LASTS: Duration = Duration::from_secs(3);
const STALL_SECONDS: u64 = 3;
/// So many go the whole way at once, again and again until all of them are served.
const PEOPLE: usize = 8;
/// As before: each of them is served in this time, at the latest when they come back as they were told.
const SERVED_WITHIN: Duration = Duration::from_secs(3);
/// So soon after a trouble; a machine that others use as well gets half as much again.
const NORMAL_WITHIN: Duration = Duration::from_secs(15);
const STALL_SEEN_WITHIN: Duration = Duration::from_mins(1);
/// What memory may grow by: a share, and what an allocator keeps.
const GROWN_SHARE: f64 = 1.3;
const GROWN_MIB: f64 = 32.0;

/// Somebody who has gone the whole way.
struct Served {
    client: Client,
    booking: Value,
}

/// Somebody who is not in yet.
struct Outside {
    client: Client,
    resident: Resident,
    /// The ticket that they were given, and for how long they were told to stay away.
    ticket: Option<String>,
    again: Duration,
}

/// How somebody's way ended.
enum Ended {
    /// As it should.
    Served(Box<Served>),
    /// They were sent away before they were in, and come again.
    Outside(Box<Outside>),
    /// They were sent away later, or not served in time: what became of them is not looked at.
    Inside,
}

/// Log in, look, hold, book, without being sent away.
async fn journey(mut person: Outside, place: Place) -> Ended {
    tokio::time::sleep(person.again).await;
    let body = json!({"id": person.resident.id, "password": person.resident.password});
    let mut login = Request::new("POST", "/api/v1/login").json(&body);
    if let Some(ticket) = &person.ticket {
        login = login.header(TICKET, ticket);
    }
    let served = tokio::time::timeout(SERVED_WITHIN, async {
        let answer = person.client.try_send(&login).await;
        match answer {
            Ok(answer) if answer.status == 200 => {
                let booked = book(person.client, answer.json()["token"].as_str().map(str::to_owned), place).await;
                booked.map_or(Ended::Inside, |served| Ended::Served(Box::new(served)))
            }
            answer => {
                let header = |name: &str| answer.as_ref().ok().and_then(|answer| answer.header(name));
                person.ticket = header(TICKET).map(str::to_owned).or(person.ticket);
                person.again = Duration::from_secs(header("retry-after").and_then(|s| s.parse().ok()).unwrap_or(1));
                Ended::Outside(Box::new(person))
            }
        }
    });
    served.await.unwrap_or(Ended::Inside)
}

async fn book(mut client: Client, token: Option<String>, place: Place) -> Option<Served> {
    client.token = token;
    let steps = [
        (Request::new("GET", "/api/v1/days?dose=1"), 200),
        (Request::new("POST", "/api/v1/holds").json(&place.dose(1)), 201),
        (Request::new("POST", "/api/v1/bookings").key("journey").json(&place.dose(1)), 201),
    ];
    let mut last = None;
    for (request, wanted) in steps {
        last = client.try_send(&request).await.ok().filter(|answer| answer.status == wanted);
        last.as_ref()?;
    }
    let booking = last?.json()["bookings"][0].clone();
    Some(Served { client, booking })
}

/// The city with the people who were served.
struct Rush {
    city: City,
    place: Place,
    /// Whose devices the flood is made of, with their login.
    insistent: (Resident, Option<String>),
    served: Vec<Served>,
}

impl Rush {
    async fn begin() -> Self {
        let mut city = City::demo().residents(3_000).start();
        city.keep_addresses();
        let place = city.open_one(PlannedSession::new("殺到の会場", 30, 3_000)).await.place(0);
        let insistent = city.resident();
        let token = city.login(&insistent).await.token;
        Self { city, place, insistent: (insistent, token), served: Vec::new() }
    }

    /// Waits until people are served as before, and gives how long that took.
    async fn is_normal(&mut self, after: &str) -> Duration {
        let began = Instant::now();
        let (city, place, served) = (&self.city, &self.place, &mut self.served);
        let mut outside = Vec::new();
        wait_until_async(&format!("people are served as before after {after}"), NORMAL_WITHIN, async || {
            let mut journeys = JoinSet::new();
            for _ in 0..PEOPLE {
                let person = outside.pop().unwrap_or_else(|| {
                    let (client, resident) = (city.device(), city.resident());
                    Outside { client, resident, ticket: None, again: Duration::ZERO }
                });
                journeys.spawn(journey(person, place.clone()));
            }
            let mut all = 0;
            for ended in journeys.join_all().await {
                match ended {
                    Ended::Served(one) => {
                        served.push(*one);
                        all += 1;
                    }
                    Ended::Outside(person) => outside.push(*person),
                    Ended::Inside => {}
                }
            }
            (all == PEOPLE).then_some(())
        })
        .await;
        began.elapsed()
    }

    /// People who press every button again and again, each from a network of their own.
    fn flood(&self) -> Crowd {
        let (resident, token) = &self.insistent;
        let login = json!({"id": resident.id, "password": resident.password});
        Crowd::asking(FLOOD, |nth| {
            let requests = vec![
                Request::new("GET", "/"),
                Request::new("POST", "/api/v1/login").json(&login),
                Request::new("GET", "/api/v1/sessions?dose=1"),
                Request::new("POST", "/api/v1/holds").json(&self.place.dose(1)),
                Request::new("GET", "/my"),
            ];
            let mut client = Client::new(self.city.public(), Ipv4Addr::new(127, 90, nth as u8, 1));
            client.token.clone_from(token);
            (client, requests)
        })
    }

    /// The memory of the server, in MiB.
    fn memory_mib(&self) -> f64 {
        status_mib(&self.city.process_id().to_string(), "VmRSS:")
    }

    /// Everybody who was told that they have a booking has it.
    async fn nothing_is_lost(&mut self) {
        for served in &mut self.served {
            let bookings = served.client.bookings().await;
            assert_eq!(bookings, std::slice::from_ref(&served.booking), "what was acknowledged is there");
        }
        let _ = self.city.verify();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_flood_a_stall_and_a_power_cut_people_are_served_as_before() {
    let mut rush = Rush::begin().await;
    let before = rush.is_normal("the opening").await;
    // What the first flood touches for the first time is no growth.
    let mut memory = Vec::new();
    for _ in 0..2 {
        let flood = rush.flood();
        flood.goes_on_for(FLOOD_LASTS).await;
        memory.push(rush.memory_mib());
        flood.end().await;
    }
    let after_flood = rush.is_normal("a flood").await;

    let after_stall = match Tracer::is_there() {
        Ok(()) => {
            let flood = rush.flood();
            let began = Instant::now();
            let tracer = Tracer::attach(&rush.city, &format!("delay_enter={STALL_SECONDS}s:when=1"));
            wait_until_async("the stall is over", STALL_SEEN_WITHIN, async || {
                let over = began.elapsed() > Duration::from_secs(STALL_SECONDS);
                (over && tracer.injected() > 0).then_some(())
            })
            .await;
            assert!(tracer.detach() > 0, "a sync of the store has stalled");
            flood.end().await;
            rush.is_normal("a stall of the disk").await
        }
        Err(why) => {
            not_run(&format!("a disk that stalls in a rush: the server cannot be traced ({why})"));
            Duration::ZERO
        }
    };
    memory.push(rush.memory_mib());

    let flood = rush.flood();
    flood.hears(FLOOD).await;
    rush.city.kill9();
    rush.city.restart();
    flood.hears(FLOOD).await;
    flood.end().await;
    let after_cut = rush.is_normal("a power cut").await;
    rush.nothing_is_lost().await;

    report(&format!(
        "hostile: {PEOPLE} people go the whole way {:.1} s after the opening, {:.1} s after a flood, {:.1} s after a stall, {:.1} s after a power cut; {} served, lost 0; memory {memory:.0?} MiB",
        before.as_secs_f64(),
        after_flood.as_secs_f64(),
        after_stall.as_secs_f64(),
        after_cut.as_secs_f64(),
        rush.served.len(),
    ));
    let most = memory.iter().copied().fold(0.0, f64::max);
    assert!(most <= memory[0] * GROWN_SHARE + GROWN_MIB, "memory stays flat: {memory:.0?} MiB");
}
