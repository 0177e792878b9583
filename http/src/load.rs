//! Overload control of the residents' listener. Whatever comes, the threads that serve are kept so punctual that what is let in is
//! answered in time; what is too much is sent away before anything is done for it, the least valuable first, with a short honest
//! answer.
//!
//! [`rule`] is the pure rule and [`class`] says what is worth how much; [`Load`] keeps what the rule says where every request can
//! read it without a lock; [`guard`] stands before the router.

pub(crate) mod class;
mod figures;
pub(crate) mod guard;
mod paces;
mod refusals;
mod rule;
mod watch;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use class::Class;
pub(crate) use figures::ConnectionRefused;
use figures::Figures;
pub use guard::Guard;
use rule::Orders;

/// The bounds of overload control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LoadLimits {
    /// From how many milliseconds on the serving threads count as late: requests are sent away then.
    pub late_ms: u32,
    /// From how many milliseconds on the ledger counts as late: fewer requests may be in flight then.
    pub ledger_late_ms: u32,
    /// How many requests may at least be in flight, however late everything is.
    pub requests_in_flight_min: usize,
    /// How many requests may be in flight at most: this bounds their memory.
    pub requests_in_flight_max: usize,
}

impl Default for LoadLimits {
    fn default() -> Self {
        Self { late_ms: 100, ledger_late_ms: 1_000, requests_in_flight_min: 1_024, requests_in_flight_max: 8_192 }
    }
}

/// How many bodies may be waited for before all have to hurry.
const BODIES_WAITED_FOR_CALMLY: usize = 512;

/// What the serving of residents has to bear, and what follows from it. Cheap to clone: all clones are one.
#[derive(Debug, Clone, Default)]
pub struct Load(Arc<State>);

#[derive(Debug)]
struct State {
    limits: LoadLimits,
    in_flight: AtomicUsize,
    /// Of those in flight, the requests whose body is still to come.
    waiting_for_body: AtomicUsize,
    /// The orders of the rule: see [`Orders`].
    level_milli: AtomicU32,
    bound: AtomicUsize,
    late_ms: AtomicU32,
    rush: AtomicBool,
    /// Decides which requests of a class that is sent away in part are.
    turn: AtomicU32,
    /// Decides for how long: apart, so that the one does not follow from the other.
    wait_turn: AtomicU32,
    figures: Figures,
}

impl Default for State {
    fn default() -> Self {
        Self::new(LoadLimits::default())
    }
}

impl State {
    fn new(limits: LoadLimits) -> Self {
        Self {
            limits,
            in_flight: AtomicUsize::new(0),
            waiting_for_body: AtomicUsize::new(0),
            level_milli: AtomicU32::new(0),
            bound: AtomicUsize::new(limits.requests_in_flight_max),
            late_ms: AtomicU32::new(0),
            rush: AtomicBool::new(false),
            turn: AtomicU32::new(0),
            wait_turn: AtomicU32::new(0),
            figures: Figures::default(),
        }
    }
}

/// Why a request is sent away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The threads that serve are late.
    Late,
    /// As many requests are in flight as may be.
    InFlight,
}

impl Why {
    pub(crate) const ALL: [Self; 2] = [Self::Late, Self::InFlight];

    /// Its name in metrics.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::InFlight => "in_flight",
        }
    }
}

impl Load {
    /// Nothing yet, with these bounds.
    #[must_use]
    pub fn new(limits: LoadLimits) -> Self {
        Self(Arc::new(State::new(limits)))
    }

    /// Lets a request of this class in, or says why not. Only one that `changes` something ever waits, for the disk, for a hash or at its
    /// door, so that only those are kept out by others that wait. It reads three words and takes no lock.
    pub(crate) fn admit(&self, class: Class, changes: bool) -> Result<(), Why> {
        let state = &*self.0;
        let level_milli = state.level_milli.load(Ordering::Relaxed);
        let over_milli = level_milli.saturating_sub(class.rank() * 1_000);
        if over_milli > 0 && (over_milli >= 1_000 || draw(&state.turn, 1_000) < over_milli) {
            return Err(Why::Late);
        }
        let working = state.in_flight.load(Ordering::Relaxed);
        let working = working.saturating_sub(state.waiting_for_body.load(Ordering::Relaxed));
        let most = if changes {
            class.part_of(state.bound.load(Ordering::Relaxed))
        } else {
            state.limits.requests_in_flight_max
        };
        if working < most { Ok(()) } else { Err(Why::InFlight) }
    }

    /// Whether there is so little to do that everybody is let in, whoever they are.
    pub(crate) fn is_calm(&self) -> bool {
        let state = &*self.0;
        let in_flight = state.in_flight.load(Ordering::Relaxed);
        state.level_milli.load(Ordering::Relaxed) == 0 && in_flight < state.bound.load(Ordering::Relaxed) / 2
    }

    /// Counts a request that was sent away.
    pub(crate) fn note_sent_away(&self, class: Class, why: Why) {
        self.0.figures.sent_away(class, why);
    }

