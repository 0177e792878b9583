//! The queue in front of the hashing threads: three bounded lanes, each job with its deadline. Staff have a thread of their own; the
//! residents' threads serve two lanes, and of these the one for seeing, changing or cancelling a booking keeps a share for itself.
//!
//! It must not know what a job does.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Who waits for a hash. Staff have a thread of their own: their handful of logins must not wait behind a rush.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Operators, venue staff, the city, ops.
    Staff,
    /// Residents who came to book.
    Resident,
    /// Residents who came to see, change or cancel what they have: however many want to book, a fifth of the hashes are theirs.
    Viewing,
}

/// While both lanes of residents wait, every so many-th hash is for those who see, change or cancel: 20 %.
const VIEWING_ONE_IN: u32 = 5;

/// A job, and who wants its result until when.
pub(super) struct Queued<J> {
    pub(super) job: J,
    pub(super) deadline: Option<Instant>,
    pub(super) since: Instant,
    /// Held by whoever waits for the result; gone once they have hung up.
    pub(super) asker: Weak<()>,
}

impl<J> Queued<J> {
    /// Whether nobody wants the result any more.
    pub(super) fn is_expired(&self) -> bool {
        self.asker.strong_count() == 0 || self.deadline.is_some_and(|deadline| deadline <= Instant::now())
    }
}

/// Why a job was not queued. It carries the job, so that its caller can be told.
pub(super) enum NotQueued<J> {
    Full(J),
    Closed(J),
}

/// The queue. Each lane has `capacity_per_lane` places of its own, so that residents cannot fill the places of staff.
pub(super) struct HashQueue<J> {
    lanes: Mutex<Lanes<J>>,
    staff_changed: Condvar,
    residents_changed: Condvar,
    pub(super) capacity_per_lane: usize,
}

struct Lanes<J> {
    staff: VecDeque<Queued<J>>,
    residents: VecDeque<Queued<J>>,
    viewing: VecDeque<Queued<J>>,
    /// Counts the hashes that were given out while both lanes of residents waited.
    turn: u32,
    closed: bool,
}

impl<J> Lanes<J> {
    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Queued<J>> {
        match lane {
            Lane::Staff => &mut self.staff,
            Lane::Resident => &mut self.residents,
            Lane::Viewing => &mut self.viewing,
        }
    }

    /// The next job for a thread of `lane`. Residents' threads serve both of their lanes, so that neither waits while nobody wants
    /// its share.
    fn next(&mut self, lane: Lane) -> Option<Queued<J>> {
        if lane == Lane::Staff {
            return self.staff.pop_front();
        }
        if self.residents.is_empty() || self.viewing.is_empty() {
            return self.residents.pop_front().or_else(|| self.viewing.pop_front());
        }
        self.turn = (self.turn + 1) % VIEWING_ONE_IN;
        if self.turn == 0 { self.viewing.pop_front() } else { self.residents.pop_front() }
    }
}

impl<J> HashQueue<J> {
    pub(super) fn new(capacity_per_lane: usize) -> Self {
        let lanes = Lanes {
            staff: VecDeque::new(),
            residents: VecDeque::new(),
            viewing: VecDeque::new(),
            turn: 0,
            closed: false,
        };
        Self {
            lanes: Mutex::new(lanes),
            staff_changed: Condvar::new(),
            residents_changed: Condvar::new(),
            capacity_per_lane,
        }
    }

    /// Queues a job. Jobs of a full lane that nobody wants any more make room and are handed to `drop_expired`.
    pub(super) fn push(&self, lane: Lane, queued: Queued<J>, drop_expired: impl Fn(J)) -> Result<(), NotQueued<J>> {
        let mut expired = VecDeque::new();
        let result = {
            let mut lanes = self.lock();
            if lanes.closed {
                return Err(NotQueued::Closed(queued.job));
            }
            let waiting = lanes.lane(lane);
            if waiting.len() >= self.capacity_per_lane {
                let (overdue, in_time) = std::mem::take(waiting).into_iter().partition(Queued::is_expired);
                (expired, *waiting) = (overdue, in_time);
            }
            if waiting.len() >= self.capacity_per_lane {
                Err(NotQueued::Full(queued.job))
            } else {
                waiting.push_back(queued);
                self.changed(lane).notify_one();
                Ok(())
            }
        };
        for queued in expired {
            drop_expired(queued.job);
        }
        result
    }

