//! Visitors at the opening: each comes on a connection of its own, looks at the first page and at the days, logs in, and books. They
//! come when they come, whether or not those before them have gone; whoever is told that the city is busy goes away again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use sesshu_tests::Place;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::crowd::booking;
use crate::rounds::rate;
use crate::rush::Requests;
use crate::wire::Wire;

const PAGE: &[u8] = b"GET / HTTP/1.1\r\nhost: sesshu.test\r\n\r\n";
const DAYS: &[u8] = b"GET /api/v1/days?dose=1 HTTP/1.1\r\nhost: sesshu.test\r\n\r\n";
/// How often it is looked who comes next.
const TICK: Duration = Duration::from_millis(2);

/// Everybody who may come.
#[derive(Debug)]
pub struct Visitors {
    server: SocketAddr,
    logins: Requests,
    bodies: Vec<String>,
    next: AtomicUsize,
}

/// What became of them.
#[derive(Debug, Default)]
pub struct Tally {
    /// Those who came.
    pub came: AtomicUsize,
    /// Those who were served to the end: a booking, or its refusal.
    pub served: AtomicUsize,
    /// Those who were told that the city is busy.
    pub turned_away: AtomicUsize,
    /// Those who found no way in, or whose connection broke.
    pub cut: AtomicUsize,
}

impl Visitors {
    /// Visitors with these logins, who book dose 1 at `places` in turn.
    #[must_use]
    pub fn new(server: SocketAddr, logins: Requests, places: &[Place]) -> Self {
        let bodies = places.iter().map(|place| place.dose(1).to_string()).collect();
        Self { server, logins, bodies, next: AtomicUsize::new(0) }
    }

    /// The listener that they come to.
    #[must_use]
    pub const fn server(&self) -> SocketAddr {
        self.server
    }

    /// How many are served a second, if so many are there at any time.
    pub async fn served_per_second(self: &Arc<Self>, at_once: usize, lasting: Duration) -> f64 {
        let (tally, started) = (Arc::new(Tally::default()), Instant::now());
        let mut lanes = JoinSet::new();
        for _ in 0..at_once {
            let (visitors, tally) = (Arc::clone(self), Arc::clone(&tally));
            lanes.spawn(async move {
                while started.elapsed() < lasting {
                    visitors.visit(&tally).await;
                }
            });
        }
        lanes.join_all().await;
        rate(tally.served.load(Ordering::Relaxed), started.elapsed())
    }

    /// Lets `per_second` of them come until `end`; at most so many are there at once, and whoever finds no room is counted as cut.
    pub async fn come(self: &Arc<Self>, per_second: f64, at_once_max: usize, end: &AtomicBool, tally: &Arc<Tally>) {
        let (room, started) = (Arc::new(Semaphore::new(at_once_max)), Instant::now());
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut visits = JoinSet::new();
        let mut came = 0_u32;
        while !end.load(Ordering::Relaxed) {
            ticks.tick().await;
            while f64::from(came) < started.elapsed().as_secs_f64() * per_second {
                came += 1;
                if let Ok(inside) = Arc::clone(&room).try_acquire_owned() {
                    let (visitors, tally) = (Arc::clone(self), Arc::clone(tally));
                    visits.spawn(async move {
                        visitors.visit(&tally).await;
                        drop(inside);
                    });
                } else {
                    count(&tally.came);
                    count(&tally.cut);
                }
            }
            while visits.try_join_next().is_some() {}
        }
        visits.shutdown().await;
    }

    async fn visit(&self, tally: &Tally) {
        count(&tally.came);
        let ended = match self.try_visit().await {
            Ok(true) => &tally.served,
            Ok(false) => &tally.turned_away,
            Err(_) => &tally.cut,
        };
        count(ended);
    }

    /// Whether they were served to the end.
    async fn try_visit(&self) -> Result<bool, std::io::Error> {
        let index = self.next.fetch_add(1, Ordering::Relaxed);
        let mut wire = Wire::open(self.server).await?;
        for look in [PAGE, DAYS] {
            if wire.exchange(look).await?.status != 200 {
                return Ok(false);
            }
        }
        let answer = wire.exchange(&self.logins[index % self.logins.len()]).await?;
        if answer.status != 200 {
            return Ok(false);
        }
        let login: Value = serde_json::from_slice(answer.body)?;
        let request = booking(login["token"].as_str().unwrap_or_default(), &self.bodies[index % self.bodies.len()]);
        Ok(matches!(wire.exchange(&request).await?.status, 200 | 201 | 409))
    }
}

/// What a storm heard.
#[derive(Debug, Default)]
pub struct StormAnswers {
    /// A booking, for the first time or again.
    pub booked: AtomicUsize,
    /// Anything else: that the city is busy.
    pub others: AtomicUsize,
}

/// So many connections, each of which sends one of `requests` after the other without a pause until `end`, whatever the answers are:
/// people who press the button again and again.
pub async fn storm(
    server: SocketAddr,
    connections: usize,
    requests: &Requests,
    end: &Arc<AtomicBool>,
    answers: &Arc<StormAnswers>,
) {
    let mut lanes = JoinSet::new();
    for lane in 0..connections {
        let (requests, end, answers) = (Arc::clone(requests), Arc::clone(end), Arc::clone(answers));
        lanes.spawn(async move {
            let mut turns = requests.iter().skip(lane % requests.len()).chain(requests.iter().cycle());
            while !end.load(Ordering::Relaxed) {
                // A connection that the server closes is opened again, as browsers do.
                let Ok(mut wire) = Wire::open(server).await else { continue };
                while !end.load(Ordering::Relaxed)
                    && let Some(request) = turns.next()
                    && let Ok(answer) = wire.exchange(request).await
                {
                    count(if matches!(answer.status, 200 | 201) { &answers.booked } else { &answers.others });
                }
            }
        });
    }
    lanes.join_all().await;
}

fn count(number: &AtomicUsize) {
    number.fetch_add(1, Ordering::Relaxed);
}
