//! Who is told of an incident, when and by which channel first.

use std::time::Duration;

use super::Book;
use super::lanes::Posted;
use crate::core::cause::Cause;
use crate::core::contact::{ChannelKind, Contact};
use crate::core::incident::{Incident, IncidentChange, IncidentNo, Told};
use crate::core::level::Level;
use crate::core::message::About;
use crate::core::silence::Silence;
use crate::core::time::{Age, Now};
use crate::words::{self, Tell, Text, Why};

const HOUR: Duration = Duration::from_hours(1);
/// How often a contact is told of one incident within the hour, the word of its end not counted.
const TELLINGS_PER_HOUR_MAX: usize = 5;
/// How many ways of telling are remembered for the word of an incident's end.
const TOLD_MAX: usize = 40;

impl Book {
    /// Tells whoever is to be told now, of every incident.
    pub(super) fn tell_all(&mut self, now: Now) {
        let open: Vec<IncidentNo> = self.state.open.iter().map(|open| open.no).collect();
        for no in open {
            self.tell_of(now, no);
        }
        let owed = self.state.ended.iter().filter(|ended| !ended.told.is_empty() && !self.is_quiet(&ended.cause, now));
        let owed: Vec<IncidentNo> = owed.map(|ended| ended.no).collect();
        for no in owed {
            self.tell_the_end(now, no);
        }
    }

    /// Whether a silence covers `cause`.
    pub(super) fn is_quiet(&self, cause: &Cause, now: Now) -> bool {
        let begun = |silence: &Silence| {
            let by_steady = self.silenced.get(&silence.no).is_some_and(|(from, _)| *from <= now.steady);
            by_steady || silence.from <= now.wall
        };
        self.state.silences.iter().any(|silence| silence.is_about(cause) && begun(silence))
    }

    fn tell_of(&mut self, now: Now, no: IncidentNo) {
        let Some(incident) = self.state.open.iter().find(|open| open.no == no).cloned() else { return };
        let quiet = self.is_quiet(&incident.cause, now);
        let chain = self.chain(incident.level);
        let timers = self.told.entry(no).or_default();
        if quiet {
            timers.was_quiet = true;
            return;
        }
        if std::mem::take(&mut timers.was_quiet) || (timers.pending.is_none() && timers.told.is_none()) {
            timers.pending = Some(Why::StillWrong);
        }
        if incident.acknowledged.is_some() {
            timers.pending = None;
            return;
        }
        if timers.well_since.is_some() || chain.is_empty() {
            return;
        }
        if let Some(why) = timers.pending {
            if self.tell(now, &incident, &chain[0], why) {
                self.begin_round(no, why);
            }
            return;
        }
        let Some(told) = timers.told else { return };
        let escalate = Duration::from_secs(u64::from(self.config.escalate_minutes) * 60);
        let repeat = self.config.threshold(incident.cause.metric).map_or(0, |threshold| threshold.repeat_minutes);
        let waited = told.at(now);
        let hurry = std::mem::take(&mut timers.hurry);
        let goes_on = incident.level == Level::Critical && (waited >= escalate || hurry);
        if goes_on && self.escalate(now, &incident, &chain) {
            return;
        }
        if repeat > 0
            && waited >= Duration::from_secs(u64::from(repeat) * 60)
            && self.tell(now, &incident, &chain[0], Why::Repeated)
        {
            self.begin_round(no, Why::Repeated);
            if let Some(open) = self.open_mut(no) {
                open.step(now.wall, IncidentChange::Repeated);
            }
        }
    }

    fn begin_round(&mut self, no: IncidentNo, why: Why) {
        let timers = self.told.entry(no).or_default();
        timers.pending = None;
        if why == Why::Repeated {
            timers.called.clear();
        }
        if let Some(open) = self.open_mut(no) {
            open.round = 1;
            open.told_contacts = open.told_contacts.max(1);
        }
    }

    /// Nobody has acknowledged it: those who were written to are called, and the next contact is told. Whether anybody was.
    fn escalate(&mut self, now: Now, incident: &Incident, chain: &[Contact]) -> bool {
        let told = usize::from(incident.round).min(chain.len());
        let mut anybody = false;
        for contact in &chain[..told] {
            let called = self.told.get(&incident.no).is_some_and(|timers| timers.called.contains(&contact.name));
            let phone = contact.channels.iter().find(|(kind, _)| *kind == ChannelKind::Phone);
            if let (false, Some((kind, _))) = (called, phone) {
                self.post_alert(now, incident, contact, *kind, Why::Escalated, &[]);
                anybody = true;
            }
        }
        if let Some(next) = chain.get(told)
            && self.tell(now, incident, next, Why::Escalated)
        {
            anybody = true;
            if let Some(open) = self.open_mut(incident.no) {
                open.round = u8::try_from(told + 1).unwrap_or(u8::MAX);
                open.told_contacts = open.told_contacts.max(open.round);
                open.step(now.wall, IncidentChange::Escalated(next.name.clone()));
            }
        }
        if anybody {
            self.note_told(now, incident.no);
        }
        anybody
    }

