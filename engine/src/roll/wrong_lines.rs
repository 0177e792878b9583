//! One roll in CP932 with everything that can go wrong on a line, as a claim about what a clerk is told.

use std::fmt::Write as _;

use encoding_rs::SHIFT_JIS;

use super::{Column, Encoding, Lang, doses_without_earlier, parse_doses, parse_roll, parse_sessions, parse_waves};
use crate::core::ids::DoseNo;
use crate::core::time::Day;

/// A wrong line, the column and a part of the reason in English and in Japanese.
const WRONG: [(&str, Option<Column>, &str, &str); 27] = [
    (",ア,1950-04-01,", Some(Column::Id), "missing", "値がありません"),
    ("123,ア,1950-04-01,", Some(Column::Id), "3 digits", "3 桁"),
    ("123456789012345678901,ア,1950-04-01,", Some(Column::Id), "21 digits", "21 桁"),
    ("1234A678,ア,1950-04-01,", Some(Column::Id), "\"A\"", "「A」"),
    ("1.23E+09,ア,1950-04-01,", Some(Column::Id), "\".\"", "「.」"),
    ("00000001,ア,1950-04-01,", Some(Column::Id), "already on line 2", "2 行目にもあります"),
    ("10000001,,1950-04-01,", Some(Column::NameKana), "missing", "値がありません"),
    ("10000002,佐藤　ハナコ,1950-04-01,", Some(Column::NameKana), "\"佐\"", "「佐」"),
    ("10000003,サトウ１,1950-04-01,", Some(Column::NameKana), "\"１\"", "「１」"),
    ("10000004,サトウ？,1950-04-01,", Some(Column::NameKana), "\"？\"", "「？」"),
    ("10000005,\"サトウ\nハナコ\",1950-04-01,", Some(Column::NameKana), "U+000A", "U+000A"),
    ("10000006,サトウ@@,1950-04-01,", Some(Column::NameKana), "U+E000", "外字（U+E000）"),
    ("10000007,ア,,", Some(Column::BirthDate), "missing", "値がありません"),
    ("10000008,ア,50-04-01,", Some(Column::BirthDate), "not a date;", "日付として読めません"),
    ("10000009,ア,1950-02-29,", Some(Column::BirthDate), "of the calendar", "暦にありません"),
    ("10000010,ア,1950-04-00,", Some(Column::BirthDate), "unknown month or day", "不明（00）"),
    ("10000011,ア,S250000,", Some(Column::BirthDate), "decide", "決めて"),
    (
        "10000012,ア,平成元年1月7日,",
        Some(Column::BirthDate),
        "Heisei (1989-01-08 – 2019-04-30)",
        "平成の期間（1989-01-08 – 2019-04-30）",
    ),
    ("10000013,ア,昭和64年1月8日,", Some(Column::BirthDate), "era Showa", "昭和の期間"),
    ("10000014,ア,2450729,", Some(Column::BirthDate), "era Taisho", "大正の期間"),
    ("10000015,ア,2026-04-13,", Some(Column::BirthDate), "future", "未来"),
    ("10000016,ア,1867-12-31,", Some(Column::BirthDate), "1868 to 2199", "1868年から2199年"),
    (
        "10000017,ア,1950-04-01,ああああああああああああああああああああああああああああああああああ",
        Some(Column::Groups),
        "at most 32 characters",
        "32 文字以内",
    ),
    ("10000018,ア,1950-04-01,1;2;3;4;5;6;7;8;9", Some(Column::Groups), "at most 8", "8 個以下"),
    ("10000019,ア,1950-04-01,@@", Some(Column::Groups), "private use", "外字"),
    ("10000020,ア,1950-04-01", None, "3 fields; the header has 4", "3 個です"),
    ("10000021,ア,イ,1950-04-01,", None, "5 fields; the header has 4", "5 個です"),
];

