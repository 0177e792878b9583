//! The heartbeat: the watcher says that it lives, and hears which times the server's people have planned to be quiet. Both ends
//! read these forms.

use serde::{Deserialize, Serialize};

use crate::board::Board;
use crate::core::incident::Actor;
use crate::core::order::Order;
use crate::core::silence::{Covers, Silence};
use crate::core::time::WallMs;

/// The most windows that are told and taken.
const WINDOWS_MAX: usize = 8;
/// A longer window is not believed, in milliseconds: nobody plans to hear nothing for longer.
const WINDOW_MS_MAX: i64 = 24 * 3_600_000;
/// Who asks for silences that were planned at the server.
const BY_SERVER: &str = "server";

/// What the watcher says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Its name.
    pub name: Box<str>,
    /// How old its oldest undelivered alert is, in seconds; 0 if there is none.
    pub undelivered_seconds: u32,
}

impl Heartbeat {
    /// The order to the server's monitor; none if the name is no name.
    #[must_use]
    pub fn order(self) -> Option<Order> {
        let is_name = !self.name.trim().is_empty()
            && self.name.len() <= crate::core::cause::SUBJECT_BYTES_MAX
            && !self.name.chars().any(char::is_control);
        is_name.then_some(Order::Heard { watcher: self.name, undelivered_seconds: self.undelivered_seconds })
    }

    /// What a watcher of this name says, by its own board.
    pub(super) fn of(name: &str, board: &Board) -> Self {
        let now = board.sampled_at.unwrap_or_default();
        let oldest = board.state.waiting.iter().map(|message| message.at).min();
        let waits = oldest.map_or(0, |at| now.since(at).as_secs());
        Self { name: name.into(), undelivered_seconds: u32::try_from(waits).unwrap_or(u32::MAX) }
    }
}

/// What the server answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeartbeatAnswer {
    /// Its maintenance windows that are not over.
    pub windows: Vec<Window>,
}

/// A maintenance window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// From when on.
    pub from: WallMs,
    /// Until when.
    pub until: WallMs,
    /// Why.
    pub reason: Box<str>,
}

/// The windows that a server's board tells a watcher of.
#[must_use]
pub fn planned_windows(board: &Board) -> HeartbeatAnswer {
    let everything = board.state.silences.iter().filter(|silence| silence.covers == Covers::Everything);
    let windows =
        everything.map(|silence| Window { from: silence.from, until: silence.until, reason: silence.reason.clone() });
    HeartbeatAnswer { windows: windows.take(WINDOWS_MAX).collect() }
}

impl HeartbeatAnswer {
    /// What the watcher must order of its own monitor at `now` so that it keeps quiet when the server does, and only then.
    pub(super) fn orders(self, own: &[Silence], now: WallMs) -> Vec<Order> {
        let mut windows = self.windows;
        windows.truncate(WINDOWS_MAX);
        windows.retain(|window| {
            window.until > now && window.from < window.until && window.until.0.saturating_sub(now.0) <= WINDOW_MS_MAX
        });
        let is_of = |silence: &Silence, window: &Window| silence.until == window.until && *silence.by == *BY_SERVER;
        let by = || Actor::from(BY_SERVER);
        let ended = own
            .iter()
            .filter(|silence| *silence.by == *BY_SERVER && !windows.iter().any(|window| is_of(silence, window)))
            .map(|silence| Order::EndSilence { no: silence.no, by: by() });
        let begun = windows.iter().filter(|window| !own.iter().any(|silence| is_of(silence, window))).map(|window| {
            let reason = if window.reason.trim().is_empty() {
                "計画作業 (maintenance)".into()
            } else {
                window.reason.clone()
            };
            Order::Silence {
                covers: Covers::Everything,
                from: (window.from > now).then_some(window.from),
                until: window.until,
                by: by(),
                reason,
            }
        });
        ended.chain(begun).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: WallMs = WallMs(1_000_000_000);

    fn silence(no: u64, by: &str, until: i64) -> Silence {
        Silence { no, covers: Covers::Everything, from: NOW, until: WallMs(until), by: by.into(), reason: "x".into() }
    }

    #[test]
    fn a_window_planned_at_the_server_is_kept_by_the_watcher_once_and_ends_with_it() {
        let until = NOW.0 + 3_600_000;
        let board = Board {
            state: crate::core::state::State { silences: vec![silence(4, "staff:a", until)], ..Default::default() },
            ..Board::default()
        };
        let answer = planned_windows(&board);
        let begun = answer.clone().orders(&[], NOW);
        assert!(
            matches!(&begun[..], [Order::Silence { covers: Covers::Everything, from: None, until: WallMs(at), .. }] if *at == until)
        );
        assert_eq!(answer.orders(&[silence(9, BY_SERVER, until)], NOW), []);
        let ended =
            HeartbeatAnswer::default().orders(&[silence(9, BY_SERVER, until), silence(10, "uid:0", until)], NOW);
        assert!(matches!(&ended[..], [Order::EndSilence { no: 9, .. }]), "one's own silences stay: {ended:?}");
    }

    #[test]
    fn nobody_is_kept_quiet_for_ever() {
        for (from, until) in [(NOW.0, NOW.0 + WINDOW_MS_MAX + 1), (NOW.0 - 2, NOW.0 - 1), (NOW.0 + 9, NOW.0 + 9)] {
            let window = Window { from: WallMs(from), until: WallMs(until), reason: "x".into() };
            assert_eq!(HeartbeatAnswer { windows: vec![window] }.orders(&[], NOW), []);
        }
    }

    #[test]
    fn a_name_is_a_name() {
        let named = |name: &str| Heartbeat { name: name.into(), undelivered_seconds: 0 }.order().is_some();
        assert!(named("市役所の監視"));
        for bad in ["", " ", "a\nb", &"x".repeat(65)] {
            assert!(!named(bad), "{bad:?}");
        }
    }
}
