//! The threads that hash passwords, apart from those that serve: a rush of logins must not starve bookings.
//!
//! A fixed number of threads of low priority for residents, and one of normal priority for staff alone: a login of theirs takes its
//! time even while residents' requests use up the processor. A thread of low priority must never take it, as it may then stand still
//! with it. Each thread has one block of memory that it uses again, so that the memory for hashing is bounded by
//! `(threads + 1) × memory_kib`. What is asked for beyond the queue's places is refused at once.

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use argon2::Block;
use subtle::{Choice, ConstantTimeEq};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

use super::hash_queue::{HashQueue, Lane, NotQueued, Queued};
use super::secret::{PasswordHasher, SecretError, StoredPassword};
use crate::priority::{Work, breathe, this_thread_is_for};

/// Why there is no answer about a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The queue is full. Try again in a moment.
    #[error("too many passwords are being checked")]
    Busy,
    /// The deadline passed before its turn came. Try again in a moment.
    #[error("the deadline passed before the password was checked")]
    Expired,
    /// The pool has been shut down.
    #[error("the hash pool is shut down")]
    Closed,
    /// Hashing itself failed: wrong parameters, no random bytes, or a panic. Fatal for this request.
    #[error("a password could not be hashed")]
    Failed,
}

impl From<SecretError> for HashError {
    fn from(_: SecretError) -> Self {
        Self::Failed
    }
}

/// The size of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashPoolSettings {
    /// Hashing threads for residents; staff have one more.
    pub threads: NonZeroUsize,
    /// How many jobs may wait in each lane.
    pub queued_per_lane_max: usize,
}

/// A thread for each available core, and for each of them as many places as it hashes in about a second.
impl Default for HashPoolSettings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self { threads, queued_per_lane_max: threads.get() * 64 }
    }
}

/// What becomes of a job: it is run with a thread's memory, or it is told why not.
enum Fate<'a> {
    Run(&'a PasswordHasher, &'a mut Vec<Block>),
    Not(HashError),
}

/// Does its work or tells why not; says whether it hashed.
type Job = Box<dyn FnOnce(Fate<'_>) -> bool + Send>;

/// What a hash is taken to last before the first one was measured, in microseconds.
const HASH_US_AT_FIRST: u32 = 25_000;
/// Each hash moves the measured time by this part of its difference.
const HASH_TIMES_AVERAGED: i64 = 16;

/// A pool of hashing threads. Dropping it shuts it down.
pub struct HashPool {
    queue: Arc<HashQueue<Job>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    resident_threads: usize,
    /// How long a resident's hash takes now, in microseconds: what else the processor does is in it.
    hash_us: Arc<AtomicU32>,
    /// What an unknown ID is compared with, so that it takes the same time as a known one.
    dummy: StoredPassword,
}

impl fmt::Debug for HashPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HashPool").field("capacity", &self.capacity()).finish_non_exhaustive()
    }
}

impl HashPool {
    /// Starts the threads.
    ///
    /// # Errors
    /// If the system gives no threads or no random bytes.
    pub fn start(hasher: &Arc<PasswordHasher>, settings: HashPoolSettings) -> std::io::Result<Self> {
        let mut dummy = StoredPassword { salt: [0; 16], hash: [0; 32] };
        getrandom::fill(&mut dummy.salt).map_err(std::io::Error::other)?;
        getrandom::fill(&mut dummy.hash).map_err(std::io::Error::other)?;
        let queue = Arc::new(HashQueue::new(settings.queued_per_lane_max));
        let hash_us = Arc::new(AtomicU32::new(HASH_US_AT_FIRST));
        let pool = Self {
            queue: Arc::clone(&queue),
            threads: Mutex::new(Vec::new()),
            resident_threads: settings.threads.get(),
            hash_us: Arc::clone(&hash_us),
            dummy,
        };
        let residents = (0..settings.threads.get()).map(|number| (format!("hash-{number}"), Lane::Resident));
        for (name, lane) in residents.chain([("hash-staff".to_owned(), Lane::Staff)]) {
            let (queue, hasher, hash_us) = (Arc::clone(&queue), Arc::clone(hasher), Arc::clone(&hash_us));
            let work = move || run_thread(lane, &queue, &hasher, &hash_us);
            let thread = std::thread::Builder::new().name(name).spawn(work)?;
            pool.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(pool)
    }

    /// Whether a normalised password is the stored one. Against none, as for an unknown ID, the same work is done and the
    /// answer is no. After `deadline` the work is not begun any more.
    ///
    /// # Errors
    /// [`HashError`], each with its advice.
    pub async fn verify(
        &self,
        lane: Lane,
        password: Zeroizing<String>,
        against: Option<StoredPassword>,
        deadline: Instant,
    ) -> Result<bool, HashError> {
        let known = Choice::from(u8::from(against.is_some()));
        let stored = against.unwrap_or(self.dummy);
        self.submit(lane, Some(deadline), move |hasher, memory| {
            let hash = hasher.hash_password(&password, &stored.salt, memory)?;
            Ok((known & hash.ct_eq(&stored.hash)).into())
        })
        .await
    }

    /// Hashes a normalised password with a new salt.
    ///
    /// # Errors
    /// [`HashError`], each with its advice.
    pub async fn hash(&self, lane: Lane, password: Zeroizing<String>) -> Result<StoredPassword, HashError> {
        self.submit(lane, None, move |hasher, memory| Ok(hasher.store(&password, memory)?)).await
    }

    /// How many jobs wait in `lane`.
    #[must_use]
    pub fn queued(&self, lane: Lane) -> usize {
        self.queue.waiting(lane)
    }

    /// How many residents' passwords are checked in a thousand seconds, as measured lately.
    #[must_use]
    pub fn per_thousand_seconds(&self) -> u64 {
        self.resident_threads as u64 * 1_000_000_000 / u64::from(self.hash_us.load(Ordering::Relaxed).max(1))
    }

    /// How long the job that has waited longest, in whichever lane, has waited.
    #[must_use]
    pub fn longest_wait(&self) -> Duration {
        self.queue.longest_wait()
    }

    /// How many jobs may wait in each lane.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.queue.capacity_per_lane
    }

