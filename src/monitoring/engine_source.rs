//! What the engine and the listeners say of themselves, as readings of the monitor.

use std::collections::BTreeMap;
use std::time::Duration;

use sesshu_engine::EngineHandle;
use sesshu_engine::core::recent::UnusualLookups;
use sesshu_engine::core::time::Instant;
use sesshu_engine::view::{EngineFigures, Readiness};
use sesshu_http::AnswerTotals;
use sesshu_monitor::core::metric::Metric;
use sesshu_monitor::core::sample::Reading;
use sesshu_monitor::core::time::Now;
use sesshu_monitor::source::Source;

use super::window::Window;

/// A share of fewer answers says nothing.
const ANSWERS_MIN: u64 = 20;
/// So far back answers are looked for, so that a quiet night is judged too.
const ANSWERS_REACH: Duration = Duration::from_mins(5);
/// So far back commits are looked for.
const COMMITS_REACH: Duration = Duration::from_mins(1);
/// For how long somebody who looked up unusually many people is told of, in milliseconds; then for as long that it is over.
const LOOKUPS_MS: i64 = 3_600_000;
/// A reason that is no fault: whoever stops the server knows it.
const STOPPING: &str = "stopping";

/// Measures the engine and the listeners.
pub(super) struct EngineSource {
    engine: EngineHandle,
    commits: Window<EngineFigures>,
    answers: Window<AnswerTotals>,
}

impl EngineSource {
    pub(super) const fn new(engine: EngineHandle) -> Self {
        Self { engine, commits: Window::new(COMMITS_REACH), answers: Window::new(ANSWERS_REACH) }
    }
}

impl Source for EngineSource {
    fn name(&self) -> &'static str {
        "engine"
    }

    fn read(&mut self, now: Now) -> Result<Vec<Reading>, String> {
        let (figures, answers) = (self.engine.figures(), sesshu_http::answer_totals());
        let mut readings = vec![not_ready(&self.engine.readiness()), commit_ms(&mut self.commits, now, figures)];
        readings.extend(of_figures(&figures));
        readings.extend(rates(&mut self.answers, now, answers));
        readings.extend(lookups(self.engine.unusual_lookups(), self.engine.now()));
        Ok(readings)
    }
}

fn not_ready(readiness: &Readiness) -> Reading {
    let reasons: Vec<&str> =
        readiness.reasons.iter().filter(|(code, _)| *code != STOPPING).map(|(_, text)| text.as_str()).collect();
    let mut reading = yes(Metric::NotReady, !reasons.is_empty());
    reading.note = reasons.join("; ").into();
    reading
}

fn yes(metric: Metric, is_so: bool) -> Reading {
    Reading::new(metric, "", f64::from(u8::from(is_so)))
}

fn of_figures(figures: &EngineFigures) -> [Reading; 4] {
    [
        yes(Metric::StoreSuspended, figures.suspended),
        Reading::new(Metric::QueueAgeMs, "", figures.queue_age_ms as f64),
        Reading::new(Metric::LoginQueueMs, "", figures.login_wait_ms as f64),
        Reading::new(Metric::ClockDrift, "", figures.clock_drift_ms.unsigned_abs() as f64 / 1_000.0),
    ]
}

/// The mean of the latest commits; nothing was slow while nothing was written.
fn commit_ms(window: &mut Window<EngineFigures>, now: Now, figures: EngineFigures) -> Reading {
    let since = window.see(now.steady, figures, |earlier| earlier.batches < figures.batches);
    let mean_us = since.map_or(0.0, |earlier| {
        figures.commit_us.saturating_sub(earlier.commit_us) as f64 / (figures.batches - earlier.batches) as f64
    });
    Reading::new(Metric::CommitMs, "", mean_us / 1_000.0)
}