#[test]
fn every_wrong_line_is_reported_with_line_column_and_reason() {
    let today: Day = "2026-04-12".parse().expect("a date");
    let mut text = String::from("券番号,氏名カナ,生年月日,区分\r\n00000001,ﾀﾀﾞｼｲ ﾋﾄ,3250401,\r\n");
    let mut expected = Vec::new();
    for wrong in WRONG {
        expected.push((1 + text.matches('\n').count() as u64, wrong));
        text += wrong.0;
        // A right line and an empty one after each, so that neither hides the other.
        let _ = write!(text, "\r\n2{:07},ﾀﾀﾞｼｲ ﾋﾄ,S25.4.1,\r\n\r\n", expected.len());
    }
    let (encoded, _, _) = SHIFT_JIS.encode(&text);
    let mut bytes = encoded.into_owned();
    // `@@` stands for the first user-defined character of CP932, which no encoder writes.
    while let Some(at) = bytes.windows(2).position(|pair| pair == b"@@") {
        bytes[at..at + 2].copy_from_slice(b"\xf0\x40");
    }
    let file = parse_roll(&bytes, today);
    assert_eq!(file.encoding, Some(Encoding::Cp932));
    assert_eq!(file.rows.len(), 1 + WRONG.len(), "the right lines are read");
    assert_eq!(file.errors.len(), WRONG.len());
    for (error, (line, (text, column, english, japanese))) in file.errors.iter().zip(expected) {
        assert_eq!((error.line, error.column), (line, column), "{text}");
        for (lang, part) in [(Lang::En, english), (Lang::Ja, japanese)] {
            let reason = error.reason.text(lang);
            assert!(reason.contains(part), "{text}: {reason}");
            assert!(!reason.contains('\n') && error.text(lang).contains(&line.to_string()), "{text}: {reason}");
        }
        assert_eq!(error.reason.needs_decision(), english.contains("unknown") || english == "decide", "{text}");
    }
}

#[test]
fn lines_that_contradict_each_other_are_named_in_both_languages() {
    let sessions = "venue,date,start,end,slot_minutes,capacity,vaccine,doses\n\
                    a,2026-12-05,9:00,12:00,30,20,v,1\na,2026-12-05,11:00,13:00,30,20,v,1\nb,2026-12-05,9:00,12:00,30,20,v,1;1\n";
    let waves = "name,born_from,born_to,group,opens_at\na,,,,2026-12-01 09:00\na,,,x,2026-12-01 09:00\n";
    let doses = "id,dose,date,vaccine\n1111,2,2026-02-01,v\n";
    let doses = parse_doses(doses.as_bytes(), Day(30_000)).rows;
    let errors = [
        parse_sessions(sessions.as_bytes()).errors,
        parse_waves(waves.as_bytes()).errors,
        doses_without_earlier(&doses, |_| Some(DoseNo::FIRST)),
    ]
    .concat();
    let texts = [
        (
            "line 3, start: overlaps the session on line 2: same venue, date and vaccine",
            "3行目「開始」: 2 行目の接種会と、会場・日付・ワクチンが同じで時間が重なっています。",
        ),
        ("line 4, doses: \"1;1\" names dose 1 twice", "4行目「回数」: 「1;1」に 1 回目が2度あります。"),
        ("line 3, name: the name \"a\" is already on line 2", "3行目「名称」: 名称「a」は 2 行目にもあります。"),
        (
            "line 2, dose: there is no dose 1 on record; add a line for dose 1 as well",
            "2行目「回」: 1 回目の記録がありません。1 回目の行も取り込んでください。",
        ),
    ];
    let told: Vec<_> = errors.iter().map(|error| (error.text(Lang::En), error.text(Lang::Ja))).collect();
    assert_eq!(told, texts.map(|(english, japanese)| (english.to_owned(), japanese.to_owned())));
}

#[test]
fn a_long_value_is_quoted_in_part_and_never_in_a_log() {
    let today: Day = "2026-04-12".parse().expect("a date");
    let name = "佐".repeat(60);
    let file = parse_roll(format!("id,name_kana,birth_date,groups\n1234,{name},1950-04-01,\n").as_bytes(), today);
    let english = file.errors[0].reason.text(Lang::En);
    assert!(english.contains(&format!("\"{}…\"", "佐".repeat(40))), "{english}");
    assert!(!format!("{:?}", file.errors[0].reason).contains(&"佐".repeat(2)));
}

#[test]
#[ignore = "a measurement: cargo test --release -- --ignored --nocapture"]
fn a_citys_roll_is_read_in_less_than_a_second() {
    let mut text = String::from("券番号,氏名カナ,生年月日,区分\r\n");
    for number in 0..105_000 {
        let _ =
            write!(text, "{number:010},ﾜﾀﾅﾍﾞ ｼﾞﾛｳ,325{:02}{:02},65歳以上;基礎疾患\r\n", 1 + number % 12, 1 + number % 28);
    }
    let (bytes, _, _) = SHIFT_JIS.encode(&text);
    let started = std::time::Instant::now();
    let file = parse_roll(&bytes, Day(20_000));
    let elapsed = started.elapsed();
    assert_eq!((file.rows.len(), file.errors.len()), (105_000, 0));
    assert!(elapsed.as_millis() < 1_000, "{elapsed:?}");
}
