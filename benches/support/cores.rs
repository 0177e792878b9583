//! Which core a thread runs on. A thread, and a process that it starts, begins with the cores of the one that starts it.

use std::num::NonZeroUsize;

use rustix::thread::{CpuSet, sched_setaffinity};

/// Whether this machine has a core for the load and another one for the server.
#[must_use]
pub fn are_two() -> bool {
    std::thread::available_parallelism().is_ok_and(|cores| cores >= NonZeroUsize::MIN.saturating_add(1))
}

/// Lets the calling thread, and what it starts from now on, run on `core` alone.
pub fn pin_to(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).expect("a thread may be bound to a core of this machine");
}

/// Does `work` on `core` alone, and comes back to `home`: what it starts stays there.
pub fn on_core<T>(core: usize, home: usize, work: impl FnOnce() -> T) -> T {
    pin_to(core);
    let done = work();
    pin_to(home);
    done
}

/// Lets the calling thread wait for all others of its core.
pub fn yield_to_others() {
    // It may be nice already; that is as good.
    let _ = rustix::process::nice(10);
}
