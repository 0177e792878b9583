//! What the journal holds: entries of events. An entry is one change, whole or not at all, and its own audit entry.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::backup::BackupWish;
pub use super::booking::PlaceChange;
pub use super::by::By;
use super::ids::{BookingNumber, RequestKey, ResidentNo, SessionId, SlotNo};
use super::line::LineState;
use super::notice::NoticeSaid;
use super::resident::{Booking, BookingState, DoseElsewhere, EndedLogin};
pub use super::resident_set::ResidentSet;
use super::session::Session;
use super::setup::{Vaccine, Venue, Wave};
use super::site::Site;
use super::staff::{
    CallId, CallOutcome, CallReason, ExportKind, ExportReason, FollowUp, LeftoverAnswer, Proposal, Reached,
    StaffAccount, View,
};
use super::switch::SwitchTurned;
use super::time::{Day, Instant};

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
    /// A staff account was added, reset, bound to a venue, disabled or enabled; its secrets lie beside the journal.
    StaffChanged {
        /// The login name.
        login: Box<str>,
        /// The account as it is now.
        account: StaffAccount,
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
    /// Staff looked at a list of people.
    PeopleViewed {
        /// Whom: at most [`Event::PEOPLE_VIEWED_MAX`].
        residents: ResidentSet,
        /// In which view.
        view: View,
    },
    /// A member of staff signed in.
    SignedIn {
        /// The login name.
        login: Box<str>,
    },
    /// A member of staff signed out.
    SignedOut {
        /// The login name.
        login: Box<str>,
    },
    /// An operator took a call.
    CallOpened {
        /// The call.
        call: CallId,
        /// Why they call.
        reason: CallReason,
    },
    /// A call ended.
    CallEnded {
        /// The call.
        call: CallId,
        /// How.
        outcome: CallOutcome,
    },
    /// What a caller said of themself fits nobody.
    NobodyFound {
        /// In which call.
        call: CallId,
    },
    /// An account looked up unusually many people within an hour.
    LookupsUnusual {
        /// The login name.
        login: Box<str>,
        /// How many in the hour before.
        lookups: u32,
    },
    /// A person came, was vaccinated or not, or did not come; or one of these was taken back.
    AttendanceChanged {
        /// Whose.
        resident: ResidentNo,
        /// The booking before.
        booking: Booking,
        /// Its state after.
        state: BookingState,
        /// The lot of the dose, when it was given.
        lot: Option<Box<str>>,
    },
    /// A person said that a clinic vaccinates them, or that none does.
    ClinicNoted {
        /// Who.
        resident: ResidentNo,
        /// Whether one does.
        clinic: bool,
    },
    /// A new password by post was asked for.
    PasswordRequested {
        /// For whom.
        resident: ResidentNo,
    },
    /// Somebody tried to reach a person about their booking.
    FollowedUp {
        /// Whom.
        resident: ResidentNo,
        /// Why.
        why: FollowUp,
        /// About which booking.
        number: BookingNumber,
        /// What came of it.
        reached: Reached,
    },
    /// A person was offered a leftover dose.
    LeftoverOffered {
        /// Whom.
        resident: ResidentNo,
        /// Of which session.
        session: SessionId,
        /// What they said.
        answer: LeftoverAnswer,
    },
    /// A draft was thrown away.
    DraftDiscarded(SessionId),
    /// A closed session takes bookings again.
    SessionReopened(SessionId),
    /// The vaccine of a session was counted.
    StockChanged {
        /// Of which session.
        session: SessionId,
        /// How many doses there are; none is without limit.
        doses_total: Option<u32>,
    },
    /// All drafts were proposed for publishing.
    PublishProposed(Proposal),
    /// The proposal was taken back.
    ProposalWithdrawn,
    /// Something was exported.
    Exported {
        /// What.
        what: ExportKind,
        /// For what.
        reason: ExportReason,
        /// How many rows.
        rows: u32,
    },
    /// The campaign ended; personal data is erased from this day on.
    CampaignClosed {
        /// The day.
        erase_on: Day,
    },
    /// The personal data of these people was erased.
    PeopleErased {
        /// Of whom.
        residents: ResidentSet,
    },
    /// The campaign's end was taken back before anything was erased.
    CampaignReopened,
    /// The personal data of everybody was erased: whoever is on a later roll is new, and a new campaign begins.
    CampaignErased {
        /// On which day.
        on: Day,
    },
    /// People were told of a failure or of planned work.
    NoticeNoted(Box<NoticeSaid>),
    /// A backup or a restore drill was asked for.
    BackupAsked(BackupWish),
    /// A part of the service was switched off, or on again.
    SwitchTurned(SwitchTurned),
    /// People came for an opening: whoever was there before it takes part in its draw, and the others wait in this order.
    Arrived {
        /// Which opening.
        opening: Instant,
        /// Who, and since when: at most [`Event::ARRIVED_PEOPLE_MAX`].
        people: Vec<(ResidentNo, Instant)>,
    },
    /// The waiting room may admit people up to here.
    LineMoved(LineState),
}

impl Event {
    /// How many people one [`Event::PeopleErased`] names at most: each costs rows of three tables in the same commit, and others wait
    /// for it.
    pub const PEOPLE_ERASED_MAX: usize = 1_000;
    /// How many people one [`Event::PeopleViewed`] names at most: each costs a row of the audit's index in the same commit.
    pub const PEOPLE_VIEWED_MAX: usize = 200;
    /// How many people one [`Event::Arrived`] names at most: each is a record that changes while others book.
    pub const ARRIVED_PEOPLE_MAX: usize = 200;
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