    /// Which of so many `waits` the next one who is sent away gets: evenly spread.
    pub(crate) fn draw_wait(&self, waits: u32) -> u32 {
        draw(&self.0.wait_turn, waits)
    }

    /// A place among the requests that are in flight; none over the bound that never moves.
    pub(crate) fn enter(&self) -> Option<InFlight> {
        let place = InFlight(Arc::clone(&self.0));
        let before = self.0.in_flight.fetch_add(1, Ordering::Relaxed);
        (before < self.0.limits.requests_in_flight_max).then_some(place)
    }

    /// Notes that a request waits for its body, and whether it has to hurry: too many do.
    pub(crate) fn wait_for_body(&self) -> (WaitsForBody, bool) {
        let before = self.0.waiting_for_body.fetch_add(1, Ordering::Relaxed);
        (WaitsForBody(Arc::clone(&self.0)), before >= BODIES_WAITED_FOR_CALMLY)
    }

    /// Whether most of the less valuable classes are sent away: who is sent away then should stay away for longer.
    pub(crate) fn is_heavy(&self) -> bool {
        self.0.level_milli.load(Ordering::Relaxed) >= Class::Read.rank() * 1_000
    }

    /// Whether so many requests come that they are better served in bulk.
    #[must_use]
    pub fn is_rush(&self) -> bool {
        self.0.rush.load(Ordering::Relaxed)
    }

    /// What is counted.
    pub(crate) fn figures(&self) -> &Figures {
        &self.0.figures
    }

    /// Follows the rule's orders.
    fn follow(&self, orders: Orders) {
        self.0.level_milli.store(orders.level_milli, Ordering::Relaxed);
        self.0.bound.store(orders.bound, Ordering::Relaxed);
        self.0.late_ms.store(orders.late_ms, Ordering::Relaxed);
        self.0.rush.store(orders.rush, Ordering::Relaxed);
    }
}

/// A number below `below`, spread evenly over those that are asked for in turn.
fn draw(turn: &AtomicU32, below: u32) -> u32 {
    let turn = turn.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9);
    ((u64::from(turn) * u64::from(below)) >> 32) as u32
}

/// The place of a request that is in flight; given back when dropped.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<State>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A request that waits for its body.
#[derive(Debug)]
pub(crate) struct WaitsForBody(Arc<State>);

impl Drop for WaitsForBody {
    fn drop(&mut self) {
        self.0.waiting_for_body.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_level(level_milli: u32) -> Load {
        let load = Load::default();
        load.follow(Orders { level_milli, bound: 8_192, late_ms: 0, overworked: false, rush: false });
        load
    }

    #[test]
    fn the_least_valuable_class_goes_first_and_ones_own_bookings_last() {
        let let_in = |level_milli| {
            let load = at_level(level_milli);
            Class::ALL.map(|class| (0..1_000).filter(|_| load.admit(class, true).is_ok()).count())
        };
        assert_eq!(let_in(0), [1_000; 7]);
        assert_eq!(let_in(1_000), [0, 1_000, 1_000, 1_000, 1_000, 1_000, 1_000]);
        let half = let_in(2_500);
        assert_eq!((half[0], half[1], half[3]), (0, 0, 1_000));
        assert!((480..520).contains(&half[2]), "half of the logins: {half:?}");
        let most = let_in(rule::LEVEL_MILLI_MAX);
        assert_eq!(most[..6], [0; 6]);
        assert!(most[6] > 50, "never all of those who see or cancel their own: {most:?}");
    }

    #[test]
    fn the_last_places_in_flight_are_kept_for_the_more_valuable() {
        let load = Load::new(LoadLimits { requests_in_flight_max: 100, ..LoadLimits::default() });
        let mut inside: Vec<InFlight> = (0..90).map(|_| load.enter().expect("a place")).collect();
        let open = |load: &Load| Class::ALL.map(|class| load.admit(class, true).is_ok());
        assert_eq!(open(&load), [false, false, false, false, false, true, true]);
        assert_eq!(load.admit(Class::Read, false), Ok(()), "whoever only reads takes nobody's place");
        inside.extend((0..10).map(|_| load.enter().expect("a place")));
        assert_eq!(load.admit(Class::Own, false), Err(Why::InFlight));
        assert!(load.enter().is_none(), "and this bound never moves");
        inside.truncate(10);
        assert_eq!(open(&load), [true; 7]);
    }

    #[test]
    fn slow_bodies_take_no_place_from_those_at_work_and_have_to_hurry_when_they_are_many() {
        let load = Load::new(LoadLimits { requests_in_flight_max: 1_000, ..LoadLimits::default() });
        let _inside: Vec<InFlight> = (0..990).map(|_| load.enter().expect("a place")).collect();
        assert_eq!(load.admit(Class::Hold, true), Err(Why::InFlight));
        let waiting: Vec<(WaitsForBody, bool)> = (0..700).map(|_| load.wait_for_body()).collect();
        assert_eq!(load.admit(Class::Hold, true), Ok(()));
        let calm = waiting.iter().filter(|(_, hurries)| !hurries).count();
        assert_eq!(calm, BODIES_WAITED_FOR_CALMLY);
    }
}
