//! The book by hand: a manual clock, readings in a row, and what people would get.

use std::time::Duration;

use super::*;
use crate::core::incident::{Ending, IncidentChange, IncidentNo};
use crate::core::level::Level;
use crate::core::message::{About, Message, Outcome};
use crate::core::metric::Metric;
use crate::core::order::{Done, Order, OrderError};
use crate::core::silence::Covers;
use crate::core::time::WallMs;

mod any;
mod clocks_and_bounds;

const CONTACTS: &str = r#"
    every_seconds = 5
    escalate_minutes = 10
    [phone]
    command = ["call"]
    tries = 2
    answer_seconds = 60
    [mail]
    host = "mail.example.jp"
    from = "sesshu@example.jp"
    [[contact]]
    name = "当番"
    mail = "first@example.jp"
    webhook = "https://example.jp/hook"
    phone = "090-1"
    [[contact]]
    name = "second"
    language = "en"
    phone = "090-2"
    order = ["phone"]
    [threshold.disk_use]
    for_seconds = 0
    clear_seconds = 0
"#;

/// A book with a clock that stands until it is moved.
struct Desk {
    book: Book,
    now: Now,
    tokens: u32,
}

impl Desk {
    fn new() -> Self {
        Self::of(CONTACTS, State::default(), 1_800_000_000_000)
    }

    fn of(config: &str, state: State, wall_ms: i64) -> Self {
        let config: MonitorConfig = toml::from_str(config).expect("a configuration");
        assert_eq!(config.wrong(), None);
        let now = Now { wall: WallMs(wall_ms), steady: Duration::from_secs(1) };
        Self { book: Book::new(config, "見本市", state, now), now, tokens: 0 }
    }

    /// The same after a restart that took `seconds`.
    fn restarted(self, seconds: u64) -> Self {
        let saved = serde_json::to_vec(self.book.state()).expect("JSON");
        let state = serde_json::from_slice(&saved).expect("the same state");
        let wall = self.now.wall.plus(Duration::from_secs(seconds)).0;
        let mut again = Self::of(CONTACTS, state, wall);
        again.tokens = self.tokens;
        again
    }

    fn pass(&mut self, seconds: u64) {
        self.now.steady += Duration::from_secs(seconds);
        self.now.wall = self.now.wall.plus(Duration::from_secs(seconds));
    }

    fn see(&mut self, readings: &[(Metric, &str, f64)]) {
        let readings = readings.iter().map(|(metric, subject, value)| Reading::new(*metric, subject, *value)).collect();
        self.book.see(self.now, &Sample { readings });
    }

    fn disk(&mut self, percent: f64) {
        self.see(&[(Metric::DiskUse, "data", percent)]);
    }

    /// Goes on for `seconds` with the disk at `percent`, every five seconds; gives what was sent, everything being delivered.
    fn go_on(&mut self, seconds: u64, percent: f64) -> Vec<String> {
        let mut sent = Vec::new();
        for _ in 0..seconds / 5 {
            self.pass(5);
            self.disk(percent);
            sent.extend(self.send(Outcome::Delivered));
        }
        sent
    }

    fn due(&mut self) -> Vec<Message> {
        let tokens = &mut self.tokens;
        self.book.due(self.now, &mut || {
            *tokens += 1;
            format!("a secret of the call {tokens}").into()
        })
    }

    fn end(&mut self, message: &Message, outcome: Outcome) {
        self.book.delivered(self.now, message.no, outcome, "an answer", None);
    }

    /// Sends all that is due now, each with this outcome.
    fn send(&mut self, outcome: Outcome) -> Vec<String> {
        let mut sent = Vec::new();
        loop {
            let due = self.due();
            if due.is_empty() {
                return sent;
            }
            for message in due {
                sent.push(said(&message));
                self.end(&message, outcome);
            }
        }
    }

    fn only(&self) -> &crate::core::incident::Incident {
        assert_eq!(self.book.state().open.len(), 1);
        &self.book.state().open[0]
    }

    fn silence(&mut self, minutes: u64) -> u64 {
        let order = Order::Silence {
            covers: Covers::Metric(Metric::DiskUse),
            from: None,
            until: self.now.wall.plus(Duration::from_secs(minutes * 60)),
            by: "uid:0".into(),
            reason: "work on the disk".into(),
        };
        let Ok(Done::Silence(no)) = self.book.order(self.now, order) else { panic!("a silence") };
        no
    }

