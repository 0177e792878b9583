//! A tracer that makes the server's syncs fail or wait, as a disk may.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use super::city::City;
use super::wait::wait_until;

const TRACED_WITHIN: Duration = Duration::from_secs(20);

/// The tracer, attached to a server; it lets go of it when dropped.
#[derive(Debug)]
pub struct Tracer {
    tracer: Child,
    log: PathBuf,
}

impl Tracer {
    /// Whether servers can be traced here; if not, why.
    pub fn is_there() -> Result<(), String> {
        let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
        match tried {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(format!("strace: {}", String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => Err(format!("strace: {error}")),
        }
    }

    /// Attaches to the server of `city`; what becomes of its syncs of the store is in the words of strace's `inject`.
    #[must_use]
    pub fn attach(city: &City, what: &str) -> Self {
        let id = city.process_id();
        let log = city.files().join("syncs.log");
        let tracer = Command::new("strace")
            .args(["-f", "-qq", "-p", &id.to_string(), "-e", "trace=fdatasync,fsync,sync_file_range"])
            .arg("-e")
            .arg(format!("inject=fdatasync,fsync,sync_file_range:{what}"))
            .arg("-P")
            .arg(city.data().join("sesshu.redb"))
            .arg("-o")
            .arg(&log)
            .stdin(Stdio::null())
            .spawn()
            .expect("strace starts");
        wait_until("every thread of the server is traced", TRACED_WITHIN, || {
            let tasks = std::fs::read_dir(format!("/proc/{id}/task")).ok()?;
            let is_traced = |task: PathBuf| {
                let status = std::fs::read_to_string(task.join("status")).unwrap_or_default();
                !status.contains("TracerPid:\t0")
            };
            tasks.flatten().all(|task| is_traced(task.path())).then_some(())
        });
        Self { tracer, log }
    }

    /// How many syncs it has tampered with so far.
    #[must_use]
    pub fn injected(&self) -> usize {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().filter(|line| line.contains("INJECTED") || line.contains("DELAYED")).count()
    }

    /// Lets go of the server; gives how many syncs it has tampered with.
    #[must_use]
    pub fn detach(mut self) -> usize {
        self.end();
        self.injected()
    }

    fn end(&mut self) {
        // It may be gone with the server: then there is nothing to do.
        let _ = kill_process(Pid::from_child(&self.tracer), Signal::INT);
        let _ = self.tracer.wait();
    }
}

impl Drop for Tracer {
    fn drop(&mut self) {
        self.end();
    }
}
