//! The server's end of the control socket.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sesshu_backup::service::BackupHandle;
use sesshu_engine::EngineHandle;
use sesshu_engine::core::event::By;
use sesshu_monitor::MonitorHandle;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use super::{Answer, Kept, Lines, SOCKET_NAME, SocketPath};
use crate::backups;
use crate::exit::{ExitStatus, Failure};
use crate::jobs::{self, Audience, Job, PasswordLine};
use crate::monitoring;
use crate::switches::{self, Switches};

/// How many commands are served at once.
const COMMANDS_MAX: usize = 4;

/// Whom commands ask. At a watcher only the monitor is there.
#[derive(Clone)]
pub(crate) struct Asked {
    pub(crate) engine: Option<EngineHandle>,
    pub(crate) monitor: MonitorHandle,
    pub(crate) backups: Option<BackupHandle>,
    pub(crate) switches: Option<Switches>,
}

/// The socket; removed when dropped.
pub(crate) struct ControlServer {
    listener: UnixListener,
    path: PathBuf,
}

/// Opens the socket in `folder`. The caller has the store's lock, so that a socket that lies there is a dead server's.
pub(crate) fn listen(folder: &Path) -> std::io::Result<ControlServer> {
    let path = folder.join(SOCKET_NAME);
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let socket = SocketPath::in_folder(folder)?;
    let listener = UnixListener::bind(&socket.path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(ControlServer { listener, path })
}

impl ControlServer {
    /// Serves commands until the task is aborted.
    pub(crate) async fn run(self, asked: Asked) {
        let places = Arc::new(Semaphore::new(COMMANDS_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let asked = asked.clone();
                    tokio::spawn(async move {
                        if let Err(error) = serve_one(stream, asked).await {
                            tracing::debug!(%error, "a command went away");
                        }
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket");
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
            }
        }
    }
}

impl Drop for ControlServer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn serve_one(stream: UnixStream, asked: Asked) -> std::io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    let mut lines = Lines::new(stream);
    let own = rustix::process::geteuid().as_raw();
    if peer != own && peer != 0 {
        let failure = Failure::refused("only the server's own user may command it");
        return lines.send(&Answer::Failed(failure)).await;
    }
    let job = match lines.receive().await {
        Ok(Some(job)) => job,
        Ok(None) => return Ok(()),
        Err(error) => {
            let message = format!("this server does not know that command; is it of the same version? ({error})");
            return lines.send(&Answer::Failed(Failure::usage(message))).await;
        }
    };
    let mut audience = Remote { lines };
    let result = match job {
        Job::Monitor(job) => monitoring::run(&asked.monitor, job, peer).await,
        Job::Backup(job) => match &asked.backups {
            Some(backups) => backups::run(backups, job, peer, &mut audience).await,
            None => Err(Failure::usage("what runs in this folder takes no backups")),
        },
        Job::Switch(job) => match asked.switches {
            // They wait for the disk.
            Some(switches) => tokio::task::spawn_blocking(move || switches::run(&switches, job, peer))
                .await
                .unwrap_or_else(|error| Err(Failure::internal(error))),
            None => Err(Failure::usage("what runs in this folder has no switches")),
        },
        job => match asked.engine {
            Some(engine) => jobs::run(&engine, job, By::CommandLine { uid: peer }, &mut audience).await,
            None => Err(Failure::usage("a watcher has this folder open; it knows nothing but its alerts")),
        },
    };
    let answer = result.map_or_else(Answer::Failed, Answer::Done);
    audience.lines.send(&answer).await
}

/// The command at the other end.
struct Remote {
    lines: Lines,
}

impl Audience for Remote {
    async fn phase(&mut self, word: &str) -> Result<(), Failure> {
        self.lines.send(&Answer::Phase(word.to_owned())).await.map_err(gone)
    }

    async fn progress(&mut self, done: u64, of: u64) -> Result<(), Failure> {
        self.lines.send(&Answer::Progress { done, of }).await.map_err(gone)
    }

    async fn keep(&mut self, lines: Vec<PasswordLine>) -> Result<(), Failure> {
        self.lines.send(&Answer::Keep(lines)).await.map_err(gone)?;
        match self.lines.receive().await.map_err(gone)? {
            Some(Kept { kept: true }) => Ok(()),
            _ => Err(Failure::new(ExitStatus::Refused, "the command did not keep the list")),
        }
    }
}

#[allow(clippy::needless_pass_by_value, reason = "the form that `map_err` takes")]
fn gone(error: std::io::Error) -> Failure {
    Failure::refused(format!("the command went away: {error}"))
}
