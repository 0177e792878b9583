//! A session in the index: what it is, its durable bookings, and what its clerk holds, for lists.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::core::count::Count;
use crate::core::ids::ResidentNo;
use crate::core::places::Booked;
use crate::core::session::Session;

/// A session with its durable bookings, and the holds that its actor last told.
#[derive(Debug)]
pub struct SessionEntry {
    pub(super) definition: ArcSwap<Session>,
    pub(super) booked: Mutex<Booked>,
    /// Whoever has or had a booking here: their records say what became of it. So a venue's day is found without asking everybody.
    pub(super) people: Mutex<BTreeSet<ResidentNo>>,
    pub(super) held: Box<[[AtomicU32; 2]]>,
}

impl SessionEntry {
    pub(super) fn new(session: Session) -> Self {
        let slots = session.slots.len();
        Self {
            definition: ArcSwap::new(Arc::new(session)),
            booked: Mutex::new(Booked::none(slots)),
            people: Mutex::default(),
            held: (0..slots).map(|_| <[AtomicU32; 2]>::default()).collect(),
        }
    }

    /// What the session is.
    #[must_use]
    pub fn definition(&self) -> Arc<Session> {
        self.definition.load_full()
    }

    /// Its durable bookings.
    #[must_use]
    pub fn booked(&self) -> Booked {
        self.booked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whoever has or had a booking here.
    #[must_use]
    pub fn people(&self) -> Vec<ResidentNo> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect()
    }

    /// What its actor holds in slot `index`, for lists.
    #[must_use]
    pub fn held(&self, index: usize) -> Count {
        let [web, phone] = &self.held[index];
        Count { web: web.load(Ordering::Acquire), phone: phone.load(Ordering::Acquire) }
    }

    /// Tells lists what is held in slot `index`.
    pub fn set_held(&self, index: usize, held: Count) {
        let [web, phone] = &self.held[index];
        web.store(held.web, Ordering::Release);
        phone.store(held.phone, Ordering::Release);
    }
}
