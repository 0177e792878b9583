//! How much of the disk and of the processor backups take: residents come first.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use sesshu_engine::priority;

use crate::error::BackupError;
use crate::progress::{Progress, through_io};
use crate::status::Work;

/// How much may be moved at once after a rest: what moves in this time.
const BURST: Duration = Duration::from_millis(250);
/// Shorter pauses are saved up: waking costs something too.
const PAUSE_MIN: Duration = Duration::from_millis(10);
/// The share of the processor is kept within windows of about this length.
const WINDOW: Duration = Duration::from_secs(1);
/// How often progress is told, in bytes.
const TELL_BYTES: u64 = 1 << 20;
const MIB: f64 = (1_u64 << 20) as f64;

/// A budget that all work on backups shares. Clones share it.
#[derive(Debug, Clone)]
pub struct Throttle(Arc<Budget>);

#[derive(Debug)]
struct Budget {
    /// None: as fast as it goes.
    bytes_per_second: Option<f64>,
    /// How much of one processor, from 0 to 1.
    cpu_share: f64,
    /// When everything that was let through would have moved at the configured speed, since `began`.
    paid_until: Mutex<Duration>,
    began: Instant,
}

impl Throttle {
    /// So many MiB in a second in all, and of each thread so much of one processor.
    #[must_use]
    pub fn new(io_mib_per_second: u32, cpu_percent: u8) -> Self {
        Self::with(Some(f64::from(io_mib_per_second.max(1)) * MIB), f64::from(cpu_percent.clamp(1, 100)) / 100.0)
    }

    /// As fast as it goes: for a restore that people wait for.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::with(None, 1.0)
    }

    fn with(bytes_per_second: Option<f64>, cpu_share: f64) -> Self {
        let paid_until = Mutex::new(Duration::ZERO);
        Self(Arc::new(Budget { bytes_per_second, cpu_share, paid_until, began: Instant::now() }))
    }

    /// The pace of the calling thread.
    #[must_use]
    pub fn pace(&self) -> Pace {
        Pace { throttle: self.clone(), window: Window::begin() }
    }
}

impl Budget {
    /// How long to wait at `now` before `bytes` more may move.
    fn pay(&self, bytes: u64, now: Duration) -> Duration {
        let Some(speed) = self.bytes_per_second else { return Duration::ZERO };
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        *paid_until = (*paid_until).max(now.saturating_sub(BURST)) + Duration::from_secs_f64(bytes as f64 / speed);
        paid_until.saturating_sub(now)
    }
}

/// The pace of one thread. It belongs to the thread that made it: it counts that thread's processor time.
#[derive(Debug)]
pub struct Pace {
    throttle: Throttle,
    window: Window,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    cpu_at_begin: Duration,
}

impl Window {
    fn begin() -> Self {
        Self { began: Instant::now(), cpu_at_begin: thread_cpu() }
    }
}

impl Pace {
    /// Waits until `bytes` more may move and the thread has not had more than its share of the processor. Fails if the work shall stop.
    pub fn spend(&mut self, bytes: u64, progress: &Progress) -> Result<(), BackupError> {
        let budget = &self.throttle.0;
        let for_disk = budget.pay(bytes, budget.began.elapsed());
        let for_cpu = rest_owed(
            thread_cpu().saturating_sub(self.window.cpu_at_begin),
            self.window.began.elapsed(),
            budget.cpu_share,
        );
        let pause = for_disk.max(for_cpu);
        if pause >= PAUSE_MIN {
            progress.pause(pause)?;
        }
        if self.window.began.elapsed() >= WINDOW {
            self.window = Window::begin();
        }
        progress.go_on()
    }
}

/// How long a thread must rest that used `cpu` in `wall`, so that it used no more than its share.
fn rest_owed(cpu: Duration, wall: Duration, share: f64) -> Duration {
    if share >= 1.0 { Duration::ZERO } else { cpu.div_f64(share).saturating_sub(wall) }
}

