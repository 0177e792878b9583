//! The overview as it was last rendered, shared by all who look, and the bound on how many look live.

use std::sync::{Arc, Mutex, PoisonError};

use sesshu_engine::EngineHandle;
use sesshu_engine::core::time::Instant;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::fragments::{Fragment, fragments};
use crate::staff::problem::StaffProblem;

/// How many browsers may be kept up to date at once; one more loads the page anew by itself.
const LISTENERS_MAX: usize = 64;

/// The board.
pub(in crate::staff) struct Board {
    last: Mutex<Option<Arc<Rendered>>>,
    listeners: Arc<Semaphore>,
}

/// The overview at one instant.
pub(super) struct Rendered {
    at: Instant,
    /// The clock time, to the second.
    pub(super) made_at: String,
    pub(super) fragments: Vec<Fragment>,
}

impl Default for Board {
    fn default() -> Self {
        Self { last: Mutex::default(), listeners: Arc::new(Semaphore::new(LISTENERS_MAX)) }
    }
}

impl Board {
    /// The overview as the pulse is now.
    pub(super) async fn rendered(&self, engine: &EngineHandle) -> Result<Arc<Rendered>, StaffProblem> {
        let pulse = engine.pulse().await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rendered) = last.as_ref().filter(|rendered| rendered.at == pulse.at) {
            return Ok(Arc::clone(rendered));
        }
        let fragments = fragments(&pulse).map_err(|error| {
            tracing::error!(%error, "the overview cannot be rendered");
            StaffProblem::Internal
        })?;
        let second = pulse.at.0.div_euclid(1_000).rem_euclid(60);
        let made_at = format!("{}:{second:02}", pulse.at.city_clock());
        let rendered = Arc::new(Rendered { at: pulse.at, made_at, fragments });
        *last = Some(Arc::clone(&rendered));
        Ok(rendered)
    }

    /// A place among those who are kept up to date; given back when dropped.
    pub(super) fn listen(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.listeners).try_acquire_owned().ok()
    }
}
