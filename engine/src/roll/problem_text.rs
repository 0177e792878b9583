//! What is wrong with a line, in words for a clerk: what was found and what is expected.

use super::column::Column;
use super::problem::{Lang, LineError, Reason};

impl LineError {
    /// The whole message: line, column and reason.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let reason = self.reason.text(lang);
        match (lang, self.column) {
            (Lang::Ja, Some(column)) => format!("{}行目「{}」: {reason}", self.line, column.name_ja()),
            (Lang::Ja, None) => format!("{}行目: {reason}", self.line),
            (Lang::En, Some(column)) => format!("line {}, {}: {reason}", self.line, column.name()),
            (Lang::En, None) => format!("line {}: {reason}", self.line),
        }
    }
}

impl Column {
    /// The name of the column in `lang`.
    #[must_use]
    pub const fn name_in(self, lang: Lang) -> &'static str {
        match lang {
            Lang::Ja => self.name_ja(),
            Lang::En => self.name(),
        }
    }
}

impl Reason {
    /// The reason as one sentence or two in `lang`. It may quote personal data: show it to the clerk, never log it.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        match lang {
            Lang::Ja => self.japanese(),
            Lang::En => self.english(),
        }
    }

    #[allow(clippy::too_many_lines, reason = "one table of sentences reads better in one piece")]
    fn japanese(&self) -> String {
        match self {
            Self::FileEmpty => "ファイルが空です。1行目に見出しが必要です。".to_owned(),
            Self::FileTooLarge { bytes_max } => {
                format!("ファイルが大きすぎます。{} MiB 以下にしてください。", bytes_max >> 20)
            }
            Self::FileNotText => {
                "CSV（文字データ）ではありません。Excel ファイルや UTF-16 ではなく、UTF-8 か CP932 の CSV で保存してください。"
                    .to_owned()
            }
            Self::Undecodable => "文字コードが UTF-8 でも CP932（Shift_JIS）でもない箇所があります。".to_owned(),
            Self::TooManyRows { rows_max } => format!("行数が多すぎます。{rows_max} 行以下にしてください。"),
            Self::ColumnMissing => "見出しにこの列がありません。".to_owned(),
            Self::ColumnTwice => "見出しにこの列が2回あります。".to_owned(),
            Self::ColumnUnknown { name } => format!("見出しに知らない列「{name}」があります。"),
            Self::FieldCount { found, expected } => {
                format!("項目の数が {found} 個です。見出しと同じ {expected} 個にしてください。")
            }
            Self::FieldTooLong { chars_max } => {
                format!("項目が {chars_max} 文字を超えています。引用符（\"）が閉じていない可能性があります。")
            }
            Self::ValueMissing => "値がありません。".to_owned(),
            Self::TextTooLong { value, chars_max } => {
                format!("「{value}」は長すぎます。{chars_max} 文字以内にしてください。")
            }
            Self::ControlCharacter { value } => format!("「{value}」に改行などの制御文字があります。"),
            Self::PrivateUse { value, character } => format!(
                "「{value}」に外字（U+{:04X}）があります。標準の文字に置き換えてください。",
                u32::from(*character)
            ),
            Self::IdNotDigits { value, character } => {
                format!("「{value}」に数字でない文字「{}」があります。4～20桁の数字にしてください。", visible(*character))
            }
            Self::IdLength { value, digits } => format!("「{value}」は {digits} 桁です。4～20桁の数字にしてください。"),
            Self::IdTwice { value, first_line } => format!("券番号「{value}」は {first_line} 行目にもあります。"),
            Self::MixedIdLengths { digits, ids, usual_digits, usual_ids } => format!(
                "{digits} 桁の券番号が {ids} 件あります（{usual_digits} 桁は {usual_ids} 件）。表計算ソフトで先頭の 0 が消えていないか確認してください。"
            ),
            Self::NotKana { value, character } => {
                format!("「{value}」に使えない文字「{}」があります。カタカナ（外国の方は英字も可）にしてください。", visible(*character))
            }
            Self::TooManyGroups { groups_max } => format!("区分が多すぎます。{groups_max} 個以下にしてください。"),
            Self::DateForm { value } => {
                format!("「{value}」は日付として読めません。例: 1950-04-01、S25.4.1、3250401、昭和25年4月1日")
            }
            Self::DateImpossible { value } => format!("「{value}」という日付は暦にありません。"),
            Self::DateUndecided { value } => {
                format!("「{value}」は月または日が不明（00）です。登録する日付を決めて入力してください。")
            }
            Self::DateOutsideEra { value, era } => format!(
                "「{value}」は{}の期間（{}）にありません。正しい元号にしてください。",
                era.name_ja(),
                era.span()
            ),
            Self::DateOutOfRange { value } => format!("「{value}」は 1868年から2199年までの日付ではありません。"),
            Self::DateInFuture { value } => format!("「{value}」は未来の日付です。今日以前の日付にしてください。"),
            Self::TimeForm { value } => format!("「{value}」は時刻として読めません。例: 9:30、9時30分"),
            Self::InstantForm { value } => format!("「{value}」は日時として読めません。例: 2026-12-01 09:00"),
            Self::EndNotAfterStart { value } => format!("終了「{value}」は開始より後の時刻にしてください。"),
            Self::NumberForm { value, min, max } => {
                format!("「{value}」は {min} から {max} までの整数ではありません。")
            }
            Self::SlotsDoNotFit { session_minutes, slot_minutes } => format!(
                "開始から終了までの {session_minutes} 分を {slot_minutes} 分の枠に分けきれません。割り切れる分数にしてください。"
            ),
            Self::PhoneShareAboveCapacity { value, capacity } => {
                format!("電話枠「{value}」は定員 {capacity} 以下にしてください。")
            }
            Self::DosesForm { value } => {
                format!("「{value}」は回数として読めません。例: 1、2、1;2（1回目から9回目まで）")
            }
            Self::DoseRepeated { value, dose } => format!("「{value}」に {dose} 回目が2度あります。"),
            Self::RowTwice { first_line } => format!("{first_line} 行目と重複しています。"),
            Self::NameTwice { value, first_line } => format!("名称「{value}」は {first_line} 行目にもあります。"),
            Self::SessionsOverlap { first_line } => {
                format!("{first_line} 行目の接種会と、会場・日付・ワクチンが同じで時間が重なっています。")
            }
            Self::EarlierDoseMissing { dose } => {
                format!("{dose} 回目の記録がありません。{dose} 回目の行も取り込んでください。")
            }
            Self::BornFromAfterTo { value } => format!("「{value}」は生年月日の始まりより前です。"),
            Self::VaccineUnknown { value, known } => {
                format!("ワクチン「{value}」は設定にありません（設定済み: {known}）。")
            }
            Self::DoseBeyondSeries { dose, doses } => {
                format!("{dose} 回目はありません。このワクチンは {doses} 回までです。")
            }
            Self::NotOnFile { value } => format!("券番号「{value}」の人は名簿にありません。"),
            Self::DoseBooked { dose } => {
                format!("{dose} 回目の予約があります。予約を取り消すか、この行を除くかを決めてください。")
            }
            Self::DoseBeforeBirth { value } => format!("「{value}」は生年月日より前です。"),
            Self::StartsInPast { value } => format!("「{value}」の接種会はもう始まっています。予約は受け付けられません。"),
            Self::GroupOfNobody { value } => format!("区分「{value}」の人は名簿に1人もいません。"),
        }
    }

    #[allow(clippy::too_many_lines, reason = "one table of sentences reads better in one piece")]
    fn english(&self) -> String {
        match self {
            Self::FileEmpty => "the file is empty; line 1 must be a header".to_owned(),
            Self::FileTooLarge { bytes_max } => {
                format!("the file is too large; at most {} MiB are accepted", bytes_max >> 20)
            }
            Self::FileNotText => {
                "not a CSV text: save it as CSV in UTF-8 or CP932, not as a spreadsheet file or UTF-16".to_owned()
            }
            Self::Undecodable => "there is a byte here that is neither UTF-8 nor CP932 (Shift_JIS)".to_owned(),
            Self::TooManyRows { rows_max } => format!("too many rows; at most {rows_max} are accepted"),
            Self::ColumnMissing => "the header lacks this column".to_owned(),
            Self::ColumnTwice => "the header has this column twice".to_owned(),
            Self::ColumnUnknown { name } => format!("the header has an unknown column \"{name}\""),
            Self::FieldCount { found, expected } => {
                format!("the line has {found} fields; the header has {expected}")
            }
            Self::FieldTooLong { chars_max } => {
                format!("a field is longer than {chars_max} characters; perhaps a quotation mark is not closed")
            }
            Self::ValueMissing => "a value is missing".to_owned(),
            Self::TextTooLong { value, chars_max } => {
                format!("\"{value}\" is too long; at most {chars_max} characters are accepted")
            }
            Self::ControlCharacter { value } => {
                format!("\"{value}\" contains a control character such as a line break")
            }
            Self::PrivateUse { value, character } => format!(
                "\"{value}\" contains a private use character (gaiji, U+{:04X}); replace it by a standard one",
                u32::from(*character)
            ),
            Self::IdNotDigits { value, character } => {
                format!("\"{value}\" contains \"{}\"; an ID is 4 to 20 digits", visible(*character))
            }
            Self::IdLength { value, digits } => format!("\"{value}\" has {digits} digits; an ID is 4 to 20 digits"),
            Self::IdTwice { value, first_line } => format!("ID \"{value}\" is already on line {first_line}"),
            Self::MixedIdLengths { digits, ids, usual_digits, usual_ids } => format!(
                "{ids} IDs have {digits} digits ({usual_ids} have {usual_digits}); check that a spreadsheet has not lost leading zeros"
            ),
            Self::NotKana { value, character } => format!(
                "\"{value}\" contains \"{}\"; expected katakana (or Latin letters for foreign names)",
                visible(*character)
            ),
            Self::TooManyGroups { groups_max } => format!("too many groups; at most {groups_max} are accepted"),
            Self::DateForm { value } => format!(
                "\"{value}\" is not a date; expected for example 1950-04-01, S25.4.1, 3250401 or 昭和25年4月1日"
            ),
            Self::DateImpossible { value } => format!("\"{value}\" is not a date of the calendar"),
            Self::DateUndecided { value } => {
                format!("\"{value}\" has an unknown month or day (00); decide on a date and enter it")
            }
            Self::DateOutsideEra { value, era } => {
                format!("\"{value}\" is not in the era {} ({})", era.name(), era.span())
            }
            Self::DateOutOfRange { value } => format!("\"{value}\" is not a date from 1868 to 2199"),
            Self::DateInFuture { value } => format!("\"{value}\" is in the future; expected today or earlier"),
            Self::TimeForm { value } => format!("\"{value}\" is not a time; expected for example 9:30"),
            Self::InstantForm { value } => {
                format!("\"{value}\" is not a date with a time; expected for example 2026-12-01 09:00")
            }
            Self::EndNotAfterStart { value } => format!("the end \"{value}\" must be after the start"),
            Self::NumberForm { value, min, max } => {
                format!("\"{value}\" is not a whole number from {min} to {max}")
            }
            Self::SlotsDoNotFit { session_minutes, slot_minutes } => format!(
                "the {session_minutes} minutes from start to end cannot be divided into slots of {slot_minutes} minutes"
            ),
            Self::PhoneShareAboveCapacity { value, capacity } => {
                format!("the phone share \"{value}\" is above the capacity {capacity}")
            }
            Self::DosesForm { value } => {
                format!("\"{value}\" is not a list of doses from 1 to 9; expected for example 1, 2 or 1;2")
            }
            Self::DoseRepeated { value, dose } => format!("\"{value}\" names dose {dose} twice"),
            Self::RowTwice { first_line } => format!("repeats line {first_line}"),
            Self::NameTwice { value, first_line } => format!("the name \"{value}\" is already on line {first_line}"),
            Self::SessionsOverlap { first_line } => {
                format!("overlaps the session on line {first_line}: same venue, date and vaccine")
            }
            Self::EarlierDoseMissing { dose } => {
                format!("there is no dose {dose} on record; add a line for dose {dose} as well")
            }
            Self::BornFromAfterTo { value } => format!("\"{value}\" is before the first date of birth"),
            Self::VaccineUnknown { value, known } => {
                format!("the vaccine \"{value}\" is not configured (known: {known})")
            }
            Self::DoseBeyondSeries { dose, doses } => {
                format!("there is no dose {dose}: this vaccine has {doses}")
            }
            Self::NotOnFile { value } => format!("nobody with the ID \"{value}\" is on file"),
            Self::DoseBooked { dose } => {
                format!(
                    "there is a live booking for dose {dose}: decide whether to cancel it or to leave out this line"
                )
            }
            Self::DoseBeforeBirth { value } => format!("\"{value}\" is before the date of birth"),
            Self::StartsInPast { value } => {
                format!("the session of \"{value}\" has started already: nobody can book it")
            }
            Self::GroupOfNobody { value } => format!("nobody on file is in the group \"{value}\""),
        }
    }
}

/// A character that can be pointed at in a message: one that shows nothing is named by its code point.
fn visible(character: char) -> String {
    if character.is_control()
        || character.is_whitespace()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{3099}' | '\u{309a}')
    {
        format!("U+{:04X}", u32::from(character))
    } else {
        character.to_string()
    }
}
