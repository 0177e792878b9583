//! A booking as JSON.

use serde::Serialize;
use sesshu_engine::core::ids::{BookingNumber, SessionId, SlotNo, VenueId};
use sesshu_engine::core::setup::Venue;
use sesshu_engine::core::time::{ClockTime, Day};
use sesshu_engine::view::BookingView;
use utoipa::ToSchema;

use super::as_text;

/// A booking.
#[derive(Serialize, ToSchema)]
#[schema(as = Booking)]
pub(crate) struct BookingBody<'a> {
    /// Ten digits; the last is a check digit.
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "4821093756")]
    number: BookingNumber,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "12")]
    session: SessionId,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "3")]
    slot: SlotNo,
    venue: VenueBody<'a>,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, format = Date, example = "2026-12-05")]
    date: Day,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "09:30")]
    start: ClockTime,
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "10:00")]
    end: ClockTime,
    #[schema(example = 1)]
    dose: u8,
    vaccine: &'a str,
    /// `booked`, `cancelled`, `cancelled_by_city`, `checked_in`, `vaccinated`, `no_show` or `not_given`.
    #[schema(example = "booked")]
    state: &'static str,
}

/// A venue.
#[derive(Serialize, ToSchema)]
#[schema(as = Venue)]
pub(crate) struct VenueBody<'a> {
    #[serde(serialize_with = "as_text")]
    #[schema(value_type = String, example = "1")]
    id: VenueId,
    name: &'a str,
}

impl<'a> From<&'a Venue> for VenueBody<'a> {
    fn from(venue: &'a Venue) -> Self {
        Self { id: venue.id, name: &venue.name }
    }
}

impl<'a> From<&'a BookingView> for BookingBody<'a> {
    fn from(booking: &'a BookingView) -> Self {
        Self {
            number: booking.number,
            session: booking.session,
            slot: booking.slot,
            venue: VenueBody::from(&*booking.venue),
            date: booking.date,
            start: booking.start,
            end: booking.end,
            dose: booking.dose.get(),
            vaccine: &booking.vaccine,
            state: booking.state.code(),
        }
    }
}

/// Bookings as they were granted, or cancelled.
#[derive(Serialize, ToSchema)]
#[schema(as = Bookings)]
pub(crate) struct BookingsBody<'a> {
    bookings: Vec<BookingBody<'a>>,
}

impl<'a> From<&'a [BookingView]> for BookingsBody<'a> {
    fn from(bookings: &'a [BookingView]) -> Self {
        Self { bookings: bookings.iter().map(BookingBody::from).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::ids::DoseNo;
    use sesshu_engine::core::resident::BookingState;

    #[test]
    fn a_booking_has_exactly_the_fields_of_the_contract() {
        let view = BookingView {
            number: BookingNumber::from_ordinal(1, &[3; 32]),
            session: SessionId(12),
            slot: SlotNo(3),
            venue: std::sync::Arc::new(Venue { id: VenueId(1), name: "市民ホール".into() }),
            date: "2026-12-05".parse().expect("a date"),
            start: ClockTime(570),
            end: ClockTime(600),
            dose: DoseNo::FIRST,
            vaccine: "Comirnaty".into(),
            state: BookingState::Booked,
        };
        let json = serde_json::to_string(&BookingsBody::from(&[view.clone()][..])).expect("JSON");
        let expected = r#"{"bookings":[{"number":"NUMBER","session":"12","slot":"3","venue":{"id":"1","name":"市民ホール"},"date":"2026-12-05","start":"09:30","end":"10:00","dose":1,"vaccine":"Comirnaty","state":"booked"}]}"#;
        assert_eq!(json, expected.replace("NUMBER", &view.number.to_string()));
    }
}
