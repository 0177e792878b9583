//! A small city: a data folder with a store, keys and a configuration, and folders for its generations.

use std::fs;
use std::path::{Path, PathBuf};

use sesshu_backup::core::manifest::{Kind, Manifest};
use sesshu_backup::error::BackupError;
use sesshu_backup::folder::Folder;
use sesshu_backup::keys::{Identity, Recipients};
use sesshu_backup::progress::Progress;
use sesshu_backup::restore::{Restore, Restored, restore};
use sesshu_backup::snapshot::{Take, take};
use sesshu_backup::throttle::Throttle;
use sesshu_engine::core::event::By;
use sesshu_engine::core::ids::{CityId, DoseNo};
use sesshu_engine::core::pace::WaitingRules;
use sesshu_engine::core::setup::Rules;
use sesshu_engine::core::time::Instant;
use sesshu_engine::ledger::Snapshot;
use sesshu_engine::roll::{PasswordHashParams, RollRow};
use sesshu_engine::{EngineConfig, EngineHandle, VaccineSpec, VerifyReport};
use tempfile::TempDir;

/// When the first generation is taken.
pub(crate) const NOW: &str = "2026-12-01T03:00:00+09:00";
pub(crate) const CONFIGURATION: &str = "# the city's configuration\n[city]\nname = \"接種市\"\n";

pub(crate) struct City {
    pub(crate) root: TempDir,
    pub(crate) recipients: Recipients,
    pub(crate) reserve_bytes: u64,
}

impl City {
    /// A city with `people` on its roll.
    pub(crate) fn of(people: u32) -> Self {
        let city =
            Self { root: tempfile::tempdir().expect("a folder"), recipients: Recipients::default(), reserve_bytes: 0 };
        for folder in ["data", "scratch", "backups"] {
            fs::create_dir(city.root.path().join(folder)).expect("a folder");
        }
        engine_config(&city.data()).create().expect("a new store");
        fs::write(city.data().join("sesshu.toml"), CONFIGURATION).expect("a configuration");
        city.has_on_its_roll(people);
        city
    }

    /// The same, its generations being encrypted to two keys, which are given too.
    pub(crate) fn sealed(people: u32) -> (Self, [Identity; 2]) {
        let keys = [Identity::generate(), Identity::generate()];
        let recipients = Recipients::parse(&keys.each_ref().map(Identity::public)).expect("recipients");
        (Self { recipients, ..Self::of(people) }, keys)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(crate) fn backups(&self) -> Folder {
        Folder::open(&self.path("backups")).expect("the folder of generations")
    }

    /// Serves the city for as long as `work` takes.
    pub(crate) fn served<T>(&self, work: impl AsyncFnOnce(&EngineHandle) -> T) -> T {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let engine = engine_config(&self.data()).start().await.expect("the engine starts");
            let done = work(&engine).await;
            tokio::task::spawn_blocking(move || engine.shutdown()).await.expect("it stops");
            done
        })
    }

    /// Imports a roll with `people` people.
    pub(crate) fn has_on_its_roll(&self, people: u32) {
        self.served(async |engine| import(engine, people).await);
    }

    pub(crate) fn take_with(&self, progress: &Progress) -> Result<Manifest, BackupError> {
        let data = self.data();
        take(
            &Take {
                folder: &self.backups(),
                scratch: &self.path("scratch"),
                data: &data,
                config: None,
                open: &|| Snapshot::open(&data),
                kind: Kind::Daily,
                reason: None,
                by: "schedule",
                program: "0.1.0",
                recipients: &self.recipients,
                throttle: &Throttle::unlimited(),
                now: NOW.parse::<Instant>().expect("an instant"),
                reserve_bytes: self.reserve_bytes,
            },
            progress,
        )
    }

    pub(crate) fn take(&self) -> Manifest {
        self.take_with(&Progress::silent()).expect("a generation")
    }

    pub(crate) fn restore_with(
        &self,
        manifest: &Manifest,
        to: &Path,
        identity: Option<&Identity>,
        progress: &Progress,
    ) -> Result<Restored, BackupError> {
        let folder = self.backups();
        let throttle = &Throttle::unlimited();
        let generation = &manifest.name;
        restore(&Restore { folder: &folder, generation, to, identity, journal: None, at: None, throttle }, progress)
    }

    pub(crate) fn restore(&self, manifest: &Manifest, to: &Path) -> Result<Restored, BackupError> {
        self.restore_with(manifest, to, None, &Progress::silent())
    }
}

/// What `sesshu verify` says of a data folder.
pub(crate) fn verified(data: &Path) -> VerifyReport {
    let report = engine_config(data).verify().expect("a store that is not behind its mark");
    assert_eq!(report.problems, Vec::<String>::new());
    report
}

async fn import(engine: &EngineHandle, people: u32) {
    let row = |n: u32| RollRow {
        line: u64::from(n) + 2,
        id: CityId::from_digits(&format!("{:010}", 1_000_000 + n)).expect("an ID"),
        name_kana: "ジュウミン　ハナコ".to_owned(),
        birth_date: "1960-04-02".parse().expect("a date"),
        groups: Vec::new(),
    };
    let rows: Vec<RollRow> = (0..people).map(row).collect();
    let shown = engine.roll_difference(&rows, false).digest;
    engine.import_roll(&rows, false, shown, By::System).await.expect("the roll is imported");
}

fn engine_config(data: &Path) -> EngineConfig {
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