    /// Tells `contact`, unless they were told often enough within the hour. Whether they were.
    fn tell(&mut self, now: Now, incident: &Incident, contact: &Contact, why: Why) -> bool {
        let timers = self.told.entry(incident.no).or_default();
        timers.tellings.retain(|(_, at)| now.steady.saturating_sub(*at) < HOUR);
        if timers.tellings.iter().filter(|(name, _)| *name == contact.name).count() >= TELLINGS_PER_HOUR_MAX {
            return false;
        }
        timers.tellings.push((contact.name.clone(), now.steady));
        // The first channel gets it in any case, in its order; the others until one is not known to fail.
        let mut used = Vec::new();
        let mut channels = may_use(contact, incident.level).peekable();
        while let Some((kind, address)) = channels.next() {
            let fails = self.lane_fails(kind, &address);
            self.post_alert(now, incident, contact, kind, why, &used);
            if !fails {
                break;
            }
            if channels.peek().is_some() {
                self.mark_passed_on(&contact.name, kind);
            } else {
                self.hurry(incident.no);
            }
            used.push(kind);
        }
        self.note_told(now, incident.no);
        true
    }

    fn note_told(&mut self, now: Now, no: IncidentNo) {
        self.told.entry(no).or_default().told = Some(Age::zero(now));
        if let Some(open) = self.open_mut(no) {
            open.told_at = Some(now.wall);
        }
    }

    /// Writes one alert of `incident` for one channel of `contact`.
    pub(super) fn post_alert(
        &mut self,
        now: Now,
        incident: &Incident,
        contact: &Contact,
        kind: ChannelKind,
        why: Why,
        used: &[ChannelKind],
    ) {
        let Some((_, address)) = contact.channels.iter().find(|(one, _)| *one == kind) else { return };
        let text = self.text(now, incident, contact, kind, why);
        let about = About::Incident { no: incident.no, level: incident.level, resolved: why == Why::Resolved };
        self.post(now, Posted { contact, kind, address, about, text, used });
        if why == Why::Resolved {
            return;
        }
        if kind == ChannelKind::Phone {
            self.told.entry(incident.no).or_default().called.insert(contact.name.clone());
        }
        let told = Told { to: contact.name.clone(), channel: kind };
        if let Some(open) = self.open_mut(incident.no)
            && !open.told.contains(&told)
            && open.told.len() < TOLD_MAX
        {
            open.told.push(told);
        }
    }

    fn text(&self, now: Now, incident: &Incident, contact: &Contact, kind: ChannelKind, why: Why) -> Text {
        let threshold = self.config.threshold(incident.cause.metric);
        let told: Vec<&str> =
            incident.told.iter().map(|told| &*told.to).filter(|name| **name != *contact.name).collect();
        let recent: Vec<f32> = self
            .watched
            .get(&incident.cause)
            .into_iter()
            .flat_map(|one| one.recent.iter().map(|(_, value)| *value))
            .collect();
        let tell = Tell {
            incident,
            threshold: threshold.as_ref(),
            why,
            language: contact.language,
            name: &self.name,
            console: self.config.console.as_deref(),
            told: &told,
            recent: &recent,
            now: now.wall,
        };
        if kind == ChannelKind::Phone { words::spoken(&tell) } else { words::alert(&tell) }
    }

    /// Tells everybody who was told that it is over: by the channels by which they were, and by phone only whom nothing else reaches.
    fn tell_the_end(&mut self, now: Now, no: IncidentNo) {
        let Some(nth) = self.state.ended.iter().position(|ended| ended.no == no) else { return };
        let told = std::mem::take(&mut self.state.ended[nth].told);
        let mut incident = self.state.ended[nth].clone();
        incident.told.clone_from(&told);
        for contact in self.contacts.clone() {
            let mut kinds: Vec<ChannelKind> =
                told.iter().filter(|told| told.to == contact.name).map(|told| told.channel).collect();
            if kinds.is_empty() {
                continue;
            }
            if kinds.contains(&ChannelKind::Phone) {
                kinds.retain(|kind| *kind != ChannelKind::Phone);
                let quieter = contact.channels.iter().map(|(kind, _)| *kind).find(|kind| *kind != ChannelKind::Phone);
                if kinds.is_empty() {
                    kinds.push(quieter.unwrap_or(ChannelKind::Phone));
                }
            }
            for kind in kinds {
                self.post_alert(now, &incident, &contact, kind, Why::Resolved, &[]);
            }
        }
    }

    /// The contacts who hear of an incident, in their order.
    fn chain(&self, level: Level) -> Vec<Contact> {
        let hears = |contact: &&Contact| contact.alerts && may_use(contact, level).next().is_some();
        self.contacts.iter().filter(hears).cloned().collect()
    }

    pub(super) fn open_mut(&mut self, no: IncidentNo) -> Option<&mut Incident> {
        self.state.open.iter_mut().find(|open| open.no == no)
    }

    /// The contact of an incident cannot be reached: the next one is told at once.
    pub(super) fn hurry(&mut self, no: IncidentNo) {
        self.told.entry(no).or_default().hurry = true;
    }
}

/// The channels of `contact` for an incident of this level: nobody is called because of a warning.
pub(super) fn may_use(contact: &Contact, level: Level) -> impl Iterator<Item = (ChannelKind, Box<str>)> {
    let all = contact.channels.iter().filter(move |(kind, _)| level == Level::Critical || *kind != ChannelKind::Phone);
    all.cloned().collect::<Vec<_>>().into_iter()
}
