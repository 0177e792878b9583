//! Copies of the store that a life leaves: one built from its export, and one that its whole journal is replayed into as a delta.

use std::path::Path;

use super::auditor::{Judged, Violation, wrong};
use super::folder;
use crate::ledger::{ExportError, RedbLedger, Replay, Snapshot, VerifyReport, rebuild, verify};

/// Both copies verify and are the store.
pub(super) fn are_the_store(snapshot: &Snapshot, store: &VerifyReport) -> Judged {
    for (copy, make) in [("an export", rebuilt as Make), ("a delta", replayed)] {
        let place = folder();
        let made = make(snapshot, place.path()).and_then(|()| Ok(verify(&Snapshot::open(place.path())?, None)?));
        let found = made.map_err(|error| Violation { check: "a copy is made", detail: format!("{copy}: {error}") })?;
        if found != *store {
            return wrong("a copy is the store", format!("from {copy}: {found:?}, not {store:?}"));
        }
    }
    Ok(())
}

type Make = fn(&Snapshot, &Path) -> Result<(), ExportError>;

fn rebuilt(snapshot: &Snapshot, folder: &Path) -> Result<(), ExportError> {
    let mut bytes = Vec::new();
    snapshot.export(&mut bytes)?;
    rebuild(folder, &mut bytes.as_slice())?;
    Ok(())
}

fn replayed(snapshot: &Snapshot, folder: &Path) -> Result<(), ExportError> {
    let mut bytes = Vec::new();
    snapshot.write_delta(0, &mut bytes)?;
    drop(RedbLedger::create(folder, snapshot.identity()?)?);
    let mut replay = Replay::open(folder)?;
    replay.apply(&mut bytes.as_slice(), None)?;
    replay.finish()?;
    Ok(())
}
