//! The mails of failure and maintenance notices. They carry the text as it was said, with what it is about, when, and which word it is.

use super::{Text, when};
use crate::core::contact::Language;
use crate::core::notice::{Notice, NoticeKind};

/// What the city's contacts read of a notice, as it was said last.
#[must_use]
pub fn notice(notice: &Notice, language: Language, name: &str) -> Text {
    let nth = notice.sayings.len();
    let Some(saying) = notice.latest() else { return Text { subject: String::new(), body: String::new() } };
    let over = notice.ended_at.is_some();
    let planned = match notice.kind {
        NoticeKind::Maintenance { from, until } => Some((when(from, language), when(until, language))),
        NoticeKind::Failure => None,
    };
    let at = when(saying.at, language);
    let (text, in_language) = saying.text.for_readers_of(if language == Language::En { "en" } else { "ja" });
    let text = plain(text);
    let (no, mark) = (notice.no.0, mark(planned.is_some(), nth, over, language));
    match language {
        Language::Ja => {
            let planned = planned.map(|(from, until)| format!("予定：{from} から {until} まで\n")).unwrap_or_default();
            let body = format!(
                "{name}の接種予約システムについてのお知らせです。\n\n{text}\n\n{planned}お知らせの日時：{at}\n番号：{no}（第{nth}報）\n"
            );
            Text { subject: format!("【{mark}】接種予約システム - {name}"), body }
        }
        Language::En => {
            let planned = planned.map(|(from, until)| format!("Planned: {from} to {until}\n")).unwrap_or_default();
            let missing = if in_language { "" } else { "\n(This was said in Japanese only.)" };
            let body = format!(
                "This is about the vaccination booking system of {name}.\n\n{text}{missing}\n\n{planned}Said at: {at}\nNumber: {no} (message {nth})\n"
            );
            Text { subject: format!("[{mark}] Vaccination booking system - {name}"), body }
        }
    }
}

const fn mark(maintenance: bool, nth: usize, over: bool, language: Language) -> &'static str {
    match (language, maintenance, over, nth) {
        (Language::Ja, true, true, _) => "保守の終了",
        (Language::Ja, true, false, 1) => "保守のお知らせ",
        (Language::Ja, true, false, _) => "保守の続報",
        (Language::Ja, false, true, _) => "復旧のお知らせ",
        (Language::Ja, false, false, 1) => "障害のお知らせ",
        (Language::Ja, false, false, _) => "障害の続報",
        (Language::En, true, true, _) => "maintenance over",
        (Language::En, true, false, 1) => "maintenance",
        (Language::En, true, false, _) => "maintenance update",
        (Language::En, false, true, _) => "resolved",
        (Language::En, false, false, 1) => "failure",
        (Language::En, false, false, _) => "failure update",
    }
}

/// What ops read when planned work takes longer than was said, and nobody has said so.
#[must_use]
pub fn overrun(notice: &Notice, language: Language, name: &str) -> Text {
    let no = notice.no.0;
    let until = match notice.kind {
        NoticeKind::Maintenance { until, .. } => when(until, language),
        NoticeKind::Failure => String::new(),
    };
    match language {
        Language::Ja => Text {
            subject: format!("【要対応】保守の予定時刻を過ぎました（お知らせ {no} 番）- {name}"),
            body: format!(
                "保守の予定は {until} まででしたが、終了のお知らせが出ていません。\n市民の画面は「保守作業を延長しています」になっています。\n\n1. 作業が終わっていれば、終了を知らせてください： sesshu notice end {no} --ja \"…\"\n2. 続いていれば、見込みを知らせてください： sesshu notice update {no} --ja \"…\"\n（職員の画面「障害・保守のお知らせ」からもできます）\n"
            ),
        },
        Language::En => Text {
            subject: format!("[action needed] planned maintenance is overdue (notice {no}) - {name}"),
            body: format!(
                "The maintenance was planned until {until}, and nobody has said that it is over.\nResidents read that it takes longer than planned.\n\n1. If the work is done, say so: sesshu notice end {no} --ja \"…\"\n2. If it goes on, say until when: sesshu notice update {no} --ja \"…\"\n"
            ),
        },
    }
}

/// A text without its furigana: `{漢字|かんじ}` is 漢字.
#[must_use]
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        plain.push_str(&rest[..at]);
        let ruby = rest[at + 1..].split_once('}').and_then(|(inside, after)| Some((inside.split_once('|')?.0, after)));
        if let Some((base, after)) = ruby.filter(|(base, _)| !base.contains('{')) {
            plain.push_str(base);
            rest = after;
        } else {
            plain.push('{');
            rest = &rest[at + 1..];
        }
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::notice::{NoticeNo, NoticeSaying, NoticeText};
    use crate::core::time::WallMs;

    /// 2026-11-26 03:12 in the city.
    const NIGHT: WallMs = WallMs(1_795_630_320_000);

    fn said(kind: NoticeKind, times: usize, ended: bool) -> Notice {
        let text = NoticeText {
            ja: "{機器|きき}を交換します。\n予約はできません。".into(),
            easy: None,
            en: Some("We replace a machine.".into()),
        };
        let saying = NoticeSaying { act: 1, at: NIGHT, by: "staff:sato".into(), text };
        let ended_at = ended.then_some(NIGHT);
        Notice { no: NoticeNo(12), kind, sayings: vec![saying; times], ended_at, reminded_at: None }
    }

    fn work() -> NoticeKind {
        let hour = std::time::Duration::from_hours(1);
        NoticeKind::Maintenance { from: NIGHT.plus(hour), until: NIGHT.plus(2 * hour) }
    }

    #[test]
    fn a_mail_says_what_when_and_which_word_it_is() {
        let text = notice(&said(work(), 1, false), Language::Ja, "見本市");
        assert_eq!(text.subject, "【保守のお知らせ】接種予約システム - 見本市");
        assert_eq!(
            text.body,
            "見本市の接種予約システムについてのお知らせです。\n\n機器を交換します。\n予約はできません。\n\n\
             予定：令和8年（2026年）11月26日（木）午前4時12分 から 令和8年（2026年）11月26日（木）午前5時12分 まで\n\
             お知らせの日時：令和8年（2026年）11月26日（木）午前3時12分\n番号：12（第1報）\n"
        );
        let text = notice(&said(NoticeKind::Failure, 2, true), Language::En, "Mihon");
        assert_eq!(text.subject, "[resolved] Vaccination booking system - Mihon");
        assert_eq!(
            text.body,
            "This is about the vaccination booking system of Mihon.\n\nWe replace a machine.\n\n\
             Said at: Thursday 26 November 2026, 03:12 JST\nNumber: 12 (message 2)\n"
        );
    }

    #[test]
    fn each_word_of_a_notice_has_a_subject_of_its_own() {
        let mut subjects = std::collections::BTreeSet::new();
        for language in [Language::Ja, Language::En] {
            for kind in [work(), NoticeKind::Failure] {
                for (times, ended) in [(1, false), (2, false), (3, true)] {
                    assert!(subjects.insert(notice(&said(kind, times, ended), language, "見本市").subject));
                }
            }
            assert!(overrun(&said(work(), 1, false), language, "見本市").body.contains("sesshu notice end 12"));
        }
    }

    #[test]
    fn furigana_is_left_out_and_other_braces_stay() {
        for (text, expected) in [
            ("{漢字|かんじ}です", "漢字です"),
            ("{a", "{a"),
            ("{}x{b|c}", "{}xb"),
            ("a}b|c", "a}b|c"),
            ("{x{y|z}", "{xy"),
        ] {
            assert_eq!(plain(text), expected);
        }
    }
}
