//! `sessions publish`: says what will open, asks, publishes all drafts.

use serde_json::Value;
use sesshu_engine::core::time::{Day, Instant, Weekday};

use super::print;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::terminal::{Terminal, confirm, japanese, words};

/// Publishes all drafts to open at `opens_at`.
pub(crate) async fn publish(folder: &DataFolder, opens_at: &str, yes: bool) -> Result<(), Failure> {
    let opens_at: Instant = opens_at.parse().map_err(|error| Failure::usage(format!("--opens-at: {error}")))?;
    let mut terminal = Terminal::default();
    let drafts = folder.run(Job::Drafts { opens_at_ms: opens_at.0 }, &mut terminal).await?;
    let dates: Vec<&str> = drafts["dates"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if drafts["sessions"].as_array().is_none_or(Vec::is_empty) {
        return Err(Failure::refused("there are no drafts to publish"));
    }
    let shown: Vec<String> = dates.iter().map(|date| with_weekday(date)).collect();
    let (places, too_late) = (&drafts["places"], &drafts["places_too_late"]);
    let sessions = drafts["sessions"].as_array().map_or(0, Vec::len);
    let (count, list) = (dates.len(), shown.join(words("、", ", ")));
    let day = opens_at.city_day();
    let opening = format!("{day} ({}) {}", weekday(day), opens_at.city_clock());
    if japanese() {
        eprintln!("{sessions} 回の接種会、{count} 日（{list}）の {places} 枠の予約受付が {opening} に始まります。");
    } else {
        eprintln!("This will open {places} places in {sessions} sessions on {count} dates ({list}), at {opening}.");
    }
    if *too_late != 0 {
        let sentence = words(
            "枠は受付開始までに始まるため、予約できません。",
            "more places start before that and can never be booked.",
        );
        eprintln!("{too_late} {sentence}");
    }
    confirm(words("公開しますか。", "Publish?"), yes)?;
    let published = folder.run(Job::Publish { shown: drafts, opens_at_ms: opens_at.0 }, &mut terminal).await?;
    print(folder, &published, |_| words("公開しました。", "published").into())
}

fn with_weekday(date: &str) -> String {
    date.parse::<Day>().map_or_else(|_| date.to_owned(), |day| format!("{day} {}", weekday(day)))
}

fn weekday(day: Day) -> &'static str {
    match day.weekday() {
        Weekday::Monday => words("月", "Mon"),
        Weekday::Tuesday => words("火", "Tue"),
        Weekday::Wednesday => words("水", "Wed"),
        Weekday::Thursday => words("木", "Thu"),
        Weekday::Friday => words("金", "Fri"),
        Weekday::Saturday => words("土", "Sat"),
        Weekday::Sunday => words("日", "Sun"),
    }
}
