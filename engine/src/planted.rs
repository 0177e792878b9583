//! Bugs that tests plant to see that they would be caught. Outside of tests there are none.

use crate::actors::Shared;
#[cfg(test)]
use crate::actors::{Durable, SessionMessage};
#[cfg(test)]
use crate::core::event::PlaceChange;
use crate::core::resident::Booking;

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A success is told before the commit is synced.
    AcknowledgeBeforeSync,
    /// A cancelled place is free before the cancellation is durable.
    FreeBeforeDurable,
    /// A move frees the old place before the new one is durable.
    MoveFreesFirst,
    /// One place more than the capacity.
    OffByOne,
    /// Entries of an older epoch are written.
    StaleEpoch,
    /// The second leg of a pair is lost.
    LostLeg,
    /// Request keys are forgotten when the store is opened.
    KeyForgottenAfterRestart,
    /// A key gives its answer to whatever is asked with it.
    KeyOfOtherContent,
    /// Holds never end.
    HoldNeverExpires,
    /// Holds that replace one another last on and on.
    HoldStretched,
    /// Holds count no place.
    HoldsUncounted,
    /// A hold replaces nothing: a person collects holds.
    HoldsCollected,
    /// `full` that rests on holds is told as if it rested on bookings.
    HoldsToldAsBookings,
    /// What else a person held is held on after they have booked.
    HoldOutlivesBooking,
    /// `full` rests on a take that is not decided.
    FullFromUndecided,
    /// Whoever waits for undecided takes is not decided again.
    WaitingForgotten,
    /// What a refused pair took is not given back.
    TakeNotGivenBack,
    /// Undecided takes are counted on after a restart.
    TakesSurviveRestart,
    /// A restart keeps a clerk's old counts of bookings.
    BookingsForgotten,
    /// The phone's share is given away on the web.
    ShareGivenAway,
    /// A capacity that is on its way to the disk is not counted.
    CapacityTooLate,
    /// A session that is opened again goes on granting nothing.
    StaysClosed,
    /// A session closes before the takes before it are decided.
    ClosesTooEarly,
    /// A move to the same place asks no clerk.
    StayUnasked,
    /// A session takes bookings before its opening.
    OpensEarly,
    /// A person books before their wave opens.
    WaveIgnored,
    /// The deadline for changes is not kept.
    ChangedTooLate,
    /// Dose 2 may be booked without dose 1.
    SecondDoseAlone,
    /// A cancelled first dose leaves its second.
    SecondDoseLeft,
    /// The interval between doses is one day short.
    IntervalShort,
    /// The gate lets two changes of one resident through.
    GateOpen,
    /// The gate stays closed when somebody hangs up while waiting.
    GateStuck,
    /// Permits are not returned.
    PermitLost,
    /// An entry is missing from the chain of hashes.
    ChainGap,
    /// After a fault the index is not loaded anew.
    NoReload,
    /// The store is opened without settling the disk.
    NoSettle,
    /// The tables are said to reach further than they do.
    FoldAhead,
    /// The high-water mark leads the disk.
    MarkLeads,
}

/// Where a test can startle the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spot {
    /// A session's clerk, amid a message.
    Clerk,
    /// The ledger's writer, after the commit and before anybody hears of it.
    Writer,
    /// Whoever asks the rules about a person, inside the gate.
    Gate,
}

#[cfg(test)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
    static STARTLING: std::cell::Cell<Option<Spot>> = const { std::cell::Cell::new(None) };
}

/// Whether `bug` is planted on this thread.
#[cfg(test)]
pub(crate) fn planted(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Whether `bug` is planted: outside of tests it never is.
#[cfg(not(test))]
#[inline]
pub(crate) const fn planted(_: Bug) -> bool {
    false
}

/// Plants a bug on this thread, or with none removes it.
#[cfg(test)]
pub(crate) fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Panics here, without a word, if a test set it up.
#[cfg(test)]
pub(crate) fn startle(spot: Spot) {
    if STARTLING.get() == Some(spot) {
        STARTLING.set(None);
        std::panic::resume_unwind(Box::new("startled"));
    }
}

/// Outside of tests nothing is startled.
#[cfg(not(test))]
#[inline]
pub(crate) const fn startle(_: Spot) {}

/// The next one who comes to `spot` on this thread panics; with none nobody does. Tells who was still to be startled.
#[cfg(test)]
pub(crate) fn startle_next(spot: Option<Spot>) -> Option<Spot> {
    STARTLING.replace(spot)
}

/// Tells the clerks that places are free that are not yet: what some bugs do.
#[cfg(test)]
pub(crate) fn free_early(shared: &Shared, bookings: &[Booking]) {
    for booking in bookings {
        let changes = vec![PlaceChange::of(booking, false)];
        let durable = Durable { epoch: shared.epoch(), changes, ..Durable::default() };
        shared.registry.tell(booking.session, SessionMessage::Durable(durable));
    }
}

/// Outside of tests nothing is freed early.
#[cfg(not(test))]
#[inline]
pub(crate) const fn free_early(_: &Shared, _: &[Booking]) {}
