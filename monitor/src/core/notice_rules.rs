//! The rules of notices: what may be said, how a notice goes on, when it is on the banner, and what the journal has to note.

use std::time::Duration;

use super::incident::Actor;
use super::notice::{Notice, NoticeKind, NoticeNo, NoticeSaying, NoticeText};
use super::order::OrderError;
use super::silence::{Covers, Silence};
use super::state::{NOTICES_MAX, SILENCES_MAX, State};
use super::time::WallMs;

/// The longest text in one language, in characters.
pub const NOTICE_CHARS_MAX: usize = 600;
/// The most notices that go on at once: a banner of more is read by nobody.
pub const NOTICES_OPEN_MAX: usize = 5;
/// The most sayings of one notice.
pub const SAYINGS_MAX: usize = 50;
/// How much text all kept notices have together, in bytes: the oldest that ended are forgotten over it. The journal keeps them all.
pub const NOTICE_BYTES_MAX: usize = 256 * 1024;
/// The most text of one saying: three languages of characters of up to four bytes.
const SAYING_BYTES_MAX: usize = 3 * 4 * NOTICE_CHARS_MAX;

const _: () =
    assert!(NOTICE_BYTES_MAX > 3 * NOTICES_OPEN_MAX * SAYING_BYTES_MAX, "what goes on has room, and room to end");
/// How long a notice that ended stays on the banner.
pub const SHOWN_AFTER_END: Duration = Duration::from_mins(30);

/// Where a notice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticePhase {
    /// Work that has not begun.
    Ahead,
    /// Work that goes on.
    Running,
    /// Work that takes longer than was said.
    Extended,
    /// A failure that goes on.
    Failing,
    /// It ended.
    Over,
}

impl NoticePhase {
    /// The stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ahead => "ahead",
            Self::Running => "running",
            Self::Extended => "extended",
            Self::Failing => "failing",
            Self::Over => "over",
        }
    }
}

impl Notice {
    /// Where it stands at `now`.
    #[must_use]
    pub fn phase(&self, now: WallMs) -> NoticePhase {
        match self.kind {
            _ if self.ended_at.is_some() => NoticePhase::Over,
            NoticeKind::Failure => NoticePhase::Failing,
            NoticeKind::Maintenance { from, .. } if now < from => NoticePhase::Ahead,
            NoticeKind::Maintenance { until, .. } if now < until => NoticePhase::Running,
            NoticeKind::Maintenance { .. } => NoticePhase::Extended,
        }
    }

    /// Whether it is on the banner at `now`: until it ends, and for a while after.
    #[must_use]
    pub fn is_shown(&self, now: WallMs) -> bool {
        self.ended_at.is_none_or(|ended| now < ended.plus(SHOWN_AFTER_END))
    }

    /// What was said last.
    #[must_use]
    pub fn latest(&self) -> Option<&NoticeSaying> {
        self.sayings.last()
    }

    /// How much text it has.
    fn bytes(&self) -> usize {
        self.sayings.iter().map(|saying| saying.text.bytes()).sum()
    }

    /// Whether the saying at `place` ended it.
    #[must_use]
    pub fn ended_with(&self, place: usize) -> bool {
        self.ended_at.is_some() && place + 1 == self.sayings.len()
    }
}

impl NoticeText {
    /// The text in the language of this code (`ja`, `ja-easy`, `en`), and whether it is that one; else it is the Japanese one.
    #[must_use]
    pub fn for_readers_of(&self, code: &str) -> (&str, bool) {
        let own = match code {
            "ja" => Some(&self.ja),
            "ja-easy" => self.easy.as_ref(),
            "en" => self.en.as_ref(),
            _ => None,
        };
        own.map_or((&self.ja, false), |own| (own, true))
    }

    fn bytes(&self) -> usize {
        let length = |text: &Option<Box<str>>| text.as_ref().map_or(0, |text| text.len());
        self.ja.len() + length(&self.easy) + length(&self.en)
    }

