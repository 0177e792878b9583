//! A session in the index: what it is, its durable bookings, and what its clerk holds, for lists.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

use crate::core::count::Count;
use crate::core::event::PlaceChange;
use crate::core::ids::{ResidentNo, SlotNo};
use crate::core::places::Booked;
use crate::core::resident::Contradiction;
use crate::core::session::Session;

/// A session with its durable bookings, and the holds that its actor last told.
#[derive(Debug)]
pub struct SessionEntry {
    pub(super) definition: ArcSwap<Session>,
    booked: Mutex<Booked>,
    /// The same slot by slot, both lanes in one word: whoever asks whether a slot is full sees one state of it, without a lock.
    taken: Box<[AtomicU64]>,
    /// Whoever has or had a booking here: their records say what became of it. So a venue's day is found without asking everybody.
    pub(super) people: Mutex<BTreeSet<ResidentNo>>,
    pub(super) held: Box<[[AtomicU32; 2]]>,
}

impl SessionEntry {
    pub(crate) fn new(session: Session) -> Self {
        let slots = session.slots.len();
        Self {
            definition: ArcSwap::new(Arc::new(session)),
            booked: Mutex::new(Booked::none(slots)),
            taken: (0..slots).map(|_| AtomicU64::new(0)).collect(),
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

    /// The durable bookings of one slot.
    ///
    /// # Panics
    /// If there is no such slot.
    #[must_use]
    pub fn booked_in(&self, slot: SlotNo) -> Count {
        let taken = self.taken[usize::from(slot.0)].load(Ordering::Acquire);
        Count { web: (taken >> 32) as u32, phone: taken as u32 }
    }

    /// The durable bookings of all slots together.
    #[must_use]
    pub fn booked_in_all(&self) -> u32 {
        self.booked.lock().unwrap_or_else(PoisonError::into_inner).total()
    }

    /// Applies a change that is durable.
    pub(super) fn apply(&self, change: PlaceChange) -> Result<(), Contradiction> {
        let mut booked = self.booked.lock().unwrap_or_else(PoisonError::into_inner);
        booked.apply(&change)?;
        self.show(&booked, usize::from(change.slot.0));
        Ok(())
    }

    /// Takes other durable bookings for its own, as they were loaded.
    pub(super) fn replace_booked(&self, loaded: Booked) {
        let mut booked = self.booked.lock().unwrap_or_else(PoisonError::into_inner);
        *booked = loaded;
        (0..self.taken.len()).for_each(|index| self.show(&booked, index));
    }

    /// Shows one slot to those who ask without the lock; to be called with it.
    fn show(&self, booked: &Booked, index: usize) {
        let Some(Count { web, phone }) = booked.0.get(index) else { return };
        self.taken[index].store(u64::from(*web) << 32 | u64::from(*phone), Ordering::Release);
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
