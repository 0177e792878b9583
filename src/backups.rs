//! Backups as the server wires them, and what commands ask of them.

mod desk;
mod job;
mod prover;
mod upgrade;

pub(crate) use desk::desk;
pub(crate) use job::{BackupJob, ask, entry, follow, run};
pub(crate) use upgrade::before_upgrade;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use sesshu_backup::clock::{Clock, SystemClock};
use sesshu_backup::core::manifest::Counts;
use sesshu_backup::core::name::Generation;
use sesshu_backup::core::schedule::Schedule;
use sesshu_backup::keys::Recipients;
use sesshu_backup::parties::StoreSource;
use sesshu_backup::service::{self, Backup};
use sesshu_backup::setup::Setup;
use sesshu_backup::throttle::Throttle;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::{LoadError, Snapshot};

use crate::config::Config;
use crate::drill::OwnDriller;
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::own_program;
use prover::OwnProver;

/// This program's version, which stands in every manifest.
pub(crate) const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// How fast work on backups may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Within the budget of the configuration: somebody may be served beside it.
    Budget,
    /// As fast as it goes: people wait for it.
    Full,
}

/// How this program is run on generations, as a process of its own.
#[derive(Debug, Clone)]
pub(crate) struct Own {
    identity: Option<PathBuf>,
    budget: Option<(u32, u8)>,
}

impl Own {
    /// `backup restore` of a generation in `folder` to `to`. How far is still to be said.
    pub(crate) fn restore(&self, folder: &Path, generation: &Generation, to: &Path) -> Command {
        let mut command = own_program::command();
        command.args(["backup", "restore", generation.as_str(), "--json", "--from"]).arg(folder).arg("--to").arg(to);
        if let Some(identity) = &self.identity {
            command.arg("--identity").arg(identity);
        }
        if let Some((io, cpu)) = self.budget {
            command.args([format!("--io-mib-per-second={io}"), format!("--cpu-percent={cpu}")]);
        }
        command
    }
}

/// What backups must know of a city whose store is at `source`.
pub(crate) fn setup(
    folder: &DataFolder,
    config: &Config,
    source: Arc<dyn StoreSource>,
    pace: Pace,
) -> Result<Setup, Failure> {
    let backup = &config.backup;
    let places = backup.places(&folder.path);
    let budget = (pace == Pace::Budget).then_some((backup.io_mib_per_second, backup.cpu_percent));
    let own = Own { identity: backup.identity_file.clone(), budget };
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    Ok(Setup {
        data: places.data,
        config: folder.config_path.is_file().then(|| whole(&folder.config_path)),
        dir: places.dir,
        second: places.second,
        scratch: places.scratch,
        schedule: Schedule::at(backup.daily_clock()),
        // A demo is made afresh; who wants it backed up says so.
        takes_daily: backup.schedule.unwrap_or(!folder.is_throw_away()),
        second_keep_days: usize::from(backup.second_keep_days),
        throttle: budget.map_or_else(Throttle::unlimited, |(io, cpu)| Throttle::new(io, cpu)),
        journal_every: Duration::from_secs(u64::from(backup.journal_seconds)),
        drill_days: backup.drill_days,
        drills: backup.drills,
        recipients: Recipients::parse(&backup.recipients).map_err(Failure::usage)?,
        identity: backup.identity_file.clone(),
        program: PROGRAM.to_owned(),
        reserve_bytes: config.store.free_disk_floor_bytes(),
        source,
        prover: Arc::new(OwnProver { own: own.clone() }),
        driller: Arc::new(OwnDriller { own }),
        clock: Arc::new(SystemClock::start()),
    })
}

/// Starts the backups of the server that has `engine`; a copy has none.
pub(crate) fn start(folder: &DataFolder, config: &Config, engine: &EngineHandle) -> Result<Option<Backup>, Failure> {
    if config.is_copy {
        return Ok(None);
    }
    let setup = setup(folder, config, Arc::new(Served(engine.clone())), Pace::Budget)?;
    service::start(setup).map(Some).map_err(Failure::io("the threads of backups"))
}

/// The store of a running engine.
struct Served(EngineHandle);

impl StoreSource for Served {
    fn snapshot(&self) -> Result<Snapshot, LoadError> {
        self.0.snapshot()
    }
}

/// A store that no server has open.
struct AtRest(PathBuf);

impl StoreSource for AtRest {
    fn snapshot(&self) -> Result<Snapshot, LoadError> {
        Snapshot::open(&self.0)
    }
}

/// The counts that `backup restore` said.
pub(crate) fn counts(said: &Value) -> Counts {
    let number = |key: &str| said[key].as_u64().unwrap_or_default();
    Counts {
        residents: number("residents"),
        sessions: number("sessions"),
        bookings_live: number("bookings_live"),
        entries: number("entries"),
    }
}

/// What people's clocks say.
pub(crate) fn wall_clock() -> Instant {
    SystemClock::start().now().wall
}
