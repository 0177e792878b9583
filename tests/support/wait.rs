//! Waiting for something that another process does. Bounded, and the only place of the tests that sleeps.

use std::time::{Duration, Instant};

const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Looks until `look` finds something; fails with `what` after `limit`.
#[allow(
    clippy::disallowed_methods,
    reason = "another process has no condition to wait on; the wait is short and bounded"
)]
pub fn wait_until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// [`wait_until`] for a look that is itself asynchronous.
pub async fn wait_until_async<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(start.elapsed() < limit, "{what}: not within {limit:?}");
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
