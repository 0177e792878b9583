//! A server for a while: this very program as a process of its own, for a rehearsal or a drill. It never outlives whoever started it.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::exit::Failure;
use crate::own_program;

const READY_WITHIN: Duration = Duration::from_mins(1);
/// Longer than the server's own deadlines together.
const STOP_WITHIN: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(10);
const LOG_NAME: &str = "server.log";
const LOG_LINES_SHOWN: usize = 10;

/// A running server; killed when dropped.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    log: std::path::PathBuf,
    pub(crate) public: SocketAddr,
    pub(crate) staff: SocketAddr,
    pub(crate) ops: SocketAddr,
}

/// Kills a child that nobody stopped.
struct Guard(Option<Child>);

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            end(child);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

fn end(child: &mut Child) {
    // It may be gone already; then there is nothing to end.
    let _ = child.kill();
    let _ = child.wait();
}

impl Server {
    /// Serves `data` on free ports of loopback, with these options more, writing its log into `folder`.
    pub(crate) async fn start(data: &Path, folder: &Path, options: &[&str]) -> Result<Self, Failure> {
        let log = folder.join(LOG_NAME);
        let log_file = std::fs::File::create(&log).map_err(Failure::io(log.display()))?;
        let mut command = own_program::command();
        command.arg("serve").arg("--data").arg(data).args(options);
        for listener in ["--listen", "--staff-listen", "--ops-listen"] {
            command.args([listener, "127.0.0.1:0"]);
        }
        command.stdout(Stdio::null()).stderr(log_file);
        let mut guard = Guard(Some(command.spawn().map_err(Failure::io("the server"))?));
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            if let Some([public, staff, ops]) = read_run_file(&data.join("run.json"))
                && let Some(child) = guard.0.take()
            {
                return Ok(Self { child, log, public, staff, ops });
            }
            let ended = guard.0.as_mut().and_then(|child| child.try_wait().ok().flatten());
            if let Some(status) = ended {
                return Err(Failure::refused(format!("the server ended ({status}):\n{}", tail(&log))));
            }
            if Instant::now() > deadline {
                return Err(Failure::refused(format!("the server was not ready in time:\n{}", tail(&log))));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails if it has ended by itself.
    pub(crate) fn must_run(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.ended_badly(status)),
            Err(error) => Err(Failure::io("the server")(error)),
        }
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, Signal::TERM).map_err(|error| Failure::io("the server")(error.into()))?;
        let deadline = Instant::now() + STOP_WITHIN;
        loop {
            match self.child.try_wait().map_err(Failure::io("the server"))? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => return Err(self.ended_badly(status)),
                None if Instant::now() > deadline => {
                    return Err(Failure::refused("the server did not stop in time and was killed"));
                }
                None => tokio::time::sleep(LOOK_EVERY).await,
            }
        }
    }

    fn ended_badly(&self, status: ExitStatus) -> Failure {
        Failure::refused(format!("the server ended with {status}:\n{}", tail(&self.log)))
    }
}

/// Where the server listens, once it is ready.
fn read_run_file(path: &Path) -> Option<[SocketAddr; 3]> {
    let run: serde_json::Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    let address = |name: &str| run[name].as_str()?.strip_prefix("http://")?.parse().ok();
    Some([address("public")?, address("staff")?, address("ops")?])
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
