//! A booking (予約), where it stands, and the place that it takes or frees.

use serde::{Deserialize, Serialize};

use super::ids::{BookingNumber, Channel, DoseNo, SessionId, SlotNo, VaccineId};
use super::leg::Leg;
use super::time::Day;

/// A granted place (予約).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// Its number, which never changes.
    pub number: BookingNumber,
    /// In which session.
    pub session: SessionId,
    /// In which slot.
    pub slot: SlotNo,
    /// For which dose.
    pub dose: DoseNo,
    /// The session's date; kept here because intervals are about dates.
    pub date: Day,
    /// The session's vaccine.
    pub vaccine: VaccineId,
    /// By which way it was made or last moved.
    pub channel: Channel,
    /// Where it stands.
    pub state: BookingState,
}

/// Where a booking stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BookingState {
    /// The place is kept.
    Booked,
    /// Given back by the resident, or by an operator for them.
    Cancelled,
    /// Cancelled because the city cancelled the session.
    CancelledByCity,
    /// The person is in the venue.
    CheckedIn,
    /// The dose was given.
    Vaccinated,
    /// The person did not come: the place was used, the dose was not.
    NoShow,
    /// The person came, and the doctor did not vaccinate: the place was used, the dose was not.
    NotGiven,
}

impl BookingState {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Booked,
        Self::Cancelled,
        Self::CancelledByCity,
        Self::CheckedIn,
        Self::Vaccinated,
        Self::NoShow,
        Self::NotGiven,
    ];

    /// Whether the booking stands for a dose: one live booking per resident per dose.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Booked | Self::CheckedIn | Self::Vaccinated)
    }

    /// Whether the booking uses a place: a no-show does.
    #[must_use]
    pub const fn uses_place(self) -> bool {
        self.is_live() || matches!(self, Self::NoShow | Self::NotGiven)
    }

    /// Whether staff of the venue may change it to `next`; each such change can be taken back.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        matches!(
            (self, next),
            (Self::Booked, Self::CheckedIn | Self::NoShow)
                | (Self::CheckedIn, Self::Booked | Self::Vaccinated | Self::NotGiven)
                | (Self::Vaccinated | Self::NotGiven, Self::CheckedIn)
                | (Self::NoShow, Self::Booked)
        )
    }

    /// The stable name in answers.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Cancelled => "cancelled",
            Self::CancelledByCity => "cancelled_by_city",
            Self::CheckedIn => "checked_in",
            Self::Vaccinated => "vaccinated",
            Self::NoShow => "no_show",
            Self::NotGiven => "not_given",
        }
    }
}

impl Booking {
    /// The place that the booking has.
    #[must_use]
    pub const fn leg(&self) -> Leg {
        Leg { session: self.session, slot: self.slot, dose: self.dose }
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
