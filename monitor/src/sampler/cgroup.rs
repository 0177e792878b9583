//! The limits of a container: control groups of both versions. A limit of any group above the process counts, so all of them are
//! looked at, from the process's own up to the root.

use std::path::{Path, PathBuf};

use super::proc::Proc;

/// A share of the processors that a group may use.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CpuQuota {
    /// The group's folder.
    pub(super) group: PathBuf,
    /// How many processors' worth of time it may use.
    pub(super) processors: f64,
    /// How much it has used so far, in microseconds.
    pub(super) used_us: u64,
}

/// An amount that a group may use, in bytes, and what it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub(super) limit_bytes: u64,
    pub(super) used_bytes: u64,
}

impl Limit {
    /// How much of it is used, in percent.
    pub(super) fn used_percent(self) -> f64 {
        self.used_bytes as f64 * 100.0 / self.limit_bytes as f64
    }
}

/// All groups that limit the process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Groups {
    root: PathBuf,
    membership: String,
}

impl Groups {
    /// The groups of this process; without any, nothing limits it.
    pub(super) fn of(proc: &Proc) -> Self {
        let membership = proc.text("self/cgroup").unwrap_or_default();
        Self { root: proc.cgroup_folder.clone(), membership }
    }

    /// Every quota of processor time.
    pub(super) fn cpu_quotas(&self) -> Vec<CpuQuota> {
        let second = self.groups("").into_iter().filter_map(|group| {
            let processors = quota_v2(&text(&group, "cpu.max")?)?;
            let used_us = stat_value(&text(&group, "cpu.stat")?, "usage_usec")?;
            Some(CpuQuota { group, processors, used_us })
        });
        let first = self.groups("cpu").into_iter().filter_map(|group| {
            let quota = number(&group, "cpu.cfs_quota_us")?;
            let processors = quota as f64 / number(&group, "cpu.cfs_period_us").filter(|period| *period > 0)? as f64;
            // Both controllers are usually mounted together; the time used is the other one's file.
            Some(CpuQuota { used_us: number(&group, "cpuacct.usage")? / 1_000, group, processors })
        });
        second.chain(first).collect()
    }

    /// The tightest limit of memory below `machine_bytes`; memory that the kernel takes back when it needs it is not used.
    pub(super) fn memory(&self, machine_bytes: u64) -> Option<Limit> {
        let second = self.groups("").into_iter().filter_map(|group| {
            let reclaimable = stat_value(&text(&group, "memory.stat")?, "inactive_file").unwrap_or(0);
            limit(number(&group, "memory.max")?, number(&group, "memory.current")?, reclaimable, machine_bytes)
        });
        let first = self.groups("memory").into_iter().filter_map(|group| {
            let reclaimable = stat_value(&text(&group, "memory.stat")?, "total_inactive_file").unwrap_or(0);
            let (most, used) = (number(&group, "memory.limit_in_bytes")?, number(&group, "memory.usage_in_bytes")?);
            limit(most, used, reclaimable, machine_bytes)
        });
        tightest(second.chain(first))
    }

    /// The tightest limit of swap; none if nothing limits it, or if there may be none at all.
    pub(super) fn swap(&self, machine_bytes: u64) -> Option<Limit> {
        let second = self.groups("").into_iter().filter_map(|group| {
            limit(number(&group, "memory.swap.max")?, number(&group, "memory.swap.current")?, 0, machine_bytes)
        });
        let first = self.groups("memory").into_iter().filter_map(|group| {
            // The first version limits and counts memory and swap together.
            let swap_of = |both: &str, memory: &str| number(&group, both)?.checked_sub(number(&group, memory)?);
            let most = swap_of("memory.memsw.limit_in_bytes", "memory.limit_in_bytes")?;
            limit(most, swap_of("memory.memsw.usage_in_bytes", "memory.usage_in_bytes")?, 0, machine_bytes)
        });
        tightest(second.chain(first))
    }

    /// The folders of the process's group and of those above it, for a controller of the first version, or for the second (an
    /// empty name). A container often sees its own group as the root: folders that are not there are left out by their readers.
    fn groups(&self, controller: &str) -> Vec<PathBuf> {
        let Some(own) = own_group(&self.membership, controller) else { return Vec::new() };
        let root = self.root.join(controller);
        let own = Path::new(own.trim_start_matches('/'));
        own.ancestors().map(|group| root.join(group)).collect()
    }
}

/// The process's group in `/proc/self/cgroup`: lines `4:memory:/path`, and `0::/path` of the second version.
fn own_group<'a>(membership: &'a str, controller: &str) -> Option<&'a str> {
    membership.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, group) = (parts.next()?, parts.next()?);
        controllers.split(',').any(|name| name == controller).then_some(group)
    })
}

/// `150000 100000` is one and a half processors, `max 100000` no limit.
fn quota_v2(cpu_max: &str) -> Option<f64> {
    let mut words = cpu_max.split_ascii_whitespace();
    let (quota, period) = (words.next()?.parse::<f64>().ok()?, words.next()?.parse::<f64>().ok()?);
    (quota > 0.0 && period > 0.0).then_some(quota / period)
}

