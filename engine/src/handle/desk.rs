//! What the venue's pages rest on: who works where, whose a booking number is, and the entry that says whom staff saw.

use std::sync::Arc;

use super::EngineHandle;
use crate::core::event::{By, Event};
use crate::core::ids::{BookingNumber, ResidentNo, VenueId};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::setup::Venue;
use crate::ledger::Snapshot;

impl EngineHandle {
    /// The venues that `by` may work in: the one that their account is bound to, else all.
    #[must_use]
    pub fn workplaces(&self, by: &By) -> Vec<Arc<Venue>> {
        let setup = self.index().setup();
        let bound = by.staff().and_then(|login| setup.staff.get(login)).and_then(|account| account.venue);
        setup.venues.iter().filter(|venue| bound.is_none_or(|bound| bound == venue.id)).cloned().collect()
    }

    /// The venue `id`, if `by` may work in it.
    ///
    /// # Errors
    /// `NoSuchSlot` if there is none, or their account is bound to another.
    pub fn workplace(&self, id: VenueId, by: &By) -> Result<Arc<Venue>, Refusal> {
        let mine = self.workplaces(by).into_iter().find(|venue| venue.id == id);
        mine.ok_or_else(|| RefusalCode::NoSuchSlot.into())
    }

    /// Whose booking `number` is. The number leads to its entry in the journal, so no index of all numbers is needed.
    pub(super) async fn owner_of(&self, number: BookingNumber) -> Result<Option<ResidentNo>, Refusal> {
        self.read_store(move |snapshot| {
            let ordinal = number.ordinal(&snapshot.identity()?.number_key);
            let entry = snapshot.journal()?.entry(ordinal / crate::core::event::Entry::BOOKINGS_MAX)?;
            let made = entry.into_iter().flat_map(|entry| entry.events).find_map(|event| match event {
                Event::Booked { resident, booking } if booking.number == number => Some(resident),
                _ => None,
            });
            Ok(made)
        })
        .await
    }

    /// The store's secret, from which draws are made.
    pub(super) async fn draw_key(&self) -> Result<[u8; 32], Refusal> {
        self.read_store(|snapshot| Ok(snapshot.identity()?.number_key)).await
    }

    async fn read_store<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Snapshot) -> Result<T, crate::ledger::LoadError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let reader = self.0.reader.clone();
        let answer = tokio::task::spawn_blocking(move || read(&reader.snapshot()?)).await;
        match answer {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                tracing::error!(%error, "the store cannot be read for the venue's desk");
                Err(RefusalCode::Busy.into())
            }
            Err(_) => Err(RefusalCode::Busy.into()),
        }
    }
}
