//! What fills a folder: the sizes of its entries, looked at once an hour, and which of them grew.

use std::collections::{BTreeMap, VecDeque};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How often the folder is walked.
const WALK_EVERY: Duration = Duration::from_hours(1);
/// How many walks are remembered: a day's.
const WALKS_KEPT: usize = 25;
/// The most files that one walk looks at.
const FILES_MAX: usize = 5_000;
/// The most entries of the folder that are told apart.
const ENTRIES_MAX: usize = 64;
/// How deep folders in the folder are looked into.
const DEPTH_MAX: u32 = 4;
/// How many entries are named.
const NAMED_MAX: usize = 3;
/// An entry must have grown by this much to be named.
const GROWTH_BYTES_MIN: u64 = 1 << 20;

/// How much each entry of a folder uses, in bytes.
type Sizes = BTreeMap<Box<str>, u64>;

/// A folder whose entries are watched.
#[derive(Debug)]
pub(super) struct Largest {
    folder: PathBuf,
    walks: VecDeque<(Duration, Sizes)>,
}

impl Largest {
    pub(super) const fn new(folder: PathBuf) -> Self {
        Self { folder, walks: VecDeque::new() }
    }

    /// Walks the folder if it is time.
    pub(super) fn look(&mut self, steady: Duration) {
        if self.walks.back().is_some_and(|(at, _)| steady.saturating_sub(*at) < WALK_EVERY) {
            return;
        }
        self.walks.push_back((steady, sizes(&self.folder)));
        if self.walks.len() > WALKS_KEPT {
            self.walks.pop_front();
        }
    }

    /// What uses most: `sesshu.redb 3.2 GiB, backups 900 MiB`.
    pub(super) fn largest(&self) -> String {
        let Some((_, sizes)) = self.walks.back() else { return String::new() };
        named(sizes.iter().map(|(name, bytes)| (&**name, *bytes)), "")
    }

    /// What grew most since the oldest walk that is remembered: `sesshu.redb +1.2 GiB (24 h)`.
    pub(super) fn grown(&self) -> String {
        let (Some((then, before)), Some((now, after))) = (self.walks.front(), self.walks.back()) else {
            return String::new();
        };
        let grown =
            after.iter().map(|(name, bytes)| (&**name, bytes.saturating_sub(before.get(name).copied().unwrap_or(0))));
        let hours = now.saturating_sub(*then).as_secs() / 3_600;
        let names = named(grown, "+");
        if names.is_empty() { names } else { format!("{names} ({hours} h)") }
    }
}

fn named<'a>(entries: impl Iterator<Item = (&'a str, u64)>, sign: &str) -> String {
    let mut entries: Vec<_> = entries.filter(|(_, bytes)| *bytes >= GROWTH_BYTES_MIN).collect();
    entries.sort_by_key(|(name, bytes)| (std::cmp::Reverse(*bytes), *name));
    let words = entries.iter().take(NAMED_MAX).map(|(name, bytes)| format!("{name} {sign}{}", amount(*bytes)));
    words.collect::<Vec<_>>().join(", ")
}

fn amount(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1_024.0 { format!("{mib:.0} MiB") } else { format!("{:.1} GiB", mib / 1_024.0) }
}

/// The sizes of the folder's entries, as far as its file system and the bounds reach. What cannot be read, or vanishes meanwhile, is
/// left out: this is a hint, and never a reason to alarm.
fn sizes(folder: &Path) -> Sizes {
    let mut sizes = Sizes::new();
    let Ok(system) = std::fs::metadata(folder).map(|it| it.dev()) else { return sizes };
    let mut files_left = FILES_MAX;
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten().take(ENTRIES_MAX) {
        let bytes = size(&entry.path(), system, DEPTH_MAX, &mut files_left);
        sizes.insert(entry.file_name().to_string_lossy().into(), bytes);
    }
    sizes
}

fn size(path: &Path, system: u64, depth_left: u32, files_left: &mut usize) -> u64 {
    let Some(left) = files_left.checked_sub(1) else { return 0 };
    *files_left = left;
    let Ok(meta) = std::fs::symlink_metadata(path) else { return 0 };
    if meta.dev() != system {
        return 0;
    }
    let own = meta.blocks() * 512;
    if !meta.is_dir() || depth_left == 0 {
        return own;
    }
    let within = std::fs::read_dir(path).into_iter().flatten().flatten();
    own + within.map(|entry| size(&entry.path(), system, depth_left - 1, files_left)).sum::<u64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn what_grew_is_named_before_what_is_merely_large() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, mib: usize| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, vec![1; mib * MIB]).expect("a file");
        };
        write("sesshu.redb", 6);
        write("backups/one", 2);
        let mut largest = Largest::new(folder.path().into());
        largest.look(Duration::ZERO);
        assert_eq!(largest.largest(), "sesshu.redb 6 MiB, backups 2 MiB");
        assert_eq!(largest.grown(), "", "nothing grew yet");
        write("backups/two", 3);
        largest.look(Duration::from_mins(30));
        assert_eq!(largest.grown(), "", "it is not time for another walk");
        largest.look(Duration::from_hours(2));
        assert_eq!(largest.grown(), "backups +3 MiB (2 h)");
    }

    #[test]
    fn a_huge_folder_costs_no_more_than_its_bound() {
        let folder = tempfile::tempdir().expect("a folder");
        for number in 0..200 {
            std::fs::write(folder.path().join(number.to_string()), "x").expect("a file");
        }
        assert_eq!(sizes(folder.path()).len(), ENTRIES_MAX);
        let mut files_left = 50;
        size(folder.path(), std::fs::metadata(folder.path()).expect("a folder").dev(), DEPTH_MAX, &mut files_left);
        assert_eq!(files_left, 0);
        assert!(sizes(Path::new("/no such folder")).is_empty());
    }
}
