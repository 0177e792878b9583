//! The lists of people whom the city has to reach about a booking, and what came of it. Whoever is shown is in an entry before.

use super::EngineHandle;
use crate::core::care::FollowedUp;
use crate::core::contact::ContactKind;
use crate::core::event::{By, Entry, Event};
use crate::core::follow_up::to_follow_up;
use crate::core::ids::{BookingNumber, Channel, ResidentNo};
use crate::core::refusal::{Refusal, RefusalCode};
use crate::core::staff::{ExportKind, ExportReason, FollowUp, Reached, View};
use crate::ledger::ResidentEntry;
use crate::view::BookingView;

/// How many people one page shows.
const ROWS_MAX: usize = 50;

/// Which people to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowUpQuery {
    /// On which list; none is on any.
    pub why: Option<FollowUp>,
    /// Those with whom nothing is left to do, instead of the others.
    pub done: bool,
    /// How many of them to pass over: the next page.
    pub skip: usize,
}

/// Somebody to be reached.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct FollowUpRow {
    pub why: FollowUp,
    pub name_kana: String,
    pub booking: BookingView,
    pub contact: Option<(ContactKind, String)>,
    /// What came of it so far.
    pub followed_up: Option<FollowedUp>,
}

/// A page of the lists.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FollowUpPage {
    /// The people, by date, venue and number of their bookings.
    pub rows: Vec<FollowUpRow>,
    /// How many there are on each list, open and done, in the order of [`FollowUp::ALL`].
    pub counts: Vec<(usize, usize)>,
    /// How many to pass over for the next page, if there is one.
    pub next_skip: Option<usize>,
}

impl EngineHandle {
    /// A page of the lists. Everybody on it is in an entry before this returns, those whose contact is shown in another one.
    pub async fn follow_ups(&self, query: FollowUpQuery, by: &By) -> Result<FollowUpPage, Refusal> {
        let mut page = FollowUpPage { counts: self.follow_up_counts(), ..FollowUpPage::default() };
        let mut rows = self.follow_up_rows(query);
        let end = query.skip.saturating_add(ROWS_MAX);
        page.next_skip = (rows.len() > end).then_some(end);
        rows.truncate(end);
        let rows = rows.split_off(query.skip.min(rows.len()));
        self.note_people_viewed(rows.iter().map(|(resident, _)| *resident), View::FollowUp, by.clone()).await?;
        let with_contact = rows.iter().filter(|(_, row)| row.contact.is_some()).map(|(resident, _)| *resident);
        self.note_people_viewed(with_contact, View::Contact, by.clone()).await?;
        page.rows = rows.into_iter().map(|(_, row)| row).collect();
        Ok(page)
    }

    /// All people of a query, for a file. The export and whom it names are in entries before this returns.
    pub async fn export_follow_ups(
        &self,
        query: FollowUpQuery,
        reason: ExportReason,
        by: &By,
    ) -> Result<Vec<FollowUpRow>, Refusal> {
        let rows = self.follow_up_rows(FollowUpQuery { skip: 0, ..query });
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let exported = Event::Exported { what: ExportKind::FollowUps, reason, rows: count };
        self.note_in_chunks(vec![exported], rows.iter().map(|(resident, _)| *resident), View::Export, by.clone())
            .await?;
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// Keeps what came of reaching somebody about booking `number`, durably. It can be said anew at any time.
    ///
    /// # Errors
    /// `NoSuchBooking` if they are not on that list.
    pub async fn follow_up(
        &self,
        why: FollowUp,
        number: BookingNumber,
        reached: Reached,
        by: By,
    ) -> Result<(), Refusal> {
        let resident = self.owner_of(number).await?.ok_or(RefusalCode::NoSuchBooking)?;
        let pass = self.pass(resident).await?;
        let now = self.now();
        self.person(resident, |entry, _| {
            let mut on_lists = to_follow_up(&entry.record, now.city_day()).into_iter();
            let found = on_lists.any(|(reason, booking)| reason == why && booking.number == number);
            if found { Ok(()) } else { Err(RefusalCode::NoSuchBooking.into()) }
        })?;
        let event = Event::FollowedUp { resident, why, number, reached };
        self.append_with_pass(Entry { at: now, by, key: None, events: vec![event] }, pass, Channel::City).await?;
        Ok(())
    }

    /// How many people are on each list, open and done, in the order of [`FollowUp::ALL`]. It names nobody.
    #[must_use]
    pub fn follow_up_counts(&self) -> Vec<(usize, usize)> {
        let today = self.now().city_day();
        let mut counts = vec![(0, 0); FollowUp::ALL.len()];
        self.index().for_each_resident(|_, entry| {
            for (why, booking) in to_follow_up(&entry.record, today) {
                let (open, done) = &mut counts[why as usize];
                *(if is_done(entry, why, booking.number) { done } else { open }) += 1;
            }
        });
        counts
    }

    fn follow_up_rows(&self, query: FollowUpQuery) -> Vec<(ResidentNo, FollowUpRow)> {
        let today = self.now().city_day();
        let mut rows = Vec::new();
        self.index().for_each_resident(|resident, entry| {
            for (why, booking) in to_follow_up(&entry.record, today) {
                let wanted = query.why.is_none_or(|wanted| wanted == why);
                if !wanted || is_done(entry, why, booking.number) != query.done {
                    continue;
                }
                let Some(booking) = self.views([booking]).pop() else { continue };
                let followed_up = entry.record.care.as_ref().and_then(|care| care.followed_up(why, booking.number));
                let row = FollowUpRow {
                    why,
                    name_kana: entry.person.name_kana.to_string(),
                    contact: entry.contact.as_ref().map(|contact| (contact.kind(), contact.value().to_owned())),
                    followed_up: followed_up.cloned(),
                    booking,
                };
                rows.push((resident, row));
            }
        });
        let order = |row: &FollowUpRow| {
            (row.booking.date, row.booking.venue.id, row.booking.start, row.booking.number, row.why)
        };
        rows.sort_by_key(|(_, row)| order(row));
        rows
    }
}

fn is_done(entry: &ResidentEntry, why: FollowUp, number: BookingNumber) -> bool {
    let done = entry.record.care.as_ref().and_then(|care| care.followed_up(why, number));
    done.is_some_and(|done| done.reached.is_done())
}
