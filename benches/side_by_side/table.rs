//! The table that is printed.

use std::fmt;
use std::time::Duration;

use sesshu_benches::rounds::{median, p99_ms};

/// What each run measured.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// By name, in the order of the first run: bookings a second of each run.
    rows: Vec<(String, Vec<f64>)>,
    /// How long each sync took.
    syncs: Vec<Duration>,
}

impl Table {
    pub(crate) fn add(&mut self, turn: Vec<(String, f64)>, syncs: Vec<Duration>) {
        for (name, rate) in turn {
            match self.rows.iter_mut().find(|(row, _)| *row == name) {
                Some((_, rates)) => rates.push(rate),
                None => self.rows.push((name, vec![rate])),
            }
        }
        self.syncs.extend(syncs);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ours = self.rows.first().map_or(f64::NAN, |(_, rates)| median(rates));
        writeln!(f, "{:<62} {:>11} {:>7} {:>7}", "durable bookings", "a second", "spread", "times")?;
        for (name, rates) in &self.rows {
            let (middle, most) = (median(rates), rates.iter().copied().fold(0.0, f64::max));
            let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
            writeln!(f, "{name:<62} {middle:>11.0} {:>6.0}% {:>7.2}", (most - least) / middle * 100.0, middle / ours)?;
        }
        let each: Vec<f64> = self.syncs.iter().map(Duration::as_secs_f64).collect();
        write!(f, "fdatasync of 4 KiB: median {:.2} ms, p99 {:.2} ms", median(&each) * 1_000.0, p99_ms(&self.syncs))
    }
}
