//! What `doctor` asks of the machine: disk, clock, open files, swap.

use std::path::Path;

use rustix::fs::statvfs;
use rustix::process::{Resource, getrlimit};

use super::{Check, existing, say};
use crate::terminal::words;

const MIB: u64 = 1024 * 1024;
/// Below this much free disk, or below this many hundredths of it, somebody should look at it.
const FREE_MIB_MIN: u64 = 2_048;
const FREE_PERCENT_MIN: u64 = 20;
/// Each connection is an open file. Below the first bound hardly anybody is served, below the second a rush is not.
const FILES_MIN: u64 = 1_024;
const FILES_ENOUGH: u64 = 16_384;
/// From this many hundredths of used swap on somebody should look at it.
const SWAP_USE_PERCENT_MAX: u64 = 30;
/// Where systemd's time service says that the clock is synchronised.
const SYNCHRONISED: &str = "/run/systemd/timesync/synchronized";

const _: () = assert!(FILES_MIN < FILES_ENOUGH);

/// The file system under `path`.
pub(super) fn disk(code: &'static str, path: &Path, floor_mib: u64) -> Check {
    let at = path.display();
    let stat = match statvfs(existing(path)) {
        Ok(stat) => stat,
        Err(error) => {
            return Check::bad(
                code,
                say!("{at} のディスクを調べられません：{error}", "the disk of {at} cannot be asked: {error}"),
                words("ディスクがつながっているか（mount）を確かめる。", "See whether the disk is mounted."),
            );
        }
    };
    let (free, whole) =
        (stat.f_bavail.saturating_mul(stat.f_frsize) / MIB, stat.f_blocks.saturating_mul(stat.f_frsize) / MIB);
    let percent = (free * 100).checked_div(whole).unwrap_or(100);
    let says =
        say!("{at} のディスクの空きは {free} MiB（{percent}%）", "the disk of {at} has {free} MiB free ({percent}%)");
    let advice = words(
        "df -h と du -xh で大きいものを探し、消すか、ディスクを広げる。",
        "Find what is large with df -h and du -xh; delete it, or enlarge the disk.",
    );
    if free <= floor_mib {
        Check::bad(code, says, advice)
    } else if free < FREE_MIB_MIN || percent < FREE_PERCENT_MIN {
        Check::doubt(code, says, advice)
    } else {
        Check::good(code, says)
    }
}

/// Whether systemd's time service says that the clock is synchronised.
pub(super) fn clock() -> Check {
    if Path::new(SYNCHRONISED).exists() {
        return Check::good("clock", words("時刻は同期されています", "the clock is synchronised"));
    }
    Check::doubt(
        "clock",
        words("時刻が同期されているか、確かめられません", "nothing says whether the clock is synchronised"),
        words(
            "timedatectl で確かめる。コンテナーの中なら、外の機械で確かめる。",
            "See timedatectl; for a container, see it on the machine outside.",
        ),
    )
}

/// How many files the server may open.
pub(super) fn open_files() -> Check {
    let files = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let says = say!("開けるファイルの数は {files}", "{files} files may be open");
    let advice = words(
        "systemd の LimitNOFILE を 65536 にする（または ulimit -n）。",
        "Set LimitNOFILE=65536 in the systemd unit (or ulimit -n).",
    );
    if files < FILES_MIN {
        Check::bad("open_files", says, advice)
    } else if files < FILES_ENOUGH {
        Check::doubt("open_files", says, advice)
    } else {
        Check::good(
            "open_files",
            if files == u64::MAX {
                words("開けるファイルの数に上限はありません", "any number of files may be open").to_owned()
            } else {
                says
            },
        )
    }
}

/// How much swap there is and how much of it is used.
pub(super) fn swap(meminfo: &Path) -> Check {
    const CODE: &str = "swap";
    let text = std::fs::read_to_string(meminfo).unwrap_or_default();
    let (Some(total), Some(free)) = (kib(&text, "SwapTotal:"), kib(&text, "SwapFree:")) else {
        return Check::doubt(
            CODE,
            words("スワップを調べられません", "swap cannot be asked"),
            words("free -h で確かめる。", "See free -h."),
        );
    };
    if total == 0 {
        return Check::good(CODE, words("スワップはありません", "there is no swap"));
    }
    let percent = total.saturating_sub(free) * 100 / total;
    let says = say!("スワップの使用率は {percent}%", "{percent}% of the swap is used");
    if percent >= SWAP_USE_PERCENT_MAX {
        let advice =
            words("free -h と top で、メモリを多く使うものを探す。", "Find what uses memory with free -h and top.");
        return Check::doubt(CODE, says, advice);
    }
    Check::good(CODE, says)
}

/// The number after `name` in the text of `/proc/meminfo`.
fn kib(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::Mark;
    use super::*;

    fn swap_of(text: &str) -> Mark {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("meminfo");
        std::fs::write(&path, text).expect("a file");
        swap(&path).mark
    }

    #[test]
    fn used_swap_is_doubtful_and_none_at_all_is_fine() {
        assert_eq!(swap_of("SwapTotal: 1000 kB\nSwapFree: 900 kB\n"), Mark::Good);
        assert_eq!(swap_of("SwapTotal: 1000 kB\nSwapFree: 400 kB\n"), Mark::Doubt);
        assert_eq!(swap_of("SwapTotal: 0 kB\nSwapFree: 0 kB\n"), Mark::Good);
        assert_eq!(swap_of("MemTotal: 1 kB\n"), Mark::Doubt);
    }

    #[test]
    fn a_disk_below_its_floor_is_bad() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(disk("disk", folder.path(), u64::MAX).mark, Mark::Bad);
        assert_ne!(disk("disk", &folder.path().join("not/there/yet"), 0).mark, Mark::Bad);
    }
}
