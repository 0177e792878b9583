//! The arithmetic of rounds.

use std::time::Duration;

/// How often things that are compared take turns.
pub const ROUNDS: usize = 5;

/// The value in the middle.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// So many a second.
#[must_use]
pub fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

/// The 99th percentile, in milliseconds.
#[must_use]
pub fn p99_ms(latencies: &[Duration]) -> f64 {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    let at = (sorted.len() * 99 / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(f64::NAN, |latency| latency.as_secs_f64() * 1_000.0)
}

/// How long all threads of a process have been on a processor so far.
#[must_use]
pub fn processor_time(process_id: u32) -> Duration {
    threads_time(process_id, "")
}

/// [`processor_time`] of the threads whose names begin with `name`.
#[must_use]
pub fn threads_time(process_id: u32, name: &str) -> Duration {
    let threads = std::fs::read_dir(format!("/proc/{process_id}/task")).expect("a process of this machine");
    let nanoseconds = threads.flatten().filter_map(|thread| {
        let read = |file: &str| std::fs::read_to_string(thread.path().join(file)).ok();
        let is_asked = name.is_empty() || read("comm")?.starts_with(name);
        if is_asked { read("schedstat")?.split(' ').next()?.parse::<u64>().ok() } else { None }
    });
    Duration::from_nanos(nanoseconds.sum())
}
