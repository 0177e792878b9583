//! The texts under `/proc`: read from a folder that may be mounted elsewhere, and parsed without looking at anything else.

use std::path::{Path, PathBuf};

/// Where the machine's figures lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proc {
    /// The machine's `/proc`.
    pub folder: PathBuf,
    /// The machine's control groups, `/sys/fs/cgroup`.
    pub cgroup_folder: PathBuf,
}

impl Default for Proc {
    fn default() -> Self {
        Self { folder: "/proc".into(), cgroup_folder: "/sys/fs/cgroup".into() }
    }
}

impl Proc {
    /// The text of the file `name`.
    pub(super) fn text(&self, name: &str) -> Result<String, String> {
        read(&self.folder.join(name))
    }
}

/// Reads a small file; the error names it.
pub(super) fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Processor time since the start of the machine, in ticks of the kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CpuTicks {
    /// All of it.
    pub(super) total: u64,
    /// Without work.
    pub(super) idle: u64,
    /// How many processors there are.
    pub(super) processors: u32,
}

/// Reads `stat`. Waiting for the disk is idle; time that the hypervisor gave to others is busy, as nobody here could use it. A
/// guest's time is in the user's already.
pub(super) fn cpu_ticks(stat: &str) -> Option<CpuTicks> {
    let all: Vec<u64> = stat
        .lines()
        .find_map(|line| line.strip_prefix("cpu "))?
        .split_ascii_whitespace()
        .take(8)
        .map(|ticks| ticks.parse().ok())
        .collect::<Option<_>>()?;
    let is_processor =
        |line: &&str| line.strip_prefix("cpu").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let processors = stat.lines().filter(is_processor).count().max(1) as u32;
    Some(CpuTicks { total: all.iter().sum(), idle: all.get(3)? + all.get(4).copied().unwrap_or(0), processors })
}

impl CpuTicks {
    /// How busy the processors were since `before`, in percent; none if no time went by.
    pub(super) fn busy_percent_since(self, before: Self) -> Option<f64> {
        let total = self.total.checked_sub(before.total).filter(|total| *total > 0)?;
        // Waiting for the disk is known to run backwards a little.
        let idle = self.idle.saturating_sub(before.idle).min(total);
        Some((total - idle) as f64 * 100.0 / total as f64)
    }
}

/// Memory of the machine, in KiB.
#[allow(clippy::struct_field_names, reason = "units stand last in names")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) total_kib: u64,
    /// What can be had without swapping.
    pub(super) available_kib: u64,
    /// 0 if there is no swap.
    pub(super) swap_total_kib: u64,
    pub(super) swap_free_kib: u64,
}

/// Reads `meminfo`. A kernel that says no `MemAvailable` has it estimated from what is free and cached.
pub(super) fn memory(meminfo: &str) -> Option<Memory> {
    let kib = |name: &str| {
        let rest = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        rest.split_ascii_whitespace().next()?.parse::<u64>().ok()
    };
    let total_kib = kib("MemTotal").filter(|total| *total > 0)?;
    let available_kib = kib("MemAvailable").or_else(|| Some(kib("MemFree")? + kib("Cached").unwrap_or(0)))?;
    Some(Memory {
        total_kib,
        available_kib: available_kib.min(total_kib),
        swap_total_kib: kib("SwapTotal").unwrap_or(0),
        swap_free_kib: kib("SwapFree").unwrap_or(0),
    })
}

/// Reads from `vmstat` how many pages were swapped in and out since the start of the machine; none if its kernel knows no swap.
pub(super) fn pages_swapped(vmstat: &str) -> Option<u64> {
    let pages =
        |name: &str| vmstat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok());
    let (inward, outward): (u64, u64) = (pages("pswpin")?, pages("pswpout")?);
    Some(inward + outward)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "cpu  1000 50 300 8000 200 10 40 100 25 0\ncpu0 500 25 150 4000 100 5 20 50 12 0\n\
        cpu1 500 25 150 4000 100 5 20 50 13 0\nintr 12345 0 9\nctxt 99\nprocs_running 2\n";
    const MEMINFO: &str = "MemTotal:        4030464 kB\nMemFree:          301200 kB\nMemAvailable:    1007616 kB\n\
        Buffers:           20000 kB\nCached:           800000 kB\nSwapCached:            0 kB\n\
        SwapTotal:       2097148 kB\nSwapFree:        1048574 kB\n";

    #[test]
    fn busy_is_what_is_neither_idle_nor_waiting_for_the_disk() {
        let before = cpu_ticks(STAT).expect("ticks");
        assert_eq!(before, CpuTicks { total: 9_700, idle: 8_200, processors: 2 });
        let after = CpuTicks { total: 9_900, idle: 8_250, ..before };
        assert_eq!(after.busy_percent_since(before), Some(75.0));
        assert_eq!(before.busy_percent_since(before), None, "no time went by");
        assert_eq!(before.busy_percent_since(after), None, "the figures began anew");
    }

    #[test]
    fn available_memory_is_taken_from_the_kernel_or_estimated() {
        let full = memory(MEMINFO).expect("memory");
        assert_eq!((full.available_kib, full.swap_total_kib, full.swap_free_kib), (1_007_616, 2_097_148, 1_048_574));
        let old: String = MEMINFO
            .lines()
            .filter(|line| !line.starts_with("MemAvail"))
            .fold(String::new(), |all, line| all + line + "\n");
        assert_eq!(memory(&old).expect("memory").available_kib, 1_101_200);
        let without_swap = memory("MemTotal: 100 kB\nMemAvailable: 40 kB\n").expect("memory");
        assert_eq!(without_swap.swap_total_kib, 0);
    }

    #[test]
    fn swapping_counts_both_ways() {
        assert_eq!(pages_swapped("nr_free_pages 7\npswpin 120\npswpout 3000\npswpout_x 9\n"), Some(3_120));
        assert_eq!(pages_swapped("nr_free_pages 7\n"), None);
    }

    #[test]
    fn nonsense_is_no_figure() {
        for text in ["", "cpu  a b c", "cpu  1 2", "MemTotal: 0 kB\n", "MemTotal: many kB"] {
            assert_eq!((cpu_ticks(text), memory(text), pages_swapped(text)), (None, None, None), "{text}");
        }
    }
}
