//! A small town whose days are simulated: a real store that is changed, real folders, and time that passes when it is told to.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sesshu_backup::clock::{Clock, Now};
use sesshu_backup::core::drill::DrillRecord;
use sesshu_backup::core::manifest::{Counts, Manifest, Proof};
use sesshu_backup::core::name::Generation;
use sesshu_backup::core::schedule::Schedule;
use sesshu_backup::folder::Folder;
use sesshu_backup::keeper::Keeper;
use sesshu_backup::keys::{Identity, Recipients};
use sesshu_backup::parties::{Driller, Drilling, NotProven, Prover, Proving, StoreSource};
use sesshu_backup::progress::Progress;
use sesshu_backup::restore::{Restore, restore};
use sesshu_backup::setup::Setup;
use sesshu_backup::status::Status;
use sesshu_backup::throttle::Throttle;
use sesshu_backup::works::Works;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{CityId, DoseNo};
use sesshu_engine::core::pace::WaitingRules;
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::{LoadError, Snapshot};
use sesshu_engine::roll::{PasswordHashParams, RollRow};
use sesshu_engine::{EngineConfig, EngineHandle, VaccineSpec};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const HOUR_MS: i64 = 3_600_000;

/// Clocks that stand until they are moved. The engine's time follows the wall clock but never goes back.
#[derive(Debug)]
pub(crate) struct Clocks(Mutex<Now>);

impl Clocks {
    /// Time passes.
    fn pass(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.wall = now.wall.plus_ms(by.as_millis() as i64);
        now.steady += by;
    }

    /// Somebody sets the wall clock.
    pub(crate) fn set_by_hours(&self, hours: i64) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        now.wall = now.wall.plus_ms(hours * HOUR_MS);
    }
}

impl Clock for Clocks {
    fn now(&self) -> Now {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where the engine's store is, while it runs.
struct Source(Mutex<Option<EngineHandle>>);

impl StoreSource for Source {
    fn snapshot(&self) -> Result<Snapshot, LoadError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().ok_or(LoadError::InUse)?.snapshot()
    }
}

/// Restores in this process what the product restores in another one.
#[derive(Default)]
pub(crate) struct InProcess {
    identity: Option<Identity>,
    /// How many proofs wait until they are stopped.
    pub(crate) waits: AtomicBool,
    pub(crate) tried: AtomicU32,
    /// Whether proofs fail for a reason that is none of the generation's, or because of it.
    pub(crate) fails: Mutex<Option<NotProven>>,
    /// Whether generations are believed unseen: for tests of what is kept, which take hundreds.
    pub(crate) believes: AtomicBool,
    /// What drills write down as their beginning.
    clocks: Mutex<Option<Arc<Clocks>>>,
    /// Which generations drills were held with.
    pub(crate) drilled: Mutex<Vec<Generation>>,
}

impl InProcess {
    fn now(&self) -> Instant {
        let clocks = self.clocks.lock().unwrap_or_else(PoisonError::into_inner);
        clocks.as_ref().expect("the town's clocks").now().wall
    }
}

impl Prover for InProcess {
    fn prove(&self, proving: &Proving<'_>) -> Result<Proof, NotProven> {
        self.tried.fetch_add(1, Ordering::SeqCst);
        let failed = |error: sesshu_backup::error::BackupError| {
            if error.is_damage() { NotProven::Damaged(error.to_string()) } else { NotProven::Failed(error.to_string()) }
        };
        while self.waits.load(Ordering::SeqCst) {
            proving.progress.pause(Duration::from_millis(1)).map_err(failed)?;
        }
        if let Some(failure) = &*self.fails.lock().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure.clone());
        }
        if self.believes.load(Ordering::SeqCst) {
            let counts = Counts { entries: proving.manifest.seq, ..Counts::default() };
            return Ok(Proof { at: Instant(0), digest: String::new(), counts, restore_ms: 0, verify_ms: 0 });
        }
        let restored = restore(
            &Restore {
                folder: &Folder::open(proving.folder).map_err(failed)?,
                generation: &proving.manifest.name,
                to: &proving.scratch.join("restored"),
                identity: self.identity.as_ref(),
                journal: None,
                at: None,
                throttle: &Throttle::unlimited(),
            },
            &Progress::silent(),
        )
        .map_err(failed)?;
        let (restore_ms, verify_ms) = (restored.restore_ms, restored.verify_ms);
        Ok(Proof { at: restored.head.at, digest: restored.digest, counts: restored.counts, restore_ms, verify_ms })
    }
}

