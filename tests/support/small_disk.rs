//! Faults of a disk that a test can make: a small file system, and a file that fills it. Both end with their value.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// How many bytes are free for others than root below `folder`.
#[must_use]
pub fn free_bytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(0, |found| found.f_bavail * found.f_frsize)
}

/// A file system of its own in memory.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Of so many MiB; or why that cannot be.
    pub fn mount(mib: u32) -> Result<Self, String> {
        let folder = TempDir::with_prefix("sesshu-disk-").map_err(|error| error.to_string())?;
        let options = format!("size={mib}m");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        match mount {
            Ok(output) if output.status.success() => Ok(Self { folder }),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(format!("mount: {error}")),
        }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills it until so many bytes are left; gives the file to delete.
    #[must_use]
    pub fn fill(&self, bytes_left: u64) -> PathBuf {
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
            super::report(&format!("{} is still mounted", self.path().display()));
        }
    }
}
