//! What a caller or a person at the counter says of themself, typed into one field: ID, name in kana, date of birth, in this order. Whatever cannot be read is
//! named by its part.

use sesshu_engine::core::time::Day;
use sesshu_engine::roll::{
    DateProblem, IdProblem, Identity, KanaProblem, normalise_kana_name, parse_birth_date, parse_typed_city_id,
};

/// The longest text that is looked at, in characters.
pub(super) const CLAIM_CHARS_MAX: usize = 200;

/// Names of eras and their letters, which people write apart from the year.
const ERAS: &str = "明治 大正 昭和 平成 令和 M T S H R m t s h r Ｍ Ｔ Ｓ Ｈ Ｒ";

/// Reads `typed`, or says of each part what is wrong with it.
pub(super) fn read_claim(typed: &str, today: Day) -> Result<Identity, Vec<String>> {
    if typed.chars().nth(CLAIM_CHARS_MAX).is_some() {
        return Err(vec![format!("長すぎます。{CLAIM_CHARS_MAX}文字までで入力してください。")]);
    }
    let parts = Parts::of(typed);
    let id = parse_typed_city_id(&parts.id).map_err(|problem| id_words(problem, &parts.id));
    let name_kana = normalise_kana_name(&parts.name).map_err(name_words);
    let birth_date = parts.birth_date(today).map_err(|problem| birth_date_words(problem, &parts.birth_date));
    match (id, name_kana, birth_date) {
        (Ok(id), Ok(name_kana), Ok(birth_date)) => Ok(Identity { id, name_kana, birth_date }),
        (id, name, birth_date) => Err([id.err(), name.err(), birth_date.err()].into_iter().flatten().collect()),
    }
}

/// The three parts: what has digits before the name, the name, and all from the next digits on.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    id: String,
    name: String,
    birth_date: String,
}

impl Parts {
    fn of(typed: &str) -> Self {
        let words: Vec<&str> = typed.split_whitespace().collect();
        let has_digit = |word: &&str| word.chars().any(|c| c.is_ascii_digit() || ('０'..='９').contains(&c));
        let joined = |words: &[&str]| words.join(" ");
        let Some(name_from) = words.iter().position(|word| !has_digit(word)) else {
            // No name: what stands first is meant as the ID, the rest as the date.
            let (id, birth_date) = words.split_at(words.len().min(1));
            return Self { id: joined(id), name: String::new(), birth_date: joined(birth_date) };
        };
        let name_to = words[name_from..].iter().position(has_digit);
        let mut name_to = name_to.map_or(words.len(), |after| name_from + after);
        // 昭和 35年4月2日: the era belongs to the date, though it has no digit.
        if name_to < words.len() && name_to > name_from && ERAS.split(' ').any(|era| era == words[name_to - 1]) {
            name_to -= 1;
        }
        Self {
            id: joined(&words[..name_from]),
            name: joined(&words[name_from..name_to]),
            birth_date: joined(&words[name_to..]),
        }
    }

    /// The date as it stands, or with its parts joined: 昭和 35 年 4 月 2 日, 1960 4 2.
    fn birth_date(&self, today: Day) -> Result<Day, DateProblem> {
        let joined = |by: &str| parse_birth_date(&self.birth_date.replace(' ', by), today);
        joined(" ").or_else(|problem| joined("").or_else(|_| joined("/")).or(Err(problem)))
    }
}

fn id_words(problem: IdProblem, typed: &str) -> String {
    match problem {
        IdProblem::Empty => "券番号（ID）がありません。いちばん前に入れてください。".into(),
        IdProblem::NotDigits(c) => format!("券番号「{typed}」の「{c}」は数字ではありません。"),
        IdProblem::Length(digits) => format!("券番号は4〜20桁です。「{typed}」は{digits}桁です。"),
    }
}

