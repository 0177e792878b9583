//! An open load: requests begin at their times, whether or not the ones before are answered. Latency counts from the time at
//! which a request should have begun, so that a stall is felt by everybody who would have come during it.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fd::OwnedFd;
use rustix::time::{Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec};
use tokio::io::unix::AsyncFd;
use tokio::task::JoinSet;

use crate::rush::Requests;
use crate::wire::Wire;

/// How often the clock is looked at, at most. The runtime's own timers are coarser; and a client that looks oftener keeps a processor awake
/// that the server is to have, for which a virtual machine was seen to be held up as a whole. Latency counts from the time at which a request should have begun, so that this much of it is the client's.
const TICK_MIN: Duration = Duration::from_micros(500);

/// A request whose time has come, by its index, and that time.
type Due = (usize, Instant);

/// Connections, those who found none, and what was heard.
struct Lanes {
    requests: Requests,
    wanted: u16,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    idle: Vec<Wire>,
    waiting: VecDeque<Due>,
    latencies: Vec<Duration>,
}

/// Sends every request once, `per_second` of them, over at most so many connections. Gives the latencies. It costs the machine
/// little, so that what is measured is the server: nobody is woken to begin a request.
pub async fn open_load(
    server: SocketAddr,
    connections: usize,
    requests: &Requests,
    per_second: f64,
    wanted: u16,
) -> Vec<Duration> {
    let mut state = State::default();
    for _ in 0..connections {
        state.idle.push(Wire::open_and_greet(server).await.expect("a connection"));
    }
    let lanes = Arc::new(Lanes { requests: Arc::clone(requests), wanted, state: Mutex::new(state) });
    let mut under_way = JoinSet::new();
    let ticks = ticks(TICK_MIN.max(Duration::from_secs_f64(1.0 / per_second)));
    let (started, mut next) = (Instant::now(), 0);
    while next < requests.len() {
        let mut ticked = ticks.readable().await.expect("the timer ticks");
        rustix::io::read(&ticks, &mut [0; 8]).expect("a tick");
        ticked.clear_ready();
        let now = Instant::now();
        while next < requests.len() {
            let at = started + Duration::from_secs_f64(next as f64 / per_second);
            if at > now {
                break;
            }
            let mut state = lanes.state();
            match state.idle.pop() {
                Some(wire) => {
                    under_way.spawn(Arc::clone(&lanes).go_on_with(wire, (next, at)));
                }
                None => state.waiting.push_back((next, at)),
            }
            next += 1;
        }
    }
    while let Some(done) = under_way.join_next().await {
        done.expect("a lane");
    }
    std::mem::take(&mut lanes.state().latencies)
}

impl Lanes {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends the request `due`, and then whatever waits for a connection.
    async fn go_on_with(self: Arc<Self>, mut wire: Wire, mut due: Due) {
        loop {
            let (index, at) = due;
            let answer = wire.exchange(&self.requests[index]).await.expect("an answer");
            assert_eq!(answer.status, self.wanted, "{}", String::from_utf8_lossy(answer.body));
            let mut state = self.state();
            state.latencies.push(at.elapsed());
            match state.waiting.pop_front() {
                Some(waiting) => due = waiting,
                None => return state.idle.push(wire),
            }
        }
    }
}

/// A timer that ticks so often.
#[expect(
    deprecated,
    reason = "what took its place asks us to promise what `OwnedFd` keeps anyway, in code that we forbid"
)]
fn ticks(every: Duration) -> AsyncFd<OwnedFd> {
    let timer = rustix::time::timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::NONBLOCK).expect("a timer");
    let tick = Timespec { tv_sec: every.as_secs() as i64, tv_nsec: i64::from(every.subsec_nanos()) };
    let every = Itimerspec { it_interval: tick, it_value: tick };
    rustix::time::timerfd_settime(&timer, TimerfdTimerFlags::empty(), &every).expect("the timer runs");
    AsyncFd::new(timer).expect("the runtime takes the timer")
}
