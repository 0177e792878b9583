//! When a file system will be full if it goes on like this. Pure: points in, days out.
//!
//! The window is a day, so that what comes and goes every day (a log that is rotated, a backup that replaces another) is in it once
//! and adds up to nothing. Hours are compared by their medians. The two hours that grew most are left out: an import is no trend. A
//! trend is there when growth remains and a quarter of the hours take part in it. What was deleted counts: whoever made room has time.

use std::collections::VecDeque;
use std::time::Duration;

/// How far apart points are.
const POINT_EVERY: Duration = Duration::from_mins(10);
const POINTS_PER_HOUR: u64 = 6;
/// An hour with fewer points stands for none.
const POINTS_OF_AN_HOUR_MIN: usize = 4;
/// How long the window is.
const HOURS_MAX: u64 = 24;
/// Over fewer hours nothing is said.
const HOURS_MIN: u64 = 6;
/// So many hours with the greatest growth are left out.
const HOURS_LEFT_OUT: usize = 2;
/// An hour that grew by less than this, in MiB, did not grow.
const NOISE_MIB: f64 = 0.5;
/// At least so many hours must have grown.
const GROWING_HOURS_MIN: usize = 3;
/// More days than this are as good as never.
pub(super) const DAYS_MAX: f64 = 365.0;

/// What was used of a file system over the last day.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Growth {
    /// The number of each ten minutes since the steady clock's start, with what was used then, in MiB.
    points: VecDeque<(u64, f64)>,
}

impl Growth {
    /// Notes what is used now. True if it was time for a point.
    pub(super) fn note(&mut self, steady: Duration, used_mib: f64) -> bool {
        let number = steady.as_secs() / POINT_EVERY.as_secs();
        if self.points.back().is_some_and(|(last, _)| *last >= number) {
            return false;
        }
        self.points.push_back((number, used_mib));
        let keep_from = number.saturating_sub(HOURS_MAX * POINTS_PER_HOUR);
        while self.points.front().is_some_and(|(first, _)| *first < keep_from) {
            self.points.pop_front();
        }
        true
    }

    /// In how many days `free_mib` will be used up; [`DAYS_MAX`] without a trend, none as long as too little is known.
    pub(super) fn days_to_full(&self, free_mib: f64) -> Option<f64> {
        let rates = self.hourly_rates()?;
        let days = |per_hour: f64| (free_mib / per_hour / 24.0).min(DAYS_MAX);
        Some(trend_per_hour(rates).map_or(DAYS_MAX, days))
    }

    /// MiB an hour between neighbouring hours; none if they do not reach over enough of them.
    fn hourly_rates(&self) -> Option<Vec<f64>> {
        let last = self.points.back()?.0;
        let mut hours: Vec<(u64, Vec<f64>)> = Vec::new();
        for (number, used) in &self.points {
            let hours_ago = (last - number) / POINTS_PER_HOUR;
            match hours.last_mut().filter(|(hour, _)| *hour == hours_ago) {
                Some((_, values)) => values.push(*used),
                None => hours.push((hours_ago, vec![*used])),
            }
        }
        hours.retain(|(_, values)| values.len() >= POINTS_OF_AN_HOUR_MIN);
        let levels: Vec<(u64, f64)> = hours.into_iter().map(|(hour, values)| (hour, median(values))).collect();
        let reach = levels.first()?.0 - levels.last()?.0;
        let enough = reach >= HOURS_MIN && levels.len() as u64 > HOURS_MIN;
        enough.then(|| levels.windows(2).map(|two| (two[1].1 - two[0].1) / (two[0].0 - two[1].0) as f64).collect())
    }
}

fn trend_per_hour(mut rates: Vec<f64>) -> Option<f64> {
    rates.sort_by(f64::total_cmp);
    rates.truncate(rates.len().saturating_sub(HOURS_LEFT_OUT));
    let growing = rates.iter().filter(|rate| **rate > NOISE_MIB).count();
    let per_hour = rates.iter().sum::<f64>() / rates.len().max(1) as f64;
    let is_trend = growing >= GROWING_HOURS_MIN.max(rates.len().div_ceil(4)) && per_hour > NOISE_MIB / 2.0;
    is_trend.then_some(per_hour)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The forecast after `hours`, with 24,000 MiB free, of a file system that uses `used(hour)`.
    fn after(hours: f64, used: impl Fn(f64) -> f64) -> Option<f64> {
        let mut growth = Growth::default();
        for number in 0..=(hours * 6.0) as u64 {
            growth.note(Duration::from_secs(number * 600), used(number as f64 / 6.0));
        }
        growth.days_to_full(24_000.0)
    }

    fn is(days: Option<f64>, wanted: f64) -> bool {
        days.is_some_and(|days| (days - wanted).abs() < wanted / 20.0)
    }

    #[test]
    fn steady_growth_is_told_after_six_hours() {
        assert_eq!(after(5.5, |hour| hour * 100.0), None, "too little is known");
        for hours in [7.0, 12.0, 24.0, 60.0] {
            let days = after(hours, |hour| 5_000.0 + hour * 100.0);
            assert!(is(days, 10.0), "after {hours} hours: {days:?}");
        }
    }

    #[test]
    fn what_is_no_trend_raises_no_alarm() {
        let in_hour = |hour: f64, from: f64, to: f64| (hour.clamp(from, to) - from) / (to - from);
        let cases: [(&str, &dyn Fn(f64) -> f64); 7] = [
            ("nothing changes", &|_| 7_000.0),
            ("an import of an hour", &|hour| 7_000.0 + 20_000.0 * in_hour(hour, 20.3, 21.3)),
            ("an import in one go", &|hour| if hour > 15.0 { 27_000.0 } else { 7_000.0 }),
            ("a file is deleted", &|hour| if hour > 10.0 { 2_000.0 } else { 7_000.0 }),
            ("growth, and then room was made", &|hour| {
                hour.mul_add(100.0, if hour > 20.0 { -15_000.0 } else { 15_000.0 })
            }),
            ("a log that is rotated every day", &|hour| (hour + 6.0) % 24.0 * 500.0),
            ("noise", &|hour| 7_000.0 + (hour * 37.0).sin() * 3.0),
        ];
        for (name, used) in cases {
            assert_eq!(after(24.0, used), Some(DAYS_MAX), "{name}");
        }
    }

    #[test]
    fn growth_in_office_hours_alone_is_a_trend() {
        // Eight hours a day, 200 MiB each.
        let days = after(72.0, |hour| (hour / 24.0).floor() * 1_600.0 + (hour % 24.0 - 9.0).clamp(0.0, 8.0) * 200.0);
        assert!(days.is_some_and(|days| (10.0..30.0).contains(&days)), "{days:?}");
    }

    #[test]
    fn an_import_on_top_of_growth_does_not_hide_it() {
        let days = after(24.0, |hour| hour * 100.0 + if hour > 12.0 { 9_000.0 } else { 0.0 });
        assert!(is(days, 10.0), "{days:?}");
    }

    #[test]
    fn no_more_than_a_day_is_remembered() {
        let mut growth = Growth::default();
        for number in 0..100_000 {
            growth.note(Duration::from_mins(number), number as f64);
        }
        assert_eq!(growth.points.len() as u64, HOURS_MAX * POINTS_PER_HOUR + 1);
    }
}
