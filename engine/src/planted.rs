//! Bugs that tests plant to see that they would be caught. Outside of tests there are none.

/// A bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bug {
    /// A success is told before the commit.
    AcknowledgeBeforeSync,
    /// A cancelled place is free before the cancellation is durable.
    FreeBeforeDurable,
    /// One place more than the capacity.
    OffByOne,
    /// Entries of an older epoch are written.
    StaleEpoch,
    /// The second leg of a pair is lost.
    LostLeg,
    /// Request keys are forgotten.
    KeyForgotten,
    /// Holds never end.
    HoldNeverExpires,
    /// `full` rests on a take that is not decided.
    FullFromUndecided,
    /// An entry is missing from the chain of hashes.
    ChainGap,
    /// What a refused pair took is not given back.
    TakeNotGivenBack,
    /// A move frees the old place before the new one is durable.
    MoveFreesFirst,
    /// The gate lets two changes of one resident through.
    GateOpen,
    /// The gate stays closed when somebody hangs up while waiting.
    GateStuck,
    /// After a fault the index is not loaded anew.
    NoReload,
    /// The store is opened without settling the disk.
    NoSettle,
    /// Holds count no place.
    HoldsUncounted,
    /// A hold can be used after its end.
    ExpiredHoldUsed,
    /// A hold replaces nothing: a person collects holds.
    HoldsCollected,
    /// The tables are said to reach further than they do.
    FoldAhead,
    /// The high-water mark leads the disk.
    MarkLeads,
    /// Dose 2 may be booked without dose 1.
    SecondDoseAlone,
    /// The interval between doses is one day short.
    IntervalShort,
    /// A capacity that is on its way to the disk is not counted.
    CapacityTooLate,
    /// Permits are not returned.
    PermitLost,
    /// A cancelled first dose leaves its second.
    SecondDoseLeft,
    /// Somebody else's key gives their answer.
    KeyOfOthers,
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
#[inline(always)]
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
#[inline(always)]
pub(crate) const fn startle(_: Spot) {}

/// The next one who comes to `spot` on this thread panics; with none nobody does. Tells who was still to be startled.
#[cfg(test)]
pub(crate) fn startle_next(spot: Option<Spot>) -> Option<Spot> {
    STARTLING.replace(spot)
}
