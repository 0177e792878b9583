//! What happens by itself: the daily backup when it is due, again after a failure, copies that were missed, reading again, drills. It is a
//! step function: whoever calls it says nothing but that time has passed, so days can be simulated.

use std::time::Duration;

use sesshu_engine::core::time::Instant;

use crate::core::drill_schedule::{draw, due_at};
use crate::error::{BackupError, Family, io_error};
use crate::folder::Folder;
use crate::order::{Done, Order};
use crate::progress::Progress;
use crate::state::{self, State};
use crate::works::{Works, lot};

/// Who asks for what happens by itself.
pub const BY: &str = "schedule";
/// After a failure it is tried again after this, and then ever less often.
const RETRY_FIRST: Duration = Duration::from_mins(1);
/// It is tried at least this often.
const RETRY_MAX: Duration = Duration::from_mins(30);
/// How often the folders are looked at when nothing happens.
const LOOK: Duration = Duration::from_mins(1);
/// How often copies that are missing are tried again.
const CATCH_UP: Duration = Duration::from_mins(5);
/// A drill that failed is tried again after so long at the earliest.
const DRILL_AGAIN: Duration = Duration::from_hours(1);

/// Whoever sees to it.
#[derive(Debug, Default)]
pub struct Keeper {
    daily: Retry,
    drill: Retry,
    reading: Retry,
    looked: Option<Duration>,
    caught_up: Option<Duration>,
}

/// Something that is tried again later when it failed.
#[derive(Debug, Default)]
struct Retry {
    failures: u32,
    not_before: Duration,
}

impl Retry {
    fn may(&self, steady: Duration) -> bool {
        steady >= self.not_before
    }

    fn heard(&mut self, is_ok: bool, steady: Duration, first: Duration) {
        if is_ok {
            *self = Self::default();
            return;
        }
        let pause = first.saturating_mul(1 << self.failures.min(16)).min(RETRY_MAX.max(first));
        self.failures = self.failures.saturating_add(1);
        self.not_before = steady + pause;
    }
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// The daily backup.
    Daily,
    /// A drill.
    Drill,
    /// Copies that the second place lacks.
    Copies,
    /// Reading generations again that nobody has read for a day.
    Reading,
}

impl Keeper {
    /// What is due now, the most important first; looks at the folders once a minute.
    pub fn due(&mut self, works: &Works) -> Option<Due> {
        let steady = works.setup().clock.now().steady;
        let looks = self.looked.is_none_or(|looked| steady.saturating_sub(looked) >= LOOK);
        if looks {
            self.looked = Some(steady);
            works.look();
        }
        if self.daily.may(steady) && works.daily_is_due() {
            return Some(Due::Daily);
        }
        if self.caught_up.is_none_or(|tried| steady.saturating_sub(tried) >= CATCH_UP) && works.copying_is_due() {
            self.caught_up = Some(steady);
            return Some(Due::Copies);
        }
        if self.reading.may(steady) && works.reading_is_due() {
            return Some(Due::Reading);
        }
        (looks && self.drill.may(steady) && works.drill_is_due()).then_some(Due::Drill)
    }

    /// Does what is due. A failure is told by the status and tried again later, whatever it was.
    pub fn see_to(&mut self, due: Due, works: &Works, progress: &Progress) {
        let done = match due {
            Due::Daily => works.perform(&Order::Daily, BY, progress).map(|_| true),
            Due::Drill => works
                .perform(&Order::Drill, BY, progress)
                .map(|done| matches!(done, Done::Drilled(record) if record.failure.is_none())),
            Due::Copies => works.catch_up(BY, progress).map(|()| true),
            Due::Reading => works.read_again_all(BY, progress).map(|()| works.shown().reading_failure.is_none()),
        };
        let steady = works.setup().clock.now().steady;
        let is_ok = *done.as_ref().unwrap_or(&false);
        match due {
            Due::Daily => self.daily.heard(is_ok, steady, RETRY_FIRST),
            Due::Reading => self.reading.heard(is_ok, steady, RETRY_FIRST),
            Due::Copies => {}
            Due::Drill => {
                works.draw_drill();
                self.drill.heard(is_ok, steady, DRILL_AGAIN);
            }
        }
        if let Err(error) = done
            && error.family() != Family::Stopped
        {
            tracing::error!(?due, %error, "what backups do by themselves failed");
        }
    }

    /// Does everything that is due now, and nothing twice.
    pub fn tick(&mut self, works: &Works) {
        let mut before = None;
        while let Some(due) = self.due(works) {
            if before == Some(due) {
                break;
            }
            before = Some(due);
            self.see_to(due, works, &Progress::silent());
        }
    }
}

impl Works {
    /// Whether the schedule wants a daily backup now.
    fn daily_is_due(&self) -> bool {
        self.setup().takes_daily && self.due_daily().is_some()
    }

    /// Whether the time that was drawn for a drill has come. Draws it if there is none; there is no drill before there is something to
    /// restore.
    fn drill_is_due(&self) -> bool {
        let shown = self.shown();
        if !shown.generations.iter().any(|kept| kept.manifest.is_good()) {
            return false;
        }
        let at = state::read(&self.setup().dir).map(|state| state.next_drill_at);
        match at {
            Some(Some(at)) => self.setup().drills && self.setup().clock.now().wall >= at,
            // A city that holds its drills by hand is told when one is overdue all the same.
            Some(None) if !self.setup().drills => false,
            _ => {
                self.draw_drill();
                false
            }
        }
    }

    /// Draws the time of the next drill and remembers it.
    fn draw_drill(&self) {
        if let Err(error) = self.try_draw_drill() {
            tracing::warn!(%error, "the time of the next drill could not be remembered");
        }
    }

    fn try_draw_drill(&self) -> Result<(), BackupError> {
        let setup = self.setup();
        let now = setup.clock.now().wall;
        let since: Instant = state::read(&setup.dir).map_or(now, |state| state.drills_since);
        let due = self.shown().drill_due_at.unwrap_or_else(|| due_at(since, setup.drill_days));
        let lot = lot().map_err(io_error("read", &setup.dir))?;
        let next_drill_at = setup.drills.then(|| draw(now, due, setup.schedule, lot));
        state::write(&Folder::open(&setup.dir)?, State { drills_since: since, next_drill_at })?;
        self.look();
        Ok(())
    }
}
