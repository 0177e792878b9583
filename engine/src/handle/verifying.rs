//! Questions that are answered from the stored journal, not from the index: verification, and who viewed a person.

use super::roll::ReportedView;
use super::{EngineConfig, EngineHandle};
use crate::core::event::{By, Entry, Event};
use crate::core::ids::ResidentNo;
use crate::ledger::{LoadError, RecoverError, Snapshot, VerifyReport, verify};

impl EngineHandle {
    /// Verifies the running store on a consistent view of it. Takes seconds of one core on a large store.
    pub async fn verify(&self) -> Result<VerifyReport, LoadError> {
        let reader = self.0.reader.clone();
        let verified = tokio::task::spawn_blocking(move || verify(&reader.snapshot()?, None)).await;
        verified.map_err(|_| LoadError::Damaged { what: "a store on which verification fails", at: 0 })?
    }

    /// Who viewed a person, oldest first. Reads the whole journal.
    pub(super) async fn views_of(&self, resident: ResidentNo) -> Result<Vec<ReportedView>, LoadError> {
        let reader = self.0.reader.clone();
        let read = tokio::task::spawn_blocking(move || {
            let mut views = Vec::new();
            reader.snapshot()?.entries(&mut |entry: &Entry| {
                let viewed =
                    |event: &Event| matches!(event, Event::PersonViewed { resident: whom, .. } if *whom == resident);
                if entry.events.iter().any(viewed) {
                    views.push(ReportedView { at: entry.at.to_rfc3339(), by: name_of(&entry.by) });
                }
            })?;
            Ok(views)
        });
        read.await.map_err(|_| LoadError::Damaged { what: "a journal that cannot be read", at: 0 })?
    }
}

impl EngineConfig {
    /// Verifies the store, which no process may have open for writing, and that it is not behind its high-water mark.
    pub fn verify(&self) -> Result<VerifyReport, RecoverError> {
        let mark = self.mark().read()?;
        Ok(verify(&Snapshot::open(&self.folder)?, mark)?)
    }
}

fn name_of(by: &By) -> String {
    match by {
        By::Resident(_) => "resident".into(),
        By::Staff(login) => format!("staff {login}"),
        By::CommandLine { uid } => format!("command line, user id {uid}"),
        By::System => "sesshu".into(),
    }
}
