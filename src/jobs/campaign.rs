//! The end of the campaign: where it stands, closing, taking that back, erasing.

use serde_json::{Value, json};
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;

use super::Audience;
use crate::exit::Failure;

/// Where the campaign stands, and from when on data would be erased if it were closed now.
pub(super) fn status(engine: &EngineHandle, keep_days: u16) -> Value {
    let status = engine.campaign_status();
    let open = status.still_open.iter().map(
        |session| json!({ "id": session.id.to_string(), "venue": session.venue, "date": session.date.to_string() }),
    );
    json!({
        "closed": status.erase_on.is_some(),
        "due": status.is_due(),
        "erase_on": status.erase_on.map(|day| day.to_string()),
        "would_erase_on": status.would_erase_on(keep_days).to_string(),
        "erased_on": status.erased_on.map(|day| day.to_string()),
        "people": status.people,
        "passwords": status.passwords,
        "contacts": status.contacts,
        "still_open": open.collect::<Vec<_>>(),
    })
}

pub(super) async fn close(engine: &EngineHandle, keep_days: u16, shown: usize, by: By) -> Result<Value, Failure> {
    let erase_on = engine.close_campaign(keep_days, shown, by).await?;
    Ok(json!({ "closed": true, "erase_on": erase_on.to_string(), "people": shown }))
}

pub(super) async fn reopen(engine: &EngineHandle, by: By) -> Result<Value, Failure> {
    engine.reopen_campaign(by).await?;
    Ok(json!({ "closed": false, "erase_on": null }))
}

/// Erases chunk after chunk, so that whoever asked sees how far it is.
pub(super) async fn erase<A: Audience>(
    engine: &EngineHandle,
    keep_days: u16,
    by: By,
    audience: &mut A,
) -> Result<Value, Failure> {
    let mut people = 0;
    loop {
        let chunk = engine.erase_chunk(keep_days, by.clone()).await?;
        people += chunk.people;
        audience.progress(people as u64, (people + chunk.left) as u64).await?;
        if chunk.people == 0 {
            return Ok(json!({
                "erased": people,
                "left": chunk.left,
                "campaign_ended": chunk.campaign_ended,
                "held_back": chunk.held_back,
            }));
        }
    }
}