fn name_words(problem: KanaProblem) -> String {
    match problem {
        KanaProblem::Empty => "お名前（カナ）がありません。券番号と生年月日のあいだに入れてください。".into(),
        KanaProblem::TooLong => "お名前が長すぎます。64文字までで入力してください。".into(),
        KanaProblem::Character(c) | KanaProblem::PrivateUse(c) => {
            format!("お名前の「{c}」はカナではありません。カタカナかひらがなで入力してください。")
        }
    }
}

fn birth_date_words(problem: DateProblem, typed: &str) -> String {
    match problem {
        DateProblem::Empty => "生年月日がありません。いちばん後ろに入れてください。".into(),
        DateProblem::Form => {
            format!("生年月日「{typed}」を読み取れません。S35.4.2、19600402、昭和35年4月2日のように入力してください。")
        }
        DateProblem::Impossible => format!("生年月日「{typed}」は、こよみにない日付です。"),
        DateProblem::Undecided => format!("生年月日「{typed}」の月または日が00です。"),
        DateProblem::OutsideEra(era) => format!("生年月日「{typed}」は、{}にない日付です。", era.name_ja()),
        DateProblem::OutOfRange => format!("生年月日「{typed}」の年が、扱える範囲にありません。"),
        DateProblem::InFuture => format!("生年月日「{typed}」は、今日より後の日付です。"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> Day {
        "2026-12-01".parse().expect("a date")
    }

    #[test]
    fn a_claim_is_read_in_every_form_that_people_type() {
        let cases = [
            "0012345670 インザイ ハナコ S35.4.2",
            "００１２３４５６７０　ｲﾝｻﾞｲ　ﾊﾅｺ　Ｓ３５．４．２",
            "0012-3456-70 いんざい はなこ 昭和35年4月2日",
            "0012 3456 70 インザイ　ハナコ 昭和 35年4月2日",
            "0012345670 インザイ ハナコ S 35.4.2",
            "  0012345670 インザイ ハナコ 1960 4 2 ",
            "0012345670 インザイ ハナコ 昭和 35 年 4 月 2 日",
            "0012345670 インザイ ハナコ 19600402",
            "0012345670 インザイ ハナコ 3350402",
        ];
        for typed in cases {
            let claim = read_claim(typed, today()).unwrap_or_else(|wrong| panic!("{typed}: {wrong:?}"));
            assert_eq!(claim.id.to_string(), "0012345670", "{typed}");
            assert_eq!(claim.name_kana, "インザイ　ハナコ", "{typed}");
            assert_eq!(claim.birth_date, "1960-04-02".parse().expect("a date"), "{typed}");
        }
        let latin = read_claim("1234 Smith John H1.5.3", today()).expect("letters are names too");
        assert_eq!(latin.name_kana, "ＳＭＩＴＨ　ＪＯＨＮ");
    }

    #[test]
    fn each_part_that_cannot_be_read_is_named() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &["券番号（ID）がありません", "お名前（カナ）がありません", "生年月日がありません"]),
            ("0012345670 S35.4.2", &["お名前（カナ）がありません"]),
            ("インザイ ハナコ S35.4.2", &["券番号（ID）がありません"]),
            ("001 インザイ ハナコ S35.4.2", &["3桁"]),
            ("0012345670 印西 ハナコ S35.4.2", &["「印」はカナではありません"]),
            ("0012345670 インザイ ハナコ", &["生年月日がありません"]),
            ("0012345670 インザイ ハナコ S35.13.2", &["こよみにない"]),
            ("0012345670 インザイ ハナコ 20270101", &["今日より後"]),
        ];
        for (typed, parts) in cases {
            let wrong = read_claim(typed, today()).map(|_| ()).expect_err(typed);
            assert_eq!(wrong.len(), parts.len(), "{typed}: {wrong:?}");
            for (says, part) in wrong.iter().zip(parts) {
                assert!(says.contains(part), "{typed}: {says}");
            }
        }
        assert!(read_claim(&"1".repeat(201), today()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_claim_or_says_what_is_wrong(typed in "\\PC{0,210}") {
            if let Err(wrong) = read_claim(&typed, today()) {
                prop_assert!((1..=3).contains(&wrong.len()));
            }
        }
    }
}
