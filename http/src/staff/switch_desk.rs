//! How the console turns switches. The composition root implements it: how they survive a restart and who is told is its matter.

use std::fmt::Debug;

use sesshu_engine::core::switch::{Switch, SwitchPosition};
use sesshu_engine::core::time::Instant;

/// The longest reason.
pub const SWITCH_REASON_CHARS_MAX: usize = 200;
/// The longest time after which a switch turns itself on again: a week.
pub const SWITCH_MINUTES_MAX: u32 = 7 * 24 * 60;

/// Who turns the switches.
pub trait SwitchDesk: Debug + Send + Sync {
    /// What was turned lately.
    fn view(&self) -> SwitchesView;

    /// Turns a switch; when this returns it counts. It waits for the disk. Turning one where it stands already changes nothing.
    ///
    /// # Errors
    /// If nothing was turned.
    fn turn(&self, order: &SwitchOrder) -> Result<Turned, SwitchRefused>;
}

/// What was turned lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SwitchesView {
    /// Turns, the newest first.
    pub turns: Vec<TurnView>,
    /// Whether the file that remembers the switches was damaged when the server started: all of them are on since, until somebody has
    /// turned one.
    pub damaged: bool,
    /// Why the disk does not have how they stand, if it does not: they count, and would be forgotten by a restart.
    pub unsaved: Option<String>,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnView {
    /// Which switch.
    pub switch: Switch,
    /// Which way.
    pub to: SwitchPosition,
    /// When.
    pub at: Instant,
    /// Who: `staff:LOGIN`, `uid:0`, `system`.
    pub by: String,
    /// Why, in their own words.
    pub reason: String,
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchOrder {
    /// Which switch.
    pub switch: Switch,
    /// Which way.
    pub to: SwitchWish,
    /// Who: `staff:LOGIN`, `uid:0`.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Which way somebody wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchWish {
    /// Off; on again by itself after so many minutes, at most [`SWITCH_MINUTES_MAX`], if that is said.
    Off {
        /// After how many.
        minutes: Option<u32>,
    },
    /// On.
    On,
}

/// What came of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turned {
    /// It counts, and a restart does not change it.
    Saved,
    /// It counts, but the disk has not taken it: it is tried again.
    Unsaved,
    /// It stood so already.
    Already,
}

/// Why nothing was turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SwitchRefused {
    /// Too many turns wait to be noted in the journal.
    TooMany,
}