/// Does `work` on a thread of its own, to which everybody else comes first. A thread cannot take its own priority back, and whoever holds a
/// view of the store must not be the last one to get the processor: so only what is in bulk is lowered.
pub(crate) fn behind_everybody<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    let done = std::thread::scope(|scope| {
        let working = scope.spawn(|| {
            priority::this_thread_is_for(priority::Work::BackingUp);
            work()
        });
        working.join()
    });
    done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn thread_cpu() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec.unsigned_abs(), used.tv_nsec.unsigned_abs() as u32)
}

/// A stream that keeps a pace and tells how far it is.
pub(crate) struct Paced<'a, T> {
    inner: T,
    pace: Pace,
    progress: &'a Progress,
    work: Work,
    done: u64,
    told: u64,
    of: u64,
}

impl<'a, T> Paced<'a, T> {
    /// So much of `of` bytes of `work` is done already; `of` is 0 if nobody knows. Tells so.
    pub(crate) fn new(
        inner: T,
        throttle: &Throttle,
        progress: &'a Progress,
        work: Work,
        (done, of): (u64, u64),
    ) -> Result<Self, BackupError> {
        progress.at(work, done, of)?;
        Ok(Self { inner, pace: throttle.pace(), progress, work, done, told: done, of })
    }

    /// How much is done now, in bytes.
    pub(crate) const fn done(&self) -> u64 {
        self.done
    }

    /// What it wraps.
    pub(crate) fn into_inner(self) -> T {
        self.inner
    }

    fn moved(&mut self, bytes: usize) -> io::Result<()> {
        self.done += bytes as u64;
        self.pace.spend(bytes as u64, self.progress).map_err(through_io)?;
        if self.done - self.told >= TELL_BYTES {
            self.told = self.done;
            self.progress.at(self.work, self.done, self.of).map_err(through_io)?;
        }
        Ok(())
    }
}

impl<T: Read> Read for Paced<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.moved(read)?;
        Ok(read)
    }
}

impl<T: Write> Write for Paced<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.moved(written)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn bytes_wait_for_their_turn_and_a_rest_is_worth_a_burst_only() {
        let throttle = Throttle::new(8, 100);
        let budget = &throttle.0;
        let mib = 1 << 20;
        let second = Duration::from_secs(1);
        assert_eq!(budget.pay(2 * mib, second), Duration::ZERO, "a burst");
        assert_eq!(budget.pay(8 * mib, second), second);
        assert_eq!(budget.pay(0, second * 3 / 2), second / 2, "what was let through is being paid for");
        // After a long rest: a quarter of a second at once, not the whole rest.
        assert_eq!(budget.pay(8 * mib, 100 * second), second * 3 / 4);
        assert_eq!(Throttle::unlimited().0.pay(u64::MAX, second), Duration::ZERO);
    }

    #[test]
    fn work_in_bulk_is_lowered_and_nothing_else() {
        // proc(5): the 41st field, the 39th after the name in brackets.
        let policy = || {
            let stat = std::fs::read_to_string("/proc/thread-self/stat").expect("a thread of this machine");
            let (_, fields) = stat.rsplit_once(')').expect("a name");
            fields.split_whitespace().nth(38).expect("a policy").to_owned()
        };
        let idle = "5";
        assert_eq!(behind_everybody(policy), idle);
        assert_ne!(policy(), idle);
    }

    #[test]
    fn a_thread_that_worked_rests_until_it_had_its_share_only() {
        let ms = Duration::from_millis;
        assert_eq!(rest_owed(ms(100), ms(100), 0.5), ms(100));
        assert_eq!(rest_owed(ms(100), ms(200), 0.5), ms(0));
        assert_eq!(rest_owed(ms(100), ms(100), 0.25), ms(300));
        assert_eq!(rest_owed(ms(100), ms(100), 1.0), ms(0));
    }
}
