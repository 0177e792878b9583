//! How many places are free for whom: the city's formula, as the clerks and those who need not ask them both apply it.

use super::count::{Count, web_free};
use super::ids::SlotNo;
use super::places::PlaceWanted;
use super::session::Session;
use super::setup::Rules;
use super::time::Instant;
use crate::planted::{Bug, planted};

/// How many places somebody of this lane could take in a slot with this `capacity`, of which so many are `taken`.
#[allow(clippy::too_many_arguments, reason = "each is one term of the city's formula")]
pub(super) fn free_in_slot(
    session: &Session,
    rules: &Rules,
    no: SlotNo,
    phone: bool,
    now: Instant,
    capacity: u32,
    taken: Count,
) -> u32 {
    let in_force = !phone && !planted(Bug::ShareGivenAway) && session.phone_share_in_force(rules, now);
    let share = if in_force { session.slots[usize::from(no.0)].phone_share } else { 0 };
    web_free(capacity + u32::from(planted(Bug::OffByOne)), taken, share)
}

/// Whether durable bookings alone leave no place for somebody of this lane, so that no clerk needs to be asked: `booked` are those of
/// the slot, `booked_in_all` gives those of the session. What [`Places::decide`](super::places::Places::decide) says then is the same `full`, without `retry_at`.
///
/// # Panics
/// If the slot does not exist.
#[must_use]
pub fn full_of_bookings(
    session: &Session,
    rules: &Rules,
    wanted: &PlaceWanted,
    now: Instant,
    booked: Count,
    booked_in_all: impl FnOnce() -> u32,
) -> bool {
    let capacity = session.slots[usize::from(wanted.slot.0)].capacity;
    let phone = wanted.channel.uses_phone_share();
    free_in_slot(session, rules, wanted.slot, phone, now, capacity, booked) == 0
        || session.doses_total.is_some_and(|total| booked_in_all() >= total)
}
