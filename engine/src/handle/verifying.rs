//! Questions that are answered from the stored journal, not from the index: verification, and who viewed a person.

use std::path::Path;

use super::EngineHandle;
use super::roll::ReportedView;
use crate::core::event::{By, Entry, Event};
use crate::core::ids::ResidentNo;
use crate::ledger::{LoadError, Snapshot, VerifyReport, verify};

impl EngineHandle {
    /// Verifies the running store on a consistent view of it. Takes seconds of one core on a large store.
    pub async fn verify(&self) -> Result<VerifyReport, LoadError> {
        let reader = self.0.reader.clone();
        let verified = tokio::task::spawn_blocking(move || verify(&reader.snapshot()?)).await;
        verified.map_err(|_| LoadError::Damaged { what: "a store on which verification fails", at: 0 })?
    }

    /// Who viewed a person, oldest first.
    pub(super) fn views_of(&self, resident: ResidentNo) -> Result<Vec<ReportedView>, LoadError> {
        let mut views = Vec::new();
        self.0.reader.snapshot()?.entries(&mut |entry: &Entry| {
            let viewed =
                |event: &Event| matches!(event, Event::PersonViewed { resident: whom, .. } if *whom == resident);
            if entry.events.iter().any(viewed) {
                views.push(ReportedView { at: entry.at.to_rfc3339(), by: name_of(&entry.by) });
            }
        })?;
        Ok(views)
    }
}

/// Verifies the store in `folder`, which no process may have open.
pub fn verify_folder(folder: &Path) -> Result<VerifyReport, LoadError> {
    verify(&Snapshot::open(folder)?)
}

fn name_of(by: &By) -> String {
    match by {
        By::Resident(_) => "resident".into(),
        By::Staff(login) => format!("staff {login}"),
        By::CommandLine { uid } => format!("command line, user id {uid}"),
        By::System => "sesshu".into(),
    }
}
