//! Issuing passwords, chunk by chunk: the printer's lines are safe on a disk before the hashes count.

use serde_json::{Value, json};
use sesshu_engine::core::event::By;
use sesshu_engine::roll::ISSUE_CHUNK;
use sesshu_engine::{EngineHandle, PreparedHash, PreparedPassword};

use super::{Audience, PasswordLine};
use crate::exit::Failure;

/// The IDs of those who have no password. A group in which nobody is was mistyped.
pub(super) fn without(engine: &EngineHandle, group: Option<&str>) -> Result<Value, Failure> {
    if let Some(group) = group.filter(|group| !engine.has_group(group)) {
        return Err(Failure::refused(format!("nobody on the roll is in the group {group}")));
    }
    let ids = engine.without_password(group).into_iter().filter_map(|resident| engine.city_id(resident));
    Ok(json!({ "ids": ids.map(|id| id.to_string()).collect::<Vec<_>>() }))
}

pub(super) async fn issue<A: Audience>(
    engine: &EngineHandle,
    group: Option<&str>,
    by: By,
    audience: &mut A,
) -> Result<Value, Failure> {
    let waiting = engine.without_password(group);
    let of = waiting.len() as u64;
    let mut issued = 0_u64;
    for chunk in waiting.chunks(ISSUE_CHUNK) {
        let (sender, mut hashed) = tokio::sync::mpsc::channel(ISSUE_CHUNK);
        let preparing = engine.prepare_passwords(chunk, move |done| {
            // A full channel only means that the picture is late.
            let _ = sender.try_send(done);
        });
        tokio::pin!(preparing);
        let prepared = loop {
            tokio::select! {
                prepared = &mut preparing => break prepared?,
                Some(done) = hashed.recv() => audience.progress(issued + done as u64, of).await?,
            }
        };
        let line = |prepared: &PreparedPassword| PasswordLine {
            id: prepared.line.id.clone(),
            name_kana: prepared.line.name_kana.clone(),
            password: prepared.line.password.to_string(),
        };
        audience.keep(prepared.iter().map(line).collect()).await?;
        let made: Vec<PreparedHash> = prepared.iter().map(|prepared| prepared.hash).collect();
        engine.issue_passwords(&made, by.clone()).await?;
        issued += chunk.len() as u64;
    }
    Ok(json!({ "issued": issued }))
}
