//! The order in which threads get the processor when it is short: staff, ops and decisions first, then residents' requests and
//! commits, hashing and work on backups last.
//!
//! Hashing is work in bulk (`SCHED_BATCH`, sched(7)): it pushes nobody off the processor, and has one part in seventy of it while
//! somebody else wants it all. The few hashes for staff are not bulk, and run like any other work of theirs. Backups run only while
//! nobody else wants the processor (`SCHED_IDLE`). A commit takes its turn after those who are about to book: the shorter the
//! processor, the larger the batch, and the fewer the commits. In a rush, requests and decisions are work in bulk too, for the same
//! reason: each of them alone takes microseconds, and waking somebody for it costs more.

use std::cell::Cell;
use std::time::Duration;

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// How long [`breathe`] leaves the processor, at least: the kernel adds its timer slack of as much again.
const BREATH: Duration = Duration::from_micros(50);

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Decides places.
    Deciding,
    /// Decides places in a rush: in bulk, after those who are about to ask.
    DecidingInARush,
    /// Commits what was decided.
    Committing,
    /// Serves residents.
    Serving,
    /// Serves residents in a rush: in bulk, since whoever is woken for each request alone pays more for that than for the request.
    ServingInARush,
    /// Hashes residents' passwords.
    Hashing,
    /// Hashes the passwords of staff: a handful, for whom somebody on the phone waits.
    HashingForStaff,
    /// Compresses, reads and proves backups: nobody waits for it.
    BackingUp,
}

impl Work {
    const fn policy(self) -> ThreadSchedulePolicy {
        ThreadSchedulePolicy::Normal(match self {
            Self::Deciding | Self::Committing | Self::Serving | Self::HashingForStaff => {
                NormalThreadSchedulePolicy::Other
            }
            Self::DecidingInARush | Self::ServingInARush | Self::Hashing => NormalThreadSchedulePolicy::Batch,
            Self::BackingUp => NormalThreadSchedulePolicy::Idle,
        })
    }

    /// The nice value; the system ignores that of those who run while nobody else wants to.
    const fn nice(self) -> i32 {
        match self {
            Self::Deciding | Self::DecidingInARush | Self::HashingForStaff | Self::BackingUp => 0,
            Self::Committing | Self::Serving | Self::ServingInARush => 5,
            Self::Hashing => 19,
        }
    }
}

/// Gives the calling thread its place in the order. If the system refuses, the thread goes on as it is: the order is a courtesy,
/// not a condition.
pub fn this_thread_is_for(work: Work) {
    let (policy, nice) = (work.policy(), work.nice());
    // The library counts from 0 to 99, and says which nice value that is.
    let values = (0..ThreadPriorityValue::MAX.into()).filter_map(|value: u8| ThreadPriorityValue::try_from(value).ok());
    let priority =
        values.map(ThreadPriority::Crossplatform).find(|priority| priority.to_posix(policy).is_ok_and(|is| is == nice));
    let set = priority.map(|priority| set_thread_priority_and_policy(thread_native_id(), priority, policy));
    if !matches!(set, Some(Ok(()))) {
        tracing::debug!(?work, ?set, "the thread keeps its place");
    }
}

/// [`this_thread_is_for`], for threads that ask often: it costs nothing when nothing has changed since the thread asked last.
pub fn this_thread_is_now_for(work: Work) {
    thread_local!(static BEFORE: Cell<Option<Work>> = const { Cell::new(None) });
    if BEFORE.replace(Some(work)) != Some(work) {
        this_thread_is_for(work);
    }
}

/// Leaves the processor for a moment: between two pieces of work that together keep it for longer than a few milliseconds.
///
/// Beside threads that never sleep, Linux 6.18 was seen to leave others waiting far beyond their share, whatever the priorities: even
/// the kernel's own threads that finish writes to the disk. Commits of 0.2 ms then took up to a second (see ARCHITECTURE.md).
#[expect(clippy::disallowed_methods, reason = "nothing is waited for: it is the sleep itself that counts")]
pub fn breathe() {
    std::thread::sleep(BREATH);
}

#[cfg(test)]
mod tests {
    use super::*;
    use thread_priority::thread_schedule_policy;

    #[test]
    fn each_kind_of_work_gets_its_place() {
        let all = [
            Work::Deciding,
            Work::DecidingInARush,
            Work::Committing,
            Work::Serving,
            Work::ServingInARush,
            Work::Hashing,
            Work::HashingForStaff,
            Work::BackingUp,
        ];
        for work in all {
            let found = std::thread::spawn(move || {
                this_thread_is_for(work);
                let nice = rustix::process::getpriority_process(Some(rustix::thread::gettid()));
                (thread_schedule_policy().expect("a policy"), nice.expect("a priority"))
            });
            assert_eq!(found.join().expect("a thread"), (work.policy(), work.nice()), "{work:?}");
        }
    }
}
