//! Consistent views of the store, and its verification.

use super::{EngineConfig, EngineHandle};
use crate::ledger::{LoadError, Outline, RecoverError, Snapshot, VerifyReport, outline, verify};

impl EngineHandle {
    /// A consistent view of the running store. It should be short: while it is held, the file grows by what is written. If the store
    /// has to be opened again after a failed commit, reading from the view fails.
    ///
    /// # Errors
    /// While the store is being opened again, or if it fails.
    pub fn snapshot(&self) -> Result<Snapshot, LoadError> {
        self.0.reader.snapshot()
    }

    /// Verifies the running store on a consistent view of it. Takes seconds of one core on a large store.
    pub async fn verify(&self) -> Result<VerifyReport, LoadError> {
        let reader = self.0.reader.clone();
        let verified = tokio::task::spawn_blocking(move || verify(&reader.snapshot()?, None)).await;
        verified.map_err(|_| LoadError::Damaged { what: "a store on which verification fails", at: 0 })?
    }
}

impl EngineConfig {
    /// Verifies the store, which no process may have open for writing, and that it is not behind its high-water mark.
    pub fn verify(&self) -> Result<VerifyReport, RecoverError> {
        let mark = self.mark().read()?;
        Ok(verify(&Snapshot::open(&self.folder)?, mark)?)
    }

    /// How large the city in the store is, which no process may have open for writing. Nothing is written.
    pub fn outline(&self) -> Result<Outline, LoadError> {
        outline(&self.folder)
    }
}
