//! The composition root: opens the data, starts the listeners on threads of their own, and stops everything in order.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sesshu_backup::service::{Backup, BackupHandle};
use sesshu_engine::core::event::By;
use sesshu_engine::priority::{Work, this_thread_is_now_for};
use sesshu_engine::{EngineHandle, LoadError, RecoverError, StartError};
use sesshu_http::{
    Auth, CallCentre, ConnectionLimits, Guard, Load, PublicConfig, ServeOptions, StaffConfig, SwitchDesk,
};
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::backups;
use crate::cli::ListenArgs;
use crate::config::{Config, Proxy, Tls};
use crate::control::{self, Asked, ControlServer};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::monitoring;
use crate::notices;
use crate::open_files;
use crate::run_file::{Addresses, RunFile};
use crate::stop_signals::StopSignals;
use crate::switches::{self, Switches};
use crate::systemd::{Answering, Service};

/// How many connections may wait to be accepted; the system may hold fewer (`net.core.somaxconn`).
const CONNECTIONS_WAITING_MAX: i32 = 4_096;
/// How many connections staff's listener, and the one for monitors, may have: places of their own beside residents'.
const STAFF_CONNECTIONS_MAX: usize = 1_024;
const OPS_CONNECTIONS_MAX: usize = 128;
/// How often the certificate's files are looked at.
const TLS_LOOK_EVERY: Duration = Duration::from_secs(30);
/// How often it is asked whether personal data is to be erased.
const ERASE_LOOK_EVERY: Duration = Duration::from_hours(1);
/// How long listeners may take to finish running requests.
const LISTENERS_STOP_MAX: Duration = Duration::from_secs(10);
/// How long what is left of a runtime may take to end.
const RUNTIME_STOP_MAX: Duration = Duration::from_secs(2);

/// Opens the data for a server: an engine nobody else has. Another version of the program backs it up before.
pub(crate) async fn open(folder: &DataFolder, config: &Config) -> Result<EngineHandle, Failure> {
    backups::before_upgrade(folder, config).await?;
    match folder.engine_config(config).start().await {
        Err(StartError::Recover(RecoverError::Load(LoadError::InUse))) => Err(folder.in_use()),
        other => other.map_err(Failure::from),
    }
}

/// Runs the server on `engine` until SIGTERM or SIGINT. `ready` is called once everybody can connect.
pub(crate) async fn serve(
    folder: &DataFolder,
    config: &Config,
    args: &ListenArgs,
    engine: EngineHandle,
    ready: impl FnOnce(&Addresses) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let served = listen_and_wait(folder, config, args, &engine, ready).await;
    let stopped = tokio::task::spawn_blocking(move || engine.shutdown()).await;
    stopped.map_err(Failure::internal)?;
    served
}

async fn listen_and_wait(
    folder: &DataFolder,
    config: &Config,
    args: &ListenArgs,
    engine: &EngineHandle,
    ready: impl FnOnce(&Addresses) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let backups = backups::start(folder, config, engine)?;
    let served = listen_watched(folder, config, args, engine, backups.as_ref().map(Backup::handle), ready).await;
    if let Some(backups) = backups {
        tokio::task::spawn_blocking(move || backups.stop()).await.map_err(Failure::internal)?;
    }
    served
}

async fn listen_watched(
    folder: &DataFolder,
    config: &Config,
    args: &ListenArgs,
    engine: &EngineHandle,
    backups: Option<BackupHandle>,
    ready: impl FnOnce(&Addresses) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let switches = Switches::open_for_server(&folder.path).await.map_err(Failure::io("the switches"))?;
    let monitor = monitoring::start(folder, config, engine, backups.as_ref(), switches.clone())?;
    let asked = Asked { engine: Some(engine.clone()), monitor: monitor.handle(), backups, switches: Some(switches) };
    let served = listen_beside(folder, config, args, engine, asked, ready).await;
    tokio::task::spawn_blocking(move || monitor.stop()).await.map_err(Failure::internal)?;
    served
}

