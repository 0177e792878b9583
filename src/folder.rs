//! The data folder of a command: which one, how it is configured, and how to get work done on it whether or not a server runs.

use std::path::PathBuf;

use serde_json::Value;
use sesshu_engine::core::event::By;
use sesshu_engine::roll::PasswordHashParams;
use sesshu_engine::{EngineConfig, LoadError, RecoverError, StartError};
use sesshu_monitor::watch::WatchFile;

use crate::cli::Common;
use crate::config::{City, Config, ConfigError, WATCH_CONFIG_NAME, read_if_watch_file};
use crate::control::run_at_server;
use crate::exit::{ExitStatus, Failure};
use crate::jobs::{self, Audience, Job};
use crate::terminal::japanese;

/// The configuration's name in the data folder.
pub(crate) const CONFIG_NAME: &str = "sesshu.toml";

/// Lies in every demo's folder, and says whether it is for training.
const DEMO_MARK_NAME: &str = "demo";
const DEMO_MARK: &str = "This folder is a demo: `sesshu demo` makes it afresh.\n";
const TRAINING_MARK: &str = "This folder is a demo for training: `sesshu demo --training` makes it afresh.\n";

/// A data folder with its configuration.
#[derive(Debug, Clone)]
pub(crate) struct DataFolder {
    pub(crate) path: PathBuf,
    pub(crate) config_path: PathBuf,
    config_named: bool,
    pub(crate) json: bool,
}

impl DataFolder {
    /// The folder that the options name, or `default`.
    pub(crate) fn of(common: &Common, default: &str) -> Self {
        let path = common.data.clone().unwrap_or_else(|| default.into());
        let config_path = common.config.clone().unwrap_or_else(|| path.join(CONFIG_NAME));
        Self { path, config_path, config_named: common.config.is_some(), json: common.json }
    }

    /// A folder of our own at `path`, with the configuration that lies in it.
    pub(crate) fn at(path: PathBuf) -> Self {
        let config_path = path.join(CONFIG_NAME);
        Self { path, config_path, config_named: false, json: false }
    }

    /// Whether a demo made this folder: everything in it may be thrown away.
    pub(crate) fn is_throw_away(&self) -> bool {
        self.path.join(DEMO_MARK_NAME).exists()
    }

    /// Whether it is a demo for training: whoever serves it says so on every page.
    pub(crate) fn is_for_training(&self) -> bool {
        std::fs::read_to_string(self.path.join(DEMO_MARK_NAME)).is_ok_and(|mark| mark == TRAINING_MARK)
    }

    /// Marks the folder as one that may be thrown away.
    pub(crate) fn mark_throw_away(&self, training: bool) -> Result<(), Failure> {
        let mark = if training { TRAINING_MARK } else { DEMO_MARK };
        std::fs::write(self.path.join(DEMO_MARK_NAME), mark).map_err(Failure::io(self.path.display()))
    }

    /// The checked configuration.
    pub(crate) fn config(&self) -> Result<Config, ConfigError> {
        Config::read(&self.config_path, self.config_named, &self.path)
    }

    /// The same, checked with the files that it names but a server can do without.
    pub(crate) fn config_closely(&self) -> Result<Config, ConfigError> {
        Config::read_closely(&self.config_path, self.config_named, &self.path)
    }

    /// The checked configuration of a restored copy, if it is one, else that of a city.
    pub(crate) fn config_of(&self, copy: bool) -> Result<Config, Failure> {
        let read = if copy { Config::read_of_copy } else { Config::read };
        read(&self.config_path, self.config_named, &self.path).map_err(Failure::usage)
    }

    /// The checked configuration, an error being shown with its place.
    pub(crate) fn config_or_failure(&self) -> Result<Config, Failure> {
        self.config().map_err(Failure::usage)
    }

    /// The configuration for commands about alerts, which work in a watcher's folder too: then its contacts and channels, as if they
    /// were a server's.
    pub(crate) fn alert_config(&self) -> Result<Config, Failure> {
        let path = if self.config_named { self.config_path.clone() } else { self.path.join(WATCH_CONFIG_NAME) };
        match read_if_watch_file(&path) {
            Some(file) => {
                let WatchFile { watch, monitor } = file.map_err(Failure::usage)?;
                Ok(Config { monitor, city: City { name: watch.name, ..City::default() }, ..Config::default() })
            }
            None => self.config_or_failure(),
        }
    }

    /// What the engine must know.
    pub(crate) fn engine_config(&self, config: &Config) -> EngineConfig {
        EngineConfig {
            folder: self.path.clone(),
            mark: config.store.high_water.clone(),
            rules: config.rules(),
            vaccines: config.vaccines(),
            hashing: PasswordHashParams::default(),
            free_disk_floor_bytes: config.store.free_disk_floor_bytes(),
            waiting_room: config.waiting_room.rules(),
        }
    }

    /// Does `job` here if nobody has the store open, else through the server that has.
    pub(crate) async fn run<A: Audience>(&self, job: Job, audience: &mut A) -> Result<Value, Failure> {
        self.run_with(&self.config_or_failure()?, job, audience).await
    }

    /// [`Self::run`] with a configuration that was read before.
    pub(crate) async fn run_with<A: Audience>(
        &self,
        config: &Config,
        job: Job,
        audience: &mut A,
    ) -> Result<Value, Failure> {
        match self.engine_config(config).start().await {
            Ok(engine) => {
                let by = By::CommandLine { uid: rustix::process::geteuid().as_raw() };
                let result = jobs::run(&engine, job, by, audience).await;
                let stopped = tokio::task::spawn_blocking(move || engine.shutdown()).await;
                stopped.map_err(Failure::internal)?;
                result
            }
            Err(StartError::Recover(RecoverError::Load(LoadError::InUse))) => {
                run_at_server(&self.path, &job, audience).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Fails if the folder is not there: nothing is told of a city that does not exist, and none is made by asking.
    pub(crate) fn must_be_there(&self) -> Result<(), Failure> {
        if self.path.is_dir() {
            return Ok(());
        }
        let at = self.path.display();
        Err(Failure::usage(if japanese() {
            format!("データフォルダー {at} はありません。--data で指定してください。")
        } else {
            format!("there is no data folder {at}; name it with --data")
        }))
    }

    /// [`Self::must_be_there`], unless a configuration was named that says where everything else lies.
    pub(crate) fn must_be_known(&self) -> Result<(), Failure> {
        if self.config_named { Ok(()) } else { self.must_be_there() }
    }

    /// Fails unless nobody has the store open.
    pub(crate) fn in_use(&self) -> Failure {
        let message = format!("another process has the data folder {} open", self.path.display());
        Failure::new(ExitStatus::Unavailable, message)
    }
}