impl Driller for InProcess {
    fn drill(&self, drilling: &Drilling<'_>) -> DrillRecord {
        let generation = drilling.manifest.name.clone();
        self.drilled.lock().unwrap_or_else(PoisonError::into_inner).push(generation.clone());
        DrillRecord {
            by: drilling.by.to_owned(),
            began_at: self.now().to_rfc3339(),
            generation,
            with_journal: false,
            recovery_ms: 1,
            data_age_seconds: 0,
            counts: Counts::default(),
            digest: String::new(),
            steps: Vec::new(),
            failure: None,
        }
    }
}

pub(crate) struct Town {
    pub(crate) root: TempDir,
    pub(crate) clocks: Arc<Clocks>,
    pub(crate) works: Works,
    pub(crate) keeper: Keeper,
    pub(crate) outside: Arc<InProcess>,
    pub(crate) setup: Setup,
    pub(crate) identity: Option<Identity>,
    source: Arc<Source>,
    runtime: Runtime,
    people: u32,
}

impl Town {
    /// A town at `now`, without a second place.
    pub(crate) fn at(now: &str) -> Self {
        Self::with(now, false, |_| {})
    }

    /// The same with what `change` makes of it; sealed: encrypted to two keys.
    pub(crate) fn with(now: &str, sealed: bool, change: impl FnOnce(&mut Setup)) -> Self {
        let memory = Path::new("/dev/shm");
        let root = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let root = root.expect("a folder");
        let path = |name: &str| root.path().join(name);
        fs::create_dir(path("data")).expect("a folder");
        engine_config(&path("data")).create().expect("a new store");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let keys = sealed.then(|| [Identity::generate(), Identity::generate()]);
        let recipients = keys.as_ref().map(|keys| keys.each_ref().map(Identity::public));
        let identity = keys.map(|[host, _]| host);
        if let Some(host) = &identity {
            host.write_new(&path("host.key")).expect("a key file");
        }
        let now = Now { wall: now.parse().expect("an instant"), steady: Duration::ZERO };
        let clocks = Arc::new(Clocks(Mutex::new(now)));
        let outside = Arc::new(InProcess {
            identity: identity.clone(),
            clocks: Mutex::new(Some(Arc::clone(&clocks))),
            ..InProcess::default()
        });
        let source = Arc::new(Source(Mutex::default()));
        let mut setup = Setup {
            data: path("data"),
            config: None,
            dir: path("backups"),
            second: None,
            scratch: path("scratch"),
            schedule: Schedule::at("03:00".parse().expect("a time")),
            takes_daily: true,
            second_keep_days: 7,
            throttle: Throttle::unlimited(),
            journal_every: Duration::from_secs(10),
            drill_days: 90,
            drills: false,
            recipients: Recipients::parse(recipients.as_ref().map_or(&[][..], |all| &all[..])).expect("recipients"),
            identity: identity.is_some().then(|| path("host.key")),
            program: "0.1.0".into(),
            reserve_bytes: 0,
            source: Arc::clone(&source) as Arc<dyn StoreSource>,
            prover: Arc::clone(&outside) as Arc<dyn Prover>,
            driller: Arc::clone(&outside) as Arc<dyn Driller>,
            clock: Arc::clone(&clocks) as Arc<dyn Clock>,
        };
        change(&mut setup);
        let mut town = Self {
            works: Works::new(setup.clone()),
            keeper: Keeper::default(),
            root,
            clocks,
            outside,
            setup,
            identity,
            source,
            runtime: runtime.expect("a runtime"),
            people: 0,
        };
        town.serves();
        town.is_changed();
        town
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// The engine starts on what lies in the data folder.
    pub(crate) fn serves(&self) {
        let start = engine_config(&self.path("data"))
            .start_on_clock(|last| Arc::new(sesshu_engine::clock::ManualClock::at(last.max(self.now()))));
        let engine = self.runtime.block_on(start).expect("the engine starts");
        *self.source.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(engine);
    }

    /// The engine stops, as the server does.
    pub(crate) fn stops(&self) {
        let engine = self.source.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(engine) = engine {
            self.runtime.block_on(async {
                tokio::task::spawn_blocking(move || engine.shutdown()).await.expect("it stops");
            });
        }
    }

    /// One more person comes onto the roll.
    pub(crate) fn is_changed(&mut self) {
        self.people += 1;
        let engine = self.source.0.lock().unwrap_or_else(PoisonError::into_inner).clone().expect("it runs");
        let row = RollRow {
            line: 2,
            id: CityId::from_digits(&format!("{:010}", 1_000_000 + self.people)).expect("an ID"),
            name_kana: "ジュウミン　ハナコ".to_owned(),
            birth_date: "1960-04-02".parse().expect("a date"),
            groups: Vec::new(),
        };
        self.runtime.block_on(async {
            let shown = engine.roll_difference(std::slice::from_ref(&row), true).digest;
            engine.import_roll(&[row], true, shown, By::System).await.expect("the roll is imported");
        });
    }

    pub(crate) fn now(&self) -> Instant {
        self.clocks.now().wall
    }

    /// Hours pass: in each of them the journal is shipped, and what is due is done.
    pub(crate) fn hours_pass(&mut self, hours: u32) {
        for _ in 0..hours {
            self.time_passes(1);
        }
    }

    fn time_passes(&mut self, hours: u64) {
        self.clocks.pass(Duration::from_hours(hours));
        self.works.ship();
        self.keeper.tick(&self.works);
    }

    pub(crate) fn minutes_pass(&mut self, minutes: u64) {
        self.clocks.pass(Duration::from_mins(minutes));
        self.keeper.tick(&self.works);
    }

    /// A day passes, in which the store changes.
    pub(crate) fn a_day_passes(&mut self) {
        for _ in 0..4 {
            self.is_changed();
            self.time_passes(3);
            self.time_passes(3);
        }
    }

    pub(crate) fn status(&self) -> Arc<Status> {
        self.works.status()
    }

    /// The names of the good generations by age, newest first.
    pub(crate) fn good(&self) -> Vec<Manifest> {
        let status = self.status();
        status.generations.iter().map(|kept| kept.manifest.clone()).filter(Manifest::is_good).collect()
    }

    /// A bit flips in the middle of the file of `generation`, in `folder`.
    pub(crate) fn a_bit_flips(&self, folder: &str, generation: &Generation) {
        let path = self.path(folder).join(format!("{generation}.zst"));
        let mut bytes = fs::read(&path).expect("the generation's file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).expect("written");
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        self.stops();
    }
}

pub(crate) fn engine_config(data: &Path) -> EngineConfig {
    EngineConfig {
        folder: data.to_owned(),
        mark: None,
        rules: Rules::default(),
        vaccines: vec![VaccineSpec {
            name: "コミナティ".to_owned(),
            doses: DoseNo::new(2).expect("a dose"),
            interval_days_min: 21,
            interval_days_max: None,
            age_years_min: 12,
            doses_per_vial: 6,
        }],
        hashing: PasswordHashParams { memory_kib: 8, passes: 1, lanes: 1 },
        free_disk_floor_bytes: 0,
        waiting_room: WaitingRules::default(),
    }
}
