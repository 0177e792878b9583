//! Whom and what an event concerns: the places that it takes and frees, and the people whose records it changes.

use super::booking::PlaceChange;
use super::event::Event;
use super::ids::ResidentNo;

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
                | Self::AttendanceChanged { .. }
                | Self::ClinicNoted { .. }
                | Self::PasswordRequested { .. }
                | Self::FollowedUp { .. }
                | Self::LeftoverOffered { .. }
                | Self::PersonViewed { .. }
                | Self::PeopleViewed { .. }
                | Self::Arrived { .. }
        )
    }

    /// Whether the first version of the journal did not know it.
    #[must_use]
    pub const fn is_of_the_waiting_room(&self) -> bool {
        matches!(self, Self::Arrived { .. } | Self::LineMoved(_))
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
            | Self::ContactDeleted { resident }
            | Self::AttendanceChanged { resident, .. }
            | Self::ClinicNoted { resident, .. }
            | Self::PasswordRequested { resident }
            | Self::FollowedUp { resident, .. }
            | Self::LeftoverOffered { resident, .. } => each(*resident),
            Self::RollImported { added, changed, gone, .. } => {
                added.iter().chain(changed.iter()).chain(gone.iter()).for_each(each);
            }
            Self::PasswordsIssued { residents } | Self::PeopleErased { residents } => residents.iter().for_each(each),
            Self::Arrived { people, .. } => people.iter().for_each(|(resident, _)| each(*resident)),
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
            | Self::PeopleViewed { .. }
            | Self::SignedIn { .. }
            | Self::SignedOut { .. }
            | Self::CallOpened { .. }
            | Self::CallEnded { .. }
            | Self::NobodyFound { .. }
            | Self::LookupsUnusual { .. }
            | Self::DraftDiscarded(_)
            | Self::SessionReopened(_)
            | Self::StockChanged { .. }
            | Self::PublishProposed(_)
            | Self::ProposalWithdrawn
            | Self::Exported { .. }
            | Self::CampaignClosed { .. }
            | Self::CampaignReopened
            | Self::CampaignErased { .. }
            | Self::NoticeNoted(_)
            | Self::BackupAsked(_)
            | Self::SwitchTurned(_)
            | Self::LineMoved(_)
            | Self::SiteChanged(_) => {}
        }
    }
}