async fn listen_beside(
    folder: &DataFolder,
    config: &Config,
    args: &ListenArgs,
    engine: &EngineHandle,
    asked: Asked,
    ready: impl FnOnce(&Addresses) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let monitor = &asked.monitor.clone();
    let training = for_training(folder, config)?;
    let mut stop_signals = StopSignals::new()?;
    let listeners = Listeners::bind(config, args)?;
    let tls = match &config.tls {
        Some(tls) => Some(sesshu_http::load_tls(&tls.certificate, &tls.key).await.map_err(Failure::usage)?),
        None => None,
    };
    let control = control::listen(&folder.path).map_err(Failure::io("the control socket"))?;
    let metrics = sesshu_http::install_metrics().map_err(Failure::internal)?;
    let token_key = folder.engine_config(config).token_key()?;
    let public_config = public_config(config, training, &asked);
    let mut limits = public_config.connections.clone();
    limits.connections_max = open_files::raise_for(limits.connections_max, STAFF_CONNECTIONS_MAX + OPS_CONNECTIONS_MAX);
    let auth = Arc::new(Auth::new(&token_key, public_config.login_queue));
    let guard = Guard::new(engine.clone(), Arc::clone(&auth), &public_config);
    let load = public_config.load.clone();
    let public = sesshu_http::public_router(engine.clone(), auth, public_config);
    let few = |connections_max| ConnectionLimits { connections_max, ..ConnectionLimits::default() };
    let unguarded = ServeOptions { shutdown_deadline: LISTENERS_STOP_MAX, ..ServeOptions::default() };
    let (stop, stopping) = watch::channel(false);
    let stopped = |mut stopping: watch::Receiver<bool>| async move {
        let _ = stopping.wait_for(|stop| *stop).await;
    };

    let public_runtime = PublicRuntime::start(load)?;
    let addresses = listeners.addresses(tls.is_some());
    let serving = vec![
        public_runtime.handle().spawn(sesshu_http::serve(
            listeners.public,
            public,
            ServeOptions { tls: tls.clone(), guard: Some(guard.clone()), limits, ..unguarded.clone() },
            stopped(stopping.clone()),
        )),
        tokio::spawn(sesshu_http::serve(
            listeners.staff,
            sesshu_http::staff_router(engine.clone(), staff_config(config, training, &stopping, &asked)),
            ServeOptions { tls: tls.clone(), limits: few(STAFF_CONNECTIONS_MAX), ..unguarded.clone() },
            stopped(stopping.clone()),
        )),
        tokio::spawn(sesshu_http::serve(
            listeners.ops,
            sesshu_http::ops_router(engine.clone(), metrics, Some(monitor.clone()), guard),
            ServeOptions { limits: few(OPS_CONNECTIONS_MAX), ..unguarded },
            stopped(stopping),
        )),
    ];
    let helpers = Helpers::start(folder, engine, asked, control, config, tls);
    let run_file = RunFile::write(&folder.path, &addresses).map_err(Failure::io("run.json"))?;
    tracing::info!(public = %addresses.public, staff = %addresses.staff, ops = %addresses.ops, "ready");
    ready(&addresses)?;
    let runtimes = vec![("residents", public_runtime.handle()), ("staff", tokio::runtime::Handle::current())];
    let service = Service::ready(Answering { runtimes, monitor: monitor.clone() })?;

    let why = stop_signals.wait().await;
    tracing::info!(why, "stopping");
    drop(service);
    drop(run_file);
    drop(helpers);
    let _ = stop.send(true);
    for listener in serving {
        if tokio::time::timeout(LISTENERS_STOP_MAX + RUNTIME_STOP_MAX, listener).await.is_err() {
            tracing::warn!("a listener did not stop in time");
        }
    }
    Ok(())
}

/// The runtime of the residents' listener, whose threads yield to staff, ops and the ledger.
struct PublicRuntime(Option<Runtime>);