fn stat_value(stat: &str, name: &str) -> Option<u64> {
    stat.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

fn limit(limit_bytes: u64, used: u64, reclaimable: u64, machine_bytes: u64) -> Option<Limit> {
    // No limit is a number beyond all memory in the first version.
    let limits = (1..machine_bytes).contains(&limit_bytes);
    limits.then_some(Limit { limit_bytes, used_bytes: used.saturating_sub(reclaimable).min(limit_bytes) })
}

fn tightest(limits: impl Iterator<Item = Limit>) -> Option<Limit> {
    limits.max_by(|one, other| one.used_percent().total_cmp(&other.used_percent()))
}

fn text(group: &Path, file: &str) -> Option<String> {
    std::fs::read_to_string(group.join(file)).ok()
}

/// A file with one number. `max` and -1 are no limit, and no number here.
fn number(group: &Path, file: &str) -> Option<u64> {
    text(group, file)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    /// A tree of files, each with its text.
    fn tree(membership: &str, files: &[(&str, &str)]) -> (tempfile::TempDir, Groups) {
        let folder = tempfile::tempdir().expect("a folder");
        for (path, text) in files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, text).expect("a file");
        }
        let groups = Groups { root: folder.path().into(), membership: membership.into() };
        (folder, groups)
    }

    #[test]
    fn the_limits_of_every_group_above_count_and_the_tightest_wins() {
        let (_folder, groups) = tree(
            "0::/system.slice/sesshu.service\n",
            &[
                ("system.slice/sesshu.service/cpu.max", "150000 100000\n"),
                ("system.slice/sesshu.service/cpu.stat", "usage_usec 2500000\nuser_usec 1\n"),
                ("system.slice/sesshu.service/memory.max", "max\n"),
                ("system.slice/sesshu.service/memory.current", "700000000\n"),
                ("system.slice/sesshu.service/memory.stat", "anon 1\ninactive_file 100\n"),
                ("system.slice/cpu.max", "max 100000\n"),
                ("system.slice/cpu.stat", "usage_usec 9\n"),
                ("system.slice/memory.max", "1073741824\n"),
                ("system.slice/memory.current", "805306368\n"),
                ("system.slice/memory.stat", "anon 1\ninactive_file 268435456\n"),
                ("system.slice/memory.swap.max", "1000\n"),
                ("system.slice/memory.swap.current", "250\n"),
            ],
        );
        let quotas = groups.cpu_quotas();
        assert_eq!(quotas.len(), 1);
        assert!((quotas[0].processors - 1.5).abs() < 1e-9 && quotas[0].used_us == 2_500_000);
        let memory = groups.memory(4 * GIB).expect("a limit");
        assert!((memory.used_percent() - 50.0).abs() < 1e-9, "what the kernel can take back is not used");
        assert_eq!(groups.memory(GIB / 2), None, "a limit above the machine's memory is none");
        assert_eq!(groups.swap(GIB), Some(Limit { limit_bytes: 1_000, used_bytes: 250 }));
    }

    #[test]
    fn the_first_version_is_understood_and_its_no_limit_too() {
        let (_folder, groups) = tree(
            "9:cpu,cpuacct:/docker/ab\n4:memory:/docker/ab\n",
            &[
                // The container sees its own group as the root.
                ("cpu/cpu.cfs_quota_us", "50000\n"),
                ("cpu/cpu.cfs_period_us", "100000\n"),
                ("cpu/cpuacct.usage", "7000000\n"),
                ("memory/memory.limit_in_bytes", "1073741824\n"),
                ("memory/memory.usage_in_bytes", "536870912\n"),
                ("memory/memory.stat", "cache 5\ntotal_inactive_file 0\n"),
                ("memory/memory.memsw.limit_in_bytes", "2147483648\n"),
                ("memory/memory.memsw.usage_in_bytes", "805306368\n"),
            ],
        );
        let quotas = groups.cpu_quotas();
        assert!((quotas[0].processors - 0.5).abs() < 1e-9 && quotas[0].used_us == 7_000);
        assert_eq!(groups.memory(8 * GIB), Some(Limit { limit_bytes: GIB, used_bytes: GIB / 2 }));
        assert_eq!(groups.swap(8 * GIB), Some(Limit { limit_bytes: GIB, used_bytes: GIB / 4 }));
        let (_folder, unlimited) = tree(
            "4:memory:/\n",
            &[
                ("memory/memory.limit_in_bytes", "9223372036854771712\n"),
                ("memory/memory.usage_in_bytes", "5\n"),
                ("memory/memory.stat", "total_inactive_file 0\n"),
                ("cpu/cpu.cfs_quota_us", "-1\n"),
            ],
        );
        assert_eq!((unlimited.memory(8 * GIB), unlimited.cpu_quotas()), (None, Vec::new()));
    }

    #[test]
    fn without_groups_nothing_limits() {
        for membership in ["", "0::/\n", "nonsense"] {
            let (_folder, groups) = tree(membership, &[]);
            assert_eq!((groups.memory(GIB), groups.swap(GIB), groups.cpu_quotas()), (None, None, Vec::new()));
        }
    }
}
