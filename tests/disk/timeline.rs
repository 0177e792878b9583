//! What clients saw, second by second: a table for a person, figures for a claim.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sesshu_tests::report;

/// One second.
#[derive(Debug, Default)]
struct Second {
    state: String,
    booked: usize,
    refused: BTreeMap<String, usize>,
    reads: Vec<Duration>,
    reads_failed: usize,
    slowest_change: Duration,
    free_kib: u64,
}

/// All seconds, and what was seen in all.
#[derive(Debug)]
pub(crate) struct Timeline {
    started: Instant,
    data: PathBuf,
    seconds: Mutex<Vec<Second>>,
}

impl Timeline {
    /// From now on, for data in `data`.
    pub(crate) fn start(data: &Path) -> Self {
        Self { started: Instant::now(), data: data.to_owned(), seconds: Mutex::default() }
    }

    fn now<T>(&self, note: impl FnOnce(&mut Second) -> T) -> T {
        let mut seconds = self.seconds();
        let index = self.started.elapsed().as_secs() as usize;
        if seconds.len() <= index {
            seconds.resize_with(index + 1, Second::default);
        }
        note(&mut seconds[index])
    }

    fn seconds(&self) -> MutexGuard<'_, Vec<Second>> {
        self.seconds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A booking or a cancellation was done.
    pub(crate) fn booked(&self, took: Duration) {
        self.now(|second| {
            second.booked += 1;
            second.slowest_change = second.slowest_change.max(took);
        });
    }

    /// It was refused, or the connection broke (`none`).
    pub(crate) fn refused(&self, code: &str, took: Duration) {
        self.now(|second| {
            *second.refused.entry(code.to_owned()).or_default() += 1;
            second.slowest_change = second.slowest_change.max(took);
        });
    }

    /// Something was read, or could not be.
    pub(crate) fn read(&self, took: Duration, is_good: bool) {
        self.now(|second| {
            second.reads.push(took);
            second.reads_failed += usize::from(!is_good);
        });
    }

    /// What readiness says, and how much room there is.
    pub(crate) fn state(&self, state: &str) {
        let free_kib = sesshu_tests::free_bytes(&self.data) / 1024;
        self.now(|second| {
            if second.state.is_empty() || second.state == "ready" {
                state.clone_into(&mut second.state);
            }
            second.free_kib = free_kib;
        });
    }

    /// How many changes were done so far.
    pub(crate) fn booked_so_far(&self) -> usize {
        self.seconds().iter().map(|second| second.booked).sum()
    }

    /// How many changes were refused with one of `codes` so far.
    pub(crate) fn refused_so_far(&self, codes: &[&str]) -> usize {
        let of = |second: &Second| codes.iter().filter_map(|code| second.refused.get(*code)).sum::<usize>();
        self.seconds().iter().map(of).sum()
    }

    /// Every state that readiness told.
    pub(crate) fn states(&self) -> Vec<String> {
        self.seconds().iter().map(|second| second.state.clone()).collect()
    }

    /// The slowest answer to a change.
    pub(crate) fn slowest_change(&self) -> Duration {
        self.seconds().iter().map(|second| second.slowest_change).max().unwrap_or_default()
    }

    /// Fails unless something was read in every second but the last, and never in vain.
    pub(crate) fn reads_were_alive(&self) {
        let seconds = self.seconds();
        for (number, second) in seconds.iter().enumerate() {
            assert_eq!(second.reads_failed, 0, "in second {number} a read failed");
            let is_last = number + 1 == seconds.len();
            assert!(is_last || !second.reads.is_empty(), "in second {number} nothing could be read");
        }
    }

    /// Shows the table.
    pub(crate) fn report(&self, title: &str) {
        report(&format!(
            "disk: {title}\ndisk:  s  booked  reads  p99-ms  slowest-change-ms  free-KiB  state; refusals"
        ));
        for (number, second) in self.seconds().iter_mut().enumerate() {
            second.reads.sort_unstable();
            let p99 = second.reads.get(second.reads.len() * 99 / 100).copied().unwrap_or_default();
            let refused: Vec<String> = second.refused.iter().map(|(code, count)| format!("{code} {count}")).collect();
            report(&format!(
                "disk: {number:2}  {:6}  {:5}  {:6.1}  {:17.0}  {:8}  {}; {}",
                second.booked,
                second.reads.len(),
                p99.as_secs_f64() * 1000.0,
                second.slowest_change.as_secs_f64() * 1000.0,
                second.free_kib,
                second.state,
                refused.join(", ")
            ));
        }
    }
}
