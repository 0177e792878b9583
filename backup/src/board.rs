//! The picture that everybody sees, and how it changes: whoever looks waits for nobody.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::status::Status;

/// The picture as it is now.
#[derive(Debug, Default)]
pub(crate) struct Board {
    shown: ArcSwap<Status>,
    /// One change at a time.
    changing: Mutex<()>,
}

impl Board {
    /// The picture.
    pub(crate) fn shown(&self) -> Arc<Status> {
        self.shown.load_full()
    }

    /// Changes it.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Status)) {
        let _alone = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut status = Status::clone(&self.shown.load());
        change(&mut status);
        self.shown.store(Arc::new(status));
    }
}
