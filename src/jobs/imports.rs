//! Files into the engine: a wrong line stops the whole file, and everything wrong is said at once.

use serde_json::{Value, json};
use sesshu_engine::core::event::By;
use sesshu_engine::core::time::Instant;
use sesshu_engine::roll::{Column, Encoding, Lang, LineError, ParsedFile, parse_sessions, parse_waves};
use sesshu_engine::{CampaignError, EngineHandle, PublishSummary, RollPreview};

use crate::exit::Failure;

fn shown_errors(errors: &[LineError], lang: Lang) -> Vec<Value> {
    let shown = |error: &LineError| {
        json!({
            "line": error.line,
            "column": error.column.map(Column::name),
            "column_shown": error.column.map(|column| column.name_in(lang)),
            "reason": error.reason.text(lang),
            "needs_decision": error.reason.needs_decision(),
        })
    };
    let mut by_line: Vec<&LineError> = errors.iter().collect();
    by_line.sort_by_key(|error| error.line);
    by_line.into_iter().map(shown).collect()
}

/// What every import says of its file.
fn about_file<R>(file: &ParsedFile<R>, lang: Lang) -> Value {
    json!({
        "encoding": file.encoding.map(Encoding::name),
        "rows": file.rows.len(),
        "errors": shown_errors(&file.errors, lang),
        "flags": shown_errors(&file.flags, lang),
    })
}

fn with(mut about: Value, more: Value) -> Value {
    if let (Value::Object(about), Value::Object(more)) = (&mut about, more) {
        about.extend(more);
    }
    about
}

/// The first words of a digest, by which a difference is named.
fn name_of(digest: [u8; 32]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}

pub(super) fn roll_difference(engine: &EngineHandle, file: &[u8], partial: bool, lang: Lang) -> Value {
    let RollPreview { file, difference, .. } = engine.preview_roll(file, partial);
    let about = about_file(&file, lang);
    let gone: Vec<Value> = difference
        .gone_with_bookings
        .iter()
        .map(|(id, bookings)| {
            let numbers: Vec<String> = bookings.iter().map(|booking| booking.number.to_string()).collect();
            json!({ "id": id.to_string(), "bookings": numbers })
        })
        .collect();
    with(
        about,
        json!({
            "new": difference.new,
            "changed": difference.changed,
            "unchanged": difference.unchanged,
            "gone": difference.gone,
            "gone_with_bookings": gone,
            "difference": name_of(difference.digest),
        }),
    )
}

pub(super) async fn roll_import(
    engine: &EngineHandle,
    file: &[u8],
    partial: bool,
    shown: &str,
    by: By,
) -> Result<Value, Failure> {
    let preview = engine.preview_roll(file, partial);
    if name_of(preview.difference.digest) != shown {
        return Err(CampaignError::ChangedMeanwhile.into());
    }
    engine.import_previewed_roll(&preview, by).await?;
    Ok(json!({ "imported": true }))
}

pub(super) async fn sessions(
    engine: &EngineHandle,
    file: &[u8],
    dry_run: bool,
    lang: Lang,
    by: By,
) -> Result<Value, Failure> {
    let mut file = parse_sessions(file);
    let (errors, flags) = engine.check_sessions(&file.rows);
    file.errors.extend(errors);
    file.flags.extend(flags);
    let about = about_file(&file, lang);
    if !file.errors.is_empty() {
        return Ok(about);
    }
    let summary = engine.import_sessions(&file.rows, dry_run, by).await?;
    let places: u64 = file
        .rows
        .iter()
        .map(|row| u64::from((row.end.0 - row.start.0) / row.slot_minutes) * u64::from(row.capacity))
        .sum();
    let counts = json!({
        "new": summary.new,
        "changed": summary.changed,
        "unchanged": summary.unchanged,
        "published": summary.published,
        "places": places,
    });
    Ok(with(about, counts))
}

pub(super) fn drafts(engine: &EngineHandle, opens_at: Instant) -> Result<Value, Failure> {
    if opens_at < engine.now().plus_minutes(-5) {
        return Err(CampaignError::OpensInThePast.into());
    }
    Ok(shown(&engine.drafts(opens_at)))
}

fn shown(summary: &PublishSummary) -> Value {
    json!({
        "sessions": summary.sessions.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "places": summary.places,
        "places_too_late": summary.places_too_late,
        "dates": summary.dates.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "venues": summary.venues,
    })
}

pub(super) async fn publish(
    engine: &EngineHandle,
    shown_before: &Value,
    opens_at: Instant,
    by: By,
) -> Result<Value, Failure> {
    let summary = engine.drafts(opens_at);
    if shown(&summary) != *shown_before {
        return Err(CampaignError::ChangedMeanwhile.into());
    }
    engine.publish(&summary, opens_at, by).await?;
    Ok(with(shown(&summary), json!({ "opens_at": opens_at.to_rfc3339() })))
}

pub(super) async fn waves(
    engine: &EngineHandle,
    file: &[u8],
    dry_run: bool,
    lang: Lang,
    by: By,
) -> Result<Value, Failure> {
    let mut file = parse_waves(file);
    file.flags.extend(engine.check_waves(&file.rows));
    let about = about_file(&file, lang);
    if !file.errors.is_empty() {
        return Ok(about);
    }
    let changes = engine.import_waves(&file.rows, dry_run, by).await?;
    let waves = file.rows.len();
    Ok(with(about, json!({ "waves": waves, "changes": changes })))
}

pub(super) async fn doses(
    engine: &EngineHandle,
    file: &[u8],
    dry_run: bool,
    lang: Lang,
    by: By,
) -> Result<Value, Failure> {
    let file = engine.preview_doses(file);
    let about = about_file(&file, lang);
    if !file.errors.is_empty() {
        return Ok(about);
    }
    let (new, unchanged) = engine.import_doses(&file.rows, dry_run, by).await?;
    Ok(with(about, json!({ "new": new, "unchanged": unchanged })))
}
