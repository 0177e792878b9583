//! Messages on their way: one after the other in each lane, tried until they are delivered, passed on to the next channel meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::telling::may_use;
use super::{Book, Post, short};
use crate::core::contact::{ChannelKind, Contact};
use crate::core::incident::{IncidentChange, IncidentNo};
use crate::core::level::Level;
use crate::core::message::{About, Call, Delivery, Lane, Message, MessageNo, Outcome};
use crate::core::state::{DELIVERIES_MAX, WAITING_MAX};
use crate::core::time::{Age, Now};
use crate::words::{self, Text, Why};

/// The longest pause between two tries.
pub(super) const RETRY_MAX: Duration = Duration::from_mins(10);
/// The pause after the first failure, and the longest one that is not asked for.
const RETRY_FIRST: Duration = Duration::from_secs(5);
const RETRY_USUAL_MAX: Duration = Duration::from_mins(1);
/// After so many tries, about a day, a message is given up. By tries, so that no clock can make it earlier.
const TRIES_MAX: u32 = 1_440;
/// How many messages may wait in a lane before they are put together.
const LANE_MAX: usize = 20;
/// How many lines a summary keeps.
const LINES_MAX: usize = 20;
const LINE_CHARS_MAX: usize = 100;
const SUBJECT_CHARS_MAX: usize = 200;
const BODY_CHARS_MAX: usize = 2_500;
const ANSWER_CHARS_MAX: usize = 300;

/// A message that is to be written.
pub(super) struct Posted<'a> {
    pub(super) contact: &'a Contact,
    pub(super) kind: ChannelKind,
    pub(super) address: &'a str,
    pub(super) about: About,
    pub(super) text: Text,
    pub(super) used: &'a [ChannelKind],
}

impl Book {
    /// Writes a message; it goes out when those before it in its lane have.
    pub(super) fn post(&mut self, now: Now, posted: Posted<'_>) -> MessageNo {
        self.make_room(now);
        let no = MessageNo(self.next_no());
        let lane = Lane { channel: posted.kind, address: posted.address.into() };
        self.state.waiting.push(Message {
            no,
            to: posted.contact.name.clone(),
            lane: lane.clone(),
            about: posted.about,
            subject: short(&posted.text.subject, SUBJECT_CHARS_MAX),
            body: short(&posted.text.body, BODY_CHARS_MAX),
            at: now.wall,
            tries: 0,
            next_try_at: now.wall,
            last_answer: "".into(),
            passed_on: false,
            call: None,
            used: posted.used.to_vec(),
            stands_for: 1,
            lines: Vec::new(),
        });
        let post =
            Post { written: Age::zero(now), next_try: now.steady, in_flight: false, call_until: None, behind: false };
        self.posts.insert(no, post);
        if self.joinable(&lane, &posted.contact.name).len() > LANE_MAX {
            self.join(now, &lane, &posted.contact.name);
        }
        no
    }

    /// The messages whose time has come, one for each lane; they are on their way until [`Book::delivered`] says how it ended.
    /// `token` makes the secret of a call.
    pub fn due(&mut self, now: Now, token: &mut dyn FnMut() -> Box<str>) -> Vec<Message> {
        self.pass_on_behind(now);
        let answer = self.answer_time();
        let mut lanes = BTreeSet::new();
        let mut due = Vec::new();
        for message in &mut self.state.waiting {
            let Some(post) = self.posts.get_mut(&message.no) else { continue };
            let is_head = lanes.insert((message.lane.channel, message.lane.address.clone()));
            if !is_head || post.in_flight || post.next_try > now.steady {
                continue;
            }
            post.in_flight = true;
            if message.lane.channel == ChannelKind::Phone {
                message.call = Some(Call { token: token(), until: now.wall.plus(answer) });
            }
            due.push(message.clone());
        }
        due
    }