    /// The text as it is kept: without blanks around it, empty ones left out. Control characters but line ends are not allowed.
    ///
    /// # Errors
    /// [`OrderError::Invalid`] with the language and what is wrong.
    pub fn checked(&self) -> Result<Self, OrderError> {
        let checked = |name: &str, text: &str| {
            let text = text.replace("\r\n", "\n").trim().to_owned();
            let wrong = |why: &str| Err(OrderError::Invalid(name.into(), why.into()));
            if text.chars().count() > NOTICE_CHARS_MAX {
                return wrong(&format!("must have at most {NOTICE_CHARS_MAX} characters"));
            }
            if text.chars().any(|c| c.is_control() && c != '\n') {
                return wrong("must not have control characters");
            }
            Ok(text)
        };
        let optional = |name, text: Option<&str>| {
            let text = text.map(|text| checked(name, text)).transpose()?;
            Ok(text.filter(|text| !text.is_empty()).map(Into::into))
        };
        let ja = checked("ja", &self.ja)?;
        if ja.is_empty() {
            return Err(OrderError::Invalid("ja".into(), "must not be empty".into()));
        }
        Ok(Self {
            ja: ja.into(),
            easy: optional("easy", self.easy.as_deref())?,
            en: optional("en", self.en.as_deref())?,
        })
    }
}

impl State {
    /// Gives a notice; with `quiet`, alerts keep quiet from the beginning of planned work until its planned end.
    pub fn give_notice(
        &mut self,
        now: WallMs,
        kind: NoticeKind,
        text: &NoticeText,
        by: &Actor,
        quiet: bool,
    ) -> Result<NoticeNo, OrderError> {
        let text = text.checked()?;
        if let NoticeKind::Maintenance { from, until } = kind {
            let wrong = |what: &str, why: &str| Err(OrderError::Invalid(what.into(), why.into()));
            if from >= until {
                return wrong("until", "must be after from");
            }
            if until <= now {
                return wrong("until", "must be in the future");
            }
        }
        if self.notices.iter().filter(|notice| notice.ended_at.is_none()).count() >= NOTICES_OPEN_MAX {
            return Err(OrderError::TooMany("notices".into()));
        }
        self.has_room_for_a_saying()?;
        let window = match kind {
            NoticeKind::Maintenance { from, until } if quiet => Some((from, until)),
            NoticeKind::Maintenance { .. } | NoticeKind::Failure => None,
        };
        if window.is_some() && self.silences.len() >= SILENCES_MAX {
            return Err(OrderError::TooMany("silences".into()));
        }
        self.last_no += 1;
        let no = NoticeNo(self.last_no);
        let saying = self.saying(now, by, text);
        self.notices.insert(0, Notice { no, kind, sayings: vec![saying], ended_at: None, reminded_at: None });
        if let Some((from, until)) = window {
            self.last_no += 1;
            let reason = format!("notice {}", no.0).into();
            let (no, covers, by) = (self.last_no, Covers::Everything, by.clone());
            self.silences.push(Silence { no, covers, from, until, by, reason });
        }
        self.forget_old_notices();
        Ok(no)
    }

    /// Says how a notice goes on.
    pub fn update_notice(
        &mut self,
        now: WallMs,
        no: NoticeNo,
        text: &NoticeText,
        by: &Actor,
    ) -> Result<(), OrderError> {
        let text = text.checked()?;
        if self.running_notice(no)?.sayings.len() + 1 >= SAYINGS_MAX {
            return Err(OrderError::TooMany("updates".into()));
        }
        self.has_room_for_a_saying()?;
        let saying = self.saying(now, by, text);
        self.running_notice(no)?.sayings.push(saying);
        self.forget_old_notices();
        Ok(())
    }