    fn acknowledge(&mut self) -> Result<Done, OrderError> {
        let incident = self.book.state().open.first().map_or(IncidentNo(999), |open| open.no);
        self.book.order(self.now, Order::Acknowledge { incident, by: "staff:sato".into() })
    }
}

/// `mail first@example.jp warning`, `… resolved`, `… summary`.
fn said(message: &Message) -> String {
    let what = match message.about {
        About::Incident { resolved: true, .. } => "resolved",
        About::Incident { level, .. } => level.code(),
        About::Notice(_) => "notice",
        About::Summary => "summary",
        About::Test => "test",
    };
    format!("{} {} {what}", message.lane.channel.code(), message.lane.address)
}

#[test]
fn an_incident_is_told_once_and_so_is_its_end() {
    let mut desk = Desk::new();
    desk.disk(50.0);
    desk.pass(5);
    desk.disk(85.0);
    assert_eq!(desk.send(Outcome::Delivered), ["mail first@example.jp warning"]);
    assert_eq!(desk.go_on(1_800, 86.0), [""; 0]);
    assert_eq!(desk.go_on(60, 50.0), ["mail first@example.jp resolved"]);
    assert!(desk.book.state().open.is_empty());
    let ended = &desk.book.state().ended[0];
    assert_eq!(ended.worst_value.total_cmp(&86.0), std::cmp::Ordering::Equal);
    assert!(matches!(ended.history.last().expect("steps").what, IncidentChange::Resolved(Ending::Well)));
}

#[test]
fn a_warning_that_nobody_acknowledges_is_repeated_every_hour_and_calls_nobody() {
    let mut desk = Desk::new();
    let sent = desk.go_on(3 * 3_600, 85.0);
    assert_eq!(sent, ["mail first@example.jp warning"; 3]);
}

#[test]
fn a_critical_incident_goes_to_the_phone_and_to_the_next_contact() {
    let mut desk = Desk::new();
    assert_eq!(desk.go_on(595, 95.0), ["mail first@example.jp critical"]);
    assert_eq!(desk.go_on(30, 95.0), ["phone 090-1 critical", "phone 090-2 critical"]);
    assert_eq!(desk.only().told_contacts, 2);
    assert_eq!(desk.go_on(1_200, 95.0), [""; 0], "everybody has been told");
    // The word of its end goes to whom was called by mail, if there is one.
    assert_eq!(desk.go_on(10, 50.0), ["mail first@example.jp resolved", "phone 090-2 resolved"]);
}

#[test]
fn an_acknowledged_incident_is_told_to_nobody_else() {
    let mut desk = Desk::new();
    desk.go_on(60, 95.0);
    assert_eq!(desk.acknowledge(), Ok(Done::Done));
    assert_eq!(desk.go_on(3 * 3_600, 95.0), [""; 0]);
    assert_eq!(desk.go_on(10, 50.0), ["mail first@example.jp resolved"]);
    assert_eq!(desk.acknowledge(), Err(OrderError::NoSuch("incident".into())));
    let over = desk.book.state().ended[0].no;
    let order = Order::Acknowledge { incident: over, by: "uid:0".into() };
    assert_eq!(desk.book.order(desk.now, order), Err(OrderError::Over));
}

#[test]
fn a_warning_that_becomes_critical_is_told_again_although_it_was_acknowledged() {
    let mut desk = Desk::new();
    desk.go_on(60, 85.0);
    desk.acknowledge().expect("it is open");
    assert_eq!(desk.go_on(60, 95.0), ["mail first@example.jp critical"]);
    desk.acknowledge().expect("it is open");
    // Down to a warning and up again is nothing new.
    desk.go_on(60, 85.0);
    assert_eq!(desk.go_on(60, 95.0), [""; 0]);
    assert!(desk.only().acknowledged.is_some());
}

