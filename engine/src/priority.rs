//! The order in which threads get the processor when it is short: staff and ops first, then decisions, then residents' requests
//! and commits, hashing last.
//!
//! Decisions, commits and residents' requests are work in bulk: a thread of theirs that wakes does not push another one off the
//! processor (`SCHED_BATCH`, sched(7)), so that each does more at a time and fewer switches are paid for. A commit takes its turn
//! after those who are about to book: the shorter the processor, the larger the batch, and the fewer the commits. Hashing runs
//! only while nobody else wants the processor (`SCHED_IDLE`): a hash takes some 20 ms, and whoever wakes takes its place at once. The
//! few hashes for staff are not bulk, and run like any other work of theirs. Work on backups is idle too: a thread in bulk would wait
//! for the end of its turn, however nice that is.

use thread_priority::{
    NormalThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// What a thread does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Decides places.
    Deciding,
    /// Commits what was decided.
    Committing,
    /// Serves residents.
    Serving,
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
            Self::Deciding | Self::Committing | Self::Serving => NormalThreadSchedulePolicy::Batch,
            Self::Hashing | Self::BackingUp => NormalThreadSchedulePolicy::Idle,
            Self::HashingForStaff => NormalThreadSchedulePolicy::Other,
        })
    }

    /// The nice value; the system ignores that of those who run while nobody else wants to.
    const fn nice(self) -> i32 {
        match self {
            Self::Deciding | Self::Hashing | Self::HashingForStaff | Self::BackingUp => 0,
            Self::Committing | Self::Serving => 5,
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

#[cfg(test)]
mod tests {
    use super::*;
    use thread_priority::thread_schedule_policy;

    #[test]
    fn each_kind_of_work_gets_its_place() {
        let all =
            [Work::Deciding, Work::Committing, Work::Serving, Work::Hashing, Work::HashingForStaff, Work::BackingUp];
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
