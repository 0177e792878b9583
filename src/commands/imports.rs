//! Imports: read the file, show the difference and everything that is wrong, ask, write all or nothing.

use std::path::Path;

use serde_json::Value;
use sesshu_engine::roll::FILE_BYTES_MAX;

use super::print;
use crate::cli::ImportArgs;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::{FileBytes, Job};
use crate::terminal::{Terminal, confirm, japanese, words};

pub(super) fn read(file: &Path) -> Result<FileBytes, Failure> {
    let at = || Failure::io(file.display());
    let size = std::fs::metadata(file).map_err(at())?.len();
    if size > FILE_BYTES_MAX as u64 {
        return Err(Failure::refused(format!("{}: larger than {FILE_BYTES_MAX} bytes", file.display())));
    }
    Ok(FileBytes(std::fs::read(file).map_err(at())?))
}

pub(super) fn array<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// What is wrong with a file, or worth a look, line by line on stderr.
pub(super) fn show_problems(file: &Path, about: &Value) {
    let name = file.display();
    for (key, word) in [("flags", words("注意", "note")), ("errors", words("誤り", "error"))] {
        for problem in array(about, key) {
            let column = problem["column_shown"].as_str().unwrap_or("");
            let separator = if column.is_empty() { "" } else { ": " };
            let reason = problem["reason"].as_str().unwrap_or("");
            eprintln!("{name}:{}: {word}: {column}{separator}{reason}", problem["line"]);
        }
    }
}

/// The file, how it is encoded, how many of its lines are good.
fn about_file(file: &Path, about: &Value) -> String {
    let encoding = about["encoding"].as_str().unwrap_or(words("文字コード不明", "unknown encoding"));
    let (name, rows) = (file.display(), &about["rows"]);
    if japanese() {
        format!("{name}（{encoding}）: 正しい行 {rows}")
    } else {
        format!("{name} ({encoding}): {rows} good lines")
    }
}

pub(super) fn refuse_wrong_lines(about: &Value) -> Result<(), Failure> {
    match array(about, "errors").len() {
        0 => Ok(()),
        wrong if japanese() => Err(Failure::refused(format!("誤りが {wrong} 件あります。何も書き込んでいません。"))),
        wrong => Err(Failure::refused(format!("{wrong} problems in the file; nothing was written"))),
    }
}

/// A result for `--json`: always once, whatever follows.
pub(super) fn without(mut value: Value, hidden: &[&str]) -> Value {
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
        let wrong = array(difference, "errors").len();
        let (new, changed) = (&difference["new"], &difference["changed"]);
        let unchanged = &difference["unchanged"];
        // Whoever stands on a wrong line may be one of those that seem to be missing.
        let gone = if wrong > 0 && !partial { "–".to_owned() } else { difference["gone"].to_string() };
        let counts = if japanese() {
            format!("新規 {new}、変更 {changed}、変更なし {unchanged}、名簿から外れる人 {gone}、誤り {wrong}")
        } else {
            format!("new {new}, changed {changed}, unchanged {unchanged}, gone {gone}, wrong {wrong}")
        };
        let mut text = format!("{}\n  {counts}", about_file(&args.file, difference));
        for person in array(difference, "gone_with_bookings") {
            let numbers: Vec<&str> = array(person, "bookings").iter().filter_map(Value::as_str).collect();
            let sentence = words("予約があるのに名簿から外れる人", "leaves the roll with live bookings");
            let id = person["id"].as_str().unwrap_or("");
            text.push_str(&format!("\n  {sentence}: {id} ({})", numbers.join(", ")));
        }
        text
    })?;
    refuse_wrong_lines(&difference)?;
    if !partial && difference["rows"] == 0 {
        return Err(Failure::refused(words(
            "ファイルに1人もいません。名簿全体を空にすることはできません。",
            "the file names nobody: a whole roll cannot be empty",
        )));
    }
    if args.dry_run {
        return Ok(());
    }
    if ["new", "changed", "gone"].iter().all(|key| difference[*key] == 0) {
        eprintln!("{}", words("書き込むものはありません。", "nothing to write"));
        return Ok(());
    }
    let gone = &difference["gone"];
    let question = if japanese() {
        format!("取り込みますか。{gone} 人が名簿から外れます。")
    } else {
        format!("Import this? {gone} people leave the roll.")
    };
    confirm(&question, args.confirm.yes)?;
    let writing = Terminal::spinner("writing");
    let written = folder.run(Job::RollImport { file, partial, shown }, &mut terminal).await;
    writing.finish_and_clear();
    written?;
    eprintln!("{}", words("取り込みました。", "imported"));
    Ok(())
}

