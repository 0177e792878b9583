//! The book: all that is remembered, the judges, and the rules by which incidents begin and end and people are told.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::cause::Cause;
use super::contact::Contact;
use super::incident::{Ending, Incident, IncidentChange, IncidentNo, IncidentStep};
use super::judge::Judge;
use super::level::Level;
use super::message::{About, Delivery, Lane, Message, MessageNo, Outcome};
use super::order::{Done, Order, OrderError};
use super::sample::{Reading, Sample};
use super::state::{DELIVERIES_MAX, ENDED_MAX, State};
use super::time::Now;
use crate::MonitorConfig;
use crate::board::Gauge;
use crate::words::{self, Tell, Why};

mod notices;

/// The book.
#[derive(Debug)]
pub struct Book {
    config: MonitorConfig,
    name: Box<str>,
    contacts: Vec<Contact>,
    state: State,
    judges: BTreeMap<Cause, Judge>,
    latest: Vec<Reading>,
    in_flight: BTreeSet<MessageNo>,
}

impl Book {
    /// A book that goes on from `state`.
    #[must_use]
    pub fn new(config: MonitorConfig, name: &str, state: State) -> Self {
        let judges = state.open.iter().map(|open| (open.cause.clone(), Judge::at(Some(open.level)))).collect();
        let contacts = config.contacts();
        Self { config, name: name.into(), contacts, state, judges, latest: Vec::new(), in_flight: BTreeSet::new() }
    }

    /// All that is remembered.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Who is told.
    #[must_use]
    pub fn contacts(&self) -> &[Contact] {
        &self.contacts
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &MonitorConfig {
        &self.config
    }

    /// The latest readings with their thresholds.
    #[must_use]
    pub fn gauges(&self) -> Vec<Gauge> {
        let gauge = |reading: &Reading| Gauge {
            reading: reading.clone(),
            threshold: self.config.threshold(reading.cause.metric),
            level: self.judges.get(&reading.cause).and_then(Judge::level),
        };
        self.latest.iter().map(gauge).collect()
    }

    /// Takes what was measured: incidents begin, change and end, and messages are written.
    pub fn see(&mut self, now: Now, sample: &Sample) {
        self.remind_of_notices(now);
        self.latest.clone_from(&sample.readings);
        self.latest.sort_by(|one, other| one.cause.cmp(&other.cause));
        for reading in &sample.readings {
            let Some(threshold) = self.config.threshold(reading.cause.metric) else { continue };
            let judge = self.judges.entry(reading.cause.clone()).or_default();
            let level = judge.see(reading.cause.metric, &threshold, reading.value, now.steady);
            let open = self.state.open.iter().position(|open| open.cause == reading.cause);
            match (open, level) {
                (None, Some(level)) => self.begin(now, reading, level),
                (Some(nth), Some(level)) => {
                    let incident = &mut self.state.open[nth];
                    incident.value = reading.value;
                    incident.note.clone_from(&reading.note);
                    incident.level = level;
                    incident.worst = incident.worst.max(level);
                }
                (Some(nth), None) => self.end(now, nth),
                (None, None) => {}
            }
        }
    }

    fn begin(&mut self, now: Now, reading: &Reading, level: Level) {
        self.state.last_no += 1;
        let incident = Incident {
            no: IncidentNo(self.state.last_no),
            cause: reading.cause.clone(),
            level,
            worst: level,
            since: now.wall,
            value: reading.value,
            worst_value: reading.value,
            note: reading.note.clone(),
            acknowledged: None,
            told_contacts: 1,
            told_at: Some(now.wall),
            resolved_at: None,
            flaps: 0,
            history: vec![IncidentStep { at: now.wall, what: IncidentChange::Level(level) }],
        };
        self.tell(now, &incident, Why::Began);
        self.state.open.push(incident);
    }

    fn end(&mut self, now: Now, nth: usize) {
        let mut incident = self.state.open.remove(nth);
        incident.resolved_at = Some(now.wall);
        incident.history.push(IncidentStep { at: now.wall, what: IncidentChange::Resolved(Ending::Well) });
        self.tell(now, &incident, Why::Resolved);
        self.state.ended.insert(0, incident);
        self.state.ended.truncate(ENDED_MAX);
    }

    fn tell(&mut self, now: Now, incident: &Incident, why: Why) {
        let Some(contact) = self.contacts.iter().find(|contact| contact.alerts) else { return };
        let Some((channel, address)) = contact.channels.first() else { return };
        let threshold = self.config.threshold(incident.cause.metric);
        let text = words::alert(&Tell {
            incident,
            threshold: threshold.as_ref(),
            why,
            language: contact.language,
            name: &self.name,
            console: self.config.console.as_deref(),
            told: &[],
            recent: &[],
            now: now.wall,
        });
        self.state.last_no += 1;
        self.state.waiting.push(Message {
            no: MessageNo(self.state.last_no),
            to: contact.name.clone(),
            lane: Lane { channel: *channel, address: address.clone() },
            about: About::Incident { no: incident.no, level: incident.level, resolved: why == Why::Resolved },
            subject: text.subject.into(),
            body: text.body.into(),
            at: now.wall,
            tries: 0,
            next_try_at: now.wall,
            last_answer: "".into(),
            passed_on: false,
            call: None,
            stands_for: 1,
        });
    }

    /// The messages whose time has come, one for each lane; they are on their way until [`Book::delivered`] says how it ended.
    pub fn due(&mut self, now: Now) -> Vec<Message> {
        let mut lanes = BTreeSet::new();
        let mut due = Vec::new();
        for message in &self.state.waiting {
            let is_head = lanes.insert(message.lane.clone());
            if is_head && message.next_try_at <= now.wall && self.in_flight.insert(message.no) {
                due.push(message.clone());
            }
        }
        due
    }

    /// A try has ended.
    pub fn delivered(
        &mut self,
        now: Now,
        no: MessageNo,
        outcome: Outcome,
        answer: &str,
        retry_after: Option<Duration>,
    ) {
        self.in_flight.remove(&no);
        let Some(nth) = self.state.waiting.iter().position(|message| message.no == no) else { return };
        let message = &mut self.state.waiting[nth];
        message.tries += 1;
        message.last_answer = answer.into();
        if outcome == Outcome::Failed {
            message.next_try_at = now.wall.plus(retry_after.unwrap_or(Duration::from_secs(5)));
            return;
        }
        let message = self.state.waiting.remove(nth);
        let ended = Delivery {
            at: now.wall,
            no,
            to: message.to,
            channel: message.lane.channel,
            about: message.about,
            subject: message.subject,
            outcome,
            answer: message.last_answer,
        };
        self.state.deliveries.insert(0, ended);
        self.state.deliveries.truncate(DELIVERIES_MAX);
    }

    /// Does what somebody asks for.
    pub fn order(&mut self, now: Now, order: Order) -> Result<Done, OrderError> {
        match order {
            Order::Acknowledge { incident, by } => {
                let open = self.state.open.iter_mut().find(|open| open.no == incident);
                let Some(open) = open else { return Err(OrderError::NoSuch("incident".into())) };
                open.acknowledged = Some((now.wall, by.clone()));
                open.history.push(IncidentStep { at: now.wall, what: IncidentChange::Acknowledged(by) });
                Ok(Done::Done)
            }
            Order::GiveNotice { kind, text, by, quiet } => self.give_notice(now, kind, &text, &by, quiet),
            Order::UpdateNotice { no, text, by } => self.update_notice(now, no, &text, &by),
            Order::EndNotice { no, text, by } => self.end_notice(now, no, &text, &by),
            _ => Err(OrderError::Unavailable),
        }
    }
}
