//! Turns the switches of this process, remembers them, and brings each turn to the journal.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sesshu_engine::EngineHandle;
use sesshu_engine::core::switch::{Switch, SwitchTurned};
use sesshu_engine::core::time::Instant;
use sesshu_http::{Closed, SwitchDesk, SwitchOrder, SwitchRefused, SwitchesView, TurnView, Turned};
use sesshu_monitor::clock::Clock;

use super::file::{self, Found};
use super::state::{Off, SwitchState, Turn};
use crate::notices::maker;

/// How often it is looked whether a switch's time has come, and whether a turn is to be noted.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why the switches cannot be had.
#[derive(Debug)]
pub(super) enum OpenError {
    /// Another process has them.
    InUse,
    /// The disk does not give them.
    Io(io::Error),
}

/// The switches of a folder, this process's until the last clone is dropped.
#[derive(Clone)]
pub(crate) struct Switches(Arc<Keeper>);

struct Keeper {
    folder: PathBuf,
    clock: Clock,
    /// What everybody who serves people looks at.
    shown: sesshu_http::Switches,
    kept: Mutex<Kept>,
    _lock: File,
}

struct Kept {
    state: SwitchState,
    /// The file could not be read, and nobody has turned anything since.
    damaged: bool,
    /// Why the disk does not have the state, if it does not.
    unsaved: Option<String>,
}

impl fmt::Debug for Switches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Switches").field(&self.0.shown).finish()
    }
}

impl Switches {
    /// Reads the switches of `folder`. All of them are on if nobody turned one, or if nobody can tell any more: a city that serves is what
    /// people were promised, and the monitor tells of it.
    pub(super) fn open(folder: &Path) -> Result<Self, OpenError> {
        let lock = file::lock(folder).map_err(OpenError::Io)?.ok_or(OpenError::InUse)?;
        let (state, damaged) = match file::read(folder).map_err(OpenError::Io)? {
            Found::Nothing => (SwitchState::default(), false),
            Found::State(state) => (state, false),
            Found::Damaged => {
                tracing::error!(folder = %folder.display(), "the switches cannot be read; all of them are on");
                (SwitchState::default(), true)
            }
        };
        let keeper = Keeper {
            folder: folder.to_owned(),
            clock: Clock::start(),
            shown: sesshu_http::Switches::default(),
            kept: Mutex::new(Kept { state, damaged, unsaved: None }),
            _lock: lock,
        };
        let switches = Self(Arc::new(keeper));
        {
            let mut kept = switches.kept();
            let ended = kept.state.end_due(switches.now());
            if ended {
                switches.save(&mut kept);
            }
            switches.show(&kept);
        }
        Ok(switches)
    }

    /// The same, waiting for a command that has them for a moment.
    pub(crate) async fn open_for_server(folder: &Path) -> io::Result<Self> {
        for _ in 0..super::TRIES {
            match Self::open(folder) {
                Ok(switches) => return Ok(switches),
                Err(OpenError::InUse) => tokio::time::sleep(super::TRY_EVERY).await,
                Err(OpenError::Io(error)) => return Err(error),
            }
        }
        Err(io::Error::other("another process has the switches"))
    }

    /// What everybody who serves people looks at.
    pub(crate) fn shown(&self) -> sesshu_http::Switches {
        self.0.shown.clone()
    }

    /// How `switch` is off, if it is.
    pub(crate) fn off(&self, switch: Switch) -> Option<Off> {
        self.kept().state.off(switch).cloned()
    }

    /// Whether the file could not be read, and nobody has turned anything since.
    pub(crate) fn is_damaged(&self) -> bool {
        self.kept().damaged
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Instant {
        Instant(self.0.clock.now().wall.0)
    }

    /// Turns on what is due, and writes what the disk did not take.
    fn look(&self) {
        let mut kept = self.kept();
        if kept.state.end_due(self.now()) {
            self.show(&kept);
            self.save(&mut kept);
        } else if kept.unsaved.is_some() {
            self.save(&mut kept);
        }
    }

    /// What counts in this process counts also when the disk does not take it: it is tried again, and said meanwhile.
    fn save(&self, kept: &mut Kept) {
        let written = file::write(&self.0.folder, &kept.state);
        if let (Err(error), None) = (&written, &kept.unsaved) {
            tracing::error!(%error, "the switches cannot be written; it is tried again");
        }
        kept.unsaved = written.err().map(|error| error.to_string());
    }

    fn show(&self, kept: &Kept) {
        for switch in Switch::ALL {
            let off = kept.state.off(*switch);
            let closed = off.map(|off| Closed { since: off.since, until: off.until });
            if self.0.shown.closed(*switch) != closed {
                self.0.shown.set(*switch, closed);
            }
        }
    }

    /// What the journal, which has everything up to `noted`, lacks; with whom it names.
    fn unnoted(&self, noted: u64) -> Vec<(SwitchTurned, String)> {
        let mut kept = self.kept();
        if kept.state.note(noted) {
            self.save(&mut kept);
        }
        kept.state.unnoted().map(|(turned, by)| (turned, by.to_owned())).collect()
    }
}

impl SwitchDesk for Switches {
    fn view(&self) -> SwitchesView {
        let kept = self.kept();
        let turn = |turn: &Turn| TurnView {
            switch: turn.switch,
            to: turn.to,
            at: turn.at,
            by: turn.by.clone(),
            reason: turn.reason.clone(),
        };
        SwitchesView {
            turns: kept.state.turns().map(turn).collect(),
            damaged: kept.damaged,
            unsaved: kept.unsaved.clone(),
        }
    }

