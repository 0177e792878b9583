//! What is typed for a notice: its times and its text in each language.

use serde::Deserialize;
use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::notice::{NoticeKind, NoticeText};
use sesshu_monitor::core::notice_rules::NOTICE_CHARS_MAX;
use sesshu_monitor::core::time::WallMs;

use super::super::form::FormErrors;

/// The form, as it is sent.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::staff) struct TypedNotice {
    pub(super) kind: String,
    pub(super) from: String,
    pub(super) until: String,
    pub(super) ja: String,
    pub(super) easy: String,
    pub(super) en: String,
    pub(super) quiet: String,
    /// `preview`, `say` or `end`.
    #[serde(rename = "do")]
    pub(super) step: String,
    /// What was shown beforehand: only that is said.
    pub(super) shown: String,
    /// Whether it is the end.
    pub(super) end: String,
}

impl TypedNotice {
    /// Whether planned work is announced.
    pub(super) fn is_maintenance(&self) -> bool {
        self.kind == "maintenance"
    }

    /// The text in each language.
    pub(super) fn text(&self) -> NoticeText {
        let optional = |text: &str| (!text.trim().is_empty()).then(|| text.into());
        NoticeText { ja: self.ja.as_str().into(), easy: optional(&self.easy), en: optional(&self.en) }
    }

    /// A mark of everything that is typed.
    pub(super) fn mark(&self) -> String {
        let typed = [&self.kind, &self.from, &self.until, &self.ja, &self.easy, &self.en, &self.quiet, &self.end];
        let mut hasher = blake3::Hasher::new();
        for text in typed {
            // Browsers send line ends as they like.
            hasher.update(text.replace("\r\n", "\n").trim().as_bytes());
            hasher.update(&[0]);
        }
        hasher.finalize().to_hex()[..16].to_owned()
    }

    /// Whether this was shown, and is to be said.
    pub(super) fn is_to_be_said(&self) -> bool {
        self.step == "say" && self.shown == self.mark()
    }

    /// What is wrong with it, as far as it can be seen without asking the monitor.
    pub(super) fn checked(&self, now: Instant) -> (NoticeKind, FormErrors) {
        let mut errors = FormErrors::default();
        let mut kind = NoticeKind::Failure;
        if self.is_maintenance() {
            let (from, until) = (self.from.parse::<Instant>(), self.until.parse::<Instant>());
            for (field, read) in [("from", &from), ("until", &until)] {
                if read.is_err() {
                    errors.add(field, "日付と時刻を、2026-12-01 22:00 のように入力してください。");
                }
            }
            if let (Ok(from), Ok(until)) = (from, until) {
                if until <= from {
                    errors.add("until", "終わりの日時は、始まりより後にしてください。");
                } else if until <= now {
                    errors.add("until", "終わりの日時が過ぎています。");
                }
                kind = NoticeKind::Maintenance { from: WallMs(from.0), until: WallMs(until.0) };
            }
        }
        if self.ja.trim().is_empty() {
            errors.add("ja", "日本語の文章を入力してください。");
        }
        for (field, text) in [("ja", &self.ja), ("easy", &self.easy), ("en", &self.en)] {
            if text.replace("\r\n", "\n").trim().chars().count() > NOTICE_CHARS_MAX {
                errors.add(field, format!("{NOTICE_CHARS_MAX}文字までにしてください。"));
            }
        }
        (kind, errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(from: &str, until: &str, ja: &str) -> TypedNotice {
        TypedNotice {
            kind: "maintenance".into(),
            from: from.into(),
            until: until.into(),
            ja: ja.into(),
            ..TypedNotice::default()
        }
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let now = "2026-12-01 12:00".parse().expect("an instant");
        let long = "あ".repeat(NOTICE_CHARS_MAX + 1);
        let cases: [(_, &[&str]); 6] = [
            (typed("2026-12-01T22:00", "2026-12-02T01:00", "はい"), &[]),
            (typed("", "x", ""), &["from", "until", "ja"]),
            (typed("2026-12-02T01:00", "2026-12-01T22:00", "はい"), &["until"]),
            (typed("2026-11-01T01:00", "2026-11-01T22:00", "はい"), &["until"]),
            (typed("2026-12-01T22:00", "2026-12-02T01:00", &long), &["ja"]),
            (TypedNotice { kind: "failure".into(), ja: "はい".into(), ..TypedNotice::default() }, &[]),
        ];
        for (typed, wrong) in cases {
            let (_, errors) = typed.checked(now);
            assert_eq!(errors.iter().map(|error| &*error.field).collect::<Vec<_>>(), wrong, "{typed:?}");
        }
    }

    #[test]
    fn only_what_was_shown_is_said() {
        let mut one = typed("2026-12-01T22:00", "2026-12-02T01:00", "一\r\n二");
        one.step = "say".into();
        assert!(!one.is_to_be_said());
        one.shown = one.mark();
        one.ja = "一\n二".into();
        assert!(one.is_to_be_said(), "line ends are the same however they are sent");
        one.ja.push('。');
        assert!(!one.is_to_be_said(), "it was changed after it was shown");
    }
}
