//! A booking that an address names, if it is the visitor's own. Anybody else's is as unknown as none at all.

use sesshu_engine::core::refusal::RefusalCode;
use sesshu_engine::view::{BookingView, Me};

use super::place::read_number;
use crate::problem::Problem;

/// The booking `number` of `me`, whatever became of it.
pub(super) fn own_booking<'a>(me: &'a Me, number: &str) -> Result<&'a BookingView, Problem> {
    let number = read_number(number)?;
    let own = me.bookings.iter().find(|booking| booking.number == number);
    own.ok_or_else(|| RefusalCode::NoSuchBooking.into())
}

/// The booking `number` of `me`, if it still stands for a dose.
pub(super) fn own_live_booking<'a>(me: &'a Me, number: &str) -> Result<&'a BookingView, Problem> {
    let own = own_booking(me, number)?;
    if own.state.is_live() { Ok(own) } else { Err(RefusalCode::NoSuchBooking.into()) }
}
