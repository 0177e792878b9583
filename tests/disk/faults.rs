//! Faults of a disk that a test can make: a small file system, a file that fills it, and a tracer that makes the server's syncs
//! fail or wait. All of them end with their value.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use sesshu_tests::{City, wait_until};
use tempfile::TempDir;

const TRACED_WITHIN: Duration = Duration::from_secs(20);

/// How many bytes are free for others than root below `folder`.
pub(crate) fn free_bytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |found| found.f_bavail * found.f_frsize)
}

/// A file system of its own in memory.
pub(crate) struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Of so many MiB; or why that cannot be.
    pub(crate) fn mount(mib: u32) -> Result<Self, String> {
        let folder = TempDir::with_prefix("sesshu-disk-").map_err(|error| error.to_string())?;
        let options = format!("size={mib}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        match mount {
            Ok(output) if output.status.success() => Ok(Self { folder }),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(format!("mount: {error}")),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it until so many bytes are left; gives the file to delete.
    pub(crate) fn fill(&self, bytes_left: u64) -> PathBuf {
        let path = self.folder.path().join("filler");
        let mut file = File::create(&path).expect("a file");
        let zeros = vec![0_u8; 64 * 1024];
        while free_bytes(self.path()) > bytes_left {
            let few = free_bytes(self.path()).saturating_sub(bytes_left).clamp(1, zeros.len() as u64);
            // The server writes too: whoever comes last finds no room.
            if file.write_all(&zeros[..few as usize]).is_err() {
                break;
            }
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            sesshu_tests::report(&format!("{} is still mounted", self.path().display()));
        }
    }
}

/// The tracer, attached to a server.
pub(crate) struct Tracer {
    tracer: Child,
    log: PathBuf,
}

impl Tracer {
    /// Whether servers can be traced here; if not, why.
    pub(crate) fn is_there() -> Result<(), String> {
        let tried = Command::new("strace").args(["-qq", "-o", "/dev/null", "true"]).output();
        match tried {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(format!("strace: {}", String::from_utf8_lossy(&output.stderr).trim())),
            Err(error) => Err(format!("strace: {error}")),
        }
    }

    /// Attaches to the server of `city`; what becomes of its syncs of the store is in the words of strace's `inject`.
    pub(crate) fn attach(city: &City, what: &str) -> Self {
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
    pub(crate) fn injected(&self) -> usize {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        text.lines().filter(|line| line.contains("INJECTED") || line.contains("DELAYED")).count()
    }

    /// Lets go of the server; gives how many syncs it has tampered with.
    pub(crate) fn detach(mut self) -> usize {
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
