//! The call centre's calls that are going on: whose they are, who was identified in them, how many people were looked up.
//!
//! They live in memory, as holds do. What the journal says of them is said by whoever keeps them.

use std::collections::{HashMap, VecDeque};

use super::ids::ResidentNo;
use super::staff::{CallId, CallReason};
use super::time::Instant;

/// After this many times nobody found, the call ends.
pub const MISSES_MAX: u8 = 3;
/// After this many minutes in which its operator did nothing, a call has ended.
pub const IDLE_MINUTES_MAX: i64 = 60;
/// Over how long an account's lookups are counted, in milliseconds.
pub const LOOKUPS_WINDOW_MS: i64 = 60 * 60 * 1_000;

/// A call as its operator sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallView {
    /// The call.
    pub call: CallId,
    /// Why they call.
    pub reason: CallReason,
    /// Since when.
    pub opened_at: Instant,
    /// How many people were looked up in it: a form that was sent before with another number is old.
    pub lookups: u16,
    /// How often nobody was found in it.
    pub misses: u8,
    /// How many people were identified in it. Pages about an earlier one are gone.
    pub turn: u16,
    /// Who was identified last.
    pub resident: Option<ResidentNo>,
}

impl CallView {
    /// How often it may still happen that nobody is found.
    #[must_use]
    pub const fn misses_left(&self) -> u8 {
        MISSES_MAX.saturating_sub(self.misses)
    }
}

/// What a lookup that may be made brings with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupCounted {
    /// Whether the call ends with it: nobody was found once too often.
    pub ends_call: bool,
    /// How many lookups there were within the window, if that is unusual and was not said within it.
    pub unusual: Option<u32>,
}

/// Why a lookup may not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupRefused {
    /// The account has no such call.
    NoSuchCall,
    /// This form was sent before.
    Repeated,
    /// The account has looked up as many people as it may; the next one at this instant.
    TooMany(Instant),
}

#[derive(Debug)]
struct Running {
    view: CallView,
    seen_at: Instant,
}

impl Running {
    fn is_idle(&self, now: Instant) -> bool {
        now > self.seen_at.plus_minutes(IDLE_MINUTES_MAX)
    }
}

/// A call that has just ended, for whoever says so in the journal.
#[derive(Debug)]
pub struct EndedCall {
    login: Box<str>,
    running: Running,
}

/// An account's lookups within the window, oldest first.
#[derive(Debug, Default)]
struct Lookups {
    made_at: VecDeque<Instant>,
    unusual_at: Option<Instant>,
}

impl Lookups {
    fn forget_before_window(&mut self, now: Instant) {
        while self.made_at.front().is_some_and(|at| now.ms_since(*at) >= LOOKUPS_WINDOW_MS) {
            self.made_at.pop_front();
        }
        self.unusual_at = self.unusual_at.filter(|at| now.ms_since(*at) < LOOKUPS_WINDOW_MS);
    }
}

/// All calls that are going on: at most one for each account. All of it is as much as there are accounts.
#[derive(Debug, Default)]
pub struct Calls {
    running: HashMap<Box<str>, Running>,
    lookups: HashMap<Box<str>, Lookups>,
    /// The call that each account ended last.
    ended: HashMap<Box<str>, CallId>,
}

impl Calls {
    /// Opens `call` for an account that has none; otherwise gives the one that it has, and false.
    pub fn open(&mut self, login: &str, call: CallId, reason: CallReason, now: Instant) -> (CallView, bool) {
        if let Some(running) = self.of(login, now) {
            return (running, false);
        }
        let view = CallView { call, reason, opened_at: now, lookups: 0, misses: 0, turn: 0, resident: None };
        self.running.insert(login.into(), Running { view, seen_at: now });
        (view, true)
    }

    /// The account's call, if it has one.
    #[must_use]
    pub fn of(&self, login: &str, now: Instant) -> Option<CallView> {
        self.running.get(login).filter(|running| !running.is_idle(now)).map(|running| running.view)
    }

    /// The account's call `call`, whose operator does something now.
    pub fn see(&mut self, login: &str, call: CallId, now: Instant) -> Option<CallView> {
        let running =
            self.running.get_mut(login).filter(|running| running.view.call == call && !running.is_idle(now))?;
        running.seen_at = now;
        Some(running.view)
    }

    /// Ends the account's call `call`, if it is going on: whoever ends it is the only one who does.
    pub fn end(&mut self, login: &str, call: CallId) -> Option<EndedCall> {
        self.running.get(login).filter(|running| running.view.call == call)?;
        self.ended.insert(login.into(), call);
        self.running.remove_entry(login).map(|(login, running)| EndedCall { login, running })
    }

