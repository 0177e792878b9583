//! Single values as people, files and addresses write them: dates, times, names, IDs, numbers, keys, passwords. What is accepted has
//! one form of its own, which is read as the same value.

use sesshu_engine::core::ids::{BookingNumber, HoldId, RequestKey, ResidentNo, SessionId, SlotNo, VaccineId, VenueId};
use sesshu_engine::core::time::{ClockTime, Day, Instant};
use sesshu_engine::roll::{
    KANA_NAME_CHARS_MAX, kana_search_key, normalise_kana_name, normalise_password, parse_birth_date, parse_city_id,
    parse_clock_time, parse_date, parse_typed_city_id,
};

use crate::driver::Target;

/// Of a longer text, only the beginning is looked for.
const SEARCH_CHARS_MAX: usize = 256;

#[test]
fn a_date_or_time_is_read_as_what_it_prints() {
    const WORDS: &[&str] = &[
        "1950-04-01",
        "1950/4/1",
        "19500401",
        "S25.4.1",
        "S250401",
        "3250401",
        "昭和25年4月1日",
        "令和元年5月1日",
        "元",
        "年",
        "月",
        "日",
        "時",
        "分",
        "T",
        "Z",
        "+09:00",
        "-24:00",
        "24:00",
        "9:30",
        ":59",
        ".999",
        "2200",
        "1867",
        "M1.1.24",
    ];
    Target { name: "times", words: WORDS, runs: 60_000 }.hold(|bytes| times(&String::from_utf8_lossy(bytes)));
}

#[test]
fn a_name_id_number_key_or_password_has_one_form() {
    const WORDS: &[&str] = &[
        "サトウ　ハナコ",
        "ｻﾄｳ ﾊﾅｺ",
        "さとう",
        "ヴァ",
        "ｳﾞ",
        "゛",
        "゜",
        "ゝ",
        "ヾ",
        "・",
        "ー",
        "ｰ",
        "Smith",
        "ＮＧＵＹＥＮ",
        "ヅ",
        "ヂ",
        "ョ",
        "0012345678",
        "００１２",
        "482-109-3756",
        "00000000000000ff",
        "FF",
        "cdfg-hjkm-npr",
        "ＣＤＦＧ－ｈｊ",
    ];
    Target { name: "names", words: WORDS, runs: 60_000 }.hold(|bytes| names(&String::from_utf8_lossy(bytes)));
}

/// `text` with its ASCII in full width, as a Japanese keyboard writes it.
fn wide(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_graphic() { char::from_u32(u32::from(c) + 0xfee0).unwrap_or(c) } else { c })
        .collect()
}

fn times(text: &str) {
    let today: Day = "2026-04-12".parse().expect("a date");
    if let Ok(day) = parse_date(text) {
        assert!(Day::YEARS.contains(&day.ymd().0));
        assert_eq!(day.to_string().parse(), Ok(day));
        assert_eq!(parse_date(&day.to_string()), Ok(day));
        assert_eq!(parse_date(&wide(text)), Ok(day), "in full width");
        assert_eq!(parse_date(&format!(" \u{3000}{text} ")), Ok(day), "among spaces");
    }
    if let Ok(day) = parse_birth_date(text, today) {
        assert!(day <= today && parse_date(text) == Ok(day));
    }
    if let Ok(day) = text.parse::<Day>() {
        assert_eq!(day.to_string(), text);
        assert_eq!(parse_date(text), Ok(day));
    }
    if let Some(time) = parse_clock_time(text) {
        assert!(time <= ClockTime(24 * 60));
        assert_eq!(time.to_string().parse(), Ok(time));
        assert_eq!(parse_clock_time(&wide(text)), Some(time), "in full width");
    }
    if let Ok(time) = text.parse::<ClockTime>() {
        assert_eq!(parse_clock_time(text), Some(time));
    }
    if let Ok(instant) = text.parse::<Instant>() {
        let second = instant.plus_ms(-instant.0.rem_euclid(1_000));
        assert_eq!(instant.to_rfc3339().parse(), Ok(second));
        let minute = instant.plus_ms(-instant.0.rem_euclid(60_000));
        assert_eq!(instant.city_day().at(instant.city_clock()), minute);
        let after_midnight = |rest: &str| rest.chars().any(|c| c.is_ascii_digit() && c != '0');
        let past_the_day =
            text.split_once("24:00:").is_some_and(|(_, rest)| after_midnight(rest.get(..2).unwrap_or(rest)));
        assert!(!past_the_day, "a day ends at 24:00:00");
        assert!(!text.contains("+24:") && !text.contains("-24:"), "an offset is less than a day");
    } else if let Err(error) = text.parse::<Instant>() {
        assert!(error.to_string().chars().count() < 200);
    }
}

