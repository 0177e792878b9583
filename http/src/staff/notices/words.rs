//! The console's words for notices, and the usual texts that a form begins with.

use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::notice::{Notice, NoticeKind, NoticeText};
use sesshu_monitor::core::notice_rules::{NOTICE_CHARS_MAX, NoticePhase};
use sesshu_monitor::core::time::WallMs;

use super::super::dates::instant_words;
use super::super::form::FormErrors;
use crate::lang::{Lang, strip};
use crate::notices::{banner_kind, title_key, when};

/// A notice as the console's banner shows it.
pub(in crate::staff) struct Banner {
    pub(in crate::staff) kind: &'static str,
    pub(in crate::staff) title: String,
    pub(in crate::staff) body: String,
    pub(in crate::staff) when: String,
}

/// The banner of a notice at `now`.
pub(in crate::staff) fn banner_of(notice: &Notice, now: Instant) -> Banner {
    let phase = notice.phase(WallMs(now.0));
    Banner {
        kind: banner_kind(phase),
        title: Lang::JA.say(title_key(notice, phase)).into_owned(),
        body: notice.latest().map(|saying| plain(&saying.text.ja)).unwrap_or_default(),
        when: plain(&when(notice, phase, Lang::JA)),
    }
}

/// A text without its furigana.
pub(super) fn plain(text: &str) -> String {
    strip(text.to_owned().into()).into_owned()
}

pub(super) const fn kind_words(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Maintenance { .. } => "保守",
        NoticeKind::Failure => "障害",
    }
}

pub(super) const fn phase_words(phase: NoticePhase) -> &'static str {
    match phase {
        NoticePhase::Ahead => "予告中",
        NoticePhase::Running => "保守作業中",
        NoticePhase::Extended => "予定を過ぎています",
        NoticePhase::Failing => "障害中",
        NoticePhase::Over => "終了",
    }
}

pub(super) fn at(at: WallMs) -> String {
    instant_words(Instant(at.0))
}

/// What the monitor found wrong with a field.
pub(super) fn wrong(field: &str) -> FormErrors {
    let mut errors = FormErrors::default();
    let says = match field {
        "until" => "終わりの日時は、始まりより後の、これから先の日時にしてください。".to_owned(),
        _ => format!("空でない、{NOTICE_CHARS_MAX}文字までの文章にしてください（制御文字は使えません）。"),
    };
    errors.add(field.to_owned(), says);
    errors
}

/// The usual text of planned work.
pub(super) fn usual_maintenance() -> NoticeText {
    text(
        "システムの保守作業のため、次の時間は予約・確認・変更・取り消しができません。ご迷惑をおかけします。お急ぎの方は、コールセンターにお電話ください。",
        "きかいを なおすため、この 時間は 予約が できません。いそぐ 人は、電話を してください。",
        "Because of maintenance you cannot book, check, change or cancel during this time. If it is urgent, please call the call centre.",
    )
}

/// The usual text of a failure.
pub(super) fn usual_failure() -> NoticeText {
    text(
        "ただいま、予約サイトがつながりにくくなっています。原因を調べています。「予約番号」が表示された予約は、なくなりません。しばらくしてからもう一度お試しください。",
        "いま、予約の ページが つながりにくく なっています。「予約番号」が 出た 予約は、なくなりません。すこし 待ってから、もう いちど 見て ください。",
        "The booking site is hard to reach at the moment. We are looking for the cause. A booking whose number you have seen is safe. Please try again in a while.",
    )
}

/// The usual text of an end.
pub(super) fn usual_end(kind: NoticeKind) -> NoticeText {
    match kind {
        NoticeKind::Maintenance { .. } => text(
            "保守作業が終わりました。予約・確認・変更・取り消しができます。ご協力ありがとうございました。",
            "作業が おわりました。予約が できます。",
            "The maintenance is over. You can book, check, change and cancel again. Thank you for your patience.",
        ),
        NoticeKind::Failure => text(
            "障害は復旧しました。予約・確認・変更・取り消しができます。ご迷惑をおかけしました。",
            "なおりました。予約が できます。",
            "The problem is solved. You can book, check, change and cancel again. We are sorry for the trouble.",
        ),
    }
}

fn text(ja: &str, easy: &str, en: &str) -> NoticeText {
    NoticeText { ja: ja.into(), easy: Some(easy.into()), en: Some(en.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_texts_can_be_said_as_they_are() {
        let work = NoticeKind::Maintenance { from: WallMs(0), until: WallMs(1) };
        for text in [usual_maintenance(), usual_failure(), usual_end(work), usual_end(NoticeKind::Failure)] {
            assert_eq!(text.checked().as_ref(), Ok(&text));
        }
    }
}
