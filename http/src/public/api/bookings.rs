//! `/bookings`: the hot path. One file a method.

use sesshu_engine::core::ids::BookingNumber;
use sesshu_engine::core::refusal::RefusalCode;

use crate::problem::Problem;

pub(crate) mod delete;
pub(crate) mod post;
pub(crate) mod put;

/// The number in an address. What is no number names no booking.
pub(crate) fn number(text: &str) -> Result<BookingNumber, Problem> {
    text.parse().map_err(|_| RefusalCode::NoSuchBooking.into())
}
