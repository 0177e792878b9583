//! The call centre under a public rush: `cargo bench -p sesshu-benches --bench console_rush`.
//!
//! The server has one core, the load another one. First it is measured how many visitors the server can serve a second; then ten times
//! as many come, and in a second round a thousand connections repeat their bookings without a pause beside them. All through it one
//! operator works through calls, one after the other: search, hold, book. The operator's browser shares the load's core, but the load
//! yields to it: what is measured is the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use sesshu_benches::cores;
use sesshu_benches::crowd::{Crowd, login_requests, open_sessions};
use sesshu_benches::rounds::{median, p99_ms, rate};
use sesshu_benches::rush::{Requests, client_runtime};
use sesshu_benches::visitors::{StormAnswers, Tally, Visitors, storm};
use sesshu_tests::{City, Operator, not_run, report};
use tokio::runtime::Runtime;
use tokio::time::MissedTickBehavior;

const SERVER_CORE: usize = 0;
const LOAD_CORE: usize = 1;
const RESIDENTS: usize = 20_000;
/// Visitors before they come again.
const VISITORS: usize = 4_000;
/// Residents who repeat their bookings.
const IMPATIENT: usize = 4_000;
const STORM_CONNECTIONS: usize = 1_000;
/// Visitors who are there at once, at most.
const AT_ONCE_MAX: usize = 2_000;
/// How many times as many come as can be served.
const TIMES: f64 = 10.0;
const CALLS: usize = 300;
/// A call begins so long after the one before, if that has ended: a rush lasts for a while.
const PACE: Duration = Duration::from_millis(50);
const ROUND_MAX: Duration = Duration::from_mins(2);
/// One operator does the work of many here.
const CONFIG: &str = "[staff]\nlookups_per_hour_max = 10000\n";
const GOAL_MS: f64 = 500.0;

fn main() {
    if !cores::are_two() {
        not_run("the call centre under a rush: the load and the server need a core each");
        return;
    }
    cores::pin_to(SERVER_CORE);
    let city = City::demo().residents(RESIDENTS).config(CONFIG).start();
    cores::pin_to(LOAD_CORE);
    let runtime = client_runtime();
    let places = runtime.block_on(open_sessions(&city, "計測", 20, 8));
    let visitors = Arc::new(Visitors::new(city.public(), login_requests(&city, VISITORS), &places));
    let mut crowd = runtime.block_on(Crowd::of(&city));
    let repeated = crowd.bookings(IMPATIENT, &places);
    let mut desk = runtime.block_on(Operator::sign_in(&city.demo_staff("operator1"), city.staff()));

    let idle = Calls::work(&runtime, &city, &mut desk);
    let served = runtime.block_on(visitors.served_per_second(64, Duration::from_secs(10)));
    let rush = Rush::begin(&visitors, served * TIMES, None);
    let crowded = Calls::work(&runtime, &city, &mut desk);
    let rush_line = rush.end();
    let storming = Rush::begin(&visitors, served * TIMES, Some(&repeated));
    let stormed = Calls::work(&runtime, &city, &mut desk);
    let storm_line = storming.end();

    assert_eq!(city.verify()["ok"], true);
    report(&format!("\nthe server serves {served:.0} visitors a second on one core\n{}", idle.line("nobody else")));
    report(&format!("{rush_line}\n{}", crowded.line("ten times the visitors")));
    report(&format!("{storm_line}\n{}", stormed.line("and a storm of repeated bookings")));
    report(&format!("\n{}{}", crowded.goals("ten times the visitors"), stormed.goals("and a storm")));
}

/// A rush while it goes on, on a thread of its own.
struct Rush {
    end: Arc<AtomicBool>,
    tally: Arc<Tally>,
    answers: Arc<StormAnswers>,
    began: Instant,
    thread: JoinHandle<()>,
}

