//! This very program as a process of its own: what is proven is what a person would run, its memory goes back to the system, and a
//! damaged file cannot hurt the server. It dies with whoever started it, and knows nothing of the service manager.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, getppid, kill_process, set_parent_process_death_signal};
use serde_json::Value;
use sesshu_engine::priority::{Work, this_thread_is_for};

use crate::exit::{ExitStatus, Failure};

/// The program's file, also after an upgrade has put another one in its place.
const OWN_FILE: &str = "/proc/self/exe";
/// Names the process with which a child is to die.
const PARENT: &str = "SESSHU_PARENT";
/// What the service manager tells the server alone.
const SERVICE_MANAGERS: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];
/// Tells a child that everybody else comes first.
const BEHIND: &str = "SESSHU_BEHIND";
/// How readily the kernel ends this process when memory is short; a server under systemd has -500.
const OOM_SCORE: &str = "/proc/self/oom_score_adj";
const OOM_SCORE_ADJUST: &str = "500";
/// How often it is looked whether a child has ended. Of this time it runs for its share, and is held for the rest.
const TURN: Duration = Duration::from_millis(10);

/// This program, without arguments yet.
pub(crate) fn command() -> Command {
    let mut command = Command::new(OWN_FILE);
    command.arg0("sesshu").env(PARENT, std::process::id().to_string()).stdin(Stdio::null());
    for name in SERVICE_MANAGERS {
        command.env_remove(name);
    }
    command
}

/// What a process does first that was started as a [`command`]: it ends with the one that started it, and comes after everybody if it
/// is to.
pub(crate) fn begin_as_child() -> Result<(), Failure> {
    let Some(parent) = std::env::var(PARENT).ok().and_then(|text| text.parse::<i32>().ok()) else { return Ok(()) };
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(Failure::internal)?;
    // When memory is short, this goes and not the server. A system that does not let it be said keeps its own order.
    let _ = std::fs::write(OOM_SCORE, OOM_SCORE_ADJUST);
    if std::env::var_os(BEHIND).is_some() {
        // Every thread that is started from here on takes this over.
        this_thread_is_for(Work::BackingUp);
    }
    // It may have died before the signal was asked for.
    if getppid().is_none_or(|pid| pid.as_raw_nonzero().get() != parent) {
        return Err(Failure::new(ExitStatus::Unavailable, "whoever started this program has gone"));
    }
    Ok(())
}

/// How a [`command`] ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    /// What it printed with `--json`.
    pub(crate) result: Value,
    /// The last line on stderr: why it did not do what it was asked.
    pub(crate) complaint: String,
}

/// Runs `command` to its end, behind everybody else, and for no more than `percent` of the time. None if `stop` said so meanwhile:
/// then it was killed.
pub(crate) async fn run(mut command: Command, percent: u8, stop: impl Fn() -> bool) -> std::io::Result<Option<Ended>> {
    let (mut out, mut err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let child = command.env(BEHIND, "yes").stdout(out.try_clone()?).stderr(err.try_clone()?).spawn()?;
    let mut child = Killed(child);
    loop {
        if let Some(status) = child.0.try_wait()? {
            let result = serde_json::from_str(text(&mut out)?.trim()).unwrap_or_default();
            let said = text(&mut err)?;
            let complaint = match (status.code(), said.lines().last()) {
                (Some(_), Some(last)) => last.trim_start_matches("sesshu: ").to_owned(),
                // Whoever is short of memory kills without a word.
                _ => format!("this program as a process of its own ended with {status}"),
            };
            return Ok(Some(Ended { code: status.code(), result, complaint }));
        }
        if stop() {
            return Ok(None);
        }
        child.turn(percent).await;
    }
}

/// A child that does not outlive its owner.
struct Killed(Child);

impl Killed {
    /// Lets the child run for its part of a turn, and holds it for the rest. It is the kernel that stops it, so that each of its
    /// threads is held, whatever it does.
    async fn turn(&self, percent: u8) {
        let runs = TURN * u32::from(percent.min(100)) / 100;
        let held = TURN.saturating_sub(runs);
        tokio::time::sleep(runs).await;
        if !held.is_zero() {
            self.signal(Signal::STOP);
            tokio::time::sleep(held).await;
            self.signal(Signal::CONT);
        }
    }

    fn signal(&self, signal: Signal) {
        // It is waited for by its owner alone, so its number is still its own; it may have ended already.
        let _ = kill_process(Pid::from_child(&self.0), signal);
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // It may be gone already; then there is nothing to end.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn text(file: &mut File) -> std::io::Result<String> {
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text)
}