/// The shares of answers that were errors and that were `busy`; 0 as long as too few people asked to tell.
fn rates(window: &mut Window<AnswerTotals>, now: Now, totals: AnswerTotals) -> [Reading; 2] {
    let since = window.see(now.steady, totals, |earlier| totals.answers - earlier.answers >= ANSWERS_MIN);
    let share = |metric, of: fn(&AnswerTotals) -> u64| {
        let mut reading = Reading::new(metric, "", 0.0);
        if let Some(earlier) = since {
            let (part, whole) = (of(&totals).saturating_sub(of(&earlier)), totals.answers - earlier.answers);
            // Counters are read one after the other.
            reading.value = (part as f64 * 100.0 / whole as f64).min(100.0);
            reading.note = format!("{part} / {whole}").into();
        }
        reading
    };
    [share(Metric::ErrorRate, |totals| totals.errors), share(Metric::BusyRate, |totals| totals.busy)]
}

/// One reading for each account, after the latest time that it was noticed.
fn lookups(noticed: Vec<UnusualLookups>, now: Instant) -> Vec<Reading> {
    let mut latest: BTreeMap<Box<str>, (i64, u32)> = BTreeMap::new();
    for UnusualLookups { at, login, lookups } in noticed {
        let ago_ms = now.ms_since(at);
        let kept = latest.entry(login).or_insert((ago_ms, lookups));
        *kept = (*kept).min((ago_ms, lookups));
    }
    let told = latest.into_iter().filter(|(_, (ago_ms, _))| *ago_ms < 2 * LOOKUPS_MS);
    let reading = |(login, (ago_ms, lookups)): (Box<str>, (i64, u32))| {
        let mut reading = Reading::new(Metric::LookupsUnusual, &login, f64::from(u8::from(ago_ms < LOOKUPS_MS)));
        reading.note = lookups.to_string().into();
        reading
    };
    told.map(reading).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_monitor::core::time::WallMs;

    fn at(seconds: u64) -> Now {
        Now { wall: WallMs(0), steady: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_server_that_stops_is_no_fault_and_a_full_disk_is() {
        let mut readiness = Readiness { reasons: vec![(STOPPING, "the server is stopping".into())] };
        assert!(not_ready(&readiness).value < 0.5);
        readiness.reasons.push(("disk_low", "12 MiB of disk are free".into()));
        let reading = not_ready(&readiness);
        assert!(reading.value > 0.5);
        assert_eq!(&*reading.note, "12 MiB of disk are free");
    }

    #[test]
    fn a_slow_commit_at_night_is_seen_for_a_minute() {
        let mut window = Window::new(COMMITS_REACH);
        let mut ms = |second, batches, commit_us| {
            commit_ms(&mut window, at(second), EngineFigures { batches, commit_us, ..EngineFigures::default() }).value
        };
        let values = [ms(0, 0, 0), ms(5, 1, 900_000), ms(10, 1, 900_000), ms(60, 1, 900_000), ms(70, 1, 900_000)];
        assert_eq!(values.map(|ms| ms.round() as i64), [0, 900, 900, 900, 0]);
    }

    #[test]
    fn rates_are_told_of_enough_answers_only() {
        let mut window = Window::new(ANSWERS_REACH);
        let mut both = |second, answers, errors, busy| {
            rates(&mut window, at(second), AnswerTotals { answers, busy, errors }).map(|it| it.value.round() as i64)
        };
        assert_eq!(both(0, 0, 0, 0), [0, 0]);
        assert_eq!(both(5, 5, 5, 0), [0, 0], "five are too few");
        assert_eq!(both(10, 20, 15, 2), [75, 10]);
        assert_eq!(both(15, 1_020, 15, 502), [0, 50]);
    }

    #[test]
    fn an_unusual_operator_is_told_for_an_hour_and_then_that_it_is_over() {
        let noticed = |minutes_ago: i64| UnusualLookups {
            at: Instant(100_000_000).plus_ms(-minutes_ago * 60_000),
            login: "sato".into(),
            lookups: 61,
        };
        let told = |minutes_ago: &[i64]| {
            let readings = lookups(minutes_ago.iter().map(|ago| noticed(*ago)).collect(), Instant(100_000_000));
            readings.iter().map(|it| (it.cause.to_string(), it.value > 0.5)).collect::<Vec<_>>()
        };
        assert_eq!(told(&[5, 90]), [("lookups_unusual/sato".to_owned(), true)], "the latest counts");
        assert_eq!(told(&[90]), [("lookups_unusual/sato".to_owned(), false)]);
        assert_eq!(told(&[150]), []);
    }
}
