//! Opening a data folder: keys, store, recovery, actors, ledger.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwapOption;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::{ENTRIES_MAX, Engine, EngineHandle, STAFF_ENTRIES_MAX, WEB_ENTRIES_MAX};
use crate::actors::{ActorSink, ActorSystem, Office, Shared};
use crate::clock::{Clock, SystemClock};
use crate::core::event::{By, Event};
use crate::core::ids::{DoseNo, VaccineId};
use crate::core::pace::WaitingRules;
use crate::core::setup::Rules;
use crate::core::time::Instant;
use crate::gate::Gate;
use crate::ledger::{
    HighWaterFile, Index, LoadError, MARK_NAME, RecoverError, RedbLedger, StoreIdentity, StoreReader, WriterFigures,
    recover, spawn_writer,
};
use crate::roll::{HashPool, HashPoolSettings, PasswordHashParams, PasswordHasher};
use crate::waiting_room::{Usher, WaitingRoom};

/// Secrets that must not lie in the store: in a folder of their own, mode 0700.
const KEYS_FOLDER: &str = "keys";

/// What the city's secret for draws is made for, so that it tells nothing about the key that it is made from.
const DRAW_KEY_CONTEXT: &str = "sesshu 2026-11-26 draw of the waiting room";

/// How many logins may wait for each hashing thread.
const LOGINS_QUEUED_PER_THREAD_MAX: usize = 256;

/// The usual floor of free disk, in bytes: room for about a minute of the fastest rush, and for the restart after it.
pub const FREE_DISK_FLOOR_BYTES: u64 = 256 * 1024 * 1024;

/// A vaccine as the configuration names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaccineSpec {
    /// The name; it identifies the vaccine.
    pub name: String,
    /// Doses in the series.
    pub doses: DoseNo,
    /// Shortest difference of dates, in days.
    pub interval_days_min: u16,
    /// Longest difference of dates, in days.
    pub interval_days_max: Option<u16>,
    /// Minimum age on the session's date, in years.
    pub age_years_min: u8,
    /// Doses in a vial.
    pub doses_per_vial: u16,
}

/// What the engine needs to know before it starts.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The data folder.
    pub folder: PathBuf,
    /// Where the high-water mark lies; none is the data folder.
    pub mark: Option<PathBuf>,
    /// The rules that are configuration.
    pub rules: Rules,
    /// The vaccines of the campaign.
    pub vaccines: Vec<VaccineSpec>,
    /// How passwords are hashed.
    pub hashing: PasswordHashParams,
    /// Below this much free disk, in bytes, no new booking, change or hold is taken.
    pub free_disk_floor_bytes: u64,
    /// The waiting room.
    pub waiting_room: WaitingRules,
}

/// Why a data folder cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened or is behind its mark.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// A file or thread could not be made.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// The cause.
        source: io::Error,
    },
    /// The system gave no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// A key is missing: the store's passwords or tokens would not verify.
    #[error("the key file {0} is missing; restore it with the data from the backup")]
    NoKey(PathBuf),
    /// A key file is not a key.
    #[error("the key file {0} must hold 32 bytes")]
    BadKey(PathBuf),
    /// The argon2 parameters are not possible.
    #[error(transparent)]
    Hashing(#[from] crate::roll::SecretError),
    /// The vaccines of the configuration could not be written to the journal.
    #[error("the configured vaccines could not be written")]
    Vaccines,
}

impl From<LoadError> for StartError {
    fn from(error: LoadError) -> Self {
        Self::Recover(error.into())
    }
}

fn io_error(what: impl Into<String>) -> impl FnOnce(io::Error) -> StartError {
    let what = what.into();
    move |source| StartError::Io { what, source }
}

impl EngineConfig {
    pub(super) fn mark(&self) -> HighWaterFile {
        HighWaterFile::new(self.mark.clone().unwrap_or_else(|| self.folder.join(MARK_NAME)))
    }

    /// Whether the folder has a store.
    #[must_use]
    pub fn has_store(&self) -> bool {
        RedbLedger::exists(&self.folder)
    }