/// Drafts of sessions.
pub(crate) async fn import_sessions(folder: &DataFolder, args: &ImportArgs) -> Result<(), Failure> {
    let job = |file, dry_run| Job::Sessions { file, dry_run, japanese: japanese() };
    let summary = |about: &Value| {
        let (new, changed, unchanged) = (&about["new"], &about["changed"], &about["unchanged"]);
        let (published, places) = (&about["published"], &about["places"]);
        if japanese() {
            format!(
                "接種会: 新規 {new}、下書きの変更 {changed}、変更なし {unchanged}、公開済みのため変更しない {published}（計 {places} 枠）"
            )
        } else {
            format!(
                "sessions: new {new}, changed drafts {changed}, unchanged {unchanged}, already published and left as they are {published}; {places} places"
            )
        }
    };
    import(folder, args, job, summary, words("下書きとして取り込みますか。", "Draft these sessions?")).await
}

/// Priority groups.
pub(crate) async fn import_waves(folder: &DataFolder, args: &ImportArgs) -> Result<(), Failure> {
    let job = |file, dry_run| Job::Waves { file, dry_run, japanese: japanese() };
    let summary = |about: &Value| {
        let change = if about["changes"] == true {
            words("これまでの優先区分をすべて置き換えます", "they replace those before")
        } else {
            words("変更はありません", "they are as they are")
        };
        format!("{} {}: {change}", about["rows"], words("件の優先区分", "waves"))
    };
    import(folder, args, job, summary, words("優先区分を置き換えますか。", "Replace all waves by these?")).await
}

/// Doses given elsewhere.
pub(crate) async fn import_doses(folder: &DataFolder, args: &ImportArgs) -> Result<(), Failure> {
    let job = |file, dry_run| Job::Doses { file, dry_run, japanese: japanese() };
    let summary = |about: &Value| {
        let (new, unchanged) = (&about["new"], &about["unchanged"]);
        if japanese() {
            format!("接種記録: 新規または変更 {new}、変更なし {unchanged}")
        } else {
            format!("doses: new or changed {new}, unchanged {unchanged}")
        }
    };
    import(folder, args, job, summary, words("記録しますか。", "Record these doses?")).await
}

async fn import(
    folder: &DataFolder,
    args: &ImportArgs,
    job: impl Fn(FileBytes, bool) -> Job,
    summary: impl Fn(&Value) -> String,
    question: &str,
) -> Result<(), Failure> {
    let file = read(&args.file)?;
    let mut terminal = Terminal::default();
    let about = folder.run(job(file.clone(), true), &mut terminal).await?;
    show_problems(&args.file, &about);
    let wrong = !array(&about, "errors").is_empty();
    print(folder, &about, |about| {
        let head = about_file(&args.file, about);
        if wrong { head } else { format!("{head}\n  {}", summary(about)) }
    })?;
    refuse_wrong_lines(&about)?;
    if args.dry_run {
        return Ok(());
    }
    let nothing =
        about["changes"] == false || ["new", "changed"].iter().all(|key| about[*key] == 0 || about[*key].is_null());
    if nothing && about["changes"] != true {
        eprintln!("{}", words("書き込むものはありません。", "nothing to write"));
        return Ok(());
    }
    confirm(question, args.confirm.yes)?;
    folder.run(job(file, false), &mut terminal).await?;
    eprintln!("{}", words("取り込みました。", "imported"));
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
