//! Staff: their accounts, their calls, and what the journal says of what they looked at. Reasons and outcomes are closed lists, so
//! that no free text about people gets into the journal, from which nothing can be erased.

use serde::{Deserialize, Serialize};

use super::ids::{SessionId, VenueId};
use super::time::Instant;

/// What a member of staff may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Operator, Self::Venue, Self::Admin, Self::Ops];

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

    /// The role with this stable name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }
}

/// An account. Its secrets lie beside the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffAccount {
    /// What they may do.
    pub role: StaffRole,
    /// The venue where they work, if they are bound to one.
    pub venue: Option<VenueId>,
    /// Whether they may not sign in.
    pub disabled: bool,
    /// Grows with each new password: older sign-ins end.
    pub generation: u32,
}

/// A telephone call, from its opening to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CallId(pub u64);

/// As people read it: sixteen hexadecimal digits.
impl std::fmt::Display for CallId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl std::str::FromStr for CallId {
    type Err = super::ids::NotAnId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let canonical = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if canonical {
            u64::from_str_radix(text, 16).map(Self).map_err(|_| super::ids::NotAnId)
        } else {
            Err(super::ids::NotAnId)
        }
    }
}

macro_rules! closed_list {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$each])* $variant,)+
        }

        impl $name {
            /// All of them, in the order in which they are offered.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The stable name in forms and files.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)+
                }
            }

            /// The one with this stable name.
            #[must_use]
            pub fn of_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.code() == code)
            }
        }
    };
}

closed_list! {
    /// Why somebody calls.
    CallReason {
        /// To book.
        Book = "book",
        /// To change or cancel.
        Change = "change",
        /// To ask about their booking.
        Question = "question",
        /// The password was lost or never came.
        Password = "password",
        /// Anything else.
        Other = "other",
    }
}

closed_list! {
    /// How a call ended.
    CallOutcome {
        /// What was asked for was done.
        Done = "done",
        /// Nothing had to be done.
        NothingToDo = "nothing_to_do",
        /// There was no place that suited.
        NoPlace = "no_place",
        /// Who called could not be identified.
        NotIdentified = "not_identified",
        /// The line was cut.
        Dropped = "dropped",
    }
}

closed_list! {
    /// In which view people were seen.
    View {
        /// The report of everything held about a person.
        Report = "report",
        /// An operator's call.
        Call = "call",
        /// A venue's day list.
        DayList = "day_list",
        /// A person at the venue's desk.
        Desk = "desk",
        /// A venue's list of people who would come at short notice.
        Leftovers = "leftovers",
        /// The list of people to be called about their bookings.
        FollowUp = "follow_up",
        /// A person's phone number or mail address.
        Contact = "contact",
        /// People who asked for a new password by post.
        PasswordRequests = "password_requests",
        /// The list of new passwords for the printer.
        Passwords = "passwords",
        /// An import's difference or its wrong lines.
        Import = "import",
        /// A file of people for another system.
        Export = "export",
        /// The audit itself.
        Audit = "audit",
    }
}

closed_list! {
    /// What was exported.
    ExportKind {
        /// Numbers of bookings per day and venue.
        BookingsPerDay = "bookings_per_day",
        /// The people of a venue's day.
        DayList = "day_list",
        /// Numbers for the national vaccine systems.
        NationalCounts = "national_counts",
        /// IDs of a venue's day, for the city's own look-up of telephone numbers.
        LeftoverIds = "leftover_ids",
        /// People to be called about their bookings.
        FollowUps = "follow_ups",
        /// The audit.
        Audit = "audit",
    }
}

closed_list! {
    /// For what an export is needed.
    ExportReason {
        /// To prepare a venue.
        Venue = "venue",
        /// To report to the prefecture or the state.
        Report = "report",
        /// To reach people.
        Contact = "contact",
        /// To answer a question of the council, the audit office or a court.
        Inquiry = "inquiry",
        /// To check the system itself.
        Check = "check",
    }
}

closed_list! {
    /// Why a person is on a follow-up list.
    FollowUp {
        /// The city cancelled their session.
        CancelledByCity = "cancelled_by_city",
        /// Dose 2 stands, dose 1 was not given.
        DoseInDoubt = "dose_in_doubt",
        /// They left the roll and have a booking.
        LeftRoll = "left_roll",
    }
}

closed_list! {
    /// What came of an attempt to reach somebody.
    Reached {
        /// They know.
        Told = "told",
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// They were written to.
        Written = "written",
        /// Nothing needs to be done any more.
        Settled = "settled",
    }
}

closed_list! {
    /// What somebody said who was offered a leftover dose.
    LeftoverAnswer {
        /// They come.
        Accepted = "accepted",
        /// They do not.
        Refused = "refused",
        /// Nobody answered.
        NoAnswer = "no_answer",
    }
}

/// Drafts that one person proposes and a second one publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proposal {
    /// Who proposes.
    pub by: Box<str>,
    /// When.
    pub at: Instant,
    /// When they are to open.
    pub opens_at: Instant,
    /// The drafts, ascending.
    pub sessions: Vec<SessionId>,
    /// How many places they open.
    pub places: u64,
    /// The digest of the drafts as they were shown: a change of any of them ends the proposal.
    pub digest: [u8; 32],
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_one_thing_and_nothing_else_has_one() {
        for view in View::ALL {
            assert_eq!(View::of_code(view.code()), Some(*view));
        }
        assert_eq!(View::of_code(""), None);
        assert_eq!(StaffRole::of_code("admin"), Some(StaffRole::Admin));
        assert_eq!(StaffRole::of_code("Admin"), None);
    }

    #[test]
    fn a_call_is_read_back_as_it_is_shown() {
        let call = CallId(0x1f);
        assert_eq!(call.to_string().parse(), Ok(call));
        assert!("1f".parse::<CallId>().is_err());
        assert!("000000000000001F".parse::<CallId>().is_err());
    }
}
