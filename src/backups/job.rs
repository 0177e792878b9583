//! What a command asks of backups, done by the server that has the data folder, or here if none has.

use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sesshu_backup::core::manifest::{Manifest, Reason};
use sesshu_backup::core::name::Generation;
use sesshu_backup::error::BackupError;
use sesshu_backup::order::{Checked, Done, Finding, Order};
use sesshu_backup::progress::{Progress, Stop};
use sesshu_backup::service::{BackupHandle, Pending};
use sesshu_backup::status::{Status, Work};
use sesshu_backup::works::Works;
use sesshu_engine::LoadError;
use sesshu_engine::core::time::Instant;
use tokio::sync::{mpsc, watch};

use super::{AtRest, Pace, setup};
use crate::control::{is_listening, run_at_server};
use crate::exit::{ExitStatus, Failure};
use crate::folder::DataFolder;
use crate::jobs::{Audience, Job};

/// A run has so many phases at most before whoever listens has heard the first of them; what they miss then is a word.
const PHASES_WAITING_MAX: usize = 256;

/// What a command asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum BackupJob {
    /// An extra generation.
    Now,
    /// The day's generation.
    Daily,
    /// To look at one generation, or at all.
    Verify(Option<Generation>),
    /// A drill.
    Drill,
}

impl BackupJob {
    fn order(self) -> Order {
        match self {
            Self::Now => Order::BackUp { reason: Reason::Asked },
            Self::Daily => Order::Daily,
            Self::Verify(generation) => Order::Verify(generation),
            Self::Drill => Order::Drill,
        }
    }
}

/// Has `job` done: by the server if one has the folder, else here.
pub(crate) async fn ask<A: Audience>(folder: &DataFolder, job: BackupJob, audience: &mut A) -> Result<Value, Failure> {
    let config = folder.config_or_failure()?;
    if is_listening(&folder.path) {
        return run_at_server(&folder.path, &Job::Backup(job), audience).await;
    }
    if !folder.engine_config(&config).has_store() && !matches!(job, BackupJob::Verify(_)) {
        return Err(Failure::usage(format!("{}: there is no data", folder.path.display())));
    }
    let by = by_uid(rustix::process::geteuid().as_raw());
    let source = Arc::new(AtRest(folder.path.clone()));
    let works = Works::new(setup(folder, &config, source, Pace::Full)?);
    let (order, worked) = (job.clone().order(), works.clone());
    match follow(audience, move |progress| worked.perform(&order, &by, &progress)).await? {
        // It has the folder already, but did not listen yet.
        Err(BackupError::Store(LoadError::InUse)) => run_at_server(&folder.path, &Job::Backup(job), audience).await,
        done => Ok(result(&done?, &works.shown())),
    }
}

/// Has `job` done by the backups of the server of this process. Who asked stands in the manifest or in the drill's
/// record, and not in the journal: what is backed up must be what `verify` said before.
pub(crate) async fn run<A: Audience>(
    backups: &BackupHandle,
    job: BackupJob,
    uid: u32,
    audience: &mut A,
) -> Result<Value, Failure> {
    let (handle, by, order) = (backups.clone(), by_uid(uid), job.order());
    let pending = move |progress| handle.begin(order, &by, progress).map(Pending::wait);
    let done = follow(audience, move |progress| Ok(pending(progress))).await??;
    let done = done.map_err(|refused| Failure::new(ExitStatus::Unavailable, refused))??;
    Ok(result(&done, &backups.status()))
}

/// Who a command is done by.
fn by_uid(uid: u32) -> String {
    format!("uid:{uid}")
}

/// Does `work` on a thread of its own and tells the audience how far it is. When the audience goes away, the work goes on.
pub(crate) async fn follow<A: Audience, T: Send + 'static>(
    audience: &mut A,
    work: impl FnOnce(Progress) -> Result<T, BackupError> + Send + 'static,
) -> Result<Result<T, BackupError>, Failure> {
    let (say_phase, mut phases) = mpsc::channel::<Work>(PHASES_WAITING_MAX);
    let (say_far, mut far) = watch::channel((0, 0));
    let last = Mutex::new(None);
    let progress = Progress::new(Stop::default(), move |work, done, of| {
        if last.lock().unwrap_or_else(PoisonError::into_inner).replace(work) != Some(work) {
            // Nobody who has gone is waited for.
            let _ = say_phase.try_send(work);
        }
        let _ = say_far.send((done, of));
    });
    let mut working = tokio::task::spawn_blocking(move || work(progress));
    loop {
        tokio::select! {
            biased;
            Some(work) = phases.recv() => audience.phase(work.word()).await?,
            Ok(()) = far.changed() => {
                let (done, of) = *far.borrow_and_update();
                audience.progress(done, of).await?;
            }
            done = &mut working => return done.map_err(Failure::internal),
        }
    }
}

/// What was done, for people and programs. A copy that failed does not undo a generation, and is told beside it.
fn result(done: &Done, status: &Status) -> Value {
    match done {
        Done::Taken(manifest) => {
            let second = status.second.as_ref();
            let trouble = second.and_then(|second| second.trouble.as_ref()).map(|trouble| &trouble.what);
            json!({ "generation": entry(manifest, second.map(|_| trouble.is_none())), "copy_trouble": trouble })
        }
        Done::Verified(checked) => {
            let one = |checked: &Checked| {
                let (state, what) = match &checked.finding {
                    Finding::Good => ("good", None),
                    Finding::Damaged(what) => ("damaged", Some(what)),
                    Finding::Unknown(what) => ("unknown", Some(what)),
                };
                json!({ "name": checked.generation, "state": state, "what": what })
            };
            let ok = checked.iter().all(|checked| checked.finding == Finding::Good);
            json!({ "ok": ok, "generations": checked.iter().map(one).collect::<Vec<_>>() })
        }
        Done::Drilled(record) => serde_json::to_value(record).unwrap_or_default(),
    }
}

/// A generation in the contract's form, and more.
pub(crate) fn entry(manifest: &Manifest, copied: Option<bool>) -> Value {
    let proof = manifest.proof.as_ref();
    json!({
        "name": manifest.name,
        "taken_at": manifest.taken_at.to_rfc3339(),
        "kind": manifest.kind,
        "reason": manifest.reason,
        "by": manifest.by,
        "verified": manifest.is_good(),
        "verified_at": proof.map(|proof| proof.at.to_rfc3339()),
        "read_again_at": manifest.read_again_at.map(Instant::to_rfc3339),
        "bytes": manifest.bytes,
        "digest": proof.map(|proof| &proof.digest),
        "counts": proof.map(|proof| &proof.counts),
        "seq": manifest.seq,
        "encrypted": !manifest.recipients.is_empty(),
        "program": manifest.program,
        "copied": copied,
        "damage": manifest.damage,
    })
}
