//! Where readings come from. The machine is measured here; what the engine and the listeners know is handed in by the composition root.

use crate::core::sample::Reading;
use crate::core::time::Now;

/// Something that can be measured. It is asked on a thread of its own, so that one that hangs holds nobody up.
pub trait Source: Send + 'static {
    /// Its name, the subject of `sampler_failed`.
    fn name(&self) -> &'static str;

    /// Measures. `Err` says in a sentence why it could not.
    fn read(&mut self, now: Now) -> Result<Vec<Reading>, String>;
}
