//! How the switches stand and how they came to: plain data and its rules. It reads no clock and no disk.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use sesshu_engine::core::switch::{Switch, SwitchPosition, SwitchTurned};
use sesshu_engine::core::time::Instant;
use sesshu_http::{SwitchOrder, SwitchRefused, SwitchWish};

/// Who turns a switch on when its time has come.
const SYSTEM: &str = "system";
/// How many turns are remembered that the journal has.
const TURNS_KEPT_MAX: usize = 100;
/// How many turns may wait for the journal.
const TURNS_UNNOTED_MAX: usize = 200;

/// All switches.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SwitchState {
    /// Those that are off.
    off: BTreeMap<Switch, Off>,
    /// What was turned, the newest last.
    turns: VecDeque<Turn>,
    /// The number of the newest turn.
    last_number: u64,
    /// The greatest number of a turn that the journal is known to have.
    noted: u64,
}

/// A switch that is off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Off {
    /// Since when.
    pub(crate) since: Instant,
    /// Until when, if it turns itself on.
    pub(crate) until: Option<Instant>,
    /// Who turned it.
    pub(crate) by: String,
    /// Why.
    pub(crate) reason: String,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Turn {
    pub(super) number: u64,
    pub(super) switch: Switch,
    pub(super) to: SwitchPosition,
    pub(super) at: Instant,
    pub(super) by: String,
    pub(super) reason: String,
}

impl SwitchState {
    /// How `switch` is off, if it is.
    pub(super) fn off(&self, switch: Switch) -> Option<&Off> {
        self.off.get(&switch)
    }

    /// What was turned, the newest first.
    pub(super) fn turns(&self) -> impl Iterator<Item = &Turn> {
        self.turns.iter().rev()
    }

    /// Does `order` at `now`; whether anything was turned. Where nobody knows how it stood (`damaged`), every order is a turn.
    pub(super) fn turn(&mut self, order: &SwitchOrder, now: Instant, damaged: bool) -> Result<bool, SwitchRefused> {
        let before = self.off.get(&order.switch);
        let to = match order.to {
            SwitchWish::On if before.is_none() && !damaged => return Ok(false),
            SwitchWish::On => SwitchPosition::On,
            // Whoever asks for the same again is not told that it began anew.
            SwitchWish::Off { minutes: None } if before.is_some_and(|off| off.until.is_none()) => return Ok(false),
            SwitchWish::Off { minutes } => {
                SwitchPosition::Off { until: minutes.map(|minutes| now.plus_minutes(i64::from(minutes))) }
            }
        };
        if self.unnoted().count() >= TURNS_UNNOTED_MAX {
            return Err(SwitchRefused::TooMany);
        }
        self.push(order.switch, to, now, &order.by, &order.reason);
        Ok(true)
    }

    /// Turns on whatever was off until `now`; whether there was anything.
    pub(super) fn end_due(&mut self, now: Instant) -> bool {
        let is_due = |off: &Off| off.until.is_some_and(|until| until <= now);
        let due: Vec<Switch> = self.off.iter().filter(|(_, off)| is_due(off)).map(|(switch, _)| *switch).collect();
        for switch in &due {
            self.push(*switch, SwitchPosition::On, now, SYSTEM, "");
        }
        !due.is_empty()
    }

    fn push(&mut self, switch: Switch, to: SwitchPosition, at: Instant, by: &str, reason: &str) {
        match to {
            SwitchPosition::On => {
                self.off.remove(&switch);
            }
            SwitchPosition::Off { until } => {
                let since = self.off.get(&switch).map_or(at, |off| off.since);
                self.off.insert(switch, Off { since, until, by: by.into(), reason: reason.into() });
            }
        }
        // Numbers grow also over a file that was lost: the journal has older ones.
        self.last_number = (self.last_number + 1).max(u64::try_from(at.0).unwrap_or(0));
        self.turns.push_back(Turn { number: self.last_number, switch, to, at, by: by.into(), reason: reason.into() });
        while self.turns.len() > TURNS_KEPT_MAX && self.turns.front().is_some_and(|turn| turn.number <= self.noted) {
            self.turns.pop_front();
        }
    }

