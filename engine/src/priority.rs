//! The order in which threads get the processor when it is short: staff, ops and the ledger before residents' requests, and
//! those before hashing.

/// The nice value of the threads that serve residents.
pub const PUBLIC_NICE: i32 = 5;
/// The nice value of the threads that hash passwords: each hash takes a core for some 25 ms, and a booking must not wait for one.
pub const HASHING_NICE: i32 = 19;

/// Lowers the priority of the calling thread. If the system refuses, the thread goes on as it is: the order is a courtesy, not
/// a condition.
///
/// On Linux a priority belongs to the thread whose id is given, despite the call's name (setpriority(2), "C library/kernel
/// differences").
pub fn lower_this_thread(nice: i32) {
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), nice) {
        tracing::debug!(%error, nice, "the thread keeps its priority");
    }
}
