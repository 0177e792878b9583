//! What the journal holds: entries of events. An entry is one change, whole or not at all, and its own audit entry.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ids::{BookingNumber, RequestKey, ResidentNo, SessionId, SlotNo};
use super::resident::{Booking, BookingState, DoseElsewhere, EndedLogin};
use super::session::Session;
use super::setup::{Vaccine, Venue, Wave};
use super::site::Site;
use super::time::Instant;

/// One durable change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was decided, in engine time.
    pub at: Instant,
    /// Who made it.
    pub by: By,
    /// The request key that it answers, if any.
    pub key: Option<RequestKey>,
    /// What changed.
    pub events: Vec<Event>,
}

/// Who made a change or saw a person, by pseudonym.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum By {
    /// The resident.
    Resident(ResidentNo),
    /// A member of staff, by login name.
    Staff(Box<str>),
    /// Somebody at the command line, by the operating system's user id.
    CommandLine {
        /// The user id.
        uid: u32,
    },
    /// Sesshu itself.
    System,
}

/// What can change. Events carry all that `apply` needs, so that applying them asks nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Event {
    /// A place was granted.
    Booked {
        /// To whom.
        resident: ResidentNo,
        /// The booking.
        booking: Booking,
    },
    /// A booking got another place; the old one is free.
    Moved {
        /// Whose.
        resident: ResidentNo,
        /// The booking before.
        from: Booking,
        /// The booking after: the same number.
        to: Booking,
    },
    /// A booking ended, its place is free.
    Cancelled {
        /// Whose.
        resident: ResidentNo,
        /// The booking before.
        booking: Booking,
        /// `Cancelled` or `CancelledByCity`.
        state: BookingState,
    },
    /// A dose given elsewhere was recorded.
    DoseRecorded {
        /// For whom.
        resident: ResidentNo,
        /// The dose.
        given: DoseElsewhere,
    },
    /// A login was ended before its token expired.
    LoginEnded {
        /// Whose.
        resident: ResidentNo,
        /// Which.
        ended: EndedLogin,
    },
    /// The city's roll was imported; the personal data lies beside the journal.
    RollImported {
        /// A digest of the file's content.
        digest: [u8; 32],
        /// New people.
        added: ResidentSet,
        /// People whose data changed, or who came back.
        changed: ResidentSet,
        /// People who left the roll.
        gone: ResidentSet,
    },
    /// Passwords were issued; the hashes lie beside the journal.
    PasswordsIssued {
        /// To whom, in ascending order.
        residents: ResidentSet,
    },
    /// A venue was added.
    VenueAdded(Arc<Venue>),
    /// A vaccine was defined or redefined.
    VaccineDefined(Vaccine),
    /// All waves were replaced.
    WavesReplaced(Vec<Wave>),
    /// A session was drafted or a draft was changed.
    SessionDrafted(Session),
    /// Drafts were published.
    SessionsPublished {
        /// Which.
        sessions: Vec<SessionId>,
        /// When they open.
        opens_at: Instant,
    },
    /// A session takes no more bookings.
    SessionClosed(SessionId),
    /// The city cancelled a session; its bookings are cancelled one by one after this.
    SessionCancelled(SessionId),
    /// A slot's capacity changed.
    CapacityChanged {
        /// Of which session.
        session: SessionId,
        /// Of which slot.
        slot: SlotNo,
        /// The new capacity.
        capacity: u32,
    },
    /// A staff account was added or reset; its secrets lie beside the journal.
    StaffChanged {
        /// The login name.
        login: Box<str>,
        /// The role.
        role: StaffRole,
    },
    /// Staff looked at everything that is held about a person.
    PersonViewed {
        /// Whom.
        resident: ResidentNo,
        /// In which view.
        view: View,
    },
    /// What the city says on its pages was replaced.
    SiteChanged(Arc<Site>),
    /// A person gave a contact, with their consent, or another one than before; it lies beside the journal.
    ContactGiven {
        /// Whose.
        resident: ResidentNo,
    },
    /// A contact was erased.
    ContactDeleted {
        /// Whose.
        resident: ResidentNo,
    },
}

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StaffRole {
    /// Books for residents by phone.
    Operator,
    /// Works in a venue.
    Venue,
    /// Runs the campaign.
    Admin,
    /// Runs the system.
    Ops,
}

impl StaffRole {
    /// The stable name in files and commands.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Venue => "venue",
            Self::Admin => "admin",
            Self::Ops => "ops",
        }
    }
}

/// In which view a person was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum View {
    /// The report of everything held about a person.
    Report,
}

/// Pseudonyms in ascending order, as ranges: a whole roll takes a few bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResidentSet(Vec<(u32, u32)>);

impl ResidentSet {
    /// Whether `resident` is in it.
    #[must_use]
    pub fn contains(&self, resident: ResidentNo) -> bool {
        let after = self.0.partition_point(|&(first, _)| first <= resident.0);
        after > 0 && resident.0 <= self.0[after - 1].1
    }

