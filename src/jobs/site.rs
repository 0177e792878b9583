//! The city's pages: what a file would change, the change, and the way back to a file.

use serde_json::{Value, json};
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;
use sesshu_engine::core::site::Site;
use sesshu_engine::core::site_change::SiteChange;
use sesshu_engine::roll::{Lang, SiteError, parse_site, write_site};
use sesshu_http::site_flags;

use crate::exit::Failure;

fn shown(errors: &[SiteError], lang: Lang) -> Vec<Value> {
    let one = |error: &SiteError| {
        let key = error.place.to_string();
        json!({ "line": error.line, "column": key, "column_shown": key, "reason": error.reason.text(lang) })
    };
    errors.iter().map(one).collect()
}

/// What everybody hears of a file, before and after.
fn about(site: &Site, current: &Site) -> Value {
    let changes = current.changes_to(site);
    let one = |change: &SiteChange| json!({ "what": change.place.0, "change": change.how.code() });
    json!({
        "announcements": site.announcements.len(),
        "venues": site.venues.len(),
        "changes": changes.iter().map(one).collect::<Vec<_>>(),
        "revision": current.revision,
    })
}

pub(super) fn difference(engine: &EngineHandle, file: &[u8], lang: Lang) -> Value {
    let file = parse_site(file);
    if !file.errors.is_empty() {
        return json!({ "errors": shown(&file.errors, lang), "flags": [], "changes": [] });
    }
    let mut about = about(&file.site, &engine.site());
    about["errors"] = json!([]);
    about["flags"] = json!(shown(&site_flags(engine, &file), lang));
    about
}

pub(super) async fn import(engine: &EngineHandle, file: &[u8], shown: u64, by: By) -> Result<Value, Failure> {
    let file = parse_site(file);
    if !file.errors.is_empty() {
        return Err(Failure::refused("the file has errors; nothing was written"));
    }
    let site = engine.change_site(file.site, shown, by).await?;
    Ok(json!({ "imported": true, "revision": site.revision }))
}

pub(super) fn export(engine: &EngineHandle) -> Value {
    let site = engine.site();
    json!({ "revision": site.revision, "toml": write_site(&site) })
}

/// The city's pages of a throw-away city.
pub(crate) async fn put_demo_site(engine: &EngineHandle, file: &str) -> Result<(), Failure> {
    let file = parse_site(file.as_bytes());
    let wrong = file.errors.first().map(|error| format!("line {}: {}", error.line, error.reason.text(Lang::En)));
    if let Some(wrong) = wrong {
        return Err(Failure::internal(wrong));
    }
    engine.change_site(file.site, engine.site().revision, By::System).await?;
    Ok(())
}