    /// Whether `call` is the one that the account ended last.
    #[must_use]
    pub fn has_ended(&self, login: &str, call: CallId) -> bool {
        self.ended.get(login) == Some(&call)
    }

    /// The call goes on after all: its end could not be written. If the account has another one by now, it stays ended.
    pub fn go_on(&mut self, ended: EndedCall) {
        self.ended.remove(&ended.login);
        self.running.entry(ended.login).or_insert(ended.running);
    }

    /// Forgets the calls whose operators have done nothing for too long.
    pub fn end_idle(&mut self, now: Instant) -> Vec<CallId> {
        let ended = self.running.extract_if(|_, running| running.is_idle(now));
        ended.map(|(_, running)| running.view.call).collect()
    }

    /// Whether the account's lookups are known: not if it has made none since the start.
    #[must_use]
    pub fn knows_lookups(&self, login: &str) -> bool {
        self.lookups.contains_key(login)
    }

    /// Takes over what the journal says of an account's lookups, oldest first, unless they are known.
    pub fn recall_lookups(&mut self, login: &str, made_at: Vec<Instant>, unusual_at: Option<Instant>) {
        self.lookups.entry(login.into()).or_insert(Lookups { made_at: made_at.into(), unusual_at });
    }

    /// Counts the lookup `nth` of `call`, from 0, which finds somebody or nobody, if the account may make it. An unusual number is told once in
    /// each window: from two thirds of `per_hour_max` on.
    pub fn count_lookup(
        &mut self,
        login: &str,
        call: CallId,
        nth: u16,
        finds: bool,
        per_hour_max: u32,
        now: Instant,
    ) -> Result<LookupCounted, LookupRefused> {
        let running = self.running.get_mut(login).filter(|running| running.view.call == call && !running.is_idle(now));
        let running = running.filter(|running| running.view.misses < MISSES_MAX).ok_or(LookupRefused::NoSuchCall)?;
        if running.view.lookups != nth {
            return Err(LookupRefused::Repeated);
        }
        let lookups = self.lookups.entry(login.into()).or_default();
        lookups.forget_before_window(now);
        if lookups.made_at.len() >= per_hour_max as usize {
            let oldest = lookups.made_at.front().copied().unwrap_or(now);
            return Err(LookupRefused::TooMany(oldest.plus_ms(LOOKUPS_WINDOW_MS)));
        }
        lookups.made_at.push_back(now);
        running.seen_at = now;
        running.view.lookups = nth.saturating_add(1);
        if !finds {
            running.view.misses += 1;
        }
        let made = u32::try_from(lookups.made_at.len()).unwrap_or(u32::MAX);
        let is_unusual = lookups.unusual_at.is_none() && made >= (2 * per_hour_max).div_ceil(3);
        if is_unusual {
            lookups.unusual_at = Some(now);
        }
        Ok(LookupCounted { ends_call: running.view.misses >= MISSES_MAX, unusual: is_unusual.then_some(made) })
    }

    /// Takes back a lookup that nobody was told the outcome of.
    pub fn uncount_lookup(&mut self, login: &str, call: CallId, finds: bool, counted: LookupCounted) {
        if let Some(running) = self.running.get_mut(login).filter(|running| running.view.call == call) {
            running.view.lookups = running.view.lookups.saturating_sub(1);
            running.view.misses = running.view.misses.saturating_sub(u8::from(!finds));
        }
        if let Some(lookups) = self.lookups.get_mut(login) {
            lookups.made_at.pop_back();
            lookups.unusual_at = lookups.unusual_at.filter(|_| counted.unusual.is_none());
        }
    }

