//! What a process has of memory, as the kernel tells it.

use std::fs;

/// A line of a process's status, in MiB: `VmRSS:` is what it has now, `VmHWM:` the most it ever had.
#[must_use]
pub fn status_mib(process: &str, name: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process of this machine");
    let kib = status.lines().find_map(|line| line.strip_prefix(name)?.trim().strip_suffix(" kB")?.parse().ok());
    kib.map_or(f64::NAN, |kib: f64| kib / 1_024.0)
}

/// Makes the most that a process ever had what it has now.
pub fn forget_peak(process: &str) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").expect("a process's peak is forgotten");
}
