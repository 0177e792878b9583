//! Proof that a generation can be restored: this very program restores it, as a person would, and checks every invariant.

use sesshu_backup::core::manifest::Proof;
use sesshu_backup::parties::{NotProven, Prover, Proving};

use super::{Own, counts, wall_clock};
use crate::own_program;

/// Proves with this program.
#[derive(Debug)]
pub(super) struct OwnProver {
    pub(super) own: Own,
}

impl Prover for OwnProver {
    fn prove(&self, proving: &Proving<'_>) -> Result<Proof, NotProven> {
        let failed = NotProven::Failed;
        let data = proving.scratch.join("data");
        let mut command = self.own.restore(proving.folder, &proving.manifest.name, &data);
        command.args(["--at", "snapshot"]);
        let percent = self.own.budget.map_or(100, |(_, percent)| percent);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let ended = runtime.and_then(|runtime| {
            runtime.block_on(own_program::run(command, percent, || proving.progress.go_on().is_err()))
        });
        let ended = ended.map_err(|error| failed(error.to_string()))?;
        let ended = ended.ok_or_else(|| failed("it was stopped before its end".into()))?;
        let result = ended.result;
        if ended.code != Some(0) {
            let what = ended.complaint;
            return Err(if result["damaged"] == true { NotProven::Damaged(what) } else { failed(what) });
        }
        let number = |key: &str| result[key].as_u64().unwrap_or_default();
        let digest = result["digest"].as_str().ok_or_else(|| failed("the restore said no digest".into()))?;
        Ok(Proof {
            at: wall_clock(),
            digest: digest.to_owned(),
            counts: counts(&result),
            restore_ms: number("restore_ms"),
            verify_ms: number("verify_ms"),
        })
    }
}
