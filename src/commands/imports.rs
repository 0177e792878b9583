//! Imports: read the file, show the difference and everything that is wrong, ask, write all or nothing.

use std::path::Path;

use serde_json::Value;
use sesshu_engine::roll::FILE_BYTES_MAX;

use super::print;
use crate::cli::ImportArgs;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::{FileBytes, Job};
use crate::terminal::{Terminal, confirm, japanese};

fn read(file: &Path) -> Result<FileBytes, Failure> {
    let at = || Failure::io(file.display());
    let size = std::fs::metadata(file).map_err(at())?.len();
    if size > FILE_BYTES_MAX as u64 {
        return Err(Failure::refused(format!("{}: larger than {FILE_BYTES_MAX} bytes", file.display())));
    }
    Ok(FileBytes(std::fs::read(file).map_err(at())?))
}

fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What is wrong with a file, or worth a look, line by line on stderr.
fn show_problems(file: &Path, about: &Value) {
    let name = file.display();
    for (key, word) in [("flags", "note"), ("errors", "error")] {
        for problem in array(about, key) {
            let column = problem["column_shown"].as_str().unwrap_or("");
            let separator = if column.is_empty() { "" } else { ": " };
            let reason = problem["reason"].as_str().unwrap_or("");
            eprintln!("{name}:{}: {word}: {column}{separator}{reason}", problem["line"]);
        }
    }
}

fn refuse_wrong_lines(about: &Value) -> Result<(), Failure> {
    match array(about, "errors").len() {
        0 => Ok(()),
        wrong => Err(Failure::refused(format!("{wrong} problems in the file; nothing was written"))),
    }
}

/// A result for `--json`: always once, whatever follows.
fn without(mut value: Value, hidden: &[&str]) -> Value {
    if let Value::Object(fields) = &mut value {
        for key in hidden {
            fields.remove(*key);
        }
    }
    value
}

/// The roll.
pub(crate) async fn import_roll(folder: &DataFolder, args: &ImportArgs, partial: bool) -> Result<(), Failure> {
    let file = read(&args.file)?;
    let mut terminal = Terminal::default();
    let reading = Terminal::spinner(&format!("reading {}", args.file.display()));
    let job = Job::RollDifference { file: file.clone(), partial, japanese: japanese() };
    let difference = folder.run(job, &mut terminal).await;
    reading.finish_and_clear();
    let difference = difference?;
    show_problems(&args.file, &difference);
    let shown = difference["difference"].as_str().unwrap_or("").to_owned();
    print(folder, &without(difference.clone(), &["difference"]), |difference| {
        let mut text = format!(
            "{} ({}): {} lines\n  new {}, changed {}, unchanged {}, gone {}, wrong {}",
            args.file.display(),
            difference["encoding"].as_str().unwrap_or("unknown encoding"),
            difference["rows"],
            difference["new"],
            difference["changed"],
            difference["unchanged"],
            difference["gone"],
            array(difference, "errors").len()
        );
        for person in array(difference, "gone_with_bookings") {
            let numbers: Vec<&str> = array(person, "bookings").iter().filter_map(Value::as_str).collect();
            text.push_str(&format!(
                "\n  leaves the roll with live bookings: {} ({})",
                person["id"].as_str().unwrap_or(""),
                numbers.join(", ")
            ));
        }
        text
    })?;
    refuse_wrong_lines(&difference)?;
    if !partial && difference["rows"] == 0 {
        return Err(Failure::refused("the file names nobody: a whole roll cannot be empty"));
    }
    if args.dry_run {
        return Ok(());
    }
    if ["new", "changed", "gone"].iter().all(|key| difference[*key] == 0) {
        eprintln!("nothing to write");
        return Ok(());
    }
    confirm(&format!("Import this? {} people leave the roll.", difference["gone"]), args.confirm.yes)?;
    let writing = Terminal::spinner("writing");
    let written = folder.run(Job::RollImport { file, partial, shown }, &mut terminal).await;
    writing.finish_and_clear();
    written?;
    eprintln!("imported");
    Ok(())
}

/// Drafts of sessions.
pub(crate) async fn import_sessions(folder: &DataFolder, args: &ImportArgs) -> Result<(), Failure> {
    let job = |file, dry_run| Job::Sessions { file, dry_run, japanese: japanese() };
    let words = |about: &Value| {
        format!(
            "sessions: new {}, changed drafts {}, unchanged {}, already published and left as they are {}; {} places",
            about["new"], about["changed"], about["unchanged"], about["published"], about["places"]
        )
    };
    import(folder, args, job, words, "Draft these sessions?").await
}

/// Priority groups.
pub(crate) async fn import_waves(folder: &DataFolder, args: &ImportArgs) -> Result<(), Failure> {
    let job = |file, dry_run| Job::Waves { file, dry_run, japanese: japanese() };
    let words = |about: &Value| {
        let change = if about["changes"] == true { "replace those before" } else { "are as they are" };
        format!("{} waves; they {change}", about["rows"])
    };
    import(folder, args, job, words, "Replace all waves by these?").await
}

/// Doses given elsewhere.
pub(crate) async fn import_doses(folder: &DataFolder, args: &ImportArgs) -> Result<(), Failure> {
    let job = |file, dry_run| Job::Doses { file, dry_run, japanese: japanese() };
    let words = |about: &Value| format!("doses: new or changed {}, unchanged {}", about["new"], about["unchanged"]);
    import(folder, args, job, words, "Record these doses?").await
}

async fn import(
    folder: &DataFolder,
    args: &ImportArgs,
    job: impl Fn(FileBytes, bool) -> Job,
    words: impl Fn(&Value) -> String,
    question: &str,
) -> Result<(), Failure> {
    let file = read(&args.file)?;
    let mut terminal = Terminal::default();
    let about = folder.run(job(file.clone(), true), &mut terminal).await?;
    show_problems(&args.file, &about);
    let wrong = !array(&about, "errors").is_empty();
    print(folder, &about, |about| {
        let encoding = about["encoding"].as_str().unwrap_or("unknown encoding");
        let head = format!("{} ({encoding}): {} lines", args.file.display(), about["rows"]);
        if wrong {
            format!("{head}, {} wrong", array(about, "errors").len())
        } else {
            format!("{head}\n  {}", words(about))
        }
    })?;
    refuse_wrong_lines(&about)?;
    if args.dry_run {
        return Ok(());
    }
    confirm(question, args.confirm.yes)?;
    folder.run(job(file, false), &mut terminal).await?;
    eprintln!("imported");
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_result_hides_what_only_the_command_needs() {
        assert_eq!(without(json!({ "new": 1, "difference": "ab" }), &["difference"]), json!({ "new": 1 }));
    }
}
