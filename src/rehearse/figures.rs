//! What is counted and measured during the rush. It knows neither the network nor the report.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use hyper::StatusCode;

use super::samples::Sample;
use super::steps::{Gate, Heard, Step};
use crate::exit::Failure;

/// Three digits are kept of times over the whole rush, two of those of a second.
const DIGITS: u8 = 3;
const SECOND_DIGITS: u8 = 2;
/// Longer times, which no rehearsal has, count as this long: two hours.
const MICROS_MAX: u64 = 2 * 3_600 * 1_000_000;
/// Shorter estimates say little: people ask again only so often.
const ESTIMATE_MIN: Duration = Duration::from_secs(5);
/// How requests without an answer are listed among the refusals.
const UNHEARD: &str = "unheard";

/// One second of the rush.
#[derive(Debug, Clone, Default)]
pub(super) struct Second {
    pub(super) arrived: u32,
    /// Whose turn it was to take a place.
    pub(super) admitted: u32,
    /// Acknowledged bookings.
    pub(super) booked: u32,
    /// Logins that succeeded.
    pub(super) logged_in: u32,
    /// By [`Heard`].
    pub(super) heard: [u32; Heard::ALL.len()],
    /// People who stand at each [`Gate`], at its end.
    pub(super) at_gates: [u32; Gate::ALL.len()],
    /// Milliseconds at 50 %, 90 % and 99 %, of bookings, logins and waits that ended in this second.
    pub(super) booking_ms: Option<[f64; 3]>,
    pub(super) login_ms: Option<[f64; 3]>,
    pub(super) wait_ms: Option<[f64; 3]>,
    pub(super) sample: Sample,
}

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Figures {
    steps: [Histogram<u64>; Step::ALL.len()],
    second_bookings: Histogram<u64>,
    second_logins: Histogram<u64>,
    second_waits: Histogram<u64>,
    /// How late we were with what we had meant to begin.
    lateness: Histogram<u64>,
    /// What people waited, in percent of what they had first been told.
    estimates: Histogram<u64>,
    second: Second,
    pub(super) seconds: Vec<Second>,
    /// Every "no" by its code; [`UNHEARD`] is a connection that was lost, or not to be had.
    pub(super) refusals: BTreeMap<String, u64>,
    pub(super) requests: u64,
    pub(super) arrived: u64,
    pub(super) ended: u64,
    pub(super) admitted: u64,
    pub(super) booked: u64,
    /// Of the people who booked, those who called.
    pub(super) by_phone: u64,
    pub(super) heard: [u64; Heard::ALL.len()],
    pub(super) at_gates: [u32; Gate::ALL.len()],
    pub(super) logins: Logins,
    /// How often a phone had to wait for a socket of ours.
    pub(super) short_of_sockets: u64,
}

/// How people's logins went; a person counts once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(super) struct Logins {
    /// Those who tried.
    pub(super) people: u64,
    /// Those who got in the first time their password was looked at, and were sent away by nothing but a place in line.
    pub(super) first_try: u64,
    /// Those of them who did not even wait in line.
    pub(super) at_once: u64,
    /// Those who got in.
    pub(super) in_the_end: u64,
}

impl Logins {
    /// The share of those who got in at the first try.
    pub(super) fn first_try_percent(self) -> Option<f64> {
        (self.people > 0).then(|| self.first_try as f64 / self.people as f64 * 100.0)
    }
}

/// Percentiles of a step, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub(super) struct Percentiles {
    pub(super) count: u64,
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    #[serde(rename = "p99.9")]
    pub(super) p999: f64,
    pub(super) max: f64,
}

/// What people really waited, in percent of what they had first been told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(super) struct Estimates {
    pub(super) count: u64,
    pub(super) p10_percent: u64,
    pub(super) p50_percent: u64,
    pub(super) p90_percent: u64,
}

impl Figures {
    pub(super) fn new() -> Result<Self, Failure> {
        let histogram = |digits| Histogram::new_with_bounds(1, MICROS_MAX, digits).map_err(Failure::internal);
        let [mut steps, mut second] = [Vec::new(), Vec::new()];
        for _ in Step::ALL {
            steps.push(histogram(DIGITS)?);
        }
        for _ in 0..5 {
            second.push(histogram(SECOND_DIGITS)?);
        }
        let missing = |_| Failure::internal("a histogram is missing");
        let [second_bookings, second_logins, second_waits, lateness, estimates] = second.try_into().map_err(missing)?;
        Ok(Self {
            steps: steps.try_into().map_err(missing)?,
            second_bookings,
            second_logins,
            second_waits,
            lateness,
            estimates,
            second: Second::default(),
            seconds: Vec::new(),
            refusals: BTreeMap::new(),
            requests: 0,
            arrived: 0,
            ended: 0,
            admitted: 0,
            booked: 0,
            by_phone: 0,
            heard: [0; Heard::ALL.len()],
            at_gates: [0; Gate::ALL.len()],
            logins: Logins::default(),
            short_of_sockets: 0,
        })
    }

