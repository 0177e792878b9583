//! What a request costs the processor, beside bare axum on the same core; and what many sessions cost beside one.

use std::time::Duration;

use sesshu_benches::bare_axum::BareAxum;
use sesshu_benches::crowd::{Crowd, open_sessions};
use sesshu_benches::open_model::open_load;
use sesshu_benches::rounds::{median, processor_time, rate, threads_time};
use sesshu_benches::rush::{Requests, client_runtime, rush};
use sesshu_tests::{City, Place, report};
use tokio::runtime::Runtime;

use super::line;

/// How often one hot session, many and bare axum take turns; once more to warm up.
const ROUNDS: usize = 5;
/// Bookings of one turn.
const BOOKINGS: usize = 5_000;
/// How many sessions are many.
const SESSIONS: usize = 1_000;
const CONNECTIONS: usize = 512;
/// Whose tokens are sealed, and who are not used by anybody else.
pub(crate) const RESIDENTS: usize = BOOKINGS * 2 * (ROUNDS + 1) + BARE_MAX + 1;
/// Requests that bare axum gets at most.
const BARE_MAX: usize = 60_000;

/// The processor time of the residents' threads.
pub(crate) fn public_time(server: u32) -> Duration {
    threads_time(server, "public")
}

/// What is compared.
pub(crate) struct Cost {
    runtime: Runtime,
    bare: BareAxum,
    crowd: Crowd,
    hot: Vec<Place>,
    many: Vec<Place>,
}

impl Cost {
    /// To be called on the server's core: bare axum stays there. The first residents are left to the visitors.
    pub(crate) fn begin(city: &City, visitors: usize) -> Self {
        let (runtime, bare) = (client_runtime(), BareAxum::start());
        let mut crowd = runtime.block_on(Crowd::of(city));
        crowd.leave_out(visitors as u32);
        let hot = runtime.block_on(open_sessions(city, "一か所", 1, 8));
        let many = runtime.block_on(open_sessions(city, "計測", SESSIONS, 1));
        Self { runtime, bare, crowd, hot, many }
    }

    /// Bookings for bare axum, when so many come a second.
    pub(crate) fn for_bare(&mut self, per_second: f64, lasting: Duration) -> Requests {
        let count = ((per_second * lasting.as_secs_f64()) as usize).clamp(1, BARE_MAX);
        self.crowd.bookings(count, &self.many)
    }

    /// The processor time of one of bare axum's answers to them.
    pub(crate) fn bare_post_us(&self, requests: &Requests, per_second: f64) -> f64 {
        let before = processor_time(self.bare.process_id());
        self.runtime.block_on(open_load(self.bare.address, CONNECTIONS, requests, per_second, 201));
        let used = processor_time(self.bare.process_id()).saturating_sub(before);
        used.as_secs_f64() * 1_000_000.0 / requests.len() as f64
    }

    /// The goals of durable bookings over HTTP.
    pub(crate) fn many_sessions(&mut self, city: &City) -> String {
        let (mut hot, mut many, mut bare) = (Vec::new(), Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let requests = [self.crowd.bookings(BOOKINGS, &self.hot), self.crowd.bookings(BOOKINGS, &self.many)];
            let rate_of =
                |server, requests| rate(BOOKINGS, self.runtime.block_on(rush(server, CONNECTIONS, requests, 201)));
            let rates = [
                rate_of(city.public(), &requests[0]),
                rate_of(city.public(), &requests[1]),
                rate_of(self.bare.address, &requests[1]),
            ];
            if round > 0 {
                hot.push(rates[0]);
                many.push(rates[1]);
                bare.push(rates[2]);
            }
        }
        let (hot, many, bare) = (median(&hot), median(&many), median(&bare));
        report(&format!("bookings a second: one session {hot:.0}, {SESSIONS} sessions {many:.0}; bare axum {bare:.0}"));
        line("one hot session / 1,000 sessions", hot / many, ">= 0.95")
            + &line("durable HTTP bookings / bare axum's same POST, one core each", many / bare, ">= 0.7")
    }
}
