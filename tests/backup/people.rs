//! People who book and cancel until the machine is gone, and what each of them was told, and when.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::{City, Client, Place, Request, Resident};
use tokio::task::JoinSet;

/// So long somebody thinks before the next change.
const THINKS: Duration = Duration::from_millis(120);
/// A person changes at most so often, so that the city's own limit of changes is never met.
const CHANGES_MAX: usize = 80;

/// One person: everything that was acknowledged to them, in order.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) resident: Resident,
    client: Client,
    /// The live booking after each change, and when that was heard.
    pub(crate) heard: Vec<(Instant, Option<Value>)>,
    /// Something was asked for, and no answer came.
    pub(crate) is_open: bool,
}

impl Person {
    /// Changes until the server is gone.
    async fn act(&mut self, place: &Place, changes: &AtomicUsize) {
        while self.heard.len() < CHANGES_MAX {
            let live = self.heard.last().and_then(|(_, booking)| booking.as_ref());
            let request = if let Some(booking) = live {
                let number = booking["number"].as_str().expect("a booking has a number");
                Request::new("DELETE", format!("/api/v1/bookings/{number}"))
            } else {
                let key = format!("lost-{}", self.heard.len());
                Request::new("POST", "/api/v1/bookings").key(key).json(&place.dose(1))
            };
            let Ok(answer) = self.client.try_send(&request).await else {
                self.is_open = true;
                return;
            };
            match answer.status {
                200 | 201 => {
                    let booking = answer.json()["bookings"][0].clone();
                    self.heard.push((Instant::now(), (booking["state"] == "booked").then_some(booking)));
                    changes.fetch_add(1, Ordering::Relaxed);
                }
                // Nothing is changed by it.
                503 => {}
                _ => panic!("{request:?}: {} {}", answer.status, answer.text()),
            }
            tokio::time::sleep(THINKS).await;
        }
    }

    /// The live booking that the city knows of them.
    pub(crate) async fn known(&self, city: &City) -> Option<Value> {
        let mut device = city.login(&self.resident).await;
        device.bookings().await.into_iter().find(|booking| booking["state"] == "booked")
    }
}

/// People at work.
pub(crate) struct Load {
    people: JoinSet<Person>,
    changes: Arc<AtomicUsize>,
}

impl Load {
    /// `count` people log in and begin.
    pub(crate) async fn start(city: &City, place: &Place, count: usize) -> Self {
        let people = city.people(count).await;
        let changes = Arc::new(AtomicUsize::new(0));
        let mut acting = JoinSet::new();
        for (resident, client) in people {
            let mut person = Person { resident, client, heard: Vec::new(), is_open: false };
            let (place, changes) = (place.clone(), Arc::clone(&changes));
            acting.spawn(async move {
                person.act(&place, &changes).await;
                person
            });
        }
        Self { people: acting, changes }
    }

    /// How many changes were acknowledged so far.
    pub(crate) fn changes(&self) -> usize {
        self.changes.load(Ordering::Relaxed)
    }

    /// Everybody, once the server is gone.
    pub(crate) async fn end(mut self) -> Vec<Person> {
        let mut all = Vec::new();
        while let Some(person) = self.people.join_next().await {
            all.push(person.expect("a person"));
        }
        all
    }
}