    /// Somebody came.
    pub(super) const fn arrive(&mut self) {
        self.arrived += 1;
        self.second.arrived += 1;
    }

    /// A place was granted and acknowledged.
    pub(super) const fn book(&mut self) {
        self.booked += 1;
        self.second.booked += 1;
    }

    /// It was somebody's turn, so long after they had come.
    pub(super) fn admit(&mut self, waited: Duration) {
        self.admitted += 1;
        self.second.admitted += 1;
        self.took(Step::Wait, waited);
    }

    /// A login ended; `in_line` if the person had to wait for their turn, `stumbled` if anything else kept them.
    pub(super) const fn log_in(&mut self, got_in: bool, in_line: bool, stumbled: bool) {
        self.logins.people += 1;
        if got_in {
            self.logins.in_the_end += 1;
            self.logins.first_try += !stumbled as u64;
            self.logins.at_once += !(stumbled || in_line) as u64;
            self.second.logged_in += 1;
        }
    }

    /// Somebody begins to stand at a gate.
    pub(super) const fn stand_at(&mut self, gate: Gate) {
        self.at_gates[gate as usize] += 1;
    }

    /// Somebody stands at a gate no more.
    pub(super) const fn leave(&mut self, gate: Gate) {
        self.at_gates[gate as usize] = self.at_gates[gate as usize].saturating_sub(1);
    }

    /// We began something so long after it was meant to begin.
    pub(super) fn was_late(&mut self, by: Duration) {
        self.lateness.saturating_record(micros(by));
    }

    /// It was somebody's turn, who had first been told that it takes so long, and then waited so long.
    pub(super) fn waited(&mut self, told: Duration, really: Duration) {
        if told >= ESTIMATE_MIN {
            self.estimates.saturating_record((really.as_secs_f64() / told.as_secs_f64() * 100.0) as u64);
        }
    }

    /// A request was answered, a "no" with its code, or it was not answered. Gives what the answer means.
    pub(super) fn hear(&mut self, answered: Option<(StatusCode, Option<&str>, bool)>) -> Heard {
        self.requests += 1;
        let heard = answered.map_or(Heard::Error, |(status, code, in_line)| Heard::of(status, code, in_line));
        self.heard[heard as usize] += 1;
        self.second.heard[heard as usize] += 1;
        if heard != Heard::Good {
            let name = answered.and_then(|(_, code, _)| code).unwrap_or(UNHEARD);
            *self.refusals.entry(name.to_owned()).or_default() += 1;
        }
        heard
    }

    /// A step took so long, counted from when it was meant to begin.
    pub(super) fn took(&mut self, step: Step, time: Duration) {
        let micros = micros(time);
        self.steps[step as usize].saturating_record(micros);
        match step {
            Step::Book => self.second_bookings.saturating_record(micros),
            Step::Login => self.second_logins.saturating_record(micros),
            Step::Wait => self.second_waits.saturating_record(micros),
            _ => {}
        }
    }

    /// A second is over; `sample` is how the server and we were doing at its end.
    pub(super) fn close_second(&mut self, sample: Sample) {
        let three = |histogram: &mut Histogram<u64>| {
            let three = (!histogram.is_empty()).then(|| [0.5, 0.9, 0.99].map(|quantile| ms_at(histogram, quantile)));
            histogram.reset();
            three
        };
        let mut second = std::mem::take(&mut self.second);
        second.booking_ms = three(&mut self.second_bookings);
        second.login_ms = three(&mut self.second_logins);
        second.wait_ms = three(&mut self.second_waits);
        second.at_gates = self.at_gates;
        second.sample = sample;
        self.seconds.push(second);
    }

    /// The percentiles of `step`, if it happened.
    pub(super) fn percentiles(&self, step: Step) -> Option<Percentiles> {
        percentiles(&self.steps[step as usize])
    }

    /// How late we were ourselves.
    pub(super) fn lateness(&self) -> Option<Percentiles> {
        percentiles(&self.lateness)
    }

    /// How honest the estimates were.
    pub(super) fn estimates(&self) -> Option<Estimates> {
        let percent = |quantile| self.estimates.value_at_quantile(quantile);
        let [count, p10, p50, p90] = [self.estimates.len(), percent(0.1), percent(0.5), percent(0.9)];
        (count > 0).then_some(Estimates { count, p10_percent: p10, p50_percent: p50, p90_percent: p90 })
    }

