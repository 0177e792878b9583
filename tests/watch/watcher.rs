//! A watcher as a process, with a configuration that alerts within seconds.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sesshu_tests::{Resident, Sesshu, wait_until};
use tempfile::TempDir;

const STOPPED_WITHIN: Duration = Duration::from_secs(20);

/// The watcher. When it goes, it must go as it is asked.
pub(crate) struct Watcher {
    folder: TempDir,
    process: Option<Child>,
}

impl Watcher {
    /// A watcher of the server at these addresses that logs in as `probe`, and tells the desk at `webhook`.
    pub(crate) fn of(public: SocketAddr, ops: SocketAddr, probe: &Resident, webhook: &str) -> Self {
        let folder = TempDir::with_prefix("sesshu-watch-").expect("a temporary folder");
        let password = folder.path().join("password");
        std::fs::write(&password, &probe.password).expect("a password file");
        let text = format!(
            "[watch]\nname = \"outside\"\npublic = \"http://{public}\"\nops = \"http://{ops}\"\ntimeout_seconds = 2\n\
             [watch.probe]\nid = \"{}\"\npassword_file = \"{}\"\nevery_seconds = 10\n\
             [monitor]\nevery_seconds = 1\n\
             [monitor.threshold.unreachable]\nfor_seconds = 2\nclear_seconds = 2\n\
             [monitor.threshold.login_failed]\nfor_seconds = 0\n\
             [[monitor.contact]]\nname = \"desk\"\nlanguage = \"en\"\nwebhook = \"{webhook}\"\n",
            probe.id,
            password.display(),
        );
        std::fs::write(folder.path().join("watch.toml"), text).expect("a configuration");
        let mut watcher = Self { folder, process: None };
        watcher.start();
        watcher
    }

    pub(crate) fn start(&mut self) {
        let log = || OpenOptions::new().create(true).append(true).open(self.log_path()).expect("a log file");
        let mut command = Sesshu::new(["watch"]).data(self.folder.path()).command();
        let process = command.stdout(log()).stderr(log()).spawn().expect("the binary starts");
        self.process = Some(process);
    }

    /// The file with the probe's password.
    pub(crate) fn password_file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    pub(crate) fn kill9(&mut self) {
        let mut process = self.process.take().expect("the watcher runs");
        process.kill().expect("a process to kill");
        process.wait().expect("its end");
    }

    /// Asks it to stop (SIGTERM). It must exit with 0.
    fn stop(&mut self) {
        let Some(mut process) = self.process.take() else { return };
        kill_process(Pid::from_child(&process), Signal::TERM).expect("a watcher that runs");
        let status = wait_until("the watcher stops", STOPPED_WITHIN, || process.try_wait().expect("its state"));
        assert!(status.success(), "a stopped watcher exits with 0, not {status}\n{}", self.log());
    }

    fn log_path(&self) -> PathBuf {
        Path::join(self.folder.path(), "watch.log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        if std::thread::panicking() {
            sesshu_tests::report(&format!("--- the watcher's log\n{}", self.log()));
            if let Some(mut process) = self.process.take() {
                let _ = process.kill();
                let _ = process.wait();
            }
        } else {
            self.stop();
        }
    }
}