impl PublicRuntime {
    fn start(load: Load) -> Result<Self, Failure> {
        let follow_the_rush =
            move || this_thread_is_now_for(if load.is_rush() { Work::ServingInARush } else { Work::Serving });
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("public")
            .on_thread_start(|| this_thread_is_now_for(Work::Serving))
            .on_thread_unpark(follow_the_rush)
            .enable_all()
            .build()
            .map_err(Failure::io("the residents' threads"))?;
        Ok(Self(Some(runtime)))
    }

    fn handle(&self) -> tokio::runtime::Handle {
        self.0.as_ref().map_or_else(tokio::runtime::Handle::current, |runtime| runtime.handle().clone())
    }
}

impl Drop for PublicRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The sockets of the three listeners.
struct Listeners {
    public: TcpListener,
    staff: TcpListener,
    ops: TcpListener,
}

impl Listeners {
    fn bind(config: &Config, args: &ListenArgs) -> Result<Self, Failure> {
        let secured = config.tls.is_some() || config.proxy.is_some();
        let bind = |option: &str, given: Option<&String>, configured: &String, secured: bool| {
            let text = given.unwrap_or(configured);
            let wrong = |why: &str| Failure::usage(format!("{option} {text}: {why}"));
            let address: SocketAddr = text.parse().map_err(|_| wrong("not an address with a port"))?;
            if !address.ip().is_loopback() && !secured {
                return Err(wrong("plain HTTP is served on loopback only; configure [tls] or [proxy] in sesshu.toml"));
            }
            let listener = TcpListener::bind(address).map_err(Failure::io(format!("{option} {text}")))?;
            // The opening minute brings more connections at once than the usual queue of 128 holds.
            rustix::net::listen(&listener, CONNECTIONS_WAITING_MAX)
                .map_err(|error| Failure::io(option)(error.into()))?;
            listener.set_nonblocking(true).map_err(Failure::io(option))?;
            Ok(listener)
        };
        Ok(Self {
            public: bind("--listen", args.listen.as_ref(), &config.listen.public, secured)?,
            staff: bind("--staff-listen", args.staff_listen.as_ref(), &config.listen.staff, secured)?,
            // Ops is plain: it is for monitors on this machine, or behind a proxy.
            ops: bind("--ops-listen", args.ops_listen.as_ref(), &config.listen.ops, config.proxy.is_some())?,
        })
    }

    fn addresses(&self, tls: bool) -> Addresses {
        let of =
            |listener: &TcpListener| listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0)));
        Addresses { public: of(&self.public), staff: of(&self.staff), ops: of(&self.ops), tls }
    }
}

/// Whether every page says that nothing is real. Real data is never served like that.
fn for_training(folder: &DataFolder, config: &Config) -> Result<bool, Failure> {
    if config.staff.training && !folder.is_throw_away() {
        let (file, at) = (folder.config_path.display(), folder.path.display());
        return Err(Failure::usage(format!("{file}: training: {at} was not made by `sesshu demo`, its data is real")));
    }
    Ok(config.staff.training || folder.is_for_training())
}

/// What residents read of the city on every page.
pub(crate) fn city_config(config: &Config) -> PublicConfig {
    PublicConfig {
        city_name: config.city.name.clone(),
        call_centre: CallCentre {
            phone: config.city.phone.clone(),
            hours_ja: config.city.phone_hours_ja.clone(),
            hours_en: config.city.phone_hours_en.clone(),
        },
        ..PublicConfig::default()
    }
}

fn public_config(config: &Config, training: bool, asked: &Asked) -> PublicConfig {
    PublicConfig {
        training,
        tls: config.tls.is_some(),
        trusted_proxy: config.proxy.as_ref().map(Proxy::trusted),
        login_minutes: config.login.minutes,
        login_queue: config.login_queue.settings(),
        monitor: Some(asked.monitor.clone()),
        load: Load::new(config.limits.load()),
        connections: config.limits.connections(),
        switches: asked.switches.as_ref().map(Switches::shown).unwrap_or_default(),
        ..city_config(config)
    }
}

