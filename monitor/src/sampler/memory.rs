//! Memory, swap, and how much is swapped: of the machine or of the container, whichever is fuller.

use std::time::Duration;

use super::cgroup::Groups;
use super::proc::{Proc, memory, pages_swapped};
use crate::core::metric::Metric;
use crate::core::sample::Reading;
use crate::core::time::Now;
use crate::source::Source;

/// Measures memory and swap.
#[derive(Debug)]
pub struct Memory {
    proc: Proc,
    /// How many pages had been swapped at the last look.
    swapped_before: Option<(Duration, u64)>,
}

impl Memory {
    /// The memory that `proc` tells of.
    #[must_use]
    pub const fn new(proc: Proc) -> Self {
        Self { proc, swapped_before: None }
    }

    /// Pages a second since the last look; none at the first one, and where there is no swap to measure.
    fn swap_activity(&mut self, now: Now) -> Option<f64> {
        let swapped = pages_swapped(&self.proc.text("vmstat").ok()?)?;
        let (at, before) = self.swapped_before.replace((now.steady, swapped))?;
        let seconds = now.steady.saturating_sub(at).as_secs_f64();
        (seconds > 0.0).then(|| swapped.saturating_sub(before) as f64 / seconds)
    }
}

impl Source for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn read(&mut self, now: Now) -> Result<Vec<Reading>, String> {
        let machine = memory(&self.proc.text("meminfo")?).ok_or("/proc/meminfo: no total and available memory")?;
        let groups = Groups::of(&self.proc);
        let used = machine.total_kib - machine.available_kib;
        let mut memory_use = Reading::new(Metric::MemoryUse, "", percent(used, machine.total_kib));
        if let Some(limit) = groups.memory(machine.total_kib * 1_024).filter(|it| it.used_percent() > memory_use.value)
        {
            memory_use.value = limit.used_percent();
            memory_use.note = note(limit.limit_bytes);
        }
        let mut readings = vec![memory_use];
        // A machine without swap uses none of it: nothing to watch is no alarm.
        let swap_total = machine.swap_total_kib;
        let swap_used = swap_total.saturating_sub(machine.swap_free_kib);
        let swap_percent = if swap_total == 0 { 0.0 } else { percent(swap_used, swap_total) };
        let mut swap_use = Reading::new(Metric::SwapUse, "", swap_percent);
        if let Some(limit) = groups.swap(swap_total * 1_024).filter(|it| it.used_percent() > swap_use.value) {
            swap_use.value = limit.used_percent();
            swap_use.note = note(limit.limit_bytes);
        }
        readings.push(swap_use);
        readings.extend(self.swap_activity(now).map(|pages| Reading::new(Metric::SwapActivity, "", pages)));
        Ok(readings)
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

fn note(limit_bytes: u64) -> Box<str> {
    format!("cgroup: {} MiB", limit_bytes >> 20).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::WallMs;

    fn at(seconds: u64) -> Now {
        Now { wall: WallMs(0), steady: Duration::from_secs(seconds) }
    }

    fn values(readings: &[Reading]) -> Vec<(&'static str, i64)> {
        readings.iter().map(|it| (it.cause.metric.code(), it.value.round() as i64)).collect()
    }

    /// A machine whose files are written by the test: the same seam that containers use.
    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new(meminfo: &str) -> (Self, Memory) {
            let machine = Self(tempfile::tempdir().expect("a folder"));
            machine.write("meminfo", meminfo);
            let folder = machine.0.path();
            let memory = Memory::new(Proc { folder: folder.into(), cgroup_folder: folder.join("groups") });
            (machine, memory)
        }

        fn write(&self, file: &str, text: &str) {
            std::fs::write(self.0.path().join(file), text).expect("a file");
        }
    }

    #[test]
    fn swapping_is_told_per_second() {
        let (machine, mut memory) =
            Machine::new("MemTotal: 1000 kB\nMemAvailable: 250 kB\nSwapTotal: 400 kB\nSwapFree: 100 kB\n");
        machine.write("vmstat", "pswpin 100\npswpout 0\n");
        assert_eq!(values(&memory.read(at(0)).expect("readings")), [("memory_use", 75), ("swap_use", 75)]);
        machine.write("vmstat", "pswpin 600\npswpout 1500\n");
        let readings = memory.read(at(5)).expect("readings");
        assert_eq!(values(&readings), [("memory_use", 75), ("swap_use", 75), ("swap_activity", 400)]);
    }

    #[test]
    fn a_machine_without_swap_uses_none() {
        let (_machine, mut memory) = Machine::new("MemTotal: 1000 kB\nMemAvailable: 900 kB\nSwapTotal: 0 kB\n");
        assert_eq!(values(&memory.read(at(0)).expect("readings")), [("memory_use", 10), ("swap_use", 0)]);
    }

    #[test]
    fn a_machine_that_says_nothing_is_an_error_that_names_the_file() {
        let (machine, mut memory) = Machine::new("");
        assert!(memory.read(at(0)).expect_err("nothing").contains("meminfo"));
        std::fs::remove_file(machine.0.path().join("meminfo")).expect("it is there");
        assert!(memory.read(at(0)).expect_err("no file").contains("meminfo"));
    }
}