impl Rush {
    fn begin(visitors: &Arc<Visitors>, per_second: f64, repeated: Option<&Requests>) -> Self {
        let (end, tally, answers) =
            (Arc::<AtomicBool>::default(), Arc::<Tally>::default(), Arc::<StormAnswers>::default());
        let (visitors, repeated) = (Arc::clone(visitors), repeated.map(Arc::clone));
        let thread = std::thread::spawn({
            let (end, tally, answers) = (Arc::clone(&end), Arc::clone(&tally), Arc::clone(&answers));
            move || {
                cores::yield_to_others();
                client_runtime().block_on(async {
                    let server = visitors.server();
                    let again = async {
                        if let Some(repeated) = &repeated {
                            storm(server, STORM_CONNECTIONS, repeated, &end, &answers).await;
                        }
                    };
                    tokio::join!(visitors.come(per_second, AT_ONCE_MAX, &end, &tally), again);
                });
            }
        });
        Self { end, tally, answers, began: Instant::now(), thread }
    }

    /// Ends it; what it was in a line.
    fn end(self) -> String {
        let took = self.began.elapsed();
        self.end.store(true, Ordering::Relaxed);
        self.thread.join().expect("the rush ends");
        let each = |number: &AtomicUsize| rate(number.load(Ordering::Relaxed), took);
        let Tally { came, served, turned_away, cut } = &*self.tally;
        format!(
            "visitors a second: {:.0} come, {:.0} are served, {:.0} are told that the city is busy, {:.0} find no way in; the storm \
             hears {:.0} times its booking and {:.0} times that the city is busy; {:.0} s",
            each(came),
            each(served),
            each(turned_away),
            each(cut),
            each(&self.answers.booked),
            each(&self.answers.others),
            took.as_secs_f64()
        )
    }
}

/// Calls that the operator has worked through.
#[derive(Default)]
struct Calls {
    search: Vec<Duration>,
    hold: Vec<Duration>,
    book: Vec<Duration>,
    taken: usize,
    booked: usize,
}

impl Calls {
    fn work(runtime: &Runtime, city: &City, desk: &mut Operator) -> Self {
        let (mut calls, began) = (Self::default(), Instant::now());
        runtime.block_on(async {
            let mut pace = tokio::time::interval(PACE);
            pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while calls.taken < CALLS && began.elapsed() < ROUND_MAX {
                pace.tick().await;
                calls.taken += 1;
                if calls.one(city, desk).await.unwrap_or(false) {
                    calls.booked += 1;
                }
            }
        });
        calls
    }

    /// A call, in which a place is booked that is free: whether it was.
    async fn one(&mut self, city: &City, desk: &mut Operator) -> Result<bool, std::io::Error> {
        let resident = city.resident();
        desk.take_call().await?;
        let began = Instant::now();
        let found = desk.look_up(&resident).await?;
        self.search.push(began.elapsed());
        if !found {
            return Ok(false);
        }
        desk.choose().await?;
        let began = Instant::now();
        let kept = desk.hold(None).await?;
        self.hold.push(began.elapsed());
        if !kept {
            return Ok(false);
        }
        let began = Instant::now();
        let booked = desk.book().await?;
        self.book.push(began.elapsed());
        desk.end_call().await?;
        Ok(booked)
    }

    fn line(&self, beside: &str) -> String {
        let each = [("search", &self.search), ("hold", &self.hold), ("book", &self.book)];
        let each = each.map(|(name, times)| format!("{name} p50 {:.1} p99 {:.1} ms", p50_ms(times), p99_ms(times)));
        format!("  operator beside {beside}: {}; {} of {} calls booked", each.join(", "), self.booked, self.taken)
    }

    fn goals(&self, beside: &str) -> String {
        let line = |what: &str, value: f64, goal: &str| format!("{what:<64} {value:>10.2}   goal {goal}\n");
        let goal = format!("<= {GOAL_MS}");
        line(&format!("{beside}: search p99, ms"), p99_ms(&self.search), &goal)
            + &line(&format!("{beside}: book p99, ms"), p99_ms(&self.book), &goal)
            + &line(&format!("{beside}: calls booked, %"), 100.0 * self.booked as f64 / self.taken as f64, "100")
    }
}

fn p50_ms(latencies: &[Duration]) -> f64 {
    let each: Vec<f64> = latencies.iter().map(|latency| latency.as_secs_f64() * 1_000.0).collect();
    median(&each)
}
