//! `sessions publish`: says what will open, asks, publishes all drafts.

use serde_json::Value;
use sesshu_engine::core::time::{Day, Instant, Weekday};

use super::print;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::jobs::Job;
use crate::terminal::{Terminal, confirm};

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
    let day = opens_at.city_day();
    let summary = format!(
        "This will open {} places in {} sessions on {} dates ({}), at {} ({}) {}.",
        drafts["places"],
        drafts["sessions"].as_array().map_or(0, Vec::len),
        dates.len(),
        shown.join(", "),
        day,
        weekday(day),
        opens_at.city_clock()
    );
    eprintln!("{summary}");
    if drafts["places_too_late"] != 0 {
        eprintln!("{} more places start before that and can never be booked.", drafts["places_too_late"]);
    }
    confirm("Publish?", yes)?;
    let published = folder.run(Job::Publish { shown: drafts, opens_at_ms: opens_at.0 }, &mut terminal).await?;
    print(folder, &published, |_| "published".into())
}

fn with_weekday(date: &str) -> String {
    date.parse::<Day>().map_or_else(|_| date.to_owned(), |day| format!("{day} {}", weekday(day)))
}

const fn weekday(day: Day) -> &'static str {
    match day.weekday() {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}