fn names(text: &str) {
    if let Ok(name) = normalise_kana_name(text) {
        assert!((1..=KANA_NAME_CHARS_MAX).contains(&name.chars().count()));
        assert_eq!(normalise_kana_name(&name).as_deref(), Ok(name.as_str()));
        let stored = |c| matches!(c, '\u{30a1}'..='\u{30fe}' | '\u{31f0}'..='\u{31ff}' | 'Ａ'..='Ｚ' | '　');
        assert!(name.chars().all(stored), "{name:?}");
        if text.chars().count() <= SEARCH_CHARS_MAX {
            assert_eq!(kana_search_key(&name), kana_search_key(text));
        }
    }
    let key = kana_search_key(text);
    assert!(key.len() <= 64 * 256, "a key is bounded");
    if let Ok(id) = parse_city_id(text) {
        assert_eq!(parse_city_id(&id.to_string()), Ok(id));
        assert_eq!(parse_city_id(&wide(text)), Ok(id), "in full width");
        assert_eq!(id.to_string().len(), id.len_digits());
        if text.chars().count() <= sesshu_engine::roll::TYPED_ID_CHARS_MAX {
            assert_eq!(parse_typed_city_id(text), Ok(id));
        }
    }
    if let Ok(id) = parse_typed_city_id(text) {
        assert_eq!(parse_typed_city_id(&id.to_string()), Ok(id));
    }
    if let Ok(password) = normalise_password(text)
        && text.is_ascii()
    {
        for typed in [text.to_uppercase(), wide(text), format!(" {text}-"), password.to_string()] {
            if typed.chars().count() <= sesshu_engine::roll::PASSWORD_TYPED_CHARS_MAX {
                assert_eq!(normalise_password(&typed), Ok(password.clone()), "{typed}");
            }
        }
    }
    ids(text);
}

fn ids(text: &str) {
    let printed = [
        text.parse::<SessionId>().map(|id| id.to_string()),
        text.parse::<SlotNo>().map(|id| id.to_string()),
        text.parse::<VenueId>().map(|id| id.to_string()),
        text.parse::<VaccineId>().map(|id| id.to_string()),
        text.parse::<ResidentNo>().map(|id| id.to_string()),
        text.parse::<HoldId>().map(|id| id.to_string()),
    ];
    for printed in printed.into_iter().flatten() {
        assert_eq!(printed, text, "an id has one form");
    }
    if let Some(key) = RequestKey::new(text) {
        assert_eq!(key.as_str(), text);
    }
    if let Ok(number) = text.parse::<BookingNumber>() {
        let digits = number.to_string();
        assert_eq!(text.replace('-', ""), digits, "nothing but hyphens is left out");
        assert_eq!(number.grouped().parse(), Ok(number));
        for at in 0..digits.len() {
            let mut wrong = digits.clone().into_bytes();
            wrong[at] = b'0' + (wrong[at] - b'0' + 1) % 10;
            assert!(String::from_utf8_lossy(&wrong).parse::<BookingNumber>().is_err(), "a wrong digit is noticed");
            let mut swapped = digits.clone().into_bytes();
            swapped.swap(at, (at + 1).min(digits.len() - 1));
            assert!(
                String::from_utf8_lossy(&swapped) == digits
                    || String::from_utf8_lossy(&swapped).parse::<BookingNumber>().is_err()
            );
        }
    }
}
