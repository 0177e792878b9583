//! A restore drill (復元訓練): a generation and the journal after it are restored into a scratch folder by this very program, served on
//! loopback, and booked in. What is measured is what a city would wait for on the day of a real loss. Nothing of the copy reaches
//! outside: no alert, no backup, no mark.

mod probe;

use std::future::Future;
use std::path::Path;
use std::process::Command;

use sesshu_backup::core::drill::{DrillRecord, DrillStep};
use sesshu_backup::core::manifest::Counts;
use sesshu_backup::parties::{Driller, Drilling};
use sesshu_backup::progress::Progress;
use sesshu_backup::status::Work;
use sesshu_engine::core::time::Instant;
use tokio::task::LocalSet;

use crate::backups::{Own, counts, wall_clock};
use crate::exit::{ExitStatus, Failure};
use crate::folder::DataFolder;
use crate::own_program::{self, Ended};
use crate::own_server::Server;
use crate::phone::Network;
use probe::Probe;

const MS_PER_SECOND: i64 = 1_000;
/// restore, verify, serve, login, read, book, check
const STEPS: u64 = 7;

/// Holds drills with this program.
#[derive(Debug)]
pub(crate) struct OwnDriller {
    pub(crate) own: Own,
}

impl Driller for OwnDriller {
    fn drill(&self, drilling: &Drilling<'_>) -> DrillRecord {
        let mut drill = Drill::begin(drilling);
        let held = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => {
                let held = LocalSet::new().block_on(&runtime, self.hold(&mut drill, drilling));
                runtime.shutdown_background();
                held
            }
            Err(error) => Err(Failure::internal(error)),
        };
        drill.record.failure = held.err().map(|failure| failure.message);
        drill.record
    }
}

impl OwnDriller {
    async fn hold(&self, drill: &mut Drill, drilling: &Drilling<'_>) -> Result<(), Failure> {
        let data = drilling.scratch.join("data");
        let reached = self.restore(drill, drilling, &data).await?;
        let server = drill.step("serve", Server::start(&data, drilling.scratch, &["--copy"])).await?;
        let booked = book(drill, &server, &data, reached).await;
        let stopped = server.stop().await;
        booked?;
        stopped?;
        drill.step("check", check(&data, drilling.progress)).await
    }

    /// Restores; gives the instant of the newest entry that came back.
    async fn restore(&self, drill: &mut Drill, drilling: &Drilling<'_>, data: &Path) -> Result<Instant, Failure> {
        let mut command = self.own.restore(drilling.folder, &drilling.manifest.name, data);
        command.args(["--at", "latest", "--journal"]).arg(drilling.journal);
        let ended = run(command, drilling.progress).await?;
        let result = ended.result;
        if ended.code != Some(0) {
            return Err(Failure::refused(ended.complaint));
        }
        let number = |key: &str| result[key].as_u64().unwrap_or_default();
        let record = &mut drill.record;
        for (name, key) in [("restore", "restore_ms"), ("verify", "verify_ms")] {
            record.steps.push(DrillStep { name: name.to_owned(), ms: number(key) });
        }
        drill.tell();
        let record = &mut drill.record;
        record.counts = counts(&result);
        result["digest"].as_str().unwrap_or_default().clone_into(&mut record.digest);
        record.with_journal = result["journal"].is_object();
        let instant =
            |key: &str| result[key].as_str().unwrap_or_default().parse::<Instant>().map_err(Failure::internal);
        // What was restored may be later than this machine's clock, which can have been set back.
        let age_ms = drill.began_at.ms_since(instant("complete_at")?).max(0);
        record.data_age_seconds = (age_ms / MS_PER_SECOND).unsigned_abs();
        instant("at")
    }
}

/// Logs a probe in, reads and books.
async fn book(drill: &mut Drill, server: &Server, data: &Path, reached: Instant) -> Result<(), Failure> {
    let folder = DataFolder::at(data.to_owned());
    let vaccines = folder.config_of(true)?.vaccines();
    let vaccine = vaccines.first().ok_or_else(|| Failure::refused("no vaccine is configured"))?;
    let network = Network::new(server.public);
    let now = wall_clock().max(reached);
    let mut probe = Probe::join(data, &network, &vaccine.name, now).await?;
    drill.step("login", probe.log_in()).await?;
    let place = drill.step("read", probe.read()).await?;
    drill.step("book", probe.book(&place)).await?;
    drill.record.recovery_ms = ms_since(drill.began);
    Ok(())
}

/// Every invariant again, after the copy was served and booked in.
async fn check(data: &Path, progress: &Progress) -> Result<(), Failure> {
    let mut command = own_program::command();
    command.args(["verify", "--copy", "--json", "--data"]).arg(data);
    let ended = run(command, progress).await?;
    match ended.result["ok"].as_bool() {
        Some(true) => Ok(()),
        _ => Err(Failure::refused(format!("the copy is not sound after the booking: {}", ended.complaint))),
    }
}

/// Runs this program to its end, unless the drill is to stop.
async fn run(command: Command, progress: &Progress) -> Result<Ended, Failure> {
    let ended = own_program::run(command, 100, || progress.go_on().is_err()).await.map_err(Failure::internal)?;
    ended.ok_or_else(|| Failure::new(ExitStatus::Unavailable, "the drill was stopped before its end"))
}

/// A drill that is held.
struct Drill {
    progress: Progress,
    record: DrillRecord,
    began: std::time::Instant,
    began_at: Instant,
}

impl Drill {
    fn begin(drilling: &Drilling<'_>) -> Self {
        let began_at = wall_clock();
        let record = DrillRecord {
            by: drilling.by.to_owned(),
            began_at: began_at.to_rfc3339(),
            generation: drilling.manifest.name.clone(),
            with_journal: false,
            recovery_ms: 0,
            data_age_seconds: 0,
            counts: Counts::default(),
            digest: String::new(),
            steps: Vec::new(),
            failure: None,
        };
        let drill = Self { progress: drilling.progress.clone(), record, began: std::time::Instant::now(), began_at };
        drill.tell();
        drill
    }

    /// Does one step, and notes how long it took if it went well.
    async fn step<T>(&mut self, name: &str, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let began = std::time::Instant::now();
        let done = work.await.map_err(|failure| Failure::new(failure.status, format!("{name}: {failure}")))?;
        self.record.steps.push(DrillStep { name: name.to_owned(), ms: ms_since(began) });
        self.tell();
        self.progress.go_on().map_err(Failure::refused)?;
        Ok(done)
    }

    /// Tells how many steps are done. Whether to stop is asked by the steps.
    fn tell(&self) {
        let _ = self.progress.at(Work::Drilling, self.record.steps.len() as u64, STEPS);
    }
}

fn ms_since(began: std::time::Instant) -> u64 {
    u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
}
