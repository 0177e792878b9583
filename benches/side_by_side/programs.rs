//! Programs of other people: where they are, and how they run for the time of the bench.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Debian's user `nobody`: PostgreSQL does not run as root.
const NOBODY: u32 = 65_534;

/// A program of `package`, by its name: from `PATH`, or from where Debian keeps PostgreSQL's servers.
pub(crate) fn program(name: &str, package: &str) -> PathBuf {
    let own = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let own = own.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = own.chain(std::env::split_paths(&path)).map(|folder| folder.join(name)).find(|file| file.is_file());
    found.unwrap_or_else(|| panic!("{name} is not here: apt-get install {package}"))
}

/// A folder in which a server keeps its data and its socket, for the user that it runs as.
pub(crate) fn folder_in(parent: &Path) -> TempDir {
    let folder = tempfile::Builder::new().prefix("side-").tempdir_in(parent).expect("a folder");
    if rustix::process::geteuid().is_root() {
        chown(folder.path(), Some(NOBODY), Some(NOBODY)).expect("the folder is given away");
    }
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).expect("permissions");
    folder
}

/// A command that runs in `folder` as the user to whom that belongs.
pub(crate) fn command(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null());
    if rustix::process::geteuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// The same for a load generator: in bulk, as ours is (`sesshu_benches::rush`).
pub(crate) fn generator(program: &Path, folder: &Path) -> Command {
    let mut generator = command(&self::program("chrt", "util-linux"), folder);
    generator.args(["--batch", "0"]).arg(program);
    generator
}

/// Runs a command to its end, and gives what it printed.
pub(crate) fn run(command: &mut Command) -> String {
    let Output { status, stdout, stderr } = command.output().expect("the program starts");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{stdout}{stderr}");
    stdout.into_owned()
}

/// A server, ended when dropped.
pub(crate) struct Server(Child);

impl Server {
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the server starts"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked to end rather than killed, so that PostgreSQL leaves no processes and no shared memory behind. It may have ended.
        let _ = kill_process(Pid::from_child(&self.0), Signal::INT);
        let _ = self.0.wait();
    }
}
