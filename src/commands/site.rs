//! `site import` and `site export`: what the resident pages say, as a file.

use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};

use super::imports::{array, read, refuse_wrong_lines, show_problems, without};
use super::print;
use crate::cli::ImportArgs;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::terminal::{Terminal, confirm, japanese, words};

/// Shows what the file changes, asks, lets it take the place of what is said now.
pub(crate) async fn import_site(folder: &DataFolder, args: &ImportArgs) -> Result<(), Failure> {
    let file = read(&args.file)?;
    let mut terminal = Terminal::default();
    let job = Job::SiteDifference { file: file.clone(), japanese: japanese() };
    let difference = folder.run(job, &mut terminal).await?;
    show_problems(&args.file, &difference);
    print(folder, &without(difference.clone(), &["revision"]), |difference| summary(&args.file, difference))?;
    refuse_wrong_lines(&difference)?;
    if args.dry_run {
        return Ok(());
    }
    if array(&difference, "changes").is_empty() {
        eprintln!("{}", words("書き込むものはありません。", "nothing to write"));
        return Ok(());
    }
    confirm(words("画面の内容を置き換えますか。", "Change the pages like this?"), args.confirm.yes)?;
    let shown = difference["revision"].as_u64().unwrap_or(0);
    folder.run(Job::SiteImport { file, shown }, &mut terminal).await?;
    eprintln!("{}", words("取り込みました。すぐに表示されます。", "imported; the pages say so from now on"));
    Ok(())
}

fn summary(file: &Path, difference: &Value) -> String {
    let name = file.display();
    if !array(difference, "errors").is_empty() {
        return name.to_string();
    }
    let changes = array(difference, "changes");
    let (announcements, venues) = (&difference["announcements"], &difference["venues"]);
    let mut text = if japanese() {
        format!("{name}: お知らせ {announcements} 件、会場 {venues} か所、変更 {} 件", changes.len())
    } else {
        format!("{name}: {announcements} announcements, {venues} venues; {} changes", changes.len())
    };
    for change in changes {
        let how = match change["change"].as_str().unwrap_or_default() {
            "new" => words("新規", "new"),
            "gone" => words("削除", "gone"),
            "reordered" => words("並べ替え", "reordered"),
            _ => words("変更", "changed"),
        };
        text.push_str(&format!("\n  {how}: {}", what(array(change, "what"))));
    }
    text
}

/// What changes, in a clerk's words: お知らせ opening.
fn what(place: &[Value]) -> String {
    let mut parts = place.iter().filter_map(Value::as_str);
    let first = match parts.next().unwrap_or_default() {
        "theme" => words("色", "colours"),
        "bring" => words("持ち物", "what to bring"),
        "announcement" => words("お知らせ", "announcement"),
        "venue" => words("会場", "venue"),
        _ => words("文言", "wording"),
    };
    std::iter::once(first).chain(parts).collect::<Vec<_>>().join(" ")
}

/// Writes what is said now.
pub(crate) async fn export_site(folder: &DataFolder, out: Option<&Path>) -> Result<(), Failure> {
    let exported = folder.run(Job::SiteExport, &mut Terminal::default()).await?;
    let toml = exported["toml"].as_str().unwrap_or_default();
    let Some(out) = out else {
        return print(folder, &exported, |_| toml.trim_end().to_owned());
    };
    let at = || Failure::io(out.display());
    // What lies there may be a clerk's work of hours.
    let mut file = std::fs::File::create_new(out).map_err(at())?;
    file.write_all(toml.as_bytes()).map_err(at())?;
    let value = json!({ "revision": exported["revision"], "file": out.display().to_string() });
    print(folder, &value, |_| out.display().to_string())
}
