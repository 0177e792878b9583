//! What the backups say of themselves, as readings of the monitor.

use std::sync::Arc;

use sesshu_backup::status::{Status, Trouble};
use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::metric::Metric;
use sesshu_monitor::core::sample::Reading;
use sesshu_monitor::core::time::Now;
use sesshu_monitor::source::Source;

const HOUR_MS: f64 = 3_600_000.0;

/// How backups stand, at any time.
pub(crate) type Look = Box<dyn Fn() -> Arc<Status> + Send>;
/// When the records began, if that can be told now.
pub(crate) type Beginning = Box<dyn Fn() -> Option<Instant> + Send>;

/// Measures the backups.
pub(super) struct BackupSource {
    look: Look,
    /// The age counts from it as long as there is no good generation; asked until it is known. A city whose data is thrown away has none.
    beginning: Option<Beginning>,
    began_at: Option<Instant>,
    /// Since when the journal is looked at.
    looked_since: Option<Instant>,
}

impl BackupSource {
    pub(super) const fn new(look: Look, beginning: Option<Beginning>) -> Self {
        Self { look, beginning, began_at: None, looked_since: None }
    }
}

impl Source for BackupSource {
    fn name(&self) -> &'static str {
        "backup"
    }

    fn read(&mut self, now: Now) -> Result<Vec<Reading>, String> {
        let (status, now) = ((self.look)(), Instant(now.wall.0));
        if self.began_at.is_none() {
            self.began_at = self.beginning.as_ref().and_then(|beginning| beginning());
        }
        let looked_since = *self.looked_since.get_or_insert(now);
        let mut readings = vec![failed(&status), damaged(&status)];
        readings.extend(age(&status, self.began_at, now));
        readings.extend(copy_failed(&status));
        readings.extend(journal_lag(&status, looked_since, now));
        readings.extend(drills(&status, now));
        Ok(readings)
    }
}

fn yes(metric: Metric, note: Option<&str>) -> Reading {
    let mut reading = Reading::new(metric, "", f64::from(u8::from(note.is_some())));
    reading.note = note.unwrap_or_default().into();
    reading
}

/// A clock that was set back makes nothing younger than it is.
fn ms_since(now: Instant, at: Instant) -> f64 {
    now.ms_since(at).max(0) as f64
}

/// Of the newest good generation; as long as there is none, since the records began.
fn age(status: &Status, began_at: Option<Instant>, now: Instant) -> Option<Reading> {
    let good = status.newest_good();
    let from = good.map(|good| good.taken_at).or(began_at)?;
    let mut reading = Reading::new(Metric::BackupAge, "", ms_since(now, from) / HOUR_MS);
    reading.note = good.map(|good| good.name.as_str()).unwrap_or_default().into();
    Some(reading)
}

/// Taking one, or reading older ones again.
fn failed(status: &Status) -> Reading {
    let trouble = status.failure.as_ref().or(status.reading_failure.as_ref());
    yes(Metric::BackupFailed, trouble.map(|trouble| trouble.what.as_str()))
}

/// Each damaged one with the one to use instead. What cannot even be read as a generation may be one that was.
fn damaged(status: &Status) -> Reading {
    let damaged = status.generations.iter().map(|kept| &kept.manifest);
    let damaged = damaged.filter_map(|manifest| {
        let damage = manifest.damage.as_ref()?;
        let instead = status.instead_of(manifest).map_or("-", |good| good.name.as_str());
        Some(format!("{} → {instead} ({})", manifest.name, damage.what))
    });
    let unreadable = status.unreadable.iter().map(|one| format!("{}: {}", one.name, one.what));
    let notes: Vec<String> = damaged.chain(unreadable).collect();
    let mut reading = Reading::new(Metric::BackupDamaged, "", notes.len() as f64);
    reading.note = notes.join("; ").into();
    reading
}

fn copy_failed(status: &Status) -> Option<Reading> {
    let second = status.second.as_ref()?;
    Some(yes(Metric::CopyFailed, second.trouble.as_ref().map(|trouble| trouble.what.as_str())))
}

/// Since the instant up to which nothing is missing; before the first shipment, since it is looked at.
fn journal_lag(status: &Status, looked_since: Instant, now: Instant) -> Option<Reading> {
    let journal = status.journal.as_ref()?;
    let trouble: Option<&Trouble> = journal.trouble.as_ref();
    let from = journal.complete_at.unwrap_or(looked_since);
    let mut reading = Reading::new(Metric::JournalLag, "", (ms_since(now, from) / 1_000.0).floor());
    reading.note = trouble.map(|trouble| trouble.what.as_str()).unwrap_or_default().into();
    Some(reading)
}

