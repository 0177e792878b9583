//! `watch`: the outside watcher. It runs on another machine, in a folder of its own, and knows the server only by its addresses.

use std::path::{Path, PathBuf};

use serde_json::json;
use sesshu_monitor::channels;
use sesshu_monitor::source::Source;
use sesshu_monitor::watch::{ServerSource, WatchError, WatchFile};
use sesshu_monitor::{Monitor, MonitorSetup};

use super::print;
use crate::cli::WatchArgs;
use crate::config::{WATCH_CONFIG_NAME, WATCH_TEMPLATE, read_watch_file};
use crate::control::{self, Asked};
use crate::exit::Failure;
use crate::folder::DataFolder;
use crate::stop_signals::StopSignals;
use crate::systemd::{Answering, Service};
use crate::terminal::words;

/// Watches until SIGTERM or SIGINT; or only writes or checks the configuration.
pub(crate) async fn watch(folder: &DataFolder, config: Option<PathBuf>, args: &WatchArgs) -> Result<(), Failure> {
    let path = config.unwrap_or_else(|| folder.path.join(WATCH_CONFIG_NAME));
    if args.init {
        return init(folder, &path);
    }
    if !path.exists() {
        let hint = words("sesshu watch --init で雛形を作れます", "`sesshu watch --init` writes one");
        return Err(Failure::usage(format!("{}: {hint}", path.display())));
    }
    let file = read_watch_file(&path).map_err(Failure::usage)?;
    if args.check {
        return print(folder, &json!({ "ok": true, "problems": [] }), |_| {
            format!("{}: {}", path.display(), words("問題ありません", "no problems"))
        });
    }
    run(folder, file).await
}

fn init(folder: &DataFolder, path: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(&folder.path).map_err(Failure::io(folder.path.display()))?;
    // What somebody has written is never written over.
    let made = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = made.map_err(Failure::io(path.display()))?;
    std::io::Write::write_all(&mut file, WATCH_TEMPLATE.as_bytes()).map_err(Failure::io(path.display()))?;
    print(folder, &json!({ "config": path.display().to_string() }), |_| {
        format!(
            "{}: {}",
            path.display(),
            words(
                "作りました。編集してから sesshu watch を実行してください。",
                "made; edit it, then run `sesshu watch`"
            )
        )
    })
}

async fn run(folder: &DataFolder, file: WatchFile) -> Result<(), Failure> {
    let mut stop_signals = StopSignals::new()?;
    std::fs::create_dir_all(&folder.path).map_err(Failure::io(folder.path.display()))?;
    let monitor = start(folder, file)?;
    let watched = wait(folder, &monitor, &mut stop_signals).await;
    let stopped = tokio::task::spawn_blocking(move || monitor.stop()).await;
    stopped.map_err(Failure::internal)?;
    watched
}

async fn wait(folder: &DataFolder, monitor: &Monitor, stop_signals: &mut StopSignals) -> Result<(), Failure> {
    // The monitor's lock is ours, so a socket that lies there is a dead watcher's.
    let control = control::listen(&folder.path).map_err(Failure::io("the control socket"))?;
    let asked = Asked { engine: None, monitor: monitor.handle(), backups: None, switches: None };
    let commands = tokio::spawn(control.run(asked));
    let runtimes = vec![("commands", tokio::runtime::Handle::current())];
    let service = Service::ready(Answering { runtimes, monitor: monitor.handle() })?;
    tracing::info!("watching");
    let why = stop_signals.wait().await;
    tracing::info!(why, "stopping");
    drop(service);
    commands.abort();
    Ok(())
}

fn start(folder: &DataFolder, file: WatchFile) -> Result<Monitor, Failure> {
    let name = file.watch.name.as_str().into();
    let (source, own_monitor) = ServerSource::start(file.watch, &file.monitor).map_err(|error| match error {
        WatchError::Config(_) => Failure::usage(error),
        WatchError::Thread(_) => Failure::internal(error),
    })?;
    let state = file.monitor.folder.clone().unwrap_or_else(|| folder.path.join("monitor"));
    let sources: Vec<Box<dyn Source>> = vec![Box::new(source)];
    let channels = channels::build(&file.monitor, &sesshu_monitor::folder_id(&state));
    let setup = MonitorSetup { config: file.monitor, name, folder: state, sources, channels };
    let monitor = sesshu_monitor::start(setup).map_err(Failure::refused)?;
    own_monitor.is(monitor.handle());
    Ok(monitor)
}
