//! `backup now` and `backup daily`: a new generation, proven before anything old goes.

use super::super::print;
use super::list::size;
use crate::backups::{BackupJob, ask};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::terminal::{Terminal, japanese, words};

/// Takes a generation, and says which.
pub(super) async fn take(folder: &DataFolder, job: BackupJob) -> Result<(), Failure> {
    let mut terminal = Terminal::default();
    let taken = ask(folder, job, &mut terminal).await?;
    drop(terminal);
    if let Some(trouble) = taken["copy_trouble"].as_str() {
        eprintln!("{}: {trouble}", words("第2の置き場所への写しは失敗しました", "the copy to the second place failed"));
    }
    print(folder, &taken, |taken| {
        let one = &taken["generation"];
        let (name, digest) = (one["name"].as_str().unwrap_or_default(), one["digest"].as_str().unwrap_or_default());
        let (size, counts) = (size(one["bytes"].as_u64().unwrap_or_default()), &one["counts"]);
        let (residents, sessions) = (&counts["residents"], &counts["sessions"]);
        let (bookings, entries) = (&counts["bookings_live"], &counts["entries"]);
        if japanese() {
            format!(
                "世代 {name} を取得し、復元して確かめました（{size}）。\n\
                 住民 {residents}、接種会 {sessions}、有効な予約 {bookings}、記録 {entries}\ndigest {digest}"
            )
        } else {
            format!(
                "{name} was taken, restored and checked ({size})\n\
                 residents {residents}, sessions {sessions}, live bookings {bookings}, journal entries {entries}\ndigest {digest}"
            )
        }
    })
}