fn drills(status: &Status, now: Instant) -> impl Iterator<Item = Reading> {
    let overdue = status.drill_due_at.map(|due| {
        let since = (due <= now).then(|| due.to_rfc3339());
        yes(Metric::DrillOverdue, since.as_deref())
    });
    let failed = status.drills.first().map(|last| yes(Metric::DrillFailed, last.failure.as_deref()));
    overdue.into_iter().chain(failed)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use sesshu_backup::folder::Unreadable;
    use sesshu_backup::status::{Second, Shipping};
    use sesshu_monitor::core::time::WallMs;

    fn at(hours: i64) -> Instant {
        Instant(1_800_000_000_000 + hours * 3_600_000)
    }

    fn trouble(what: &str) -> Trouble {
        Trouble { since: at(0), what: what.into() }
    }

    /// Value and note of each metric.
    fn read(source: &mut BackupSource, hours: i64) -> BTreeMap<&'static str, (f64, String)> {
        let now = Now { wall: WallMs(at(hours).0), steady: Duration::ZERO };
        let readings = source.read(now).expect("it can be read");
        readings.into_iter().map(|it| (it.cause.metric.code(), (it.value, it.note.to_string()))).collect()
    }

    fn source(status: Status, began: Option<i64>) -> BackupSource {
        let status = Arc::new(status);
        let beginning = began.map(|hours| Box::new(move || Some(at(hours))) as Beginning);
        BackupSource::new(Box::new(move || Arc::clone(&status)), beginning)
    }

    #[test]
    fn a_city_that_never_had_a_backup_counts_from_its_beginning_and_one_that_is_thrown_away_does_not() {
        let read_at = |began| read(&mut source(Status::default(), began), 30);
        let told = read_at(Some(2));
        assert!((told["backup_age"].0 - 28.0).abs() < 1e-9);
        assert_eq!((told["backup_failed"].0, told["backup_damaged"].0), (0.0, 0.0));
        assert_eq!(told.keys().copied().collect::<Vec<_>>(), ["backup_age", "backup_damaged", "backup_failed"]);
        assert!(!read_at(None).contains_key("backup_age"));
    }

    #[test]
    fn what_does_not_work_is_told_with_its_reason() {
        let shipping =
            Shipping { folder: "/mnt".into(), seq: 1, complete_at: Some(at(28)), trouble: Some(trouble("gone")) };
        let second = Second {
            folder: "/mnt".into(),
            generations: 0,
            newest_taken_at: None,
            trouble: Some(trouble("not mounted")),
        };
        let status = Status {
            unreadable: vec![Unreadable { name: "sesshu-20261201-030000".into(), what: "no manifest".into() }],
            reading_failure: Some(trouble("no key")),
            second: Some(second),
            journal: Some(shipping),
            drill_due_at: Some(at(29)),
            ..Status::default()
        };
        let told = read(&mut source(status, None), 30);
        assert_eq!(told["backup_failed"], (1.0, "no key".to_owned()));
        assert_eq!(told["backup_damaged"], (1.0, "sesshu-20261201-030000: no manifest".to_owned()));
        assert_eq!(told["copy_failed"], (1.0, "not mounted".to_owned()));
        assert_eq!(told["journal_lag"], (7_200.0, "gone".to_owned()));
        assert_eq!(told["drill_overdue"], (1.0, at(29).to_rfc3339()));
        assert!(!told.contains_key("drill_failed"), "there was none");
    }

    #[test]
    fn a_journal_that_never_arrived_lags_since_it_is_looked_at_and_a_clock_set_back_makes_no_lag() {
        let shipping = |complete_at| Shipping { folder: String::new(), seq: 0, complete_at, trouble: None };
        let with = |complete_at| Status { journal: Some(shipping(complete_at)), ..Status::default() };
        let mut never = source(with(None), None);
        let seconds = [10, 11, 12].map(|hours| read(&mut never, hours)["journal_lag"].0);
        assert_eq!(seconds.map(|seconds| seconds as u64), [0, 3_600, 7_200]);
        let ahead = read(&mut source(with(Some(at(20))), None), 10);
        assert_eq!(ahead["journal_lag"].0 as u64, 0);
    }
}
