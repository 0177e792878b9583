//! The console's door to backups: their status as its page shows it, and what is begun from there.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use sesshu_backup::core::drill::DrillRecord;
use sesshu_backup::core::manifest::{Counts, Kind, Proof, Reason};
use sesshu_backup::error::BackupError;
use sesshu_backup::order::{Done, Order, Refused};
use sesshu_backup::progress::Progress;
use sesshu_backup::service::BackupHandle;
use sesshu_backup::status::{Kept, Running, Second, Shipping, Status, Trouble, Work};
use sesshu_engine::core::backup::BackupWish;
use sesshu_http::{
    AskedView, BackupDesk, BackupRefused, BackupWork, BackupsView, CountsView, DrillView, GenerationKind,
    GenerationView, JournalView, ProofView, RunningView, SecondView, TroubleView,
};

use super::wall_clock;

/// The door of the console to the backups of `handle`.
pub(crate) fn desk(handle: &BackupHandle) -> Arc<dyn BackupDesk> {
    Arc::new(Desk { handle: handle.clone(), asked: Arc::default() })
}

struct Desk {
    handle: BackupHandle,
    /// What was last asked for, and what came of it.
    asked: Arc<Mutex<Option<AskedView>>>,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Desk")
    }
}

impl BackupDesk for Desk {
    fn view(&self) -> BackupsView {
        view(&self.handle.status(), lock(&self.asked).clone())
    }

    fn begin(&self, wish: BackupWish, by: &str) -> Result<(), BackupRefused> {
        let order = match wish {
            BackupWish::Backup => Order::BackUp { reason: Reason::Asked },
            BackupWish::Drill => Order::Drill,
        };
        let pending = self.handle.begin(order, by, Progress::silent()).map_err(|refused| match refused {
            Refused::Running(_) => BackupRefused::Running,
            Refused::Stopping => BackupRefused::Stopping,
        })?;
        *lock(&self.asked) = Some(AskedView { wish, by: by.to_owned(), at: wall_clock(), outcome: None });
        let asked = Arc::clone(&self.asked);
        let wait = move || {
            let outcome = outcome(pending.wait());
            if let Some(asked) = &mut *lock(&asked) {
                asked.outcome = Some((wall_clock(), outcome));
            }
        };
        if let Err(error) = thread::Builder::new().name("backup-asked".into()).spawn(wait) {
            // It goes on, and the status tells of it; only who asked is not shown.
            tracing::warn!(%error, "nobody waits for what was asked of the backups");
            *lock(&self.asked) = None;
        }
        Ok(())
    }
}

fn lock(asked: &Mutex<Option<AskedView>>) -> MutexGuard<'_, Option<AskedView>> {
    asked.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The generation that was taken or drilled, or why it failed.
fn outcome(done: Result<Done, BackupError>) -> Result<String, String> {
    match done {
        Ok(Done::Taken(manifest)) => Ok(manifest.name.to_string()),
        Ok(Done::Drilled(record)) => match record.failure {
            None => Ok(record.generation.to_string()),
            Some(failure) => Err(failure),
        },
        // Nothing else is asked for from the console.
        Ok(Done::Verified(_)) => Ok(String::new()),
        Err(error) => Err(error.to_string()),
    }
}

fn view(status: &Status, asked: Option<AskedView>) -> BackupsView {
    // Backups' own thread takes it up within moments.
    let waits = asked.as_ref().filter(|asked| asked.outcome.is_none()).map(|asked| asked.at);
    let beginning = |since| RunningView { work: BackupWork::Beginning, since, done_bytes: 0, of_bytes: 0 };
    BackupsView {
        folder: status.folder.clone(),
        generations: status.generations.iter().map(|kept| generation(status, kept)).collect(),
        unreadable: status.unreadable.iter().map(|one| (one.name.clone(), one.what.clone())).collect(),
        running: status.running.as_ref().map(running).or_else(|| waits.map(beginning)),
        asked,
        next_daily_at: status.next_daily_at,
        failure: status.failure.as_ref().map(trouble),
        reading_failure: status.reading_failure.as_ref().map(trouble),
        second: status.second.as_ref().map(second),
        journal: status.journal.as_ref().map(journal),
        drills: status.drills.iter().map(drill).collect(),
        drill_due_at: status.drill_due_at,
    }
}