    /// Ends a notice. The quiet of its planned work ends with it: what is still wrong is told.
    pub fn end_notice(&mut self, now: WallMs, no: NoticeNo, text: &NoticeText, by: &Actor) -> Result<(), OrderError> {
        let text = text.checked()?;
        self.running_notice(no)?;
        let saying = self.saying(now, by, text);
        let notice = self.running_notice(no)?;
        notice.sayings.push(saying);
        notice.ended_at = Some(now);
        let reason = format!("notice {}", no.0);
        self.silences.retain(|silence| *silence.reason != *reason);
        self.forget_old_notices();
        Ok(())
    }

    /// Planned work that takes longer than was said, and of which nobody has been reminded: it is remembered that they are now.
    pub fn remind_of_notices(&mut self, now: WallMs) -> Vec<NoticeNo> {
        let due = |notice: &&mut Notice| notice.reminded_at.is_none() && notice.phase(now) == NoticePhase::Extended;
        let remind = |notice: &mut Notice| {
            notice.reminded_at = Some(now);
            notice.no
        };
        self.notices.iter_mut().filter(due).map(remind).collect()
    }

    /// The notice `no`.
    #[must_use]
    pub fn notice(&self, no: NoticeNo) -> Option<&Notice> {
        self.notices.iter().find(|notice| notice.no == no)
    }

    /// The sayings that are later than `act`, with their notices and places in them, in the order in which they were said.
    #[must_use]
    pub fn sayings_after(&self, act: u64) -> Vec<(&Notice, usize)> {
        let mut later: Vec<(u64, &Notice, usize)> = Vec::new();
        for notice in &self.notices {
            let sayings = notice.sayings.iter().enumerate().filter(|(_, saying)| saying.act > act);
            later.extend(sayings.map(|(place, saying)| (saying.act, notice, place)));
        }
        later.sort_by_key(|(act, ..)| *act);
        later.into_iter().map(|(_, notice, place)| (notice, place)).collect()
    }

    fn running_notice(&mut self, no: NoticeNo) -> Result<&mut Notice, OrderError> {
        let notice = self.notices.iter_mut().find(|notice| notice.no == no);
        let notice = notice.ok_or_else(|| OrderError::NoSuch("notice".into()))?;
        if notice.ended_at.is_some() { Err(OrderError::Over) } else { Ok(notice) }
    }

    /// A saying with a number of its own. The clock is in it, so that a monitor whose folder was lost goes on above what the journal has.
    fn saying(&mut self, now: WallMs, by: &Actor, text: NoticeText) -> NoticeSaying {
        self.notice_act = self.notice_act.saturating_add(1).max(u64::try_from(now.0).unwrap_or(0));
        NoticeSaying { act: self.notice_act, at: now, by: by.clone(), text }
    }

    /// Whether what goes on may say more, so that each of them still can end.
    fn has_room_for_a_saying(&self) -> Result<(), OrderError> {
        let open = self.notices.iter().filter(|notice| notice.ended_at.is_none());
        let (bytes, count) = open.fold((0, 0), |(bytes, count), notice| (bytes + notice.bytes(), count + 1));
        let needed = bytes + (count + 2) * SAYING_BYTES_MAX;
        if needed > NOTICE_BYTES_MAX { Err(OrderError::TooMany("updates".into())) } else { Ok(()) }
    }

