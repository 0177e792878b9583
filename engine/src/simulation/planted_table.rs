//! The auditor's own test: bugs are planted one by one in the production code, and each must be found within a bounded number of
//! lives.

use std::fmt::Write as _;
use std::time::Instant;

use super::{folder, live, report};
use crate::planted::{Bug, plant};

/// How many lives a bug may stay hidden.
const LIVES_MAX: u64 = 2_000;

const BUGS: [Bug; 38] = [
    Bug::AcknowledgeBeforeSync,
    Bug::FreeBeforeDurable,
    Bug::MoveFreesFirst,
    Bug::OffByOne,
    Bug::StaleEpoch,
    Bug::LostLeg,
    Bug::KeyForgottenAfterRestart,
    Bug::KeyOfOtherContent,
    Bug::HoldNeverExpires,
    Bug::HoldStretched,
    Bug::HoldsUncounted,
    Bug::HoldsCollected,
    Bug::HoldsToldAsBookings,
    Bug::HoldOutlivesBooking,
    Bug::FullFromUndecided,
    Bug::WaitingForgotten,
    Bug::TakeNotGivenBack,
    Bug::TakesSurviveRestart,
    Bug::BookingsForgotten,
    Bug::ShareGivenAway,
    Bug::CapacityTooLate,
    Bug::ClosesTooEarly,
    Bug::StaysClosed,
    Bug::StayUnasked,
    Bug::OpensEarly,
    Bug::WaveIgnored,
    Bug::ChangedTooLate,
    Bug::SecondDoseAlone,
    Bug::SecondDoseLeft,
    Bug::IntervalShort,
    Bug::GateOpen,
    Bug::GateStuck,
    Bug::PermitLost,
    Bug::ChainGap,
    Bug::NoReload,
    Bug::NoSettle,
    Bug::FoldAhead,
    Bug::MarkLeads,
];

/// Takes the planted bug away, however the test ends.
struct Planted;

impl Planted {
    fn new(bug: Bug) -> Self {
        plant(Some(bug));
        Self
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        plant(None);
    }
}

#[test]
fn every_planted_bug_is_found() {
    let folder = folder();
    let started = Instant::now();
    let mut table = String::from("planted bug                lives  found by\n");
    let mut hidden = Vec::new();
    for bug in BUGS {
        let _planted = Planted::new(bug);
        let found = (1..=LIVES_MAX).find_map(|seed| live(seed, folder.path()).err().map(|failed| (seed, failed)));
        let (lives, check) = found.map_or((LIVES_MAX, "NOT FOUND"), |(lives, failed)| (lives, failed.violation.check));
        if check == "NOT FOUND" {
            hidden.push(bug);
        }
        writeln!(table, "{:26} {lives:5}  {check}", format!("{bug:?}")).expect("a text grows");
    }
    report(&format!("{table}{} bugs in {:.1} s", BUGS.len(), started.elapsed().as_secs_f64()));
    assert!(hidden.is_empty(), "nobody found {hidden:?}");
}