fn generation(status: &Status, kept: &Kept) -> GenerationView {
    let Kept { manifest, copied_at } = kept;
    let damage = manifest.damage.as_ref();
    GenerationView {
        name: manifest.name.to_string(),
        taken_at: manifest.taken_at,
        kind: match (manifest.kind, manifest.reason) {
            (_, Some(Reason::Upgrade)) => GenerationKind::Upgrade,
            (_, Some(Reason::ClockSet)) => GenerationKind::ClockSet,
            (Kind::Daily, _) => GenerationKind::Daily,
            (Kind::Manual, _) => GenerationKind::Asked,
        },
        by: manifest.by.clone(),
        bytes: manifest.bytes,
        encrypted: !manifest.recipients.is_empty(),
        proof: manifest.proof.as_ref().map(proof),
        read_again_at: manifest.read_again_at,
        copied_at: *copied_at,
        damage: damage.map(|damage| TroubleView { since: damage.found_at, what: damage.what.clone() }),
        instead: damage.and_then(|_| status.instead_of(manifest)).map(|good| good.name.to_string()),
    }
}

const fn proof(proof: &Proof) -> ProofView {
    ProofView { at: proof.at, took_ms: proof.restore_ms.saturating_add(proof.verify_ms), counts: counts(&proof.counts) }
}

const fn counts(counts: &Counts) -> CountsView {
    CountsView {
        residents: counts.residents,
        sessions: counts.sessions,
        bookings_live: counts.bookings_live,
        entries: counts.entries,
    }
}

const fn running(running: &Running) -> RunningView {
    let work = match running.work {
        Work::Spooling => BackupWork::Spooling,
        Work::Packing => BackupWork::Packing,
        Work::Proving => BackupWork::Proving,
        Work::Pruning => BackupWork::Pruning,
        Work::Copying => BackupWork::Copying,
        Work::Reading => BackupWork::Reading,
        Work::Drilling => BackupWork::Drilling,
        Work::Restoring => BackupWork::Restoring,
        Work::Replaying => BackupWork::Replaying,
        Work::Verifying => BackupWork::Verifying,
        Work::Placing => BackupWork::Placing,
    };
    RunningView { work, since: running.since, done_bytes: running.done, of_bytes: running.of }
}

fn trouble(trouble: &Trouble) -> TroubleView {
    TroubleView { since: trouble.since, what: trouble.what.clone() }
}

fn second(second: &Second) -> SecondView {
    SecondView {
        folder: second.folder.clone(),
        generations: second.generations,
        newest_taken_at: second.newest_taken_at,
        trouble: second.trouble.as_ref().map(trouble),
    }
}

fn journal(journal: &Shipping) -> JournalView {
    JournalView {
        folder: journal.folder.clone(),
        complete_at: journal.complete_at,
        trouble: journal.trouble.as_ref().map(trouble),
    }
}

fn drill(record: &DrillRecord) -> DrillView {
    DrillView {
        began_at: record.began_at.clone(),
        by: record.by.clone(),
        generation: record.generation.to_string(),
        with_journal: record.with_journal,
        recovery_ms: record.recovery_ms,
        data_age_seconds: record.data_age_seconds,
        counts: counts(&record.counts),
        digest: record.digest.clone(),
        steps: record.steps.iter().map(|step| (step.name.clone(), step.ms)).collect(),
        failure: record.failure.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::time::Instant;

    #[test]
    fn what_was_asked_for_is_about_to_begin_until_it_runs_and_no_longer_once_it_ended() {
        let at = Instant(7);
        let asked = |outcome| Some(AskedView { wish: BackupWish::Backup, by: "staff:ops1".into(), at, outcome });
        let work = |status: &Status, asked| view(status, asked).running.map(|running| running.work);
        let mut status = Status::default();
        assert_eq!(work(&status, None), None);
        assert_eq!(work(&status, asked(None)), Some(BackupWork::Beginning));
        assert_eq!(work(&status, asked(Some((at, Ok("g".into()))))), None);
        status.running = Some(Running { work: Work::Proving, since: at, done: 1, of: 2 });
        assert_eq!(work(&status, asked(None)), Some(BackupWork::Proving));
        assert_eq!(work(&status, None), Some(BackupWork::Proving), "the schedule's own work is shown too");
    }
}