    /// Refuses what waits, lets each thread finish the hash at hand, and joins the threads. It blocks for the time of one
    /// hash. Calling it again does nothing.
    pub fn shutdown(&self) {
        for job in self.queue.close() {
            job(Fate::Not(HashError::Closed));
        }
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a hashing thread had panicked");
            }
        }
    }

    async fn submit<T: Send + 'static>(
        &self,
        lane: Lane,
        deadline: Option<Instant>,
        work: impl FnOnce(&PasswordHasher, &mut Vec<Block>) -> Result<T, HashError> + Send + 'static,
    ) -> Result<T, HashError> {
        let (reply, answer) = oneshot::channel();
        // Dropped with this future: then the job gives up its place in the queue, and is not begun.
        let asker = Arc::new(());
        let job: Job = Box::new(move |fate| {
            let (result, hashed) = match fate {
                Fate::Run(hasher, memory) => (work(hasher, memory), true),
                Fate::Not(error) => (Err(error), false),
            };
            // A receiver that has gone meanwhile is no problem of ours.
            let _ = reply.send(result);
            hashed
        });
        let expire = |job: Job| {
            job(Fate::Not(HashError::Expired));
        };
        match self.queue.push(
            lane,
            Queued { job, deadline, since: Instant::now(), asker: Arc::downgrade(&asker) },
            expire,
        ) {
            Ok(()) => {}
            Err(NotQueued::Full(_)) => return Err(HashError::Busy),
            Err(NotQueued::Closed(_)) => return Err(HashError::Closed),
        }
        // The sender is dropped without a word only when the work panicked.
        answer.await.unwrap_or(Err(HashError::Failed))
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.shutdown();
    }
}

fn run_thread(lane: Lane, queue: &HashQueue<Job>, hasher: &PasswordHasher, hash_us: &AtomicU32) {
    this_thread_is_for(match lane {
        Lane::Staff => Work::HashingForStaff,
        Lane::Resident | Lane::Viewing => Work::Hashing,
    });
    let mut memory = Vec::new();
    while let Some(queued) = queue.pop(lane) {
        let expired = queued.is_expired();
        let fate = if expired { Fate::Not(HashError::Expired) } else { Fate::Run(hasher, &mut memory) };
        let job = queued.job;
        let began = Instant::now();
        // The memory is overwritten from its start by every hash, so a half-filled one does no harm.
        match catch_unwind(AssertUnwindSafe(|| job(fate))) {
            Ok(true) if lane != Lane::Staff => note_time(hash_us, began.elapsed()),
            Ok(_) => {}
            Err(_) => tracing::error!("hashing a password panicked"),
        }
        breathe();
    }
}

/// Moves the measured time a little. Of two threads that do so at once one may be lost: it is an average.
fn note_time(hash_us: &AtomicU32, took: Duration) {
    let before = i64::from(hash_us.load(Ordering::Relaxed));
    let took = i64::try_from(took.as_micros()).unwrap_or(i64::MAX).min(10_000_000);
    let now = before + (took - before) / HASH_TIMES_AVERAGED;
    hash_us.store(u32::try_from(now.max(1)).unwrap_or(u32::MAX), Ordering::Relaxed);
}

#[cfg(test)]
mod tests {
    use super::super::secret::cheap_hasher;
    use super::*;
    use std::sync::mpsc;
    use std::time::Duration;

    fn pool(threads: usize, queued_per_lane_max: usize) -> HashPool {
        let threads = NonZeroUsize::new(threads).expect("at least one");
        HashPool::start(&Arc::new(cheap_hasher()), HashPoolSettings { threads, queued_per_lane_max }).expect("threads")
    }