    /// The most of something in a second.
    pub(super) fn most(&self, of: fn(&Second) -> u32) -> u32 {
        self.seconds.iter().map(of).max().unwrap_or(0)
    }
}

impl Second {
    /// Requests that were answered, or not, in it.
    pub(super) fn requests(&self) -> u32 {
        self.heard.iter().sum()
    }
}

fn percentiles(times: &Histogram<u64>) -> Option<Percentiles> {
    (!times.is_empty()).then(|| Percentiles {
        count: times.len(),
        p50: ms_at(times, 0.5),
        p90: ms_at(times, 0.9),
        p99: ms_at(times, 0.99),
        p999: ms_at(times, 0.999),
        max: times.max() as f64 / 1_000.0,
    })
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

fn ms_at(times: &Histogram<u64>, quantile: f64) -> f64 {
    times.value_at_quantile(quantile) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_counted_in_its_second_and_in_all() {
        let mut figures = Figures::new().expect("figures");
        figures.hear(Some((StatusCode::CREATED, None, false)));
        figures.hear(Some((StatusCode::CONFLICT, Some("full"), false)));
        figures.close_second(Sample::default());
        figures.hear(Some((StatusCode::SERVICE_UNAVAILABLE, Some("busy"), false)));
        figures.hear(Some((StatusCode::SERVICE_UNAVAILABLE, Some("queued"), true)));
        figures.hear(None);
        figures.close_second(Sample::default());
        assert_eq!((figures.requests, figures.heard), (5, [1, 1, 0, 1, 1, 0, 1]));
        let seconds = [figures.seconds[0].heard, figures.seconds[1].heard];
        assert_eq!(seconds, [[1, 1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0, 1]]);
        assert_eq!(figures.refusals.keys().collect::<Vec<_>>(), ["busy", "full", "queued", "unheard"]);
    }

    #[test]
    fn percentiles_are_those_of_all_and_a_second_has_only_its_own() {
        let mut figures = Figures::new().expect("figures");
        (1..=100).for_each(|ms| figures.took(Step::Book, Duration::from_millis(ms)));
        figures.close_second(Sample::default());
        figures.took(Step::Book, Duration::from_secs(1));
        figures.close_second(Sample::default());
        let all = figures.percentiles(Step::Book).expect("times");
        assert_eq!(all.count, 101);
        assert!((50.0..52.0).contains(&all.p50) && (99.0..101.0).contains(&all.p99) && all.max >= 1_000.0, "{all:?}");
        let (first, second) = (figures.seconds[0].booking_ms, figures.seconds[1].booking_ms);
        assert!(first.is_some_and(|[_, _, p99]| p99 < 101.0) && second.is_some_and(|[p50, ..]| p50 > 990.0));
        assert_eq!((figures.percentiles(Step::Login), figures.seconds[0].login_ms), (None, None));
    }

    #[test]
    fn whoever_waits_in_line_gets_in_at_the_first_try_and_whoever_is_sent_away_does_not() {
        let mut figures = Figures::new().expect("figures");
        for (got_in, in_line, stumbled) in
            [(true, false, false), (true, true, false), (true, false, true), (false, true, true)]
        {
            figures.log_in(got_in, in_line, stumbled);
        }
        assert_eq!(figures.logins, Logins { people: 4, first_try: 2, at_once: 1, in_the_end: 3 });
        assert_eq!(figures.logins.first_try_percent(), Some(50.0));
    }

    #[test]
    fn an_estimate_is_held_against_what_people_really_waited() {
        let mut figures = Figures::new().expect("figures");
        figures.waited(Duration::from_secs(1), Duration::from_secs(9));
        assert_eq!(figures.estimates(), None, "too short to be judged");
        figures.waited(Duration::from_secs(20), Duration::from_secs(30));
        let all = Estimates { count: 1, p10_percent: 150, p50_percent: 150, p90_percent: 150 };
        assert_eq!(figures.estimates(), Some(all));
    }

    #[test]
    fn people_at_a_gate_are_there_until_they_leave() {
        let mut figures = Figures::new().expect("figures");
        figures.stand_at(Gate::Booking);
        figures.stand_at(Gate::Login);
        figures.close_second(Sample::default());
        figures.leave(Gate::Booking);
        figures.admit(Duration::from_secs(3));
        figures.close_second(Sample::default());
        assert_eq!([figures.seconds[0].at_gates, figures.seconds[1].at_gates], [[1, 1, 0], [1, 0, 0]]);
        assert!(figures.seconds[1].wait_ms.is_some_and(|[p50, ..]| p50 > 2_900.0));
    }
}