    /// Drops the oldest that ended, over what is kept.
    fn forget_old_notices(&mut self) {
        let too_much = |notices: &[Notice]| {
            notices.len() > NOTICES_MAX || notices.iter().map(Notice::bytes).sum::<usize>() > NOTICE_BYTES_MAX
        };
        while too_much(&self.notices) {
            let Some(oldest) = self.notices.iter().rposition(|notice| notice.ended_at.is_some()) else { return };
            self.notices.remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: WallMs = WallMs(1_800_000_000_000);
    const HOUR: Duration = Duration::from_hours(1);

    fn ja(text: &str) -> NoticeText {
        NoticeText { ja: text.into(), ..NoticeText::default() }
    }

    fn by() -> Actor {
        "staff:sato".into()
    }

    fn work(from: WallMs, until: WallMs) -> NoticeKind {
        NoticeKind::Maintenance { from, until }
    }

    fn give(state: &mut State, kind: NoticeKind) -> Result<NoticeNo, OrderError> {
        state.give_notice(NOON, kind, &ja("お知らせです。"), &by(), true)
    }

    #[test]
    fn what_cannot_be_said_is_refused_and_changes_nothing() {
        let mut state = State::default();
        let (later, end) = (NOON.plus(HOUR), NOON.plus(2 * HOUR));
        let long = "あ".repeat(NOTICE_CHARS_MAX + 1);
        let with = |easy: &str| NoticeText { easy: Some(easy.into()), ..ja("はい") };
        let cases = [
            (NoticeKind::Failure, ja("  \n"), "ja"),
            (NoticeKind::Failure, ja(&long), "ja"),
            (NoticeKind::Failure, ja("a\u{7}b"), "ja"),
            (NoticeKind::Failure, with(&long), "easy"),
            (work(end, later), ja("はい"), "until"),
            (work(later, later), ja("はい"), "until"),
            (work(WallMs(0), NOON), ja("はい"), "until"),
        ];
        for (kind, text, field) in cases {
            let refused = state.give_notice(NOON, kind, &text, &by(), true);
            assert!(matches!(&refused, Err(OrderError::Invalid(name, _)) if **name == *field), "{refused:?}");
        }
        assert_eq!(state, State::default());
    }

    #[test]
    fn a_text_is_kept_without_blanks_and_stands_in_for_languages_that_are_missing() {
        let text = NoticeText { ja: " 一\r\n二 ".into(), easy: Some(" ".into()), en: Some("one".into()) };
        let text = text.checked().expect("it can be said");
        assert_eq!(text, NoticeText { ja: "一\n二".into(), easy: None, en: Some("one".into()) });
        assert_eq!(text.for_readers_of("ja"), ("一\n二", true));
        assert_eq!(text.for_readers_of("ja-easy"), ("一\n二", false));
        assert_eq!(text.for_readers_of("en"), ("one", true));
    }

    #[test]
    fn planned_work_goes_from_ahead_to_running_to_extended_and_ends_only_by_hand() {
        let mut state = State::default();
        let (from, until) = (NOON.plus(HOUR), NOON.plus(2 * HOUR));
        let no = give(&mut state, work(from, until)).expect("it is given");
        let phase = |state: &State, at: WallMs| state.notice(no).expect("it is kept").phase(at);
        assert_eq!(phase(&state, NOON), NoticePhase::Ahead);
        assert_eq!(phase(&state, from), NoticePhase::Running);
        assert_eq!(phase(&state, until), NoticePhase::Extended);
        assert_eq!(state.silences.len(), 1);
        assert_eq!(state.remind_of_notices(from), []);
        assert_eq!(state.remind_of_notices(until), [no]);
        assert_eq!(state.remind_of_notices(until.plus(HOUR)), [], "once");
        let ended = until.plus(HOUR);
        state.end_notice(ended, no, &ja("終わりました。"), &by()).expect("it ends");
        let notice = state.notice(no).expect("it is kept");
        assert_eq!(notice.phase(ended), NoticePhase::Over);
        assert!(notice.is_shown(ended.plus(SHOWN_AFTER_END.saturating_sub(Duration::from_millis(1)))));
        assert!(!notice.is_shown(ended.plus(SHOWN_AFTER_END)));
        assert_eq!(state.silences, [], "its quiet ends with it");
        assert_eq!(state.end_notice(ended, no, &ja("また"), &by()), Err(OrderError::Over));
        assert_eq!(state.update_notice(ended, no, &ja("また"), &by()), Err(OrderError::Over));
        let unknown = state.update_notice(ended, NoticeNo(99), &ja("また"), &by());
        assert_eq!(unknown, Err(OrderError::NoSuch("notice".into())));
    }

    #[test]
    fn a_failure_goes_on_with_updates_and_keeps_nobody_quiet() {
        let mut state = State::default();
        let no = give(&mut state, NoticeKind::Failure).expect("it is given");
        assert_eq!(state.silences, []);
        state.update_notice(NOON.plus(HOUR), no, &ja("調べています。"), &by()).expect("it goes on");
        let notice = state.notice(no).expect("it is kept");
        assert_eq!(notice.phase(NOON.plus(100 * HOUR)), NoticePhase::Failing);
        assert_eq!(notice.latest().map(|saying| &*saying.text.ja), Some("調べています。"));
        for nth in 2..SAYINGS_MAX - 1 {
            state.update_notice(NOON, no, &ja("まだです。"), &by()).unwrap_or_else(|error| panic!("{nth}: {error}"));
        }
        let one_more = state.update_notice(NOON, no, &ja("まだです。"), &by());
        assert_eq!(one_more, Err(OrderError::TooMany("updates".into())));
        state.end_notice(NOON, no, &ja("直りました。"), &by()).expect("the end always has room");
    }

    #[test]
    fn only_so_many_go_on_at_once_and_only_ended_ones_are_forgotten() {
        let mut state = State::default();
        let first = give(&mut state, NoticeKind::Failure).expect("it is given");
        for _ in 1..NOTICES_OPEN_MAX {
            give(&mut state, NoticeKind::Failure).expect("it is given");
        }
        assert_eq!(give(&mut state, NoticeKind::Failure), Err(OrderError::TooMany("notices".into())));
        for _ in 0..2 * NOTICES_MAX {
            let no = state.notices[0].no;
            state.end_notice(NOON, no, &ja("直りました。"), &by()).expect("it ends");
            give(&mut state, NoticeKind::Failure).expect("there is room again");
        }
        assert_eq!(state.notices.len(), NOTICES_MAX);
        assert!(state.notice(first).is_some(), "what goes on is kept, however old");
    }

    #[test]
    fn the_text_of_all_notices_is_bounded_and_what_goes_on_can_always_end() {
        let long = || -> Box<str> { "𠮷".repeat(NOTICE_CHARS_MAX).into() };
        let text = NoticeText { ja: long(), easy: Some(long()), en: Some(long()) };
        let mut state = State::default();
        let mut open = Vec::new();
        for _ in 0..60 {
            if let Ok(no) = state.give_notice(NOON, NoticeKind::Failure, &text, &by(), false) {
                open.push(no);
            }
            let updated = open.first().map(|no| state.update_notice(NOON, *no, &text, &by()));
            if updated.is_none_or(|updated| updated.is_err()) {
                for no in open.drain(..) {
                    state.end_notice(NOON, no, &text, &by()).expect("it can end");
                }
            }
            assert!(state.notices.iter().map(Notice::bytes).sum::<usize>() <= NOTICE_BYTES_MAX);
        }
    }

    #[test]
    fn sayings_are_brought_to_the_journal_in_the_order_in_which_they_were_said() {
        let mut state = State::default();
        let one = give(&mut state, NoticeKind::Failure).expect("it is given");
        let two = give(&mut state, NoticeKind::Failure).expect("it is given");
        state.update_notice(WallMs(5), one, &ja("続いています。"), &by()).expect("the clock jumped back");
        state.end_notice(NOON.plus(HOUR), two, &ja("直りました。"), &by()).expect("it ends");
        let of = |after| {
            let sayings = state.sayings_after(after);
            sayings.into_iter().map(|(notice, place)| (notice.no, place, notice.ended_with(place))).collect::<Vec<_>>()
        };
        let all = [(one, 0, false), (two, 0, false), (one, 1, false), (two, 1, true)];
        assert_eq!(of(0), all);
        let first = u64::try_from(NOON.0).expect("after 1970");
        assert_eq!(of(first), all[1..], "numbers begin with the clock, and go on above it");
        let mut anew = State::default();
        anew.give_notice(NOON.plus(2 * HOUR), NoticeKind::Failure, &ja("新しい。"), &by(), false).expect("it is given");
        assert!(anew.notice_act > state.notice_act, "a lost folder's numbers are not given again");
    }
}
