//! How busy the processors are, and the container's share of them.

use std::time::Duration;

use super::cgroup::{CpuQuota, Groups};
use super::proc::{CpuTicks, Proc, cpu_ticks};
use crate::core::metric::Metric;
use crate::core::sample::Reading;
use crate::core::time::Now;
use crate::source::Source;

/// Measures the processors. Its first look only begins: a share needs two.
#[derive(Debug)]
pub struct Cpu {
    proc: Proc,
    before: Option<Look>,
}

#[derive(Debug)]
struct Look {
    at: Duration,
    ticks: CpuTicks,
    quotas: Vec<CpuQuota>,
}

impl Cpu {
    /// The processors that `proc` tells of.
    #[must_use]
    pub const fn new(proc: Proc) -> Self {
        Self { proc, before: None }
    }
}

impl Source for Cpu {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn read(&mut self, now: Now) -> Result<Vec<Reading>, String> {
        let ticks = cpu_ticks(&self.proc.text("stat")?).ok_or("/proc/stat: no line of all processors")?;
        let look = Look { at: now.steady, ticks, quotas: Groups::of(&self.proc).cpu_quotas() };
        let readings = self.before.as_ref().and_then(|before| look.since(before)).into_iter().collect();
        self.before = Some(look);
        Ok(readings)
    }
}

impl Look {
    /// The greater of the machine's use and each quota's: whichever is used up first makes people wait.
    fn since(&self, before: &Self) -> Option<Reading> {
        let mut reading = Reading::new(Metric::CpuUse, "", self.ticks.busy_percent_since(before.ticks)?);
        let passed_us = self.at.saturating_sub(before.at).as_micros() as f64;
        for quota in self.quotas.iter().filter(|_| passed_us > 0.0) {
            // A quota of more processors than there are limits nothing.
            if quota.processors >= f64::from(self.ticks.processors) {
                continue;
            }
            let Some(earlier) = before.quotas.iter().find(|it| it.group == quota.group) else { continue };
            let used_us = quota.used_us.saturating_sub(earlier.used_us) as f64;
            let used_percent = (used_us * 100.0 / (passed_us * quota.processors)).min(100.0);
            if used_percent > reading.value {
                reading.value = used_percent;
                reading.note = format!("cgroup: {:.2} CPU", quota.processors).into();
            }
        }
        Some(reading)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn look(seconds: u64, busy: u64, idle: u64, used_us: u64, processors: f64) -> Look {
        Look {
            at: Duration::from_secs(seconds),
            ticks: CpuTicks { total: busy + idle, idle, processors: 2 },
            quotas: vec![CpuQuota { group: Path::new("g").into(), processors, used_us }],
        }
    }

    #[test]
    fn a_used_up_quota_is_a_busy_processor_though_the_machine_is_idle() {
        let (before, after) = (look(0, 0, 0, 0, 0.5), look(5, 100, 900, 2_500_000, 0.5));
        let reading = after.since(&before).expect("time went by");
        assert!((reading.value - 100.0).abs() < 1e-9, "{}", reading.value);
        assert_eq!(&*reading.note, "cgroup: 0.50 CPU");
    }

    #[test]
    fn a_quota_of_all_processors_or_an_unused_one_leaves_the_machines_use() {
        for (used_us, processors) in [(10_000_000, 2.0), (100_000, 0.5)] {
            let (before, after) = (look(0, 0, 0, 0, processors), look(5, 700, 300, used_us, processors));
            let reading = after.since(&before).expect("time went by");
            assert!((reading.value - 70.0).abs() < 1e-9 && reading.note.is_empty(), "{reading:?}");
        }
    }
}
