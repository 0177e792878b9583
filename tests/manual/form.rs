//! What can be held against the manuals without typing anything: both languages have the same commands, every command and link
//! exists, every message is explained.

use std::collections::BTreeSet;

use sesshu_tests::Sesshu;

use super::text::{Manual, checkout, read};

const PAIRS: &[(&str, &str)] = &[("restore.md", "restore.en.md"), ("backup.md", "backup.en.md")];
/// Where the messages come from: all of the first must be explained, some of the others are.
const MESSAGES: &str = "backup/src/error.rs";
const OTHER_MESSAGES: &[&str] =
    &["engine/src/ledger/mod.rs", "engine/src/ledger/high_water.rs", "engine/src/handle/start.rs"];

#[test]
fn both_languages_have_the_same_commands_files_and_sections() {
    for (japanese, english) in PAIRS {
        let (japanese, english) = (Manual::read(japanese), Manual::read(english));
        assert_eq!(japanese.steps(), english.steps(), "{} and {}", japanese.name, english.name);
        assert!(japanese.anchors().eq(english.anchors()), "{} and {}", japanese.name, english.name);
    }
    let (japanese, english) = (Manual::read("backup.md"), Manual::read("backup.en.md"));
    for section in ["setup", "encryption"] {
        assert_eq!(japanese.toml(section), english.toml(section), "{section}");
    }
}

#[test]
fn every_link_of_the_manuals_leads_somewhere() {
    for name in PAIRS.iter().flat_map(|(japanese, english)| [japanese, english]) {
        let manual = Manual::read(name);
        for link in manual.links().filter(|link| !link.starts_with("http")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { name } else { file };
            assert!(checkout().join("docs").join(file).exists(), "{name}: {link}");
            let is_there = anchor.is_empty() || Manual::read(file).anchors().any(|own| own == anchor);
            assert!(is_there, "{name}: no place {link}");
        }
    }
}

#[test]
fn every_command_that_is_named_in_passing_exists() {
    let mut commands = BTreeSet::new();
    for name in PAIRS.iter().flat_map(|(japanese, english)| [japanese, english]) {
        let manual = Manual::read(name);
        for rest in manual.named().filter_map(|named| named.strip_prefix("sesshu ")) {
            let words =
                rest.split_whitespace().take_while(|word| word.bytes().all(|letter| letter.is_ascii_lowercase()));
            commands.insert(words.take(2).map(str::to_owned).collect::<Vec<_>>());
        }
    }
    assert!(commands.len() >= 3, "{commands:?}");
    for command in commands {
        Sesshu::new(command.iter().map(String::as_str).chain(["--help"])).run().done();
    }
}

#[test]
fn every_message_about_backups_is_explained_and_none_that_does_not_exist() {
    let all = messages(&read(MESSAGES));
    assert!(all.len() >= 15, "{all:?}");
    let others: BTreeSet<String> = OTHER_MESSAGES.iter().flat_map(|path| messages(&read(path))).collect();
    for name in ["restore.md", "restore.en.md"] {
        let manual = Manual::read(name);
        let explained: BTreeSet<String> = manual.first_column("messages").into_iter().map(str::to_owned).collect();
        let missing: Vec<&String> = all.difference(&explained).collect();
        assert!(missing.is_empty(), "docs/{name} does not explain {missing:#?}");
        let unknown: Vec<&String> =
            explained.iter().filter(|own| !all.contains(*own) && !others.contains(*own)).collect();
        assert!(unknown.is_empty(), "docs/{name} explains what nobody says: {unknown:#?}");
    }
}

#[test]
fn every_setting_of_backups_is_explained_with_its_default() {
    let source = read("backup/src/config.rs");
    let table = source.split("pub struct BackupConfig {").nth(1).and_then(|rest| rest.split("\n}").next());
    let lines = table.expect("the table [backup]").lines();
    let fields: Vec<&str> = lines.filter_map(|line| line.strip_prefix("    pub ")?.split(": ").next()).collect();
    assert!(fields.len() >= 13, "{fields:?}");
    for name in ["backup.md", "backup.en.md"] {
        assert_eq!(Manual::read(name).first_column("settings"), fields, "docs/{name}");
    }
}

/// The messages that the errors of `source` have, with `…` where something is filled in, and a straight quote for a backtick, which
/// could not stand in a table's code.
fn messages(source: &str) -> BTreeSet<String> {
    let attributes = source.split("#[error(").skip(1).filter(|rest| !rest.starts_with("transparent"));
    attributes.map(|rest| shown(literal(rest))).collect()
}

/// The first literal of `text`, between its quotes.
fn literal(text: &str) -> &str {
    let text = &text[text.find('"').expect("an error has a message") + 1..];
    let mut escaped = false;
    let end = text.find(|letter| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    });
    &text[..end.expect("a literal ends")]
}

/// A literal as it is shown.
fn shown(literal: &str) -> String {
    let mut joined = String::new();
    // A backslash at the end of a line joins it with the next.
    for (nth, line) in literal.split("\\\n").enumerate() {
        joined.push_str(if nth == 0 { line } else { line.trim_start() });
    }
    let mut text = String::new();
    let mut within = false;
    for letter in joined.chars() {
        match letter {
            '{' => {
                within = true;
                text.push('…');
            }
            '}' => within = false,
            '`' => text.push('\''),
            '\\' => {}
            _ if within => {}
            other => text.push(other),
        }
    }
    text
}