    /// Makes an empty store with its keys in the folder, which must exist and have none.
    pub fn create(&self) -> Result<(), StartError> {
        let private = fs::Permissions::from_mode(0o700);
        fs::set_permissions(&self.folder, private).map_err(io_error(self.folder.display().to_string()))?;
        let mut identity = StoreIdentity { id: [0; 16], number_key: [0; 32] };
        getrandom::fill(&mut identity.id).map_err(StartError::Random)?;
        getrandom::fill(&mut identity.number_key).map_err(StartError::Random)?;
        make_key(&self.folder, "pepper")?;
        make_key(&self.folder, "token")?;
        drop(RedbLedger::create(&self.folder, identity)?);
        Ok(())
    }

    /// The key with which login tokens are signed.
    pub fn token_key(&self) -> Result<Zeroizing<[u8; 32]>, StartError> {
        key(&self.folder, "token")
    }

    /// Opens the store and starts the engine. Must be called within a tokio runtime, whose timers it uses.
    pub async fn start(self) -> Result<EngineHandle, StartError> {
        self.start_on_clock(|last| Arc::new(SystemClock::not_before(last))).await
    }

    /// The same on a clock of the caller's, which is told the journal's last instant.
    pub async fn start_on_clock(
        self,
        clock: impl FnOnce(Instant) -> Arc<dyn Clock> + Send,
    ) -> Result<EngineHandle, StartError> {
        let ledger = RedbLedger::open(&self.folder)?;
        let mark = self.mark();
        let recovered = recover(&ledger, &mark)?;
        let clock = clock(recovered.index.head().at);
        let handle = self.start_on(ledger, recovered.index, mark, clock)?;
        handle.define_vaccines(&self.vaccines).await?;
        Ok(handle)
    }

    fn start_on(
        &self,
        ledger: RedbLedger,
        index: Index,
        mark: HighWaterFile,
        clock: Arc<dyn Clock>,
    ) -> Result<EngineHandle, StartError> {
        let hasher = Arc::new(PasswordHasher::new(self.hashing, key(&self.folder, "pepper")?)?);
        let pool = Arc::new(HashPool::start(&hasher, pool_settings()).map_err(io_error("hash pool"))?);
        let figures = Arc::default();
        let office = Arc::new(ActorSystem::start(&figures).map_err(io_error("actors"))?);
        let index = Arc::new(index);
        let parts = Parts {
            clock,
            rules: self.rules.clone(),
            index: Arc::clone(&index),
            reader: ledger.reader(),
            figures: Arc::clone(&figures),
            office,
            pool,
            hasher,
            free_disk_floor_bytes: self.free_disk_floor_bytes,
            waiting_room: self.waiting_room,
            draw_key: blake3::derive_key(DRAW_KEY_CONTEXT, &*self.token_key()?),
            configured_vaccines: self.vaccines.iter().map(|vaccine| vaccine.name.as_str().into()).collect(),
        };
        let (engine, sink) = EngineHandle::assemble(parts);
        let identity = ledger.identity().clone();
        let (queue, writer) =
            spawn_writer(ledger, index, sink, mark, identity, ENTRIES_MAX, figures).map_err(io_error("ledger"))?;
        engine.0.shared.set_queue(Some(queue));
        *engine.0.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        engine.start_usher().map_err(io_error("usher"))?;
        Ok(engine)
    }
}

/// What an engine is made of, but for the one who drives its ledger.
pub(crate) struct Parts {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rules: Rules,
    pub(crate) index: Arc<Index>,
    pub(crate) reader: StoreReader,
    pub(crate) figures: Arc<WriterFigures>,
    pub(crate) office: Arc<dyn Office>,
    pub(crate) pool: Arc<HashPool>,
    pub(crate) hasher: Arc<PasswordHasher>,
    pub(crate) free_disk_floor_bytes: u64,
    pub(crate) waiting_room: WaitingRules,
    pub(crate) draw_key: [u8; 32],
    pub(crate) configured_vaccines: Box<[Box<str>]>,
}

