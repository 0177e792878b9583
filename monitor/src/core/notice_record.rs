//! The record of a notice: who was told when, by which way, and with what result; and whom a person still has to call.

use super::contact::{ChannelKind, Contact};
use super::message::{About, Outcome};
use super::notice::NoticeNo;
use super::state::{HandCall, State};
use super::time::WallMs;

/// Somebody was told, or is being told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// When it ended; for a message on its way, when it was written.
    pub at: WallMs,
    /// The contact's name.
    pub to: Box<str>,
    /// By which channel; none is a call by hand.
    pub channel: Option<ChannelKind>,
    /// What came of it.
    pub result: ToldResult,
    /// The message's line; empty for a call by hand.
    pub subject: Box<str>,
    /// What the other side said, or who called.
    pub answer: Box<str>,
}

/// What came of telling somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldResult {
    /// A delivery ended so.
    Ended(Outcome),
    /// It is on its way and was tried so often.
    OnItsWay {
        /// How often.
        tries: u32,
    },
    /// Somebody was called by hand.
    Called {
        /// Whether they were reached.
        reached: bool,
    },
}

impl ToldResult {
    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ended(Outcome::Delivered) => "delivered",
            Self::Ended(Outcome::Acknowledged) => "acknowledged",
            Self::Ended(Outcome::Unanswered) => "unanswered",
            Self::Ended(Outcome::GivenUp) => "given_up",
            Self::Ended(_) => "failed",
            Self::OnItsWay { tries: 0 } => "sending",
            Self::OnItsWay { .. } => "retrying",
            Self::Called { reached: true } => "reached",
            Self::Called { reached: false } => "not_reached",
        }
    }

    /// What it says in Japanese.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Ended(Outcome::Delivered) => "届いた",
            Self::Ended(Outcome::Acknowledged) => "届いた（応答あり）",
            Self::Ended(Outcome::Unanswered) => "応答なし",
            Self::Ended(Outcome::GivenUp) => "届かなかった",
            Self::Ended(_) => "失敗",
            Self::OnItsWay { tries: 0 } => "送信中",
            Self::OnItsWay { .. } => "再送中",
            Self::Called { reached: true } => "電話でつながった",
            Self::Called { reached: false } => "電話でつながらなかった",
        }
    }
}

/// Somebody whom a person calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ToCall<'a> {
    /// Whom.
    pub contact: &'a Contact,
    /// Their number.
    pub number: &'a str,
    /// The latest call about this notice.
    pub called: Option<&'a HandCall>,
}

impl State {
    /// Who was told of the notice `no`, the latest first.
    #[must_use]
    pub fn told_of(&self, no: NoticeNo) -> Vec<Told> {
        let about = About::Notice(no);
        let waiting = self.waiting.iter().filter(|message| message.about == about).map(|message| Told {
            at: message.at,
            to: message.to.clone(),
            channel: Some(message.lane.channel),
            result: ToldResult::OnItsWay { tries: message.tries },
            subject: message.subject.clone(),
            answer: message.last_answer.clone(),
        });
        let ended = self.deliveries.iter().filter(|delivery| delivery.about == about).map(|delivery| Told {
            at: delivery.at,
            to: delivery.to.clone(),
            channel: Some(delivery.channel),
            result: ToldResult::Ended(delivery.outcome),
            subject: delivery.subject.clone(),
            answer: delivery.answer.clone(),
        });
        let called = self.hand_calls.iter().filter(|call| call.notice == Some(no)).map(|call| Told {
            at: call.at,
            to: call.contact.clone(),
            channel: None,
            result: ToldResult::Called { reached: call.reached },
            subject: "".into(),
            answer: call.by.clone(),
        });
        let mut told: Vec<Told> = waiting.chain(ended).chain(called).collect();
        told.sort_by_key(|one| std::cmp::Reverse(one.at));
        told
    }

    /// Whom a person calls about the notice `no`: the contacts that want notices and that no channel reaches.
    #[must_use]
    pub fn to_call<'a>(&'a self, contacts: &'a [Contact], no: NoticeNo) -> Vec<ToCall<'a>> {
        let by_hand = contacts.iter().filter(|contact| contact.notices && contact.channels.is_empty());
        let entry = |contact: &'a Contact| {
            let called = self.hand_calls.iter().find(|call| call.notice == Some(no) && call.contact == contact.name);
            Some(ToCall { contact, number: contact.call_by_hand.as_deref()?, called })
        };
        by_hand.filter_map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::message::{Delivery, MessageNo};

    #[test]
    fn the_record_has_messages_and_calls_and_nothing_of_another_notice() {
        let delivery = |notice, at| Delivery {
            at: WallMs(at),
            no: MessageNo(1),
            to: "市長室".into(),
            channel: ChannelKind::Mail,
            about: About::Notice(NoticeNo(notice)),
            subject: "s".into(),
            outcome: Outcome::Delivered,
            answer: "250".into(),
        };
        let call = |notice, at, reached| HandCall {
            at: WallMs(at),
            contact: "消防".into(),
            incident: None,
            notice: Some(NoticeNo(notice)),
            reached,
            by: "staff:sato".into(),
        };
        let state = State {
            deliveries: vec![delivery(1, 5), delivery(2, 6)],
            hand_calls: vec![call(1, 9, true), call(1, 3, false), call(2, 4, true)],
            ..State::default()
        };
        let told: Vec<_> = state.told_of(NoticeNo(1)).iter().map(|one| (one.at.0, one.result.code())).collect();
        assert_eq!(told, [(9, "reached"), (5, "delivered"), (3, "not_reached")]);
        let contact = |name: &str, notices, by_hand: Option<&str>| Contact {
            name: name.into(),
            language: crate::core::contact::Language::Ja,
            channels: Vec::new(),
            call_by_hand: by_hand.map(Into::into),
            alerts: false,
            notices,
        };
        let contacts = [contact("消防", true, Some("119")), contact("他", false, Some("1")), contact("無", true, None)];
        let calls = state.to_call(&contacts, NoticeNo(1));
        assert_eq!(calls.len(), 1);
        assert_eq!((calls[0].number, calls[0].called.map(|call| call.reached)), ("119", Some(true)));
        assert_eq!(state.to_call(&contacts, NoticeNo(3))[0].called, None);
    }
}