#[test]
fn an_unanswered_call_is_tried_again_then_the_next_contact_is_called_and_acknowledges() {
    let mut desk = Desk::of(
        &CONTACTS.replace("mail = \"first@example.jp\"", "").replace("webhook = \"https://example.jp/hook\"", ""),
        State::default(),
        1_000,
    );
    desk.disk(95.0);
    for attempt in 0..2 {
        let due = desk.due();
        assert_eq!(due.iter().map(said).collect::<Vec<_>>(), ["phone 090-1 critical"], "try {attempt}");
        desk.end(&due[0], Outcome::Placed);
        for _ in 0..13 {
            desk.pass(5);
            desk.disk(95.0);
        }
    }
    let due = desk.due();
    assert_eq!(due.iter().map(said).collect::<Vec<_>>(), ["phone 090-2 critical"]);
    desk.end(&due[0], Outcome::Placed);
    let token = due[0].call.clone().expect("a call").token;
    let answered = |outcome| Order::CallAnswered { token: token.clone(), outcome };
    assert_eq!(desk.book.order(desk.now, answered(Outcome::Acknowledged)), Ok(Done::Done));
    assert_eq!(desk.only().acknowledged.as_ref().expect("somebody").1, "phone:second".into());
    let again = desk.book.order(desk.now, answered(Outcome::Acknowledged));
    assert_eq!(again, Err(OrderError::NoSuch("call".into())), "a token counts once");
    let outcomes: Vec<Outcome> = desk.book.state().deliveries.iter().map(|delivery| delivery.outcome).collect();
    assert_eq!(outcomes, [Outcome::Acknowledged, Outcome::Unanswered]);
    assert!(desk.book.state().waiting.is_empty());
}

#[test]
fn no_token_is_guessed_by_leaving_it_out() {
    let mut desk = Desk::new();
    for token in ["", "a", "a secret of the call 1"] {
        let order = Order::CallAnswered { token: token.into(), outcome: Outcome::Acknowledged };
        assert_eq!(desk.book.order(desk.now, order), Err(OrderError::NoSuch("call".into())));
    }
}

#[test]
fn a_dead_mail_server_loses_nothing_and_the_second_channel_is_used_at_once() {
    let config = format!("{CONTACTS}\n[threshold.undelivered]\noff = true\n");
    let mut desk = Desk::of(&config, State::default(), 5_000);
    desk.disk(85.0);
    let first = desk.due();
    desk.end(&first[0], Outcome::Failed);
    assert_eq!(desk.send(Outcome::Delivered), ["webhook https://example.jp/hook warning"]);
    assert!(desk.book.state().waiting[0].passed_on);
    // It gets worse and ends while mail is still dead.
    let mut by_other = Vec::new();
    for (seconds, percent) in [(150, 95.0), (150, 50.0)] {
        for _ in 0..seconds / 5 {
            desk.pass(5);
            desk.disk(percent);
            for message in desk.due() {
                let is_mail = message.lane.channel.code() == "mail";
                desk.end(&message, if is_mail { Outcome::Failed } else { Outcome::Delivered });
                by_other.extend((!is_mail).then(|| said(&message)));
            }
        }
    }
    assert_eq!(by_other, ["webhook https://example.jp/hook critical", "webhook https://example.jp/hook resolved"]);
    desk.pass(90);
    let by_mail = desk.send(Outcome::Delivered);
    assert_eq!(
        by_mail,
        ["mail first@example.jp warning", "mail first@example.jp critical", "mail first@example.jp resolved"]
    );
}

#[test]
fn an_alert_behind_one_that_fails_does_not_wait_for_it() {
    let mut desk = Desk::new();
    desk.see(&[(Metric::DiskUse, "data", 85.0), (Metric::LookupsUnusual, "sato", 1.0)]);
    let mut by_other = Vec::new();
    for _ in 0..3 {
        for message in desk.due() {
            let is_mail = message.lane.channel.code() == "mail";
            desk.end(&message, if is_mail { Outcome::Failed } else { Outcome::Delivered });
            by_other.extend((!is_mail).then(|| said(&message)));
        }
    }
    assert_eq!(by_other, ["webhook https://example.jp/hook warning"; 2], "both at once, before mail is tried again");
    desk.pass(60);
    assert_eq!(desk.send(Outcome::Delivered), ["mail first@example.jp warning"; 2], "and each by mail when it is back");
}

#[test]
fn an_undelivered_alert_is_told_by_the_next_channel() {
    let mut desk = Desk::new();
    desk.disk(85.0);
    let mut by_other = Vec::new();
    for _ in 0..30 {
        for message in desk.due() {
            let is_mail = message.lane.channel.code() == "mail";
            desk.end(&message, if is_mail { Outcome::Failed } else { Outcome::Delivered });
            by_other.extend((!is_mail).then(|| said(&message)));
        }
        desk.pass(5);
        desk.disk(85.0);
    }
    assert_eq!(by_other, ["webhook https://example.jp/hook warning"; 2]);
    assert_eq!(desk.book.state().open[1].cause, Cause::new(Metric::Undelivered, "mail"));
}