    /// A try has ended. What the other side wants to wait is honoured up to ten minutes.
    pub fn delivered(
        &mut self,
        now: Now,
        no: MessageNo,
        outcome: Outcome,
        answer: &str,
        retry_after: Option<Duration>,
    ) {
        let (answer_time, tries_of_calls) = (self.answer_time(), self.tries_of_calls());
        let Some(nth) = self.state.waiting.iter().position(|message| message.no == no) else { return };
        let Some(post) = self.posts.get_mut(&no) else { return };
        let message = &mut self.state.waiting[nth];
        if !post.in_flight || (outcome == Outcome::Placed && message.call.is_none()) {
            // The call's provider has already said how it ended.
            return;
        }
        message.last_answer = short(answer, ANSWER_CHARS_MAX);
        if outcome == Outcome::Placed {
            post.call_until = Some(now.steady + answer_time);
            return;
        }
        post.in_flight = false;
        post.call_until = None;
        message.call = None;
        message.tries += 1;
        match outcome {
            Outcome::Failed if message.tries < TRIES_MAX => {
                let pause =
                    retry_after.map_or_else(|| pause(no, message.tries), |asked| asked.clamp(RETRY_FIRST, RETRY_MAX));
                post.next_try = now.steady + pause;
                message.next_try_at = now.wall.plus(pause);
                self.pass_on(now, nth);
            }
            Outcome::Unanswered if message.tries < tries_of_calls => {
                post.next_try = now.steady + RETRY_FIRST;
                message.next_try_at = now.wall.plus(RETRY_FIRST);
            }
            Outcome::Failed => {
                self.pass_on(now, nth);
                self.record(now, nth, Outcome::GivenUp);
            }
            Outcome::Unanswered | Outcome::GivenUp => {
                self.pass_on(now, nth);
                self.record(now, nth, outcome);
            }
            Outcome::Acknowledged => {
                let message = &self.state.waiting[nth];
                let (about, by) = (message.about.clone(), format!("phone:{}", message.to));
                self.record(now, nth, outcome);
                if let About::Incident { no, .. } = about {
                    self.acknowledge(now, no, by.into());
                }
            }
            Outcome::Delivered | Outcome::NotNeeded | Outcome::Placed => self.record(now, nth, outcome),
        }
        self.drop_needless_calls(now);
    }

    /// Uses the contact's next channel, if this message was not passed on yet and there is one; else the next contact is told at once.
    fn pass_on(&mut self, now: Now, nth: usize) {
        let message = self.state.waiting[nth].clone();
        let About::Incident { no, level, resolved } = message.about else { return self.pass_notice_on(now, nth) };
        let is_current = |incident: &&crate::core::incident::Incident| incident.no == no;
        let Some(incident) = self.state.open.iter().chain(&self.state.ended).find(is_current).cloned() else { return };
        let over = incident.resolved_at.is_some() || incident.acknowledged.is_some();
        if message.passed_on || (over && !resolved) {
            return;
        }
        let mut used = message.used.clone();
        used.push(message.lane.channel);
        let contact = self.contacts.iter().find(|contact| contact.name == message.to).cloned();
        let by_phone = if resolved { Level::Warning } else { level };
        let next =
            contact.as_ref().and_then(|contact| may_use(contact, by_phone).find(|(kind, _)| !used.contains(kind)));
        if let (Some(contact), Some((kind, _))) = (&contact, next) {
            self.state.waiting[nth].passed_on = true;
            let why = if resolved { Why::Resolved } else { Why::Began };
            self.post_alert(now, &incident, contact, kind, why, &used);
        }
        if !resolved && (next_is_none(contact.as_ref(), by_phone, &used) || message.lane.channel == ChannelKind::Phone)
        {
            self.hurry(no);
        }
    }

    /// A notice goes on to the contact's next channel as it is; nobody is called because of one.
    fn pass_notice_on(&mut self, now: Now, nth: usize) {
        let message = self.state.waiting[nth].clone();
        if message.passed_on || !matches!(message.about, About::Notice(_)) {
            return;
        }
        let mut used = message.used.clone();
        used.push(message.lane.channel);
        let contact = self.contacts.iter().find(|contact| contact.name == message.to).cloned();
        let Some(contact) = contact else { return };
        let next = may_use(&contact, Level::Warning).find(|(kind, _)| !used.contains(kind));
        if let Some((kind, address)) = next {
            self.state.waiting[nth].passed_on = true;
            let text = Text { subject: message.subject.into(), body: message.body.into() };
            let (address, about) = (&*address, message.about);
            self.post(now, Posted { contact: &contact, kind, address, about, text, used: &used });
        }
    }

