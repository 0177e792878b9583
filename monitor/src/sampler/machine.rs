//! How much of the disk under a folder is used.

use std::path::PathBuf;

use crate::core::metric::Metric;
use crate::core::sample::Reading;
use crate::core::time::Now;
use crate::source::Source;

/// The machine under a data folder.
#[derive(Debug)]
pub struct Machine {
    data: PathBuf,
}

impl Machine {
    /// Measures the file system of `data`.
    #[must_use]
    pub const fn new(data: PathBuf) -> Self {
        Self { data }
    }
}

impl Source for Machine {
    fn name(&self) -> &'static str {
        "machine"
    }

    fn read(&mut self, _now: Now) -> Result<Vec<Reading>, String> {
        let system = rustix::fs::statvfs(&self.data).map_err(|error| format!("{}: {error}", self.data.display()))?;
        let (used, free) = (system.f_blocks - system.f_bfree, system.f_bavail);
        let percent = 100.0 * used as f64 / (used + free).max(1) as f64;
        Ok(vec![Reading::new(Metric::DiskUse, "data", percent)])
    }
}
