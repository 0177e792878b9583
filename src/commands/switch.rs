//! `switch list`, `off`, `on`: parts of the service that a person closes for a while. With a server or without one, and without a store.

use serde_json::Value;
use sesshu_engine::core::switch::Switch;
use sesshu_engine::core::time::Instant;
use sesshu_http::{SwitchWords, switch_words, switch_words_en};

use super::print;
use crate::cli::SwitchCommand;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::switches::{SwitchJob, ask};
use crate::terminal::{japanese, words};

/// How many turns are listed.
const TURNS_SHOWN: usize = 10;

/// Does one of the commands.
pub(crate) async fn switch(folder: &DataFolder, command: SwitchCommand) -> Result<(), Failure> {
    match command {
        SwitchCommand::List => {
            let stand = ask(folder, SwitchJob::List).await?;
            print(folder, &stand, listed)
        }
        SwitchCommand::Off { switch, reason, minutes } => {
            let switch = Switch::from(switch);
            let stand = ask(folder, SwitchJob::Off { switch, minutes, reason }).await?;
            warn(&stand);
            print(folder, &stand, |stand| turned(switch, stand, true))
        }
        SwitchCommand::On { switch, reason } => {
            let switch = Switch::from(switch);
            let stand = ask(folder, SwitchJob::On { switch, reason }).await?;
            warn(&stand);
            print(folder, &stand, |stand| turned(switch, stand, false))
        }
    }
}

/// A turn that the disk has not taken counts all the same, and whoever made it must know.
fn warn(stand: &Value) {
    if let Some(why) = stand["unsaved"].as_str() {
        let says = words(
            "効いていますが、ディスクに書けていません。再起動すると前の状態に戻ります",
            "it counts, but the disk has not taken it: a restart would undo it",
        );
        eprintln!("{says}: {why}");
    }
}

const fn words_of(switch: Switch, japanese: bool) -> SwitchWords {
    if japanese { switch_words(switch) } else { switch_words_en(switch) }
}

/// The switch of this name in what was answered.
fn one(stand: &Value, switch: Switch) -> &Value {
    let all = stand["switches"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().find(|one| one["name"] == switch.code()).unwrap_or(&Value::Null)
}

/// What came of an order.
fn turned(switch: Switch, stand: &Value, off: bool) -> String {
    let SwitchWords { name, closes, stays } = words_of(switch, japanese());
    let already = stand["turned"] == false;
    if !off {
        return match (already, japanese()) {
            (true, true) => format!("「{name}」は動いています。何も変えていません。"),
            (true, false) => format!("{name}: on already; nothing was changed"),
            (false, true) => format!("「{name}」を再開しました。"),
            (false, false) => format!("{name}: on again"),
        };
    }
    let until = one(stand, switch)["until"].as_str().map(shown_at);
    let end = match (until, japanese()) {
        (Some(until), true) => format!("{until}に自動で再開します。"),
        (Some(until), false) => format!("on again by itself at {until}"),
        (None, true) => format!("再開するには： sesshu switch on {}", switch.code()),
        (None, false) => format!("to turn it on again: sesshu switch on {}", switch.code()),
    };
    match (already, japanese()) {
        (true, true) => format!("「{name}」はすでに止まっています。何も変えていません。\n{end}"),
        (true, false) => format!("{name}: off already; nothing was changed\n{end}"),
        (false, true) => format!("「{name}」を止めました。\n止まるもの：{closes}\n続くもの：{stays}\n{end}"),
        (false, false) => format!("{name}: off\ncloses: {closes}\ngoes on: {stays}\n{end}"),
    }
}

fn listed(stand: &Value) -> String {
    let mut lines = Vec::new();
    if stand["damaged"] == true {
        lines.push(words(
            "注意: 停止の状態のファイルが壊れていたため、すべて動いています。どれかを操作すると、この表示は消えます。",
            "note: the file of the switches was damaged, so all of them are on; turning one ends this note",
        ).to_owned());
    }
    if let Some(why) = stand["unsaved"].as_str() {
        lines.push(format!("{}: {why}", words("注意: ディスクに書けていません", "note: not on the disk")));
    }
    for switch in Switch::ALL {
        let (stands, name) = (one(stand, *switch), words_of(*switch, japanese()).name);
        let state = if stands["off"] == true { words("× 停止中", "OFF") } else { words("○ 動作中", "on") };
        lines.push(format!("{:13} {state}  {name}{}", switch.code(), details(stands)));
    }
    let turns = stand["turns"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !turns.is_empty() {
        lines.push(words("最近の操作:", "turned lately:").to_owned());
    }
    for turn in turns.iter().take(TURNS_SHOWN) {
        let word = |key: &str| turn[key].as_str().unwrap_or_default();
        let to = if turn["off"] == true { words("停止", "off") } else { words("再開", "on") };
        let line = format!("  {}  {to}  {:13} {}  {}", shown_at(word("at")), word("name"), word("by"), word("reason"));
        lines.push(line.trim_end().to_owned());
    }
    lines.join("\n")
}

/// Since when and until when something is off, who turned it, and why.
fn details(stands: &Value) -> String {
    let Some(since) = stands["since"].as_str().map(shown_at) else { return String::new() };
    let (by, reason) = (stands["by"].as_str().unwrap_or_default(), stands["reason"].as_str().unwrap_or_default());
    let until = stands["until"].as_str().map(shown_at);
    let span = match (until, japanese()) {
        (Some(until), true) => format!("{since} から {until} まで"),
        (Some(until), false) => format!("since {since} until {until}"),
        (None, true) => format!("{since} から"),
        (None, false) => format!("since {since}"),
    };
    format!("  {span}  {by}  {reason}").trim_end().to_owned()
}

/// An instant of an answer in the city's time.
fn shown_at(text: &str) -> String {
    text.parse::<Instant>().map_or_else(|_| text.to_owned(), |at| format!("{} {}", at.city_day(), at.city_clock()))
}
