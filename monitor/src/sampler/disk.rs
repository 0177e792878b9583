//! A file system under a folder: how full it is, its inodes, and when it will be full.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{StatVfsMountFlags, statvfs};

use super::growth::{DAYS_MAX, Growth};
use super::largest::Largest;
use crate::core::metric::Metric;
use crate::core::sample::Reading;
use crate::core::time::Now;
use crate::source::Source;

const MIB: f64 = 1_048_576.0;

/// A folder whose file system is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The subject of its readings: `data`, `backups`, `mark`, `monitor`.
    pub subject: &'static str,
    /// The folder. Until it is made, the one that it will be made in counts.
    pub folder: PathBuf,
}

/// Measures the file system under a folder, unless it is also under one that is measured already.
#[derive(Debug)]
pub struct Disk {
    place: Place,
    /// Folders that are measured by others.
    measured: Vec<PathBuf>,
    growth: Growth,
    largest: Largest,
}

/// What a file system says of itself.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Room {
    used_mib: f64,
    /// What others than root can still use.
    free_mib: f64,
    use_percent: f64,
    /// None where inodes are made as they are needed.
    inodes_percent: Option<f64>,
}

impl Disk {
    /// Measures `place`, unless its file system is that of one of the folders `measured`.
    #[must_use]
    pub fn new(place: Place, measured: Vec<PathBuf>) -> Self {
        let largest = Largest::new(place.folder.clone());
        Self { place, measured, growth: Growth::default(), largest }
    }

    fn readings(&mut self, now: Now, room: Room) -> Vec<Reading> {
        let subject = self.place.subject;
        self.largest.look(now.steady);
        self.growth.note(now.steady, room.used_mib);
        let largest: Box<str> = self.largest.largest().into();
        let reading = |metric, value| Reading::new(metric, subject, value);
        let mut readings = vec![
            Reading { note: largest.clone(), ..reading(Metric::DiskUse, room.use_percent) },
            Reading { note: largest, ..reading(Metric::DiskFree, room.free_mib) },
        ];
        readings.extend(room.inodes_percent.map(|percent| reading(Metric::InodesUse, percent)));
        readings.extend(self.growth.days_to_full(room.free_mib).map(|days| {
            let note = if days < DAYS_MAX { self.largest.grown() } else { String::new() };
            Reading { note: note.into(), ..reading(Metric::DaysToFull, days) }
        }));
        readings
    }
}

impl Source for Disk {
    fn name(&self) -> &'static str {
        match self.place.subject {
            "data" => "disk_data",
            "backups" => "disk_backups",
            "mark" => "disk_mark",
            "monitor" => "disk_monitor",
            _ => "disk",
        }
    }

    fn read(&mut self, now: Now) -> Result<Vec<Reading>, String> {
        let folder = existing(&self.place.folder)?;
        let system = system_of(&folder)?;
        // A folder of others that cannot be asked is told by its own source.
        let is_measured =
            |other: &PathBuf| existing(other).and_then(|other| system_of(&other)).is_ok_and(|it| it == system);
        if self.measured.iter().any(is_measured) {
            return Ok(Vec::new());
        }
        let room = room(&folder)?;
        Ok(self.readings(now, room))
    }
}

/// `folder`, or the nearest one above it that exists.
fn existing(folder: &Path) -> Result<PathBuf, String> {
    for above in folder.ancestors() {
        let above = if above.as_os_str().is_empty() { Path::new(".") } else { above };
        match above.try_exists() {
            Ok(true) => return Ok(above.into()),
            Ok(false) => {}
            Err(error) => return Err(format!("{}: {error}", above.display())),
        }
    }
    Err(format!("{}: there is no such folder", folder.display()))
}

/// The number of the file system.
fn system_of(folder: &Path) -> Result<u64, String> {
    std::fs::metadata(folder).map(|meta| meta.dev()).map_err(|error| format!("{}: {error}", folder.display()))
}

fn room(folder: &Path) -> Result<Room, String> {
    let system = statvfs(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    if system.f_flag.contains(StatVfsMountFlags::RDONLY) {
        return Err(format!("{}: the file system is mounted read-only", folder.display()));
    }
    if system.f_blocks == 0 {
        return Err(format!("{}: the file system says no size", folder.display()));
    }
    let mib = |blocks: u64| blocks as f64 * system.f_frsize as f64 / MIB;
    let (used_mib, free_mib) = (mib(system.f_blocks.saturating_sub(system.f_bfree)), mib(system.f_bavail));
    let inodes_used = system.f_files.saturating_sub(system.f_ffree);
    Ok(Room {
        used_mib,
        free_mib,
        // As `df` has it: what is kept for root is neither used nor free.
        use_percent: percent(used_mib, used_mib + free_mib),
        inodes_percent: (system.f_files > 0).then(|| percent(inodes_used as f64, system.f_files as f64)),
    })
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part * 100.0 / whole } else { 100.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::WallMs;
    use std::time::Duration;

    fn at(minutes: u64) -> Now {
        Now { wall: WallMs(0), steady: Duration::from_mins(minutes) }
    }

    fn disk(folder: &Path, measured: &[&Path]) -> Disk {
        let place = Place { subject: "data", folder: folder.into() };
        Disk::new(place, measured.iter().map(|it| (*it).into()).collect())
    }

    fn codes(readings: &[Reading]) -> Vec<&'static str> {
        readings.iter().map(|it| it.cause.metric.code()).collect()
    }

    #[test]
    fn a_file_system_is_measured_once_and_before_its_folder_is_made() {
        let folder = tempfile::tempdir().expect("a folder");
        let later = folder.path().join("backups/of today");
        let readings = disk(&later, &[]).read(at(0)).expect("readings");
        assert!(codes(&readings).starts_with(&["disk_use", "disk_free"]), "{readings:?}");
        assert!((0.0..=100.0).contains(&readings[0].value) && readings[1].value > 0.0, "{readings:?}");
        assert_eq!(disk(&later, &[folder.path()]).read(at(0)), Ok(Vec::new()));
    }

    #[test]
    fn a_file_system_that_says_nothing_is_an_error_that_names_the_folder() {
        assert!(disk(Path::new("/proc/self"), &[]).read(at(0)).expect_err("no size").contains("/proc/self"));
    }

    #[test]
    fn the_forecast_comes_after_hours_and_names_what_grew() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut disk = disk(folder.path(), &[]);
        let room = |used_mib| Room { used_mib, free_mib: 2_400.0, use_percent: 50.0, inodes_percent: None };
        let early = disk.readings(at(0), room(100.0));
        assert_eq!(codes(&early), ["disk_use", "disk_free"]);
        std::fs::write(folder.path().join("sesshu.redb"), vec![1; 5 << 20]).expect("a file");
        let mut last = Vec::new();
        for ten_minutes in 1..=60 {
            last = disk.readings(at(ten_minutes * 10), room(100.0 + ten_minutes as f64 * 10.0));
        }
        let forecast = last.last().expect("readings");
        assert_eq!(forecast.cause.metric, Metric::DaysToFull);
        assert!((forecast.value - 1.67).abs() < 0.1, "60 MiB an hour: {}", forecast.value);
        assert_eq!(&*forecast.note, "sesshu.redb +5 MiB (10 h)");
    }
}