impl EngineHandle {
    /// Puts an engine together. It takes changes once it has a queue to a ledger that tells the sink.
    pub(crate) fn assemble(parts: Parts) -> (Self, ActorSink) {
        let Parts { clock, rules, index, reader, figures, office, pool, hasher, free_disk_floor_bytes, .. } = parts;
        let waiting_room = WaitingRoom::new(parts.waiting_room, parts.draw_key, Arc::clone(&index));
        let mut usher = Usher::default();
        usher.begin(&waiting_room, clock.now());
        let counted_since = clock.now();
        let shared = Arc::new(Shared::new(clock, rules, index, figures, office));
        shared.start_sessions();
        let sink = ActorSink { shared: Arc::clone(&shared), unknown: Vec::new() };
        let engine = Self(Arc::new(Engine {
            shared,
            gate: Gate::new(),
            pool,
            hasher,
            availability: ArcSwapOption::empty(),
            rendering: Mutex::new(()),
            web_permits: Arc::new(Semaphore::new(WEB_ENTRIES_MAX)),
            staff_permits: Arc::new(Semaphore::new(STAFF_ENTRIES_MAX)),
            closing: AtomicBool::new(false),
            writer: Mutex::new(None),
            reader,
            campaign: Arc::default(),
            last_sweep: Mutex::new(Instant::default()),
            calls: Mutex::default(),
            free_disk_floor_bytes,
            counted_since,
            refusals: Mutex::default(),
            pulse: tokio::sync::Mutex::default(),
            waiting_room,
            usher: Mutex::new(usher),
            usher_thread: Mutex::default(),
            configured_vaccines: parts.configured_vaccines,
        }));
        (engine, sink)
    }
}

impl EngineHandle {
    /// Brings the journal in step with the configured vaccines; those of the journal that are not configured stay.
    pub(crate) async fn define_vaccines(&self, specs: &[VaccineSpec]) -> Result<(), StartError> {
        let setup = self.index().setup();
        let mut next = setup.vaccines.iter().map(|vaccine| vaccine.id.0 + 1).max().unwrap_or(1);
        let mut events = Vec::new();
        for spec in specs {
            let known = setup.vaccines.iter().find(|vaccine| *vaccine.name == *spec.name);
            let id = known.map_or(VaccineId(next), |vaccine| vaccine.id);
            let vaccine = spec.vaccine(id);
            if known != Some(&vaccine) {
                next += u16::from(known.is_none());
                events.push(Event::VaccineDefined(vaccine));
            }
        }
        if events.is_empty() {
            return Ok(());
        }
        self.append_in_turn(self.turn().await, By::System, events, None).await.map_err(|_| StartError::Vaccines)?;
        Ok(())
    }
}

/// One hash takes some 25 ms of a core: a queue that is longer than [`super::login::HASH_WAIT_MAX`] only makes people wait for
/// a refusal.
fn pool_settings() -> HashPoolSettings {
    let settings = HashPoolSettings::default();
    HashPoolSettings { queued_per_lane_max: settings.threads.get() * LOGINS_QUEUED_PER_THREAD_MAX, ..settings }
}

/// Makes the key `name`: 32 random bytes in the data folder's `keys`, mode 0600, whole or not at all. A key that is there stays.
fn make_key(folder: &Path, name: &str) -> Result<(), StartError> {
    let keys = folder.join(KEYS_FOLDER);
    let at = keys.join(name).display().to_string();
    fs::create_dir_all(&keys).map_err(io_error(&at))?;
    fs::set_permissions(&keys, fs::Permissions::from_mode(0o700)).map_err(io_error(&at))?;
    let mut bytes = Zeroizing::new([0; 32]);
    getrandom::fill(&mut *bytes).map_err(StartError::Random)?;
    // A temporary file is made with mode 0600.
    let mut file = tempfile::NamedTempFile::new_in(&keys).map_err(io_error(&at))?;
    io::Write::write_all(&mut file, &*bytes).map_err(io_error(&at))?;
    file.as_file().sync_all().map_err(io_error(&at))?;
    match file.persist_noclobber(keys.join(name)) {
        Err(error) if error.error.kind() != io::ErrorKind::AlreadyExists => return Err(io_error(&at)(error.error)),
        _ => {}
    }
    fs::File::open(&keys).and_then(|folder| folder.sync_all()).map_err(io_error(&at))
}

/// Reads the key `name`. It is never made here: without the pepper no password of the store would verify.
fn key(folder: &Path, name: &str) -> Result<Zeroizing<[u8; 32]>, StartError> {
    let path = folder.join(KEYS_FOLDER).join(name);
    match fs::read(&path) {
        Ok(bytes) => {
            let bytes = Zeroizing::new(bytes);
            let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| StartError::BadKey(path))?;
            Ok(Zeroizing::new(key))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(StartError::NoKey(path)),
        Err(error) => Err(io_error(path.display().to_string())(error)),
    }
}