    /// An alert that waits behind a head that fails is not tried for as long: it goes by the contact's next channel at once, like the
    /// head. An end does not: whoever heard of the incident by another channel hears of its end by that one.
    fn pass_on_behind(&mut self, now: Now) {
        let tries_of_calls = self.tries_of_calls();
        let mut fails = BTreeMap::new();
        let mut behind = Vec::new();
        for message in &self.state.waiting {
            let lane = (message.lane.channel, &message.lane.address);
            let Some(head_fails) = fails.get(&lane) else {
                // A call that is not answered is tried again before it has failed.
                let enough = if message.lane.channel == ChannelKind::Phone { tries_of_calls } else { 1 };
                fails.insert(lane, message.tries >= enough);
                continue;
            };
            let is_alert = matches!(message.about, About::Incident { resolved: false, .. });
            if *head_fails && is_alert && self.posts.get(&message.no).is_some_and(|post| !post.behind) {
                behind.push(message.no);
            }
        }
        for no in behind {
            if let Some(post) = self.posts.get_mut(&no) {
                post.behind = true;
            }
            if let Some(nth) = self.state.waiting.iter().position(|message| message.no == no) {
                self.pass_on(now, nth);
            }
        }
    }

    /// The message has ended: it goes from what waits to the record.
    fn record(&mut self, now: Now, nth: usize, outcome: Outcome) {
        let message = self.state.waiting.remove(nth);
        self.posts.remove(&message.no);
        let ended = Delivery {
            at: now.wall,
            no: message.no,
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

    /// Somebody takes care of an open incident. Whether it was not taken care of before.
    pub(super) fn acknowledge(&mut self, now: Now, no: IncidentNo, by: Box<str>) {
        if let Some(open) = self.open_mut(no)
            && open.acknowledged.is_none()
        {
            open.acknowledged = Some((now.wall, by.clone()));
            open.step(now.wall, IncidentChange::Acknowledged(by));
            self.drop_calls_of(now, no);
        }
    }

    /// Calls about an incident that is over or taken care of are not made any more.
    pub(super) fn drop_calls_of(&mut self, now: Now, no: IncidentNo) {
        let is_of =
            |message: &Message| matches!(message.about, About::Incident { no: of, resolved: false, .. } if of == no);
        while let Some(nth) = self.state.waiting.iter().position(|message| {
            message.lane.channel == ChannelKind::Phone
                && is_of(message)
                && !self.posts.get(&message.no).is_some_and(|post| post.in_flight)
        }) {
            self.record(now, nth, Outcome::NotNeeded);
        }
    }

    fn drop_needless_calls(&mut self, now: Now) {
        let about = |message: &Message| match message.about {
            About::Incident { no, resolved: false, .. } if message.lane.channel == ChannelKind::Phone => Some(no),
            _ => None,
        };
        let needless = |no: &IncidentNo| {
            self.state.open.iter().find(|open| open.no == *no).is_none_or(|open| open.acknowledged.is_some())
        };
        let over: Vec<IncidentNo> = self.state.waiting.iter().filter_map(about).filter(needless).collect();
        for no in over {
            self.drop_calls_of(now, no);
        }
    }

    /// Calls that nobody has answered in time.
    pub(super) fn end_calls(&mut self, now: Now) {
        let over = |post: &Post| post.call_until.is_some_and(|until| until <= now.steady);
        let over: Vec<MessageNo> = self.posts.iter().filter(|(_, post)| over(post)).map(|(no, _)| *no).collect();
        for no in over {
            self.delivered(now, no, Outcome::Unanswered, "", None);
        }
    }

    /// Whether the lane is known to fail: a message in it was tried in vain.
    pub(super) fn lane_fails(&self, kind: ChannelKind, address: &str) -> bool {
        let in_lane = |message: &&Message| message.lane.channel == kind && *message.lane.address == *address;
        self.state.waiting.iter().filter(in_lane).any(|message| message.tries > 0)
    }

    /// The contact's latest message by this channel was passed on as it was written.
    pub(super) fn mark_passed_on(&mut self, to: &str, kind: ChannelKind) {
        let latest = self.state.waiting.iter_mut().rev().find(|one| *one.to == *to && one.lane.channel == kind);
        if let Some(message) = latest {
            message.passed_on = true;
        }
    }

    /// The messages of a lane that can be put together: alerts that are not on their way.
    fn joinable(&self, lane: &Lane, to: &str) -> Vec<MessageNo> {
        let can = |message: &&Message| {
            message.lane == *lane
                && *message.to == *to
                && matches!(message.about, About::Incident { .. } | About::Summary)
                && self.posts.get(&message.no).is_some_and(|post| !post.in_flight)
        };
        self.state.waiting.iter().filter(can).map(|message| message.no).collect()
    }

    /// Puts the waiting messages of a lane together into one. Each is counted, and the latest lines are kept.
    fn join(&mut self, now: Now, lane: &Lane, to: &str) {
        let parts = self.joinable(lane, to);
        let (Some(first), Some(last)) = (parts.first().copied(), parts.last().copied()) else { return };
        let mut lines: Vec<Box<str>> = Vec::new();
        let (mut count, mut tries) = (0_u32, 0);
        for message in self.state.waiting.iter().filter(|message| parts.contains(&message.no)) {
            count = count.saturating_add(message.stands_for);
            tries = tries.max(message.tries);
            if message.lines.is_empty() {
                lines.push(short(&message.subject, LINE_CHARS_MAX));
            } else {
                lines.extend(message.lines.iter().cloned());
            }
        }
        lines.drain(..lines.len().saturating_sub(LINES_MAX));
        let language = self.contacts.iter().find(|contact| *contact.name == *to).map(|contact| contact.language);
        let kept: Vec<&str> = lines.iter().map(|line| &**line).collect();
        let more = count.saturating_sub(kept.len() as u32);
        let text = words::summary(language.unwrap_or_default(), &self.name, &kept, more);
        // It takes the place of the last one, and waits as long as the first one does.
        let oldest = self.posts.get(&first).copied();
        self.state.waiting.retain(|message| message.no == last || !parts.contains(&message.no));
        self.posts.retain(|no, _| *no == last || !parts.contains(no));
        if let (Some(oldest), Some(post)) = (oldest, self.posts.get_mut(&last)) {
            *post = oldest;
        }
        if let Some(message) = self.state.waiting.iter_mut().find(|message| message.no == last) {
            message.about = About::Summary;
            message.subject = short(&text.subject, SUBJECT_CHARS_MAX);
            message.body = short(&text.body, BODY_CHARS_MAX);
            message.stands_for = count;
            message.lines = lines;
            message.tries = tries;
            message.passed_on = true;
            message.at = now.wall;
        }
    }

    /// Makes room for one more message: the fullest lane is put together; if that does not help, the oldest one is given up, and recorded.
    fn make_room(&mut self, now: Now) {
        while self.state.waiting.len() >= WAITING_MAX {
            let lanes: BTreeSet<(Lane, Box<str>)> =
                self.state.waiting.iter().map(|message| (message.lane.clone(), message.to.clone())).collect();
            let fullest = lanes.into_iter().max_by_key(|(lane, to)| self.joinable(lane, to).len());
            match fullest {
                Some((lane, to)) if self.joinable(&lane, &to).len() > 1 => self.join(now, &lane, &to),
                _ => self.record(now, 0, Outcome::GivenUp),
            }
        }
    }

    pub(super) fn answer_time(&self) -> Duration {
        Duration::from_secs(self.config.phone.as_ref().map_or(60, |phone| u64::from(phone.answer_seconds)))
    }

    fn tries_of_calls(&self) -> u32 {
        self.config.phone.as_ref().map_or(1, |phone| phone.tries)
    }
}

fn next_is_none(contact: Option<&Contact>, level: Level, used: &[ChannelKind]) -> bool {
    contact.is_none_or(|contact| may_use(contact, level).all(|(kind, _)| used.contains(&kind)))
}

/// The pause before the next try: twice as long each time, and up to a fifth longer or shorter, so that lanes do not come all at once.
fn pause(no: MessageNo, tries: u32) -> Duration {
    let doubled = RETRY_FIRST.saturating_mul(1 << (tries.saturating_sub(1)).min(6)).min(RETRY_USUAL_MAX);
    let jitter = no.0.wrapping_mul(31).wrapping_add(u64::from(tries) * 17) % 41;
    doubled * (80 + jitter as u32) / 100
}
