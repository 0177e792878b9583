//! How the server's process and our own are doing, read once a second: processor time and memory from the system, commits
//! from the server's ops listener.

use std::net::SocketAddr;
use std::time::Instant;

use hyper::Method;

use crate::phone::{Answer, Ask, Network, Phone};

/// One look.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Sample {
    /// Of one core, since the last look: 200 are two whole cores.
    pub(super) server_cpu_percent: Option<f64>,
    pub(super) own_cpu_percent: Option<f64>,
    pub(super) server_memory_mib: Option<f64>,
    pub(super) own_memory_mib: Option<f64>,
    /// Since the last look.
    pub(super) commits: u64,
    pub(super) entries: u64,
    /// How long a commit took, on average, of those since the last look.
    pub(super) commit_ms: Option<f64>,
}

/// What the server had written at a look, since its start.
#[derive(Debug, Clone, Copy, Default)]
struct Written {
    commits: u64,
    entries: u64,
    commit_us: u64,
}

/// Looks at both processes.
#[derive(Debug)]
pub(super) struct Sampler {
    server: Process,
    own: Process,
    ops: Phone,
    written: Written,
}

/// A process, and what it had used when it was last looked at.
#[derive(Debug)]
struct Process {
    name: String,
    last: Option<(Instant, u64)>,
}

impl Sampler {
    /// For the server `pid` with its ops listener.
    pub(super) fn new(pid: u32, ops: SocketAddr) -> Self {
        let process = |name: String| Process { name, last: None };
        Self {
            server: process(pid.to_string()),
            own: process("self".into()),
            ops: Phone::new(&Network::new(ops), 0),
            written: Written::default(),
        }
    }

    /// Looks. What cannot be read is left out.
    pub(super) async fn look(&mut self) -> Sample {
        let now = Instant::now();
        let metrics = self.ops.ask(&Ask::new(Method::GET, "/metrics")).await;
        let written = metrics.map_or(self.written, |answer| Written {
            commits: metric(&answer, "sesshu_ledger_batches_total"),
            entries: metric(&answer, "sesshu_ledger_entries_total"),
            commit_us: metric(&answer, "sesshu_ledger_commit_microseconds_total"),
        });
        let before = std::mem::replace(&mut self.written, written);
        let commits = written.commits.saturating_sub(before.commits);
        let commit_us = written.commit_us.saturating_sub(before.commit_us);
        Sample {
            server_cpu_percent: self.server.cpu_percent(now),
            own_cpu_percent: self.own.cpu_percent(now),
            server_memory_mib: self.server.memory_mib(),
            own_memory_mib: self.own.memory_mib(),
            commits,
            entries: written.entries.saturating_sub(before.entries),
            commit_ms: (commits > 0).then(|| commit_us as f64 / commits as f64 / 1_000.0),
        }
    }
}

impl Process {
    fn cpu_percent(&mut self, now: Instant) -> Option<f64> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.name)).ok()?;
        let ticks = ticks_used(&stat)?;
        let (before, ticks_before) = self.last.replace((now, ticks))?;
        let seconds = now.duration_since(before).as_secs_f64();
        let used = ticks.saturating_sub(ticks_before) as f64 / rustix::param::clock_ticks_per_second() as f64;
        (seconds > 0.0).then(|| used / seconds * 100.0)
    }

    fn memory_mib(&self) -> Option<f64> {
        memory_mib(&std::fs::read_to_string(format!("/proc/{}/status", self.name)).ok()?)
    }
}

/// The processor time of a process (proc(5), `stat`, fields 14 and 15). The name before them may hold spaces and brackets.
fn ticks_used(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// The resident memory of a process (proc(5), `status`).
fn memory_mib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? / 1_024.0)
}

fn metric(answer: &Answer, name: &str) -> u64 {
    let text = String::from_utf8_lossy(&answer.body);
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_and_memory_are_found_whatever_the_process_is_called() {
        let stat = "77 (a ) b) S 1 77 77 0 -1 4194560 1 0 0 0 120 30 0 0 20 0 9 0 5 6 7";
        assert_eq!(ticks_used(stat), Some(150));
        assert_eq!(ticks_used("77 (a"), None);
        assert_eq!(memory_mib("Name:\tsesshu\nVmRSS:\t   2048 kB\nThreads:\t9\n"), Some(2.0));
        assert_eq!(memory_mib("Name:\tsesshu\n"), None);
    }
}