    /// What the journal does not have yet, in order, with whom it names.
    pub(super) fn unnoted(&self) -> impl Iterator<Item = (SwitchTurned, &str)> {
        let turned = |turn: &Turn| SwitchTurned { number: turn.number, switch: turn.switch, to: turn.to, at: turn.at };
        let after = self.turns.iter().filter(|turn| turn.number > self.noted);
        after.map(move |turn| (turned(turn), turn.by.as_str()))
    }

    /// The journal has everything up to `number`; whether that is news.
    pub(super) fn note(&mut self, number: u64) -> bool {
        let before = self.noted;
        self.noted = before.max(number);
        self.turns.iter().any(|turn| before < turn.number && turn.number <= self.noted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(switch: Switch, to: SwitchWish) -> SwitchOrder {
        SwitchOrder { switch, to, by: "uid:7".into(), reason: "混雑".into() }
    }

    fn off(minutes: Option<u32>) -> SwitchOrder {
        order(Switch::NewBookings, SwitchWish::Off { minutes })
    }

    #[test]
    fn what_is_off_stays_so_until_somebody_or_its_time_turns_it_on() {
        let mut state = SwitchState::default();
        assert_eq!(state.turn(&off(None), Instant(1_000), false), Ok(true));
        assert_eq!(state.turn(&off(None), Instant(2_000), false), Ok(false), "it is off");
        assert_eq!(state.turn(&off(Some(1)), Instant(3_000), false), Ok(true), "its end is new");
        let stands = state.off(Switch::NewBookings).cloned().expect("off");
        assert_eq!((stands.since, stands.until), (Instant(1_000), Some(Instant(63_000))));
        assert!(!state.end_due(Instant(62_999)) && state.off(Switch::NewBookings).is_some());
        assert!(state.end_due(Instant(63_000)) && state.off(Switch::NewBookings).is_none());
        assert_eq!(state.turns().map(|turn| turn.by.as_str()).collect::<Vec<_>>(), ["system", "uid:7", "uid:7"]);
        let on = order(Switch::NewBookings, SwitchWish::On);
        assert_eq!(state.turn(&on, Instant(64_000), false), Ok(false), "it is on");
        assert_eq!(state.turn(&on, Instant(64_000), true), Ok(true), "nobody knew how it stood");
    }

    #[test]
    fn turns_wait_for_the_journal_in_order_and_their_numbers_grow_whatever_the_clock_says() {
        let mut state = SwitchState::default();
        for (at, to) in [(5_000, SwitchWish::Off { minutes: None }), (4_000, SwitchWish::On)] {
            state.turn(&order(Switch::Lists, to), Instant(at), false).expect("few turns");
        }
        let waiting: Vec<u64> = state.unnoted().map(|(turned, _)| turned.number).collect();
        assert_eq!(waiting, [5_000, 5_001]);
        assert!(state.note(5_000) && !state.note(5_000) && !state.note(4_000));
        assert_eq!(
            state.unnoted().map(|(turned, by)| (turned.number, by.to_owned())).collect::<Vec<_>>(),
            [(5_001, "uid:7".to_owned())]
        );
    }

    #[test]
    fn the_past_is_bounded_and_nothing_that_the_journal_lacks_is_forgotten() {
        let mut state = SwitchState::default();
        let wishes = [SwitchWish::Off { minutes: None }, SwitchWish::On];
        let mut turn = |nth: usize| state.turn(&order(Switch::Lists, wishes[nth % 2]), Instant(nth as i64 + 1), false);
        for nth in 0..TURNS_UNNOTED_MAX {
            assert_eq!(turn(nth), Ok(true));
        }
        assert_eq!(turn(TURNS_UNNOTED_MAX), Err(SwitchRefused::TooMany));
        state.note(u64::MAX);
        state.turn(&off(None), Instant(1_000), false).expect("the journal has the others");
        assert_eq!(state.turns.len(), TURNS_KEPT_MAX);
    }
}