    /// Whether nobody is in it.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many are in it.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(|&(first, last)| (last - first + 1) as usize).sum()
    }

    /// All of them, ascending.
    pub fn iter(&self) -> impl Iterator<Item = ResidentNo> + '_ {
        self.0.iter().flat_map(|&(first, last)| first..=last).map(ResidentNo)
    }
}

/// Collects pseudonyms in any order.
impl FromIterator<ResidentNo> for ResidentSet {
    fn from_iter<I: IntoIterator<Item = ResidentNo>>(residents: I) -> Self {
        let mut all: Vec<u32> = residents.into_iter().map(|resident| resident.0).collect();
        all.sort_unstable();
        all.dedup();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for no in all {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == no => *last = no,
                _ => ranges.push((no, no)),
            }
        }
        Self(ranges)
    }
}

impl Entry {
    /// The most bookings that one entry makes: a pair.
    pub const BOOKINGS_MAX: u64 = 2;

    /// Gives the bookings that this entry makes their numbers. They follow from the entry's sequence number, so that no counter
    /// has to survive a crash and no number is given twice.
    ///
    /// # Panics
    /// If the entry makes more than [`Entry::BOOKINGS_MAX`] bookings.
    pub fn number_bookings(&mut self, seq: u64, number_key: &[u8; 32]) {
        let mut made = 0;
        for event in &mut self.events {
            if let Event::Booked { booking, .. } = event {
                assert!(made < Self::BOOKINGS_MAX, "an entry books one place or a pair");
                booking.number = BookingNumber::from_ordinal(seq * Self::BOOKINGS_MAX + made, number_key);
                made += 1;
            }
        }
    }
}

/// A place taken or freed by an event: what counts of a session are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaceChange {
    /// In which session.
    pub session: SessionId,
    /// In which slot.
    pub slot: SlotNo,
    /// Whether it counts as taken by phone.
    pub phone: bool,
    /// Taken, or freed.
    pub taken: bool,
}

impl PlaceChange {
    /// The place of `booking`, taken or freed.
    #[must_use]
    pub const fn of(booking: &Booking, taken: bool) -> Self {
        Self { session: booking.session, slot: booking.slot, phone: booking.channel.uses_phone_share(), taken }
    }
}

impl Event {
    /// The places that this event takes and frees: at most two.
    pub fn place_changes(&self) -> impl Iterator<Item = PlaceChange> + use<> {
        let (taken, freed) = match self {
            Self::Booked { booking, .. } => (Some(PlaceChange::of(booking, true)), None),
            Self::Moved { from, to, .. } => (Some(PlaceChange::of(to, true)), Some(PlaceChange::of(from, false))),
            Self::Cancelled { booking, .. } => (None, Some(PlaceChange::of(booking, false))),
            _ => (None, None),
        };
        freed.into_iter().chain(taken)
    }

    /// Whether the event changes only records of residents, not the campaign.
    #[must_use]
    pub const fn is_about_a_resident(&self) -> bool {
        matches!(
            self,
            Self::Booked { .. }
                | Self::Moved { .. }
                | Self::Cancelled { .. }
                | Self::LoginEnded { .. }
                | Self::ContactGiven { .. }
                | Self::ContactDeleted { .. }
        )
    }

    /// Calls `each` for every resident whose record this event changes.
    pub fn for_each_resident(&self, mut each: impl FnMut(ResidentNo)) {
        match self {
            Self::Booked { resident, .. }
            | Self::Moved { resident, .. }
            | Self::Cancelled { resident, .. }
            | Self::DoseRecorded { resident, .. }
            | Self::LoginEnded { resident, .. }
            | Self::ContactGiven { resident }
            | Self::ContactDeleted { resident } => each(*resident),
            Self::RollImported { added, changed, gone, .. } => {
                added.iter().chain(changed.iter()).chain(gone.iter()).for_each(each);
            }
            Self::PasswordsIssued { residents } => residents.iter().for_each(each),
            Self::VenueAdded(_)
            | Self::VaccineDefined(_)
            | Self::WavesReplaced(_)
            | Self::SessionDrafted(_)
            | Self::SessionsPublished { .. }
            | Self::SessionClosed(_)
            | Self::SessionCancelled(_)
            | Self::CapacityChanged { .. }
            | Self::StaffChanged { .. }
            | Self::PersonViewed { .. }
            | Self::SiteChanged(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resident_set_holds_exactly_what_it_was_given() {
        let set: ResidentSet = [5, 1, 2, 3, 9, 5].map(ResidentNo).into_iter().collect();
        assert_eq!(set.iter().map(|no| no.0).collect::<Vec<_>>(), [1, 2, 3, 5, 9]);
        assert_eq!((set.len(), set.is_empty(), ResidentSet::default().is_empty()), (5, false, true));
        assert_eq!(set.0, [(1, 3), (5, 5), (9, 9)], "a run takes one range");
        for no in 0..12 {
            assert_eq!(set.contains(ResidentNo(no)), [1, 2, 3, 5, 9].contains(&no), "{no}");
        }
    }
}
