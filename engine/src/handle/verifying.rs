//! Questions that are answered from the stored journal: verification, and who viewed a person.

use super::roll::ReportedView;
use super::{AuditQuery, EngineConfig, EngineHandle};
use crate::core::event::{By, Event};
use crate::core::ids::ResidentNo;
use crate::ledger::{LoadError, RecoverError, Snapshot, VerifyReport, verify};

/// How many views a report lists at most.
const VIEWS_MAX: usize = 10_000;

impl EngineHandle {
    /// Verifies the running store on a consistent view of it. Takes seconds of one core on a large store.
    pub async fn verify(&self) -> Result<VerifyReport, LoadError> {
        let reader = self.0.reader.clone();
        let verified = tokio::task::spawn_blocking(move || verify(&reader.snapshot()?, None)).await;
        verified.map_err(|_| LoadError::Damaged { what: "a store on which verification fails", at: 0 })?
    }

    /// Who viewed a person, oldest first; at most the last [`VIEWS_MAX`].
    pub(super) async fn views_of(&self, resident: ResidentNo) -> Result<Vec<ReportedView>, LoadError> {
        let query = AuditQuery { person: Some(resident), rows_max: VIEWS_MAX, ..AuditQuery::default() };
        let page = self.audit(query).await?;
        let is_view = |event: &Event| matches!(event, Event::PersonViewed { .. } | Event::PeopleViewed { .. });
        let views = page.entries.into_iter().rev().filter(|(_, entry)| entry.events.iter().any(is_view));
        Ok(views.map(|(_, entry)| ReportedView { at: entry.at.to_rfc3339(), by: name_of(&entry.by) }).collect())
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
        By::Call { login, call } => format!("staff {login} in call {call}"),
    }
}
