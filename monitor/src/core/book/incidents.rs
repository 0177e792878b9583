//! How incidents begin, change and end.

use std::time::Duration;

use super::{Book, Timers, short};
use crate::core::cause::Cause;
use crate::core::incident::{Ending, Incident, IncidentChange, IncidentNo};
use crate::core::level::Level;
use crate::core::metric::Bad;
use crate::core::sample::Reading;
use crate::core::state::{ENDED_MAX, OPEN_MAX};
use crate::core::time::{Age, Now};
use crate::words::Why;

/// After how long without readings a cause is gone.
pub(super) const GONE_AFTER: Duration = Duration::from_mins(15);
/// Within how long after its end an incident that begins again is the same one.
const SAME_WITHIN: Duration = Duration::from_hours(1);
/// How long an incident that comes and goes must be well before it ends.
const WELL_FOR: Duration = Duration::from_mins(15);
/// The longest note, in characters.
const NOTE_CHARS_MAX: usize = 400;

impl Book {
    /// The judge of `reading` has found `level`.
    pub(super) fn take_level(&mut self, now: Now, reading: &Reading, level: Option<Level>) {
        let open = self.state.open.iter().position(|open| open.cause == reading.cause);
        match (open, level) {
            (None, Some(level)) => self.begin(now, reading, level),
            (Some(nth), Some(level)) => self.go_on(now, nth, reading, level),
            (Some(nth), None) => self.be_well(now, nth, reading),
            (None, None) => {}
        }
    }

    fn begin(&mut self, now: Now, reading: &Reading, level: Level) {
        if self.state.open.len() >= OPEN_MAX {
            return;
        }
        let mut incident = self.ended_just_now(now, &reading.cause).unwrap_or_else(|| Incident {
            no: IncidentNo(self.next_no()),
            cause: reading.cause.clone(),
            level,
            worst: level,
            since: now.wall,
            value: reading.value,
            worst_value: reading.value,
            note: "".into(),
            acknowledged: None,
            resolved_at: None,
            told_contacts: 0,
            told_at: None,
            round: 0,
            told: Vec::new(),
            flaps: 0,
            history: Vec::new(),
        });
        if incident.resolved_at.take().is_some() {
            incident.flaps = incident.flaps.saturating_add(1);
            incident.acknowledged = None;
        }
        incident.level = level;
        incident.worst = incident.worst.max(level);
        incident.round = 0;
        incident.step(now.wall, IncidentChange::Level(level));
        measure(&mut incident, reading);
        let timers = self.told.entry(incident.no).or_default();
        let tellings = std::mem::take(&mut timers.tellings);
        let pending = Some(if incident.is_flapping() { Why::Flapping } else { Why::Began });
        *timers = Timers { pending, tellings, ..Timers::default() };
        self.state.open.push(incident);
    }

    /// The incident of `cause` that ended within the hour: it is taken up again.
    fn ended_just_now(&mut self, now: Now, cause: &Cause) -> Option<Incident> {
        let nth = self.state.ended.iter().position(|ended| ended.cause == *cause)?;
        let ended = self.told.get(&self.state.ended[nth].no).and_then(|timers| timers.ended)?;
        (ended.at(now) < SAME_WITHIN).then(|| self.state.ended.remove(nth))
    }

    fn go_on(&mut self, now: Now, nth: usize, reading: &Reading, level: Level) {
        let incident = &mut self.state.open[nth];
        let timers = self.told.entry(incident.no).or_default();
        if timers.well_since.take().is_some() {
            incident.flaps = incident.flaps.saturating_add(1);
        }
        if level != incident.level {
            incident.step(now.wall, IncidentChange::Level(level));
        }
        if level > incident.worst {
            // Whoever took care of a warning did not know of this.
            incident.acknowledged = None;
            incident.worst = level;
            incident.round = 0;
            timers.called.clear();
            timers.pending = Some(Why::Worse);
        }
        incident.level = level;
        measure(incident, reading);
    }

    fn be_well(&mut self, now: Now, nth: usize, reading: &Reading) {
        let incident = &mut self.state.open[nth];
        incident.value = reading.value;
        let timers = self.told.entry(incident.no).or_default();
        let since = *timers.well_since.get_or_insert(now.steady);
        if !incident.is_flapping() || now.steady.saturating_sub(since) >= WELL_FOR {
            self.end(now, nth, Ending::Well);
        }
    }

    fn end(&mut self, now: Now, nth: usize, why: Ending) {
        let mut incident = self.state.open.remove(nth);
        incident.resolved_at = Some(now.wall);
        incident.step(now.wall, IncidentChange::Resolved(why));
        let timers = self.told.entry(incident.no).or_default();
        timers.ended = Some(Age::zero(now));
        timers.pending = None;
        let no = incident.no;
        self.state.ended.insert(0, incident);
        self.state.ended.truncate(ENDED_MAX);
        self.drop_calls_of(now, no);
    }

    /// Ends what has not been measured for a while: it cannot be judged any more, and so cannot stay open for ever.
    pub(super) fn end_what_is_gone(&mut self, now: Now) {
        let is_gone = |cause: &Cause| {
            let seen = self.watched.get(cause).map_or(self.started.steady, |one| one.seen_at);
            now.steady.saturating_sub(seen) >= GONE_AFTER
        };
        let gone: Vec<IncidentNo> =
            self.state.open.iter().filter(|open| is_gone(&open.cause)).map(|open| open.no).collect();
        for no in gone {
            if let Some(nth) = self.state.open.iter().position(|open| open.no == no) {
                let cause = self.state.open[nth].cause.clone();
                self.watched.remove(&cause);
                self.end(now, nth, Ending::Gone);
            }
        }
    }
}

fn measure(incident: &mut Incident, reading: &Reading) {
    incident.value = reading.value;
    incident.note = short(&reading.note, NOTE_CHARS_MAX);
    incident.worst_value = match incident.cause.metric.bad() {
        Bad::High => incident.worst_value.max(reading.value),
        Bad::Low => incident.worst_value.min(reading.value),
    };
}
