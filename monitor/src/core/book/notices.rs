//! Notices in the book: what is said goes to every contact that wants notices, and ops are reminded of work that takes too long.

use super::super::contact::Contact;
use super::super::incident::Actor;
use super::super::message::{About, MessageNo};
use super::super::notice::{NoticeKind, NoticeNo, NoticeText};
use super::super::order::{Done, OrderError};
use super::super::time::Now;
use super::Book;
use super::lanes::Posted;
use crate::words::{self, Text};

impl Book {
    /// Gives a notice.
    pub(super) fn give_notice(
        &mut self,
        now: Now,
        kind: NoticeKind,
        text: &NoticeText,
        by: &Actor,
        quiet: bool,
    ) -> Result<Done, OrderError> {
        let no = self.state.give_notice(now.wall, kind, text, by, quiet)?;
        Ok(self.tell_of_notice(now, no))
    }

    /// Says how a notice goes on.
    pub(super) fn update_notice(
        &mut self,
        now: Now,
        no: NoticeNo,
        text: &NoticeText,
        by: &Actor,
    ) -> Result<Done, OrderError> {
        self.state.update_notice(now.wall, no, text, by)?;
        Ok(self.tell_of_notice(now, no))
    }

    /// Ends a notice.
    pub(super) fn end_notice(
        &mut self,
        now: Now,
        no: NoticeNo,
        text: &NoticeText,
        by: &Actor,
    ) -> Result<Done, OrderError> {
        self.state.end_notice(now.wall, no, text, by)?;
        Ok(self.tell_of_notice(now, no))
    }

    /// Reminds ops of planned work that takes longer than was said: once, and whatever keeps alerts quiet.
    pub(super) fn remind_of_notices(&mut self, now: Now) {
        for no in self.state.remind_of_notices(now.wall) {
            let Some(notice) = self.state.notice(no).cloned() else { continue };
            let contact = self.contacts.iter().find(|contact| contact.alerts && !contact.channels.is_empty()).cloned();
            if let Some(contact) = contact {
                let text = words::overrun(&notice, contact.language, &self.name);
                self.post_notice(now, &contact, no, text);
            }
        }
    }

    /// Writes to every contact that wants notices what was said last. Those whom only a person can call are on the phone list.
    fn tell_of_notice(&mut self, now: Now, no: NoticeNo) -> Done {
        let Some(notice) = self.state.notice(no).cloned() else { return Done::Notice(no, Vec::new()) };
        let contacts: Vec<Contact> = self.contacts.iter().filter(|contact| contact.notices).cloned().collect();
        let post = |contact: &Contact| {
            let text = words::notice(&notice, contact.language, &self.name);
            self.post_notice(now, contact, no, text)
        };
        Done::Notice(no, contacts.iter().filter_map(post).collect())
    }

    fn post_notice(&mut self, now: Now, contact: &Contact, no: NoticeNo, text: Text) -> Option<MessageNo> {
        let (kind, address) = contact.channels.first()?;
        let about = About::Notice(no);
        Some(self.post(now, Posted { contact, kind: *kind, address, about, text, used: &[*kind] }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::MonitorConfig;
    use crate::core::order::Order;
    use crate::core::sample::Sample;
    use crate::core::state::State;
    use crate::core::time::WallMs;

    const CONTACTS: &str = r#"
        [mail]
        host = "mail.example.lg.jp"
        from = "sesshu@example.lg.jp"
        [[contact]]
        name = "当番"
        mail = "toban@example.lg.jp"
        [[contact]]
        name = "広報"
        mail = "koho@example.lg.jp"
        alerts = false
        notices = true
        [[contact]]
        name = "Press"
        mail = "press@example.lg.jp"
        language = "en"
        alerts = false
        notices = true
        [[contact]]
        name = "消防"
        call_by_hand = "0476-00-0000"
        alerts = false
        notices = true
    "#;

    fn book() -> Book {
        let config: MonitorConfig = toml::from_str(CONTACTS).expect("a configuration");
        assert_eq!(config.wrong(), None);
        Book::new(config, "見本市", State::default(), at(0))
    }

    fn at(minutes: u64) -> Now {
        let since = Duration::from_mins(minutes);
        Now { wall: WallMs(1_800_000_000_000).plus(since), steady: since }
    }

    fn text(ja: &str) -> NoticeText {
        NoticeText { ja: ja.into(), ..NoticeText::default() }
    }

    fn waiting(book: &Book) -> Vec<(&str, &str)> {
        book.state().waiting.iter().map(|message| (&*message.to, &*message.subject)).collect()
    }

    #[test]
    fn what_is_said_goes_to_all_who_want_notices_in_their_language_and_to_nobody_else() {
        let mut book = book();
        let by: Actor = "staff:sato".into();
        let (kind, quiet) = (NoticeKind::Failure, false);
        let given = book.order(at(0), Order::GiveNotice { kind, text: text("障害です。"), by: by.clone(), quiet });
        let Ok(Done::Notice(no, messages)) = given else { panic!("{given:?}") };
        assert_eq!(messages.len(), 2);
        let first = [
            ("広報", "【障害のお知らせ】接種予約システム - 見本市"),
            ("Press", "[failure] Vaccination booking system - 見本市"),
        ];
        assert_eq!(waiting(&book), first);
        let update = Order::UpdateNotice { no, text: text("続いています。"), by: by.clone() };
        assert!(matches!(book.order(at(5), update), Ok(Done::Notice(..))));
        let end = Order::EndNotice { no, text: text("直りました。"), by: by.clone() };
        assert!(matches!(book.order(at(9), end.clone()), Ok(Done::Notice(..))));
        assert_eq!(book.state().waiting.len(), 6);
        assert_eq!(book.order(at(9), end), Err(OrderError::Over));
        let empty = Order::GiveNotice { kind, text: text(" "), by, quiet };
        assert!(matches!(book.order(at(9), empty), Err(OrderError::Invalid(..))));
        assert_eq!(book.state().waiting.len(), 6, "what is refused is told to nobody");
    }

    #[test]
    fn ops_are_reminded_once_of_work_that_takes_too_long() {
        let mut book = book();
        let kind = NoticeKind::Maintenance { from: at(10).wall, until: at(20).wall };
        let order = Order::GiveNotice { kind, text: text("作業です。"), by: "uid:0".into(), quiet: true };
        assert!(book.order(at(0), order).is_ok());
        book.see(at(19), &Sample::default());
        assert_eq!(book.state().waiting.len(), 2);
        for minute in [20, 21] {
            book.see(at(minute), &Sample::default());
            assert_eq!(waiting(&book)[2..].iter().map(|(to, _)| *to).collect::<Vec<_>>(), ["当番"]);
        }
    }
}
