//! What was measured over a day and a week, kept over restarts in a file of fixed size. A thread of its own writes it, so that a disk
//! that stalls holds nobody up: what is measured meanwhile waits, and is dropped before it could grow.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use arc_swap::ArcSwap;

use crate::board::{Series, Span};
use crate::core::sample::Sample;
use crate::core::time::WallMs;

mod file;
mod rings;

use file::HistoryFile;
use rings::{Changed, Names, Rings};

/// The file's name in the monitor's folder.
const FILE_NAME: &str = "history";
/// How many samples may wait for the disk.
const SAMPLES_WAITING_MAX: usize = 256;
/// How long stopping waits for the last minute to be written.
const STOP_MAX: Duration = Duration::from_secs(1);

/// The series that everybody may read.
pub(crate) type Published = Arc<ArcSwap<Vec<(Span, Series)>>>;

/// The way to the history's thread.
#[derive(Debug)]
pub(crate) struct History {
    samples: Option<SyncSender<(WallMs, Sample)>>,
    ended: Receiver<()>,
}

impl History {
    /// Starts the thread with what is in `folder`. `published` has it as soon as it is read, and then anew each minute.
    pub(crate) fn start(folder: &Path, published: Published) -> std::io::Result<Self> {
        let (samples, measured) = sync_channel(SAMPLES_WAITING_MAX);
        let (end, ended) = sync_channel(1);
        let path = folder.join(FILE_NAME);
        std::thread::Builder::new().name("m-history".into()).spawn(move || {
            Keeper::open(&path, published).run(&measured);
            let _ = end.send(());
        })?;
        Ok(Self { samples: Some(samples), ended })
    }

    /// Keeps what was measured. It never waits.
    pub(crate) fn see(&self, at: WallMs, sample: &Sample) {
        if let Some(samples) = &self.samples
            && samples.try_send((at, sample.clone())).is_err()
        {
            tracing::warn!("the history waits for the disk; a sample has no place in it");
        }
    }
}

impl Drop for History {
    fn drop(&mut self) {
        self.samples = None;
        if self.ended.recv_timeout(STOP_MAX).is_err() {
            tracing::warn!("the last minute of the history could not be written in time");
        }
    }
}

/// The thread's own.
struct Keeper {
    rings: Rings,
    /// None if it could not be opened: the history then lasts until the end of the process.
    file: Option<HistoryFile>,
    /// Whether something that should be in the file is not.
    behind: bool,
    published: Published,
}

impl Keeper {
    fn open(path: &Path, published: Published) -> Self {
        let (file, rings) = match HistoryFile::open(path) {
            Ok((file, rings)) => (Some(file), rings),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "the history cannot be kept; it is in memory only");
                (None, Rings::new(Names::default(), Vec::new(), Vec::new()))
            }
        };
        Self { rings, file, behind: false, published }
    }

    fn run(mut self, measured: &Receiver<(WallMs, Sample)>) {
        let mut shown = false;
        while let Ok((at, sample)) = measured.recv() {
            let changed = self.rings.see(at, &sample);
            if let Some(changed) = changed {
                self.write(changed);
            }
            if changed.is_some() || !shown {
                self.publish(at);
                shown = true;
            }
        }
        if let Some(changed) = self.rings.finish() {
            self.write(changed);
        }
    }

    fn write(&mut self, changed: Changed) {
        let Some(file) = &mut self.file else { return };
        let written = if self.behind { file.write_all(&self.rings) } else { file.write(&self.rings, changed) };
        if let Err(error) = &written
            && !self.behind
        {
            tracing::error!(%error, "the history cannot be written; it is tried again every minute");
        }
        self.behind = written.is_err();
    }

    fn publish(&self, now: WallMs) {
        let of = |span| self.rings.series(span, now).into_iter().map(move |series| (span, series));
        self.published.store(Arc::new(of(Span::Day).chain(of(Span::Week)).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::metric::Metric;
    use crate::core::sample::Reading;

    fn sample(value: f64) -> Sample {
        Sample { readings: vec![Reading::new(Metric::CpuUse, "", value)] }
    }

    fn day(published: &Published) -> Vec<f32> {
        let all = published.load();
        let day = all.iter().filter(|(span, _)| *span == Span::Day);
        day.flat_map(|(_, series)| &series.points).map(|point| point.mean).collect()
    }

    #[test]
    fn the_minute_of_a_stop_is_there_after_the_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let published = Published::default();
        let history = History::start(folder.path(), Arc::clone(&published)).expect("a thread");
        for (second, value) in [(0, 1.0), (60, 2.0), (65, 4.0)] {
            history.see(WallMs(second * 1_000), &sample(value));
        }
        drop(history);
        assert_eq!(day(&published), [1.0]);
        let again = Published::default();
        let history = History::start(folder.path(), Arc::clone(&again)).expect("a thread");
        history.see(WallMs(125_000), &sample(9.0));
        drop(history);
        assert_eq!(day(&again), [1.0, 3.0]);
    }

    #[test]
    fn without_a_place_for_its_file_the_history_is_in_memory() {
        let published = Published::default();
        let history = History::start(Path::new("/no such folder"), Arc::clone(&published)).expect("a thread");
        history.see(WallMs(0), &sample(1.0));
        history.see(WallMs(60_000), &sample(2.0));
        drop(history);
        assert_eq!(day(&published), [1.0]);
    }
}
