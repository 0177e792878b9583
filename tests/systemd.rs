//! What systemd sees: units that are sound and hardened, and processes that say how they are.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sesshu_tests::{Sesshu, binary, not_run, wait_until};
use tempfile::TempDir;

/// The most that `systemd-analyze security` may say, in tenths: 10 is fully exposed.
const EXPOSURE_TENTHS_MAX: &str = "20";
const SAID_WITHIN: Duration = Duration::from_mins(2);
/// A ping comes after a third of it.
const WATCHDOG_MICROSECONDS: &str = "600000";

#[test]
fn the_units_are_sound_and_hardened() {
    let folder = TempDir::with_prefix("sesshu-units-").expect("a temporary folder");
    for name in ["sesshu.service", "sesshu-watch.service"] {
        let text = std::fs::read_to_string(units().join(name)).expect("a unit");
        // Only what is installed can be verified.
        let text = text.replace("/usr/local/bin/sesshu", &binary().canonicalize().expect("a binary").to_string_lossy());
        let file = folder.path().join(name);
        std::fs::write(&file, text).expect("a unit");
        let verified = Command::new("systemd-analyze").arg("verify").arg(&file).output();
        let Ok(verified) = verified else {
            not_run("the verification of the units: there is no systemd-analyze");
            return;
        };
        let said = String::from_utf8_lossy(&verified.stderr).into_owned();
        assert!(verified.status.success() && !said.contains(name), "{name}: {said}");
        let threshold = format!("--threshold={EXPOSURE_TENTHS_MAX}");
        let security =
            Command::new("systemd-analyze").args(["security", "--offline=true", &threshold]).arg(&file).output();
        let security = security.expect("systemd-analyze");
        assert!(
            security.status.success(),
            "{name} is more exposed than it may be\n{}",
            String::from_utf8_lossy(&security.stdout)
        );
    }
}

#[test]
fn a_server_says_that_it_is_ready_that_it_answers_and_that_it_stops() {
    let folder = TempDir::with_prefix("sesshu-notify-").expect("a temporary folder");
    let data = folder.path().join("city");
    let mut command = Sesshu::new(["demo", "--residents", "20"]).data(&data);
    for listener in ["--listen", "--staff-listen", "--ops-listen"] {
        command = command.arg(listener).arg("127.0.0.1:0");
    }
    life_of(folder.path(), &command);
}

#[test]
fn a_watcher_says_that_it_is_ready_that_it_answers_and_that_it_stops() {
    let folder = TempDir::with_prefix("sesshu-notify-").expect("a temporary folder");
    let nobody = "[watch]\npublic = \"http://127.0.0.1:1\"\nops = \"http://127.0.0.1:1\"\n";
    std::fs::write(folder.path().join("watch.toml"), nobody).expect("a configuration");
    life_of(folder.path(), &Sesshu::new(["watch"]).data(folder.path()));
}

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/deploy")
}

/// Plays systemd for one process: `READY=1` comes first, pings follow, `STOPPING=1` comes last.
fn life_of(folder: &Path, command: &Sesshu) {
    let socket = folder.join("notify");
    let systemd = UnixDatagram::bind(&socket).expect("a socket");
    systemd.set_read_timeout(Some(SAID_WITHIN)).expect("a timeout");
    let mut command = command.command();
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", WATCHDOG_MICROSECONDS).env_remove("WATCHDOG_PID");
    let process = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the binary starts"));
    let said = || {
        let mut bytes = [0; 256];
        let length = systemd.recv(&mut bytes).expect("to be told something in time");
        String::from_utf8_lossy(&bytes[..length]).trim().to_owned()
    };
    let begin: Vec<String> = (0..3).map(|_| said()).collect();
    assert_eq!(begin, ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]);
    process.stop();
    let rest = wait_until("STOPPING=1", SAID_WITHIN, || Some(said()).filter(|word| word != "WATCHDOG=1"));
    assert_eq!(rest, "STOPPING=1");
}

/// A process that does not outlive its test.
struct Running(Child);

impl Running {
    fn stop(&self) {
        kill_process(Pid::from_child(&self.0), Signal::TERM).expect("a process that runs");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has been asked to stop; whether it did is the test of the shutdown.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