    fn turn(&self, order: &SwitchOrder) -> Result<Turned, SwitchRefused> {
        let mut kept = self.kept();
        let damaged = kept.damaged;
        if !kept.state.turn(order, self.now(), damaged)? {
            return Ok(Turned::Already);
        }
        kept.damaged = false;
        self.show(&kept);
        self.save(&mut kept);
        tracing::info!(switch = order.switch.code(), to = ?order.to, by = %order.by, "a switch was turned");
        Ok(if kept.unsaved.is_none() { Turned::Saved } else { Turned::Unsaved })
    }
}

/// Turns switches on when their time has come, and notes each turn in the journal, also from before the start. What the store does not
/// take is brought again.
pub(crate) async fn keep(engine: EngineHandle, switches: Switches) {
    loop {
        let (noted, looked) = (engine.switches_noted(), switches.clone());
        let looked = tokio::task::spawn_blocking(move || {
            looked.look();
            looked.unnoted(noted)
        });
        for (turned, by) in looked.await.unwrap_or_default() {
            if let Err(refusal) = engine.note_switch(turned, maker(&by)).await {
                tracing::warn!(why = refusal.code.code(), "the journal does not have a switch's turn yet");
                break;
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_http::SwitchWish;

    fn order(to: SwitchWish) -> SwitchOrder {
        SwitchOrder { switch: Switch::NewBookings, to, by: "uid:7".into(), reason: "混雑".into() }
    }

    #[test]
    fn a_switch_stays_off_over_a_restart_and_whoever_looks_sees_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let switches = Switches::open(folder.path()).expect("they open");
        assert!(matches!(Switches::open(folder.path()), Err(OpenError::InUse)));
        assert_eq!(switches.turn(&order(SwitchWish::Off { minutes: None })), Ok(Turned::Saved));
        assert_eq!(switches.turn(&order(SwitchWish::Off { minutes: None })), Ok(Turned::Already));
        assert!(switches.shown().is_off(Switch::NewBookings));
        drop(switches);
        let switches = Switches::open(folder.path()).expect("they open");
        assert!(switches.shown().is_off(Switch::NewBookings) && !switches.shown().is_off(Switch::Lists));
        assert_eq!(switches.unnoted(0).len(), 1, "the journal still hears of it");
        assert_eq!(switches.unnoted(u64::MAX).len(), 0);
        drop(switches);
        assert_eq!(
            Switches::open(folder.path()).expect("they open").unnoted(0).len(),
            0,
            "what is noted is remembered"
        );
    }

    #[test]
    fn what_nobody_can_read_leaves_everything_on_until_somebody_has_looked() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("switches"), "nonsense").expect("a file");
        let switches = Switches::open(folder.path()).expect("they open");
        assert!(switches.is_damaged() && !switches.shown().is_off(Switch::NewBookings));
        assert_eq!(switches.turn(&order(SwitchWish::On)), Ok(Turned::Saved));
        assert!(!switches.is_damaged());
    }

    #[test]
    fn what_the_disk_does_not_take_counts_and_is_written_later() {
        let parent = tempfile::tempdir().expect("a folder");
        let (folder, away) = (parent.path().join("data"), parent.path().join("away"));
        std::fs::create_dir(&folder).expect("a folder");
        let switches = Switches::open(&folder).expect("they open");
        std::fs::rename(&folder, &away).expect("the folder is away");
        assert_eq!(switches.turn(&order(SwitchWish::Off { minutes: None })), Ok(Turned::Unsaved));
        assert!(switches.shown().is_off(Switch::NewBookings) && switches.view().unsaved.is_some());
        std::fs::rename(&away, &folder).expect("the folder is back");
        switches.look();
        assert_eq!(switches.view().unsaved, None);
        drop(switches);
        assert!(Switches::open(&folder).expect("they open").shown().is_off(Switch::NewBookings));
    }
}
