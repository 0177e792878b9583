//! How many of the files that the server may open are open: connections among them.

use sysinfo::{Pid, ProcessRefreshKind, ProcessesToUpdate, System};

use crate::core::metric::Metric;
use crate::core::sample::Reading;
use crate::core::time::Now;
use crate::source::Source;

/// Measures this process.
#[derive(Debug, Default)]
pub struct OpenFiles(Option<System>);

impl Source for OpenFiles {
    fn name(&self) -> &'static str {
        "open_files"
    }

    fn read(&mut self, _now: Now) -> Result<Vec<Reading>, String> {
        let own = Pid::from_u32(std::process::id());
        let system = match &mut self.0 {
            Some(system) => system,
            None => self.0.insert(System::new().map_err(|error| error.to_string())?),
        };
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[own]),
            true,
            ProcessRefreshKind::nothing().without_tasks(),
        );
        let process = system.process(own).ok_or("this process is not listed")?;
        let open = process.open_files().ok_or("the open files are not listed")?;
        let limit = process.open_files_limit().filter(|limit| *limit > 0).ok_or("there is no limit of open files")?;
        let mut reading = Reading::new(Metric::OpenFiles, "", open as f64 * 100.0 / limit as f64);
        reading.note = format!("{open} / {limit}").into();
        Ok(vec![reading])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::time::WallMs;

    #[test]
    fn a_file_that_is_opened_is_counted() {
        let now = Now { wall: WallMs(0), steady: std::time::Duration::ZERO };
        let mut source = OpenFiles::default();
        let mut percent = || source.read(now).expect("a reading")[0].value;
        let before = percent();
        let files: Vec<_> = (0..50).map(|_| std::fs::File::open("/dev/null").expect("a file")).collect();
        assert!(percent() > before, "{} files more", files.len());
    }
}