    /// The next job for a thread of `lane`; waits for one. None once the queue is closed.
    pub(super) fn pop(&self, lane: Lane) -> Option<Queued<J>> {
        let mut lanes = self.lock();
        loop {
            if lanes.closed {
                return None;
            }
            if let Some(next) = lanes.next(lane) {
                return Some(next);
            }
            lanes = self.changed(lane).wait(lanes).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Closes the queue and gives back what was waiting.
    pub(super) fn close(&self) -> Vec<J> {
        let mut lanes = self.lock();
        lanes.closed = true;
        self.staff_changed.notify_all();
        self.residents_changed.notify_all();
        let Lanes { staff, residents, viewing, .. } = &mut *lanes;
        staff.drain(..).chain(residents.drain(..)).chain(viewing.drain(..)).map(|queued| queued.job).collect()
    }

    /// How many jobs wait in a lane.
    pub(super) fn waiting(&self, lane: Lane) -> usize {
        self.lock().lane(lane).len()
    }

    /// How long the job that has waited longest has waited.
    pub(super) fn longest_wait(&self) -> Duration {
        let lanes = self.lock();
        let oldest = [&lanes.staff, &lanes.residents, &lanes.viewing].into_iter().filter_map(|lane| lane.front());
        oldest.map(|queued| queued.since.elapsed()).max().unwrap_or_default()
    }

    const fn changed(&self, lane: Lane) -> &Condvar {
        match lane {
            Lane::Staff => &self.staff_changed,
            Lane::Resident | Lane::Viewing => &self.residents_changed,
        }
    }

    // No job runs under this lock, so a poisoned one still guards whole lanes.
    fn lock(&self) -> MutexGuard<'_, Lanes<J>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, LazyLock};
    use std::time::Duration;

    /// A job of somebody who waits for ever.
    fn queued(job: u32) -> Queued<u32> {
        static ASKER: LazyLock<Arc<()>> = LazyLock::new(Arc::default);
        Queued { job, deadline: None, since: Instant::now(), asker: Arc::downgrade(&ASKER) }
    }

    fn push(queue: &HashQueue<u32>, lane: Lane, queued: Queued<u32>) -> bool {
        queue.push(lane, queued, |_| ()).is_ok()
    }

    #[test]
    fn each_lane_is_bounded_and_gives_its_own_jobs_in_order() {
        let queue = HashQueue::new(2);
        assert!(push(&queue, Lane::Resident, queued(1)) && push(&queue, Lane::Resident, queued(2)));
        assert!(!push(&queue, Lane::Resident, queued(3)), "full");
        assert!(push(&queue, Lane::Staff, queued(4)), "a lane of its own");
        assert_eq!((queue.waiting(Lane::Staff), queue.waiting(Lane::Resident)), (1, 2));
        let lanes = [Lane::Resident, Lane::Staff, Lane::Resident];
        let order: Vec<u32> = lanes.into_iter().filter_map(|lane| queue.pop(lane)).map(|queued| queued.job).collect();
        assert_eq!(order, [1, 4, 2]);
    }

    #[test]
    fn those_who_see_or_cancel_have_a_fifth_under_a_flood_of_either_lane_and_all_of_it_alone() {
        let queue = HashQueue::new(1_000);
        for n in 0..500 {
            assert!(push(&queue, Lane::Resident, queued(0)) && (n >= 100 || push(&queue, Lane::Viewing, queued(1))));
        }
        let viewing =
            |hashes: usize| (0..hashes).filter_map(|_| queue.pop(Lane::Resident)).map(|it| it.job).sum::<u32>();
        assert_eq!((viewing(100), viewing(400)), (20, 80), "while both wait");
        assert_eq!(viewing(100), 0, "the rest is for those who book");
        assert!((0..5).all(|_| push(&queue, Lane::Viewing, queued(1))));
        assert_eq!(viewing(5), 5, "nobody else wants it");
    }

    #[test]
    fn a_job_that_nobody_wants_any_more_makes_room_in_a_full_lane() {
        let past = Instant::now().checked_sub(Duration::from_millis(1));
        for unwanted in [Queued { deadline: past, ..queued(1) }, Queued { asker: Weak::new(), ..queued(1) }] {
            let queue = HashQueue::new(1);
            assert!(push(&queue, Lane::Resident, unwanted));
            let dropped = Mutex::new(Vec::new());
            let result = queue.push(Lane::Resident, queued(2), |job| dropped.lock().expect("not poisoned").push(job));
            assert!(result.is_ok());
            assert_eq!(*dropped.lock().expect("not poisoned"), [1]);
        }
    }

    #[test]
    fn a_closed_queue_gives_back_what_waits_and_takes_nothing() {
        let queue = HashQueue::new(4);
        push(&queue, Lane::Resident, queued(1));
        assert_eq!(queue.close(), [1]);
        assert!(queue.pop(Lane::Resident).is_none() && queue.pop(Lane::Staff).is_none());
        assert!(matches!(queue.push(Lane::Staff, queued(2), |_| ()), Err(NotQueued::Closed(2))));
    }
}
