//! `backup list`: every generation with its age, size and kind, whether it was proven, and whether the second place has it.

use std::collections::HashSet;

use serde_json::{Value, json};
use sesshu_backup::core::manifest::{Kind, Manifest, Reason};
use sesshu_backup::core::name::Generation;
use sesshu_backup::folder::{Folder, Listing};
use sesshu_engine::core::time::Instant;

use super::super::print;
use super::shelves::Shelves;
use crate::backups::{entry, wall_clock};
use crate::cli::GenerationsArgs;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::terminal::{japanese, words};

const MS_PER_MINUTE: i64 = 60_000;
const MINUTES_PER_HOUR: i64 = 60;
const MINUTES_PER_DAY: i64 = 24 * MINUTES_PER_HOUR;

/// Lists them, newest first.
pub(super) fn list(folder: &DataFolder, args: &GenerationsArgs) -> Result<(), Failure> {
    let shelves = Shelves::of(folder, args)?;
    let (listing, shown) = listed(&shelves)?;
    let copies = shelves.second.as_ref().filter(|second| **second != shown).map(|second| copies_in(second));
    let is_copied = |manifest: &Manifest| copies.as_ref().map(|copies| copies.contains(&manifest.name));
    let value = json!({
        "folder": shown.display().to_string(),
        "generations": listing.generations.iter().map(|one| entry(one, is_copied(one))).collect::<Vec<_>>(),
        "unreadable": listing.unreadable.iter().map(|one| json!({ "name": one.name, "what": one.what })).collect::<Vec<_>>(),
    });
    print(folder, &value, |_| table(&listing, is_copied, wall_clock()))
}

/// What is there, and where: a city that was never backed up has an empty list, one whose disk is gone has its copies.
fn listed(shelves: &Shelves) -> Result<(Listing, std::path::PathBuf), Failure> {
    let opened = match (Folder::open(&shelves.dir), &shelves.second) {
        (Err(error), Some(second)) => {
            let copies = Folder::open(second).map_err(|_| Failure::from(error))?;
            eprintln!(
                "{}: {}",
                shelves.dir.display(),
                words("読めません。第2の置き場所の世代を示します。", "not there; these are the second place's")
            );
            copies
        }
        (Err(_), None) if !shelves.is_named && !shelves.dir.exists() => {
            return Ok((Listing::default(), shelves.dir.clone()));
        }
        (opened, _) => opened?,
    };
    Ok((opened.list()?, opened.path().to_owned()))
}

/// The generations of the second place that can be used. One that cannot be reached has none.
fn copies_in(second: &std::path::Path) -> HashSet<Generation> {
    let listing = Folder::open(second).and_then(|second| second.list());
    let good = listing.unwrap_or_default().generations.into_iter().filter(|manifest| manifest.damage.is_none());
    good.map(|manifest| manifest.name).collect()
}

fn table(listing: &Listing, copied: impl Fn(&Manifest) -> Option<bool>, now: Instant) -> String {
    let head = if japanese() {
        ["世代", "経過", "大きさ", "種類", "検証", "第2の置き場所", ""]
    } else {
        ["generation", "age", "size", "kind", "proven", "copy", ""]
    };
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(listing.generations.iter().map(|one| row(one, copied(one), now)));
    let mut lines = aligned(&rows);
    if listing.generations.is_empty() {
        lines = vec![words("世代はまだありません。", "there are no generations yet").to_owned()];
    }
    lines.extend(listing.unreadable.iter().map(|one| format!("? {}: {}", one.name, one.what)));
    lines.join("\n")
}

fn row(one: &Manifest, copied: Option<bool>, now: Instant) -> [String; 7] {
    let kind = match (one.kind, one.reason) {
        (Kind::Daily, _) => words("日次", "daily"),
        (Kind::Manual, Some(Reason::Upgrade)) => words("更新前", "upgrade"),
        (Kind::Manual, _) => words("手動", "manual"),
    };
    let (yes, no) = (words("○", "yes"), words("×", "no"));
    let copy = copied.map_or(words("−", "-"), |copied| if copied { yes } else { no });
    let note = match &one.damage {
        Some(damage) => format!("{}: {}", words("破損", "DAMAGED"), damage.what),
        None => String::new(),
    };
    [
        one.name.to_string(),
        age(now.ms_since(one.taken_at)),
        size(one.bytes),
        kind.to_owned(),
        if one.is_good() { yes } else { no }.to_owned(),
        copy.to_owned(),
        note,
    ]
}

/// A span of time in its largest unit. What is ahead of the clock was taken by a clock that was.
fn age(ms: i64) -> String {
    let minutes = ms / MS_PER_MINUTE;
    match minutes {
        ..0 => words("未来", "ahead").to_owned(),
        0..MINUTES_PER_HOUR => format!("{minutes} min"),
        MINUTES_PER_HOUR..MINUTES_PER_DAY => format!("{} h", minutes / MINUTES_PER_HOUR),
        _ => format!("{} d {} h", minutes / MINUTES_PER_DAY, minutes % MINUTES_PER_DAY / MINUTES_PER_HOUR),
    }
}

/// A number of bytes in its largest unit.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let (mut number, mut unit) = (bytes as f64 / 1024.0, 0);
    while number >= 1024.0 && unit + 1 < UNITS.len() {
        (number, unit) = (number / 1024.0, unit + 1);
    }
    format!("{number:.1} {}", UNITS[unit])
}

/// The rows with their columns below one another, as a terminal shows them: kanji and kana take two places.
fn aligned<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |text: &str| text.chars().map(|c| if c < '\u{2e80}' { 1 } else { 2 }).sum::<usize>();
    let widths: [usize; N] = std::array::from_fn(|at| rows.iter().map(|row| width(&row[at])).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells = row.iter().zip(widths).map(|(cell, wide)| format!("{cell}{}", " ".repeat(wide - width(cell))));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// A generation's line, for whoever names one.
pub(super) fn name_of(value: &Value) -> &str {
    value["name"].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_one_another_in_both_scripts() {
        let rows = [["世代", "大きさ"], ["sesshu", "1.0 MiB"]].map(|row| row.map(str::to_owned));
        assert_eq!(aligned(&rows), ["世代    大きさ", "sesshu  1.0 MiB"]);
    }

    #[test]
    fn sizes_and_ages_are_short() {
        assert_eq!((size(512), size(5 << 20), size(3 << 30)), ("0.5 KiB".into(), "5.0 MiB".into(), "3.0 GiB".into()));
        let hour = 3_600_000;
        assert_eq!((age(59_000), age(5 * hour), age(50 * hour)), ("0 min".into(), "5 h".into(), "2 d 2 h".into()));
    }
}
