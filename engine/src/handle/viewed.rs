//! Views of people by staff: in the journal before anything of them is shown.

use super::EngineHandle;
use crate::actors::Ticket;
use crate::core::event::{By, Event, ResidentSet};
use crate::core::ids::{Channel, ResidentNo};
use crate::core::refusal::Refusal;
use crate::core::staff::{ExportKind, ExportReason, View};

impl EngineHandle {
    /// Notes that staff are about to see a list of people, durably: one entry for each [`Event::PEOPLE_VIEWED_MAX`] of them,
    /// none for nobody.
    pub async fn note_people_viewed(
        &self,
        people: impl IntoIterator<Item = ResidentNo>,
        view: View,
        by: By,
    ) -> Result<(), Refusal> {
        self.note_in_chunks(Vec::new(), people, view, by).await
    }

    /// Notes that staff are about to get a file of `rows` rows about `people`, durably.
    pub async fn note_exported(
        &self,
        what: ExportKind,
        reason: ExportReason,
        rows: usize,
        people: impl IntoIterator<Item = ResidentNo>,
        by: By,
    ) -> Result<(), Refusal> {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        self.note_in_chunks(vec![Event::Exported { what, reason, rows }], people, View::Export, by).await
    }

    /// Says durably that `by` saw these people, in as many entries as it takes, of which the first begins with `events`; nothing at all
    /// is no entry.
    pub(super) async fn note_in_chunks(
        &self,
        mut events: Vec<Event>,
        people: impl IntoIterator<Item = ResidentNo>,
        view: View,
        by: By,
    ) -> Result<(), Refusal> {
        let people: Vec<ResidentNo> = people.into_iter().collect::<ResidentSet>().iter().collect();
        for chunk in people.chunks(Event::PEOPLE_VIEWED_MAX) {
            events.push(Event::PeopleViewed { residents: chunk.iter().copied().collect(), view });
            let entry = std::mem::take(&mut events);
            self.append(by.clone(), entry, None, Ticket::default(), Channel::City).await?;
        }
        if !events.is_empty() {
            self.append(by, events, None, Ticket::default(), Channel::City).await?;
        }
        Ok(())
    }
}
