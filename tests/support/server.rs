//! One process that serves: started until it is ready, and ended the hard or the proper way.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::command::Sesshu;
use super::wait::wait_until;

const READY_WITHIN: Duration = Duration::from_mins(2);
const STOPPED_WITHIN: Duration = Duration::from_mins(1);
const LOOPBACK: &str = "127.0.0.1:0";

/// A server that is ready, with the addresses that it picked.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) public: SocketAddr,
    pub(crate) staff: SocketAddr,
    pub(crate) ops: SocketAddr,
}

impl Server {
    /// Starts `command` on `data`, at the addresses `at` (public, staff, ops) or on free ports; what it says goes to the end of
    /// `log`. Returns when it is ready.
    pub(crate) fn start(command: Sesshu, data: &Path, log: &Path, at: Option<[SocketAddr; 3]>) -> Result<Self, String> {
        let mut command = command.data(data);
        for (nth, listener) in ["--listen", "--staff-listen", "--ops-listen"].into_iter().enumerate() {
            command = command.arg(listener).arg(at.map_or_else(|| LOOPBACK.to_owned(), |at| at[nth].to_string()));
        }
        let log = || OpenOptions::new().create(true).append(true).open(log).expect("a log file");
        let mut child = command.command().stdout(log()).stderr(log()).spawn().expect("the binary starts");
        let start = Instant::now();
        let run = wait_until("a look at run.json", READY_WITHIN * 2, || {
            if let Some(status) = child.try_wait().expect("the state of the server") {
                return Some(Err(format!("the server ended with {status} before it was ready")));
            }
            if start.elapsed() > READY_WITHIN {
                return Some(Err(format!("the server is not ready after {READY_WITHIN:?}")));
            }
            let run: Value = serde_json::from_slice(&std::fs::read(data.join("run.json")).ok()?).ok()?;
            // After a crash the file of the last run is still there.
            (run["pid"] == child.id()).then_some(Ok(run))
        });
        let addresses =
            run.and_then(|run| Ok((address(&run, "public")?, address(&run, "staff")?, address(&run, "ops")?)));
        match addresses {
            Ok((public, staff, ops)) => Ok(Self { child, public, staff, ops }),
            Err(problem) => {
                end_hard(&mut child);
                Err(problem)
            }
        }
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as a power cut would.
    pub(crate) fn kill9(mut self) {
        end_hard(&mut self.child);
    }

    /// Asks it to stop (SIGTERM). It must exit with 0 and take `run.json` with it.
    pub(crate) fn stop(mut self, data: &Path) -> Result<(), String> {
        if let Err(error) = kill_process(Pid::from_child(&self.child), Signal::TERM) {
            return Err(format!("the server is gone: {error}"));
        }
        let Some(status) = end_of(&mut self.child, STOPPED_WITHIN) else {
            end_hard(&mut self.child);
            return Err(format!("the server still runs {STOPPED_WITHIN:?} after SIGTERM"));
        };
        if status.code() != Some(0) {
            return Err(format!("a stopped server exits with 0, not {status}"));
        }
        if data.join("run.json").exists() {
            return Err("a stopped server leaves run.json behind".to_owned());
        }
        Ok(())
    }
}

fn address(run: &Value, name: &str) -> Result<SocketAddr, String> {
    let text = run[name].as_str().unwrap_or_default();
    let host = text.strip_prefix("http://").unwrap_or(text).trim_end_matches('/');
    host.parse().map_err(|_| format!("`{name}` in run.json is no address: {run}"))
}

fn end_hard(child: &mut Child) {
    // It may have ended by itself: then there is nothing to do.
    let _ = child.kill();
    let _ = child.wait();
}

fn end_of(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let start = Instant::now();
    wait_until("a look at the process", limit * 2, || match child.try_wait() {
        Ok(Some(status)) => Some(Some(status)),
        Ok(None) if start.elapsed() > limit => Some(None),
        Ok(None) => None,
        Err(error) => panic!("the state of the server: {error}"),
    })
}
