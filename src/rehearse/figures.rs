//! What is counted and measured during the rush. It knows neither the network nor the report.

use std::collections::BTreeMap;
use std::time::Duration;

use hdrhistogram::Histogram;
use hyper::StatusCode;

use super::samples::Sample;
use crate::exit::Failure;

/// Three digits are kept of times over the whole rush, two of those of a second.
const DIGITS: u8 = 3;
const SECOND_DIGITS: u8 = 2;
/// Longer times, which no rehearsal has, count as this long: two hours.
const MICROS_MAX: u64 = 2 * 3_600 * 1_000_000;
/// How requests without an answer are listed among the refusals.
const UNHEARD: &str = "unheard";

/// A step of a journey, with every wait that the server imposed on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Login,
    List,
    Hold,
    Book,
    Me,
    Cancel,
    /// From arrival to the outcome, without the time that the person thought.
    Journey,
}

impl Step {
    pub(super) const ALL: [Self; 7] =
        [Self::Login, Self::List, Self::Hold, Self::Book, Self::Me, Self::Cancel, Self::Journey];

    /// Its name in JSON.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::List => "list",
            Self::Hold => "hold",
            Self::Book => "booking",
            Self::Me => "me",
            Self::Cancel => "cancel",
            Self::Journey => "journey",
        }
    }
}

/// Every way an answer can be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Heard {
    Good,
    Full,
    OtherRefusal,
    Busy,
    Error,
}

impl Heard {
    pub(super) const ALL: [Self; 5] = [Self::Good, Self::Full, Self::OtherRefusal, Self::Busy, Self::Error];

    fn of(status: StatusCode, code: Option<&str>) -> Self {
        match status.as_u16() {
            200..400 => Self::Good,
            409 if code == Some("full") => Self::Full,
            429 => Self::Busy,
            503 if code != Some("unavailable") => Self::Busy,
            400..500 => Self::OtherRefusal,
            _ => Self::Error,
        }
    }
}

/// One second of the rush.
#[derive(Debug, Clone, Default)]
pub(super) struct Second {
    pub(super) arrived: u32,
    /// Acknowledged bookings.
    pub(super) booked: u32,
    /// By [`Heard`].
    pub(super) heard: [u32; Heard::ALL.len()],
    /// Milliseconds at the median and at 99 %, of bookings and logins that ended in this second.
    pub(super) booking_ms: Option<(f64, f64)>,
    pub(super) login_ms: Option<(f64, f64)>,
    pub(super) sample: Sample,
}

/// Everything that is counted.
#[derive(Debug)]
pub(super) struct Figures {
    steps: [Histogram<u64>; Step::ALL.len()],
    second_bookings: Histogram<u64>,
    second_logins: Histogram<u64>,
    second: Second,
    pub(super) seconds: Vec<Second>,
    /// Every "no" by its code; [`UNHEARD`] is a connection that was lost, or not to be had.
    pub(super) refusals: BTreeMap<String, u64>,
    pub(super) requests: u64,
    pub(super) arrived: u64,
    pub(super) ended: u64,
    pub(super) booked: u64,
    pub(super) heard: [u64; Heard::ALL.len()],
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

impl Figures {
    pub(super) fn new() -> Result<Self, Failure> {
        let histogram = |digits| Histogram::new_with_bounds(1, MICROS_MAX, digits).map_err(Failure::internal);
        let [mut steps, mut second] = [Vec::new(), Vec::new()];
        for _ in Step::ALL {
            steps.push(histogram(DIGITS)?);
        }
        for _ in 0..2 {
            second.push(histogram(SECOND_DIGITS)?);
        }
        let missing = |_| Failure::internal("a histogram is missing");
        let [second_bookings, second_logins] = second.try_into().map_err(missing)?;
        Ok(Self {
            steps: steps.try_into().map_err(missing)?,
            second_bookings,
            second_logins,
            second: Second::default(),
            seconds: Vec::new(),
            refusals: BTreeMap::new(),
            requests: 0,
            arrived: 0,
            ended: 0,
            booked: 0,
            heard: [0; Heard::ALL.len()],
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

    /// A request was answered, a "no" with its code, or it was not answered.
    pub(super) fn hear(&mut self, answered: Option<(StatusCode, Option<&str>)>) {
        self.requests += 1;
        let heard = answered.map_or(Heard::Error, |(status, code)| Heard::of(status, code));
        self.heard[heard as usize] += 1;
        self.second.heard[heard as usize] += 1;
        if heard != Heard::Good {
            let name = answered.and_then(|(_, code)| code).unwrap_or(UNHEARD);
            *self.refusals.entry(name.to_owned()).or_default() += 1;
        }
    }

    /// A step took so long, counted from when it was meant to begin.
    pub(super) fn took(&mut self, step: Step, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        self.steps[step as usize].saturating_record(micros);
        match step {
            Step::Book => self.second_bookings.saturating_record(micros),
            Step::Login => self.second_logins.saturating_record(micros),
            _ => {}
        }
    }

    /// A second is over; `sample` is how the server and we were doing at its end.
    pub(super) fn close_second(&mut self, sample: Sample) {
        let pair = |histogram: &mut Histogram<u64>| {
            let pair = (!histogram.is_empty()).then(|| (ms_at(histogram, 0.5), ms_at(histogram, 0.99)));
            histogram.reset();
            pair
        };
        let mut second = std::mem::take(&mut self.second);
        second.booking_ms = pair(&mut self.second_bookings);
        second.login_ms = pair(&mut self.second_logins);
        second.sample = sample;
        self.seconds.push(second);
    }

    /// The percentiles of `step`, if it happened.
    pub(super) fn percentiles(&self, step: Step) -> Option<Percentiles> {
        let times = &self.steps[step as usize];
        (!times.is_empty()).then(|| Percentiles {
            count: times.len(),
            p50: ms_at(times, 0.5),
            p90: ms_at(times, 0.9),
            p99: ms_at(times, 0.99),
            p999: ms_at(times, 0.999),
            max: times.max() as f64 / 1_000.0,
        })
    }
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
        figures.hear(Some((StatusCode::CREATED, None)));
        figures.hear(Some((StatusCode::CONFLICT, Some("full"))));
        figures.close_second(Sample::default());
        figures.hear(Some((StatusCode::SERVICE_UNAVAILABLE, Some("busy"))));
        figures.hear(Some((StatusCode::SERVICE_UNAVAILABLE, Some("unavailable"))));
        figures.hear(None);
        figures.close_second(Sample::default());
        assert_eq!((figures.requests, figures.heard), (5, [1, 1, 0, 1, 2]));
        assert_eq!([figures.seconds[0].heard, figures.seconds[1].heard], [[1, 1, 0, 0, 0], [0, 0, 0, 1, 2]]);
        assert_eq!(figures.refusals.keys().collect::<Vec<_>>(), ["busy", "full", "unavailable", "unheard"]);
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
        assert!(first.is_some_and(|(_, p99)| p99 < 101.0) && second.is_some_and(|(p50, _)| p50 > 990.0));
        assert_eq!((figures.percentiles(Step::Login), figures.seconds[0].login_ms), (None, None));
    }
}