fn staff_config(config: &Config, training: bool, stopping: &watch::Receiver<bool>, asked: &Asked) -> StaffConfig {
    let staff = &config.staff;
    StaffConfig {
        city_name: config.city.name.clone(),
        tls: config.tls.is_some(),
        trusted_proxy: config.proxy.as_ref().map(|proxy| staff.behind(proxy)),
        idle_minutes: staff.idle_minutes,
        absolute_hours: staff.absolute_hours,
        allow: staff.allowed(),
        training,
        two_person_publish: staff.two_person_publish,
        lookups_per_hour_max: staff.lookups_per_hour_max,
        stopping: Some(stopping.clone()),
        keep_days: config.campaign.keep_days,
        monitor: Some(asked.monitor.clone()),
        backups: asked.backups.as_ref().map(backups::desk),
        switches: asked.switches.as_ref().map(Switches::shown).unwrap_or_default(),
        switch_desk: asked.switches.clone().map(|switches| Arc::new(switches) as Arc<dyn SwitchDesk>),
        ..StaffConfig::default()
    }
}

/// Tasks beside the listeners; ended when dropped.
struct Helpers(Vec<tokio::task::JoinHandle<()>>);

impl Helpers {
    fn start(
        folder: &DataFolder,
        engine: &EngineHandle,
        asked: Asked,
        control: ControlServer,
        config: &Config,
        tls: Option<axum_server::tls_rustls::RustlsConfig>,
    ) -> Self {
        let erasing = erase_when_due(engine.clone(), config.campaign.keep_days);
        let (monitor, switches) = (asked.monitor.clone(), asked.switches.clone());
        let mut tasks = vec![tokio::spawn(control.run(asked)), tokio::spawn(erasing)];
        tasks.extend(switches.map(|switches| tokio::spawn(switches::keep(engine.clone(), switches))));
        let page = notices::page_path(folder, config);
        tasks.push(tokio::spawn(notices::note(engine.clone(), monitor.clone())));
        tasks.push(tokio::spawn(notices::keep_page(engine.clone(), monitor.clone(), city_config(config), page)));
        if let (Some(files), Some(tls)) = (config.tls.clone(), tls) {
            tasks.push(tokio::spawn(follow_certificate(files, tls)));
        }
        Self(tasks)
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        self.0.iter().for_each(tokio::task::JoinHandle::abort);
    }
}

/// Erases the personal data of those whose time has come. Asked every hour, so that a day's work begins soon after midnight.
async fn erase_when_due(engine: EngineHandle, keep_days: u16) {
    loop {
        match engine.erase_due(keep_days, By::System).await {
            Ok(erased) if erased.held_back => tracing::warn!("erasing waits for sessions that still take bookings"),
            Ok(erased) if erased.people > 0 => {
                tracing::info!(people = erased.people, left = erased.left, "personal data was erased");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "personal data could not be erased; it is tried again"),
        }
        tokio::time::sleep(ERASE_LOOK_EVERY).await;
    }
}

/// Reads the certificate again when its files change, without a restart.
async fn follow_certificate(files: Tls, tls: axum_server::tls_rustls::RustlsConfig) {
    let changed = |files: &Tls| -> Option<(SystemTime, SystemTime)> {
        let of = |path: &std::path::Path| std::fs::metadata(path).and_then(|meta| meta.modified()).ok();
        Some((of(&files.certificate)?, of(&files.key)?))
    };
    let mut seen = changed(&files);
    loop {
        tokio::time::sleep(TLS_LOOK_EVERY).await;
        let now = changed(&files);
        if now.is_some() && now != seen {
            match sesshu_http::reload_tls(&tls, &files.certificate, &files.key).await {
                Ok(()) => tracing::info!("the certificate was read again"),
                Err(error) => tracing::error!(%error, "the old certificate stays"),
            }
            seen = now;
        }
    }
}
