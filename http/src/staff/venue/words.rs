//! The venue's words: states, why something cannot be done at the desk, and numbers as they are typed.

use sesshu_engine::core::attendance::AttendanceRefusal;
use sesshu_engine::core::contact::ContactKind;
use sesshu_engine::core::ids::{BOOKING_NUMBER_DIGITS, BookingNumber};
use sesshu_engine::core::refusal::{Refusal, RefusalCode};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::staff::{FollowUp, LeftoverAnswer, Reached};
use sesshu_engine::core::time::{Day, Instant};

use crate::staff::dates::{day_words, instant_words};
use crate::staff::words::refusal_words;

/// What pages write of a thing. A trait, so that templates can ask the thing itself.
pub(in crate::staff) trait InWords {
    fn words(&self) -> String;
}

impl InWords for Day {
    fn words(&self) -> String {
        day_words(*self)
    }
}

impl InWords for Instant {
    fn words(&self) -> String {
        instant_words(*self)
    }
}

impl InWords for BookingState {
    fn words(&self) -> String {
        state_words(*self).to_owned()
    }
}

impl InWords for ContactKind {
    fn words(&self) -> String {
        let words = match self {
            Self::Phone => "電話",
            Self::Mail => "メール",
        };
        words.to_owned()
    }
}

impl InWords for LeftoverAnswer {
    fn words(&self) -> String {
        let words = match self {
            Self::Accepted => "来る",
            Self::Refused => "断った",
            Self::NoAnswer => "応答なし",
        };
        words.to_owned()
    }
}

impl InWords for FollowUp {
    fn words(&self) -> String {
        let words = match self {
            Self::CancelledByCity => "市が接種会を中止した人",
            Self::DoseInDoubt => "1回目を受けていない2回目の予約",
            Self::LeftRoll => "名簿から外れた人の予約",
        };
        words.to_owned()
    }
}

impl InWords for Reached {
    fn words(&self) -> String {
        let words = match self {
            Self::Told => "伝えた",
            Self::NoAnswer => "応答なし",
            Self::Written => "郵送・メールした",
            Self::Settled => "対応不要",
        };
        words.to_owned()
    }
}

/// Where a booking stands, as a venue says it.
pub(in crate::staff) const fn state_words(state: BookingState) -> &'static str {
    match state {
        BookingState::Booked => "未受付",
        BookingState::CheckedIn => "受付済み",
        BookingState::Vaccinated => "接種済み",
        BookingState::NotGiven => "接種せず",
        BookingState::NoShow => "来場なし",
        BookingState::Cancelled => "取消",
        BookingState::CancelledByCity => "市による中止",
    }
}

/// Why attendance was not changed, and what to do.
pub(super) fn attendance_words(refusal: &AttendanceRefusal) -> String {
    match refusal {
        AttendanceRefusal::NoSuchBooking => "この番号の予約はありません。".into(),
        AttendanceRefusal::OtherVenue => "この予約は別の会場のものです。ここでは受付できません。".into(),
        AttendanceRefusal::Cancelled => {
            "この予約は取り消されています。飛び込みとして予約できるか確かめてください。".into()
        }
        AttendanceRefusal::OtherDay(day) => {
            format!("この予約は{}のものです。今日は受付や記録ができません。", day_words(*day))
        }
        AttendanceRefusal::ChangedMeanwhile(state) => {
            format!("別の端末で先に変わりました。いまは「{}」です。内容を確かめてください。", state_words(*state))
        }
        AttendanceRefusal::NoSuchStep => "いまの状態からは、その操作はできません。".into(),
        AttendanceRefusal::Lot => "ロット番号を入力してください。".into(),
        AttendanceRefusal::DoseTaken => {
            "この人には、同じ回数の別の予約または接種の記録があります。先にそちらを確かめてください。".into()
        }
        AttendanceRefusal::DoseBefore => {
            "前の回の接種が確認できません。接種券や接種済証を確かめ、管理者に連絡してください。".into()
        }
        AttendanceRefusal::Refused(refusal) => refusal_words(refusal),
    }
}

/// Why somebody at the counter cannot be booked, and what to do.
pub(super) fn counter_words(refusal: &Refusal) -> String {
    let next = match refusal.code {
        RefusalCode::Full => "来場なしの人の分を使うときは、管理者に定員を増やすよう頼んでください。",
        RefusalCode::AlreadyBooked => "予約番号か氏名で名簿を検索してください。",
        _ => "",
    };
    format!("{}{next}", refusal_words(refusal))
}

/// What was typed where a booking's number may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::staff) enum NumberTyped {
    /// A number that can be one.
    Number(BookingNumber),
    /// Digits that are no booking's number: some are wrong, missing or too many.
    Wrong,
    /// Something else, such as a name.
    Other,
}

/// Reads a booking's number as people and scanners type it: any width, any hyphens, spaces.
pub(in crate::staff) fn number_typed(typed: &str) -> NumberTyped {
    let mut digits = String::with_capacity(BOOKING_NUMBER_DIGITS);
    for c in typed.chars().take(64) {
        match c {
            '0'..='9' => digits.push(c),
            '０'..='９' => digits.extend(char::from_u32(u32::from(c) - 0xfee0)),
            '-' | '－' | '‐' | '−' | '–' | '—' | 'ー' | 'ｰ' => {}
            c if c.is_whitespace() => {}
            _ => return NumberTyped::Other,
        }
    }
    if digits.is_empty() {
        return NumberTyped::Other;
    }
    digits.parse().map_or(NumberTyped::Wrong, NumberTyped::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_however_it_is_typed() {
        let number = BookingNumber::from_ordinal(7, &[1; 32]);
        let plain = number.to_string();
        let wide: String = plain.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect();
        for typed in [plain.clone(), number.grouped(), wide, format!(" {} ", number.grouped().replace('-', "ー"))] {
            assert_eq!(number_typed(&typed), NumberTyped::Number(number), "{typed}");
        }
        assert_eq!(number_typed(&plain[1..]), NumberTyped::Wrong);
        assert_eq!(number_typed("0000000001"), NumberTyped::Wrong);
        for typed in ["", "ー", "ヤマダ", "4a"] {
            assert_eq!(number_typed(typed), NumberTyped::Other, "{typed}");
        }
    }
}
