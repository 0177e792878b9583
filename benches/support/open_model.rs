//! An open load: requests begin at their times, whether or not the ones before are answered. Latency counts from the time at
//! which a request should have begun, so that a stall is felt by everybody who would have come during it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::rush::Requests;
use crate::wire::Wire;

/// How often the clock is looked at, at most. The runtime's own timers are ten times coarser.
const TICK_MIN: Duration = Duration::from_micros(100);

/// A request whose time has come, by its index, and that time.
type Due = (usize, Instant);

/// Sends every request once, `per_second` of them, over at most so many connections. Gives the latencies.
pub async fn open_load(
    server: SocketAddr,
    connections: usize,
    requests: &Requests,
    per_second: f64,
    wanted: u16,
) -> Vec<Duration> {
    let (sender, receiver) = mpsc::channel::<Due>(requests.len().max(1));
    let due = Arc::new(Mutex::new(receiver));
    let mut lanes = JoinSet::new();
    for _ in 0..connections {
        let mut wire = Wire::open(server).await.expect("a connection");
        let (due, requests) = (Arc::clone(&due), Arc::clone(requests));
        lanes.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let next = due.lock().await.recv().await;
                let Some((index, at)) = next else { return latencies };
                let answer = wire.exchange(&requests[index]).await.expect("an answer");
                assert_eq!(answer.status, wanted, "{}", String::from_utf8_lossy(answer.body));
                latencies.push(at.elapsed());
            }
        });
    }
    let count = requests.len();
    let pacing = tokio::task::spawn_blocking(move || pace(&sender, count, per_second));
    let latencies = lanes.join_all().await.into_iter().flatten().collect();
    pacing.await.expect("the pace was kept");
    latencies
}

/// Lets each request become due at its time.
fn pace(due: &mpsc::Sender<Due>, count: usize, per_second: f64) {
    let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::empty()).expect("a timer");
    let tick = TICK_MIN.max(Duration::from_secs_f64(1.0 / per_second));
    let tick = Timespec { tv_sec: tick.as_secs() as i64, tv_nsec: i64::from(tick.subsec_nanos()) };
    let every = Itimerspec { it_interval: tick, it_value: tick };
    rustix::time::timerfd_settime(&timer, TimerfdTimerFlags::empty(), &every).expect("the timer runs");
    let started = Instant::now();
    let mut next = 0;
    while next < count {
        rustix::io::read(&timer, &mut [0; 8]).expect("the timer ticks");
        let now = Instant::now();
        while next < count {
            let at = started + Duration::from_secs_f64(next as f64 / per_second);
            if at > now {
                break;
            }
            due.try_send((next, at)).expect("there is room for all of them");
            next += 1;
        }
    }
}
