//! The kinds of events by which the audit is filtered.

use super::event::Event;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $code:literal,)+) => {
        /// What an event is about, for those who look for something in the audit.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[$doc])* $kind,)+
        }

        impl EventKind {
            /// All of them, in the order in which they are offered.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// The stable name in addresses.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self {
                    $(Self::$kind => $code,)+
                }
            }
        }
    };
}

kinds! {
    /// Somebody looked at people.
    View = "view",
    /// A booking was made, moved or cancelled.
    Booking = "booking",
    /// A call, and what was noted in it.
    Call = "call",
    /// Somebody looked up unusually many people.
    Alert = "alert",
    /// What happened in a venue.
    Venue = "venue",
    /// People were called about their bookings.
    FollowUp = "follow_up",
    /// The roll: imports, doses elsewhere, passwords, contacts, erasing.
    Roll = "roll",
    /// Sessions, venues, vaccines, waves.
    Sessions = "sessions",
    /// The city's pages.
    Site = "site",
    /// Accounts and signing in.
    Account = "account",
    /// Files that left the system.
    Export = "export",
    /// The end of the campaign.
    Campaign = "campaign",
    /// Failures and planned work that people were told of.
    Notice = "notice",
    /// Backups and restore drills that somebody asked for.
    Backup = "backup",
    /// Parts of the service that were switched off and on.
    Switch = "switch",
    /// The waiting room: who came, and how far it admitted.
    Waiting = "waiting",
}

impl EventKind {
    /// The kind with this stable name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.code() == code)
    }

    /// The kind of `event`.
    #[must_use]
    pub const fn of(event: &Event) -> Self {
        match event {
            Event::PersonViewed { .. } | Event::PeopleViewed { .. } => Self::View,
            Event::Booked { .. } | Event::Moved { .. } | Event::Cancelled { .. } => Self::Booking,
            Event::CallOpened { .. }
            | Event::CallEnded { .. }
            | Event::NobodyFound { .. }
            | Event::ClinicNoted { .. }
            | Event::PasswordRequested { .. } => Self::Call,
            Event::LookupsUnusual { .. } => Self::Alert,
            Event::AttendanceChanged { .. } | Event::LeftoverOffered { .. } => Self::Venue,
            Event::FollowedUp { .. } => Self::FollowUp,
            Event::RollImported { .. }
            | Event::DoseRecorded { .. }
            | Event::PasswordsIssued { .. }
            | Event::ContactGiven { .. }
            | Event::ContactDeleted { .. } => Self::Roll,
            Event::VenueAdded(_)
            | Event::VaccineDefined(_)
            | Event::WavesReplaced(_)
            | Event::SessionDrafted(_)
            | Event::DraftDiscarded(_)
            | Event::SessionsPublished { .. }
            | Event::SessionClosed(_)
            | Event::SessionReopened(_)
            | Event::SessionCancelled(_)
            | Event::CapacityChanged { .. }
            | Event::StockChanged { .. }
            | Event::PublishProposed(_)
            | Event::ProposalWithdrawn => Self::Sessions,
            Event::SiteChanged(_) => Self::Site,
            Event::StaffChanged { .. }
            | Event::SignedIn { .. }
            | Event::SignedOut { .. }
            | Event::LoginEnded { .. } => Self::Account,
            Event::Exported { .. } => Self::Export,
            Event::CampaignClosed { .. }
            | Event::CampaignReopened
            | Event::CampaignErased { .. }
            | Event::PeopleErased { .. } => Self::Campaign,
            Event::NoticeNoted(_) => Self::Notice,
            Event::BackupAsked(_) => Self::Backup,
            Event::SwitchTurned(_) => Self::Switch,
            Event::Arrived { .. } | Event::LineMoved(_) => Self::Waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_one_kind() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::of_code(kind.code()), Some(*kind));
        }
        assert_eq!(EventKind::of_code(""), None);
    }
}