#[test]
fn what_is_refused_for_good_goes_to_the_next_channel_and_holds_up_nobody() {
    let mut desk = Desk::new();
    desk.disk(85.0);
    let first = desk.due();
    desk.end(&first[0], Outcome::GivenUp);
    assert_eq!(desk.send(Outcome::Delivered), ["webhook https://example.jp/hook warning"]);
    assert!(desk.book.state().waiting.is_empty());
}

#[test]
fn what_comes_and_goes_stays_open_and_quiet() {
    let mut desk = Desk::new();
    let mut sent = Vec::new();
    for _ in 0..300 {
        sent.extend(desk.go_on(5, 85.0));
        sent.extend(desk.go_on(5, 50.0));
    }
    assert!(sent.len() <= 6, "{sent:?}");
    let no = desk.only().no;
    assert!(desk.only().is_flapping());
    assert_eq!(desk.book.state().ended.len(), 0, "it is the same incident all the time");
    let after = desk.go_on(16 * 60, 50.0);
    assert_eq!(after, ["mail first@example.jp resolved"]);
    assert_eq!(desk.book.state().ended[0].no, no);
}

#[test]
fn a_silence_keeps_quiet_and_what_is_still_wrong_at_its_end_is_told_then() {
    let mut desk = Desk::new();
    desk.silence(30);
    assert_eq!(desk.go_on(30 * 60 - 5, 95.0), [""; 0]);
    assert_eq!(desk.only().level, Level::Critical);
    assert_eq!(desk.go_on(30, 95.0), ["mail first@example.jp critical"]);
    let no = desk.silence(60);
    assert_eq!(desk.go_on(600, 95.0), [""; 0]);
    desk.book.order(desk.now, Order::EndSilence { no, by: "uid:0".into() }).expect("it is there");
    assert_eq!(desk.send(Outcome::Delivered), ["mail first@example.jp critical"]);
    // The word of an end that came in a silence is given after it.
    desk.silence(10);
    assert_eq!(desk.go_on(300, 50.0), [""; 0]);
    assert_eq!(desk.go_on(400, 50.0), ["mail first@example.jp resolved"]);
}

#[test]
fn a_restart_neither_doubles_nor_ends_an_incident() {
    let mut desk = Desk::new();
    desk.go_on(60, 95.0);
    let before = desk.only().clone();
    let mut desk = desk.restarted(40);
    desk.see(&[]);
    assert_eq!(desk.send(Outcome::Delivered), [""; 0]);
    assert_eq!(desk.go_on(60, 95.0), [""; 0]);
    assert_eq!((desk.only().no, desk.only().since), (before.no, before.since));
    // Escalation goes on from where it was.
    assert_eq!(desk.go_on(450, 95.0).len(), 2);
    let mut desk = desk.restarted(10);
    assert_eq!(desk.go_on(20, 50.0), ["mail first@example.jp resolved", "phone 090-2 resolved"]);
}

#[test]
fn a_message_that_waits_is_sent_after_a_restart_once_and_a_call_that_was_placed_is_not_placed_again() {
    let mut desk = Desk::new();
    desk.disk(85.0);
    let due = desk.due();
    desk.end(&due[0], Outcome::Failed);
    let mut desk = desk.restarted(3);
    assert_eq!(
        desk.send(Outcome::Delivered),
        ["webhook https://example.jp/hook warning"],
        "the webhook is free; mail waits for its time"
    );
    desk.pass(6);
    assert_eq!(desk.send(Outcome::Delivered), ["mail first@example.jp warning"]);
    let mut desk = desk.restarted(3);
    assert_eq!(desk.send(Outcome::Delivered), [""; 0]);

    let mut desk = Desk::new();
    desk.go_on(595, 95.0);
    desk.pass(10);
    desk.disk(95.0);
    for call in desk.due() {
        desk.end(&call, Outcome::Placed);
    }
    let mut desk = desk.restarted(10);
    assert!(desk.due().is_empty());
    let token = desk.book.state().waiting[0].call.clone().expect("the call").token;
    let order = Order::CallAnswered { token, outcome: Outcome::Acknowledged };
    assert_eq!(desk.book.order(desk.now, order), Ok(Done::Done));
    assert!(desk.only().acknowledged.is_some());
}