    fn password(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    /// Occupies the residents' only thread until the sender is dropped.
    fn occupy(pool: &Arc<HashPool>) -> (mpsc::SyncSender<()>, tokio::task::JoinHandle<Result<(), HashError>>) {
        let (release, wait) = mpsc::sync_channel::<()>(1);
        let (started, has_started) = mpsc::sync_channel(1);
        let busy = Arc::clone(pool);
        let task = tokio::spawn(async move {
            busy.submit(Lane::Resident, None, move |_, _| {
                started.send(()).map_err(|_| HashError::Failed)?;
                let _ = wait.recv();
                Ok(())
            })
            .await
        });
        tokio::task::block_in_place(|| has_started.recv().expect("the thread takes it"));
        (release, task)
    }

    #[tokio::test]
    async fn only_the_right_password_of_a_known_person_is_verified() {
        let pool = pool(2, 8);
        let stored = pool.hash(Lane::Staff, password("right")).await.expect("a hash");
        for (typed, against, answer) in
            [("right", Some(stored), true), ("wrong", Some(stored), false), ("right", None, false)]
        {
            assert_eq!(pool.verify(Lane::Resident, password(typed), against, soon()).await, Ok(answer), "{typed}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_full_lane_is_busy_at_once_and_staff_are_served_while_every_other_thread_is_at_work() {
        let pool = Arc::new(pool(1, 1));
        let (release, occupied) = occupy(&pool);
        let ask = |lane| {
            let pool = Arc::clone(&pool);
            tokio::spawn(async move { pool.verify(lane, password("a"), None, soon()).await })
        };
        let first = ask(Lane::Resident);
        while pool.queued(Lane::Resident) == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(ask(Lane::Resident).await.expect("no panic"), Err(HashError::Busy));
        assert_eq!(ask(Lane::Staff).await.expect("no panic"), Ok(false));
        assert_eq!(pool.queued(Lane::Resident), 1, "the residents' thread is still at work");
        drop(release);
        assert_eq!(first.await.expect("no panic"), Ok(false));
        assert_eq!(occupied.await.expect("no panic"), Ok(()));
        assert_eq!((pool.queued(Lane::Staff), pool.queued(Lane::Resident), pool.capacity()), (0, 0, 1));
    }

    #[tokio::test]
    async fn a_job_whose_deadline_passed_is_not_begun() {
        let pool = pool(1, 4);
        assert_eq!(pool.verify(Lane::Resident, password("a"), None, Instant::now()).await, Err(HashError::Expired));
    }

    #[test]
    fn the_measured_time_follows_the_hashes() {
        let hash_us = AtomicU32::new(HASH_US_AT_FIRST);
        (0..200).for_each(|_| note_time(&hash_us, Duration::from_millis(50)));
        assert!((49_900..=50_000).contains(&hash_us.load(Ordering::Relaxed)), "{hash_us:?}");
        (0..200).for_each(|_| note_time(&hash_us, Duration::ZERO));
        assert!(hash_us.load(Ordering::Relaxed) < 100, "{hash_us:?}");
    }

    #[tokio::test]
    async fn a_panic_fails_one_job_and_no_other() {
        let pool = pool(1, 4);
        let panicked: Result<(), HashError> = pool.submit(Lane::Staff, None, |_, _| panic!("on purpose")).await;
        assert_eq!(panicked, Err(HashError::Failed));
        assert!(pool.hash(Lane::Staff, password("a")).await.is_ok());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nothing_is_hashed_for_one_who_has_gone() {
        let pool = Arc::new(pool(1, 4));
        let (release, occupied) = occupy(&pool);
        let (ran, has_run) = mpsc::sync_channel(16);
        let asking = Arc::clone(&pool);
        let gone = tokio::spawn(async move {
            asking.submit(Lane::Resident, None, move |_, _| ran.send(()).map_err(|_| HashError::Failed)).await
        });
        while pool.queued(Lane::Resident) == 0 {
            tokio::task::yield_now().await;
        }
        gone.abort();
        assert!(gone.await.expect_err("aborted").is_cancelled());
        drop(release);
        assert_eq!(occupied.await.expect("no panic"), Ok(()));
        assert!(pool.hash(Lane::Resident, password("next")).await.is_ok());
        assert!(has_run.try_recv().is_err());
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn shutdown_finishes_what_runs_and_refuses_what_waits() {
        let pool = Arc::new(pool(1, 4));
        let (release, occupied) = occupy(&pool);
        let waiting = Arc::clone(&pool);
        let waiting = tokio::spawn(async move { waiting.hash(Lane::Resident, password("a")).await });
        while pool.queued(Lane::Resident) == 0 {
            tokio::task::yield_now().await;
        }
        let closing = Arc::clone(&pool);
        let closing = std::thread::spawn(move || closing.shutdown());
        assert_eq!(waiting.await.expect("no panic"), Err(HashError::Closed));
        drop(release);
        assert_eq!(occupied.await.expect("no panic"), Ok(()));
        tokio::task::block_in_place(|| closing.join().expect("no panic"));
        assert_eq!(pool.hash(Lane::Staff, password("a")).await, Err(HashError::Closed));
    }
}