    /// Who is on the line is known: from now on the call is about them.
    pub fn identify(&mut self, login: &str, call: CallId, resident: ResidentNo) -> Option<CallView> {
        let running = self.running.get_mut(login).filter(|running| running.view.call == call)?;
        running.view.turn = running.view.turn.saturating_add(1);
        running.view.resident = Some(resident);
        Some(running.view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOGIN: &str = "sato";
    const CALL: CallId = CallId(7);

    fn at(minutes: i64) -> Instant {
        Instant::default().plus_minutes(minutes)
    }

    fn in_a_call() -> Calls {
        let mut calls = Calls::default();
        calls.open(LOGIN, CALL, CallReason::Book, at(0));
        calls
    }

    #[test]
    fn an_account_has_one_call_at_a_time() {
        let mut calls = in_a_call();
        let (again, is_new) = calls.open(LOGIN, CallId(8), CallReason::Other, at(1));
        assert_eq!((again.call, again.reason, is_new), (CALL, CallReason::Book, false));
        assert!(calls.open("kato", CallId(9), CallReason::Other, at(1)).1, "another account's is its own");
        assert_eq!(calls.see("kato", CALL, at(1)), None);
        let ended = calls.end(LOGIN, CALL).expect("it is going on");
        assert!(calls.end(LOGIN, CALL).is_none(), "only one ends it");
        assert!(calls.has_ended(LOGIN, CALL) && !calls.has_ended(LOGIN, CallId(9)) && !calls.has_ended("kato", CALL));
        calls.go_on(ended);
        assert!(!calls.has_ended(LOGIN, CALL));
        assert!(calls.end(LOGIN, CALL).is_some());
        assert!(calls.open(LOGIN, CallId(8), CallReason::Other, at(1)).1);
    }

    #[test]
    fn a_call_in_which_nothing_is_done_for_an_hour_has_ended() {
        let mut calls = in_a_call();
        assert!(calls.see(LOGIN, CALL, at(60)).is_some());
        assert_eq!(calls.end_idle(at(120)), []);
        assert_eq!(calls.of(LOGIN, at(121)), None);
        assert_eq!(calls.see(LOGIN, CALL, at(121)), None);
        assert_eq!(calls.count_lookup(LOGIN, CALL, 0, true, 9, at(121)), Err(LookupRefused::NoSuchCall));
        assert_eq!(calls.end_idle(at(121)), [CALL]);
    }

    #[test]
    fn a_call_ends_when_nobody_was_found_three_times_whoever_was_found_between() {
        let mut calls = in_a_call();
        let mut ends = |nth, finds| {
            let counted = calls.count_lookup(LOGIN, CALL, nth, finds, 9, at(1));
            counted.map(|counted| counted.ends_call)
        };
        assert_eq!([ends(0, false), ends(1, true), ends(2, false)], [Ok(false), Ok(false), Ok(false)]);
        assert_eq!(ends(2, false), Err(LookupRefused::Repeated), "a form counts once");
        assert_eq!(ends(3, false), Ok(true));
        assert_eq!(ends(4, true), Err(LookupRefused::NoSuchCall), "it is ending");
    }

    #[test]
    fn lookups_are_bounded_by_the_hour_and_an_unusual_number_is_told_once() {
        let mut calls = in_a_call();
        let mut look = |minutes| {
            let nth = calls.of(LOGIN, at(minutes)).expect("it goes on").lookups;
            calls.count_lookup(LOGIN, CALL, nth, true, 6, at(minutes)).map(|counted| counted.unusual)
        };
        let told: Vec<_> = (0..6).map(&mut look).collect();
        assert_eq!(told, [Ok(None), Ok(None), Ok(None), Ok(Some(4)), Ok(None), Ok(None)]);
        assert_eq!(look(59), Err(LookupRefused::TooMany(at(60))));
        assert_eq!(look(60), Ok(None), "told within the hour already");
        assert_eq!(look(61), Ok(None));
        assert_eq!(look(63), Ok(Some(5)), "in the next hour it is told again");
    }

    #[test]
    fn a_lookup_without_outcome_does_not_count() {
        let mut calls = in_a_call();
        for _ in 0..9 {
            let counted = calls.count_lookup(LOGIN, CALL, 0, false, 1, at(0)).expect("within bounds");
            assert_eq!(counted.unusual, Some(1));
            calls.uncount_lookup(LOGIN, CALL, false, counted);
        }
        assert_eq!(calls.of(LOGIN, at(0)).map(|view| view.misses_left()), Some(MISSES_MAX));
    }

    #[test]
    fn what_the_journal_says_of_lookups_counts_after_a_restart() {
        let mut calls = in_a_call();
        assert!(!calls.knows_lookups(LOGIN));
        calls.recall_lookups(LOGIN, vec![at(-70), at(-30), at(-20)], Some(at(-20)));
        assert!(calls.knows_lookups(LOGIN));
        let counted = calls.count_lookup(LOGIN, CALL, 0, true, 3, at(0)).expect("two are within the hour");
        assert_eq!(counted.unusual, None);
        calls.recall_lookups(LOGIN, Vec::new(), None);
        assert_eq!(calls.count_lookup(LOGIN, CALL, 1, true, 3, at(1)), Err(LookupRefused::TooMany(at(30))));
    }

    #[test]
    fn each_person_of_a_call_has_a_turn_of_their_own() {
        let mut calls = in_a_call();
        for turn in 1..=2 {
            let view = calls.identify(LOGIN, CALL, ResidentNo(u32::from(turn))).expect("it goes on");
            assert_eq!((view.turn, view.resident), (turn, Some(ResidentNo(u32::from(turn)))));
        }
        assert_eq!(calls.identify(LOGIN, CallId(8), ResidentNo(1)), None);
    }
}
