//! `backup drill`: holds a restore drill and shows its record.

use serde_json::Value;

use super::super::print;
use crate::backups::{BackupJob, ask};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::terminal::{Terminal, japanese};

const MS_PER_SECOND: f64 = 1_000.0;

/// Holds a drill; fails if it did.
pub(super) async fn drill(folder: &DataFolder) -> Result<(), Failure> {
    let mut terminal = Terminal::default();
    let record = ask(folder, BackupJob::Drill, &mut terminal).await?;
    drop(terminal);
    print(folder, &record, shown)?;
    match record["failure"].as_str() {
        Some(failure) => Err(Failure::refused(failure)),
        None => Ok(()),
    }
}

fn shown(record: &Value) -> String {
    let text = |key: &str| record[key].as_str().unwrap_or_default();
    let seconds = |ms: &Value| ms.as_f64().unwrap_or_default() / MS_PER_SECOND;
    let (generation, began, by) = (text("generation"), text("began_at"), text("by"));
    let mut lines = vec![if japanese() {
        format!("復元訓練 {began}（{by}）: 世代 {generation}")
    } else {
        format!("restore drill {began} ({by}): generation {generation}")
    }];
    for step in record["steps"].as_array().into_iter().flatten() {
        lines.push(format!("  {:<8} {:>8.1} s", step["name"].as_str().unwrap_or_default(), seconds(&step["ms"])));
    }
    if record["failure"].is_null() {
        let counts = &record["counts"];
        let (residents, sessions) = (&counts["residents"], &counts["sessions"]);
        let (bookings, entries) = (&counts["bookings_live"], &counts["entries"]);
        let (recovery, age) = (seconds(&record["recovery_ms"]), &record["data_age_seconds"]);
        lines.push(if japanese() {
            format!(
                "住民 {residents}、接種会 {sessions}、有効な予約 {bookings}、記録 {entries}\n\
                 復旧までの時間 {recovery:.1} 秒、データの古さ {age} 秒"
            )
        } else {
            format!(
                "residents {residents}, sessions {sessions}, live bookings {bookings}, journal entries {entries}\n\
                 recovery time {recovery:.1} s, data age {age} s"
            )
        });
    }
    lines.push(format!("digest {}", text("digest")));
    lines.join("\n")
}
