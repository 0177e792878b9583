//! Dates in all the forms that a city's systems write, the Japanese eras (和暦) among them.
//!
//! Sources of the eras' first days: the rescripts and cabinet orders that proclaimed them. The first day of an era belongs
//! to it as a whole; the day before is the last of the era before.

use crate::core::time::Day;

use super::problem::{Reason, Shown};
use super::text::plain;

/// Longer texts are not dates; the longest form, `昭和25年04月01日` with spaces, has half as many characters.
const DATE_BYTES_MAX: usize = 64;

/// A Japanese era (元号) since 1868.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Era {
    /// 明治, from 1868-01-25. Dates before 1873 are taken as Gregorian, though the calendar then was another.
    Meiji,
    /// 大正, from 1912-07-30.
    Taisho,
    /// 昭和, from 1926-12-25.
    Showa,
    /// 平成, from 1989-01-08.
    Heisei,
    /// 令和, from 2019-05-01.
    Reiwa,
}

impl Era {
    const ALL: [Self; 5] = [Self::Meiji, Self::Taisho, Self::Showa, Self::Heisei, Self::Reiwa];

    /// The name in Latin letters.
    #[must_use]
    pub const fn name(self) -> &'static str {
        ["Meiji", "Taisho", "Showa", "Heisei", "Reiwa"][self as usize]
    }

    /// The name in Japanese.
    #[must_use]
    pub const fn name_ja(self) -> &'static str {
        ["明治", "大正", "昭和", "平成", "令和"][self as usize]
    }

    /// The first and last date, as in `1926-12-25 – 1989-01-07`; the last is missing for the era that goes on.
    #[must_use]
    pub fn span(self) -> String {
        let first = |era: Self| ymd(era.first());
        let last = Self::ALL.get(self as usize + 1).and_then(|&next| first(next));
        let shown = |day: Option<Day>| day.map_or_else(String::new, |day| day.to_string());
        format!("{} – {}", shown(first(self)), shown(last.map(|next| next.plus_days(-1))))
    }

    const fn first(self) -> (i32, u32, u32) {
        match self {
            Self::Meiji => (1868, 1, 25),
            Self::Taisho => (1912, 7, 30),
            Self::Showa => (1926, 12, 25),
            Self::Heisei => (1989, 1, 8),
            Self::Reiwa => (2019, 5, 1),
        }
    }

    fn from_letter(letter: char) -> Option<Self> {
        let at = "MTSHR".find(letter.to_ascii_uppercase())?;
        Some(Self::ALL[at])
    }

    /// By the code that residents' registers use: 1 for 明治 to 5 for 令和.
    fn from_code(code: u32) -> Option<Self> {
        Self::ALL.get((code as usize).checked_sub(1)?).copied()
    }

    /// The Gregorian year of the era's year `year`, from 1.
    const fn gregorian(self, year: i32) -> i32 {
        self.first().0 + year - 1
    }

    fn contains(self, date: (i32, u32, u32)) -> bool {
        let next = Self::ALL.get(self as usize + 1);
        date >= self.first() && next.is_none_or(|next| date < next.first())
    }

    /// Whether any day of the Gregorian `year` is in the era: all that can be said of a date whose month is unknown.
    fn touches(self, year: i32) -> bool {
        let next = Self::ALL.get(self as usize + 1);
        year >= self.first().0 && next.is_none_or(|next| year <= next.first().0)
    }
}

fn ymd((year, month, day): (i32, u32, u32)) -> Option<Day> {
    Day::from_ymd(year, month, day)
}

/// Why a text is not a date that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateProblem {
    /// There is nothing.
    #[error("a date is missing")]
    Empty,
    /// It is in no known form.
    #[error("not a date in any known form")]
    Form,
    /// The calendar has no such date.
    #[error("there is no such date")]
    Impossible,
    /// Month or day is `00`: unknown, so somebody has to decide.
    #[error("month or day is unknown")]
    Undecided,
    /// The date is not in the era it names.
    #[error("the date is not in its era")]
    OutsideEra(Era),
    /// The year is outside [`Day::YEARS`].
    #[error("the year is outside 1868 to 2199")]
    OutOfRange,
    /// The date is after today, where only the past makes sense.
    #[error("the date is in the future")]
    InFuture,
}

impl DateProblem {
    /// The reason for a line whose field is `value`.
    pub(super) fn reason(self, value: &str) -> Reason {
        let value = Shown::new(value.trim());
        match self {
            Self::Empty => Reason::ValueMissing,
            Self::Form => Reason::DateForm { value },
            Self::Impossible => Reason::DateImpossible { value },
            Self::Undecided => Reason::DateUndecided { value },
            Self::OutsideEra(era) => Reason::DateOutsideEra { value, era },
            Self::OutOfRange => Reason::DateOutOfRange { value },
            Self::InFuture => Reason::DateInFuture { value },
        }
    }
}

/// A date as it was written, before it is known to exist.
struct Written {
    era: Option<Era>,
    year: i32,
    month: u32,
    day: u32,
}

/// Reads a date: `1950-04-01`, `1950/4/1`, `19500401`, `S25.4.1`, `S250401`, `3250401`, `昭和25年4月1日`, `令和元年5月1日`,
/// with digits and letters of any width.
///
/// # Errors
/// If it is in no such form, does not exist, has an unknown month or day, or is not in its era.
pub fn parse_date(text: &str) -> Result<Day, DateProblem> {
    if text.len() > DATE_BYTES_MAX && text.trim().len() > DATE_BYTES_MAX {
        return Err(DateProblem::Form);
    }
    let text = plain(text);
    if text.is_empty() {
        return Err(DateProblem::Empty);
    }
    resolve(&read(&text).ok_or(DateProblem::Form)?)
}

fn resolve(written: &Written) -> Result<Day, DateProblem> {
    let &Written { era, year, month, day } = written;
    if era.is_some() && year == 0 {
        return Err(DateProblem::Impossible);
    }
    let year = era.map_or(year, |era| era.gregorian(year));
    if month > 12 || day > 31 {
        return Err(DateProblem::Impossible);
    }
    if let Some(era) = era.filter(|era| !era.touches(year)) {
        return Err(DateProblem::OutsideEra(era));
    }
    if !Day::YEARS.contains(&year) {
        return Err(DateProblem::OutOfRange);
    }
    if month == 0 || day == 0 {
        return Err(DateProblem::Undecided);
    }
    let date = ymd((year, month, day)).ok_or(DateProblem::Impossible)?;
    match era {
        Some(era) if !era.contains((year, month, day)) => Err(DateProblem::OutsideEra(era)),
        _ => Ok(date),
    }
}

fn read(text: &str) -> Option<Written> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.len() {
            8 => compact(None, text, 4),
            7 => compact(Some(Era::from_code(number(&text[..1])?)?), &text[1..], 2),
            _ => None,
        };
    }
    for era in Era::ALL {
        if let Some(rest) = text.strip_prefix(era.name_ja()) {
            return in_parts(Some(era), rest.trim_start());
        }
    }
    let mut chars = text.chars();
    if let Some(era) = chars.next().and_then(Era::from_letter) {
        let rest = chars.as_str();
        let packed = rest.len() == 6 && rest.bytes().all(|b| b.is_ascii_digit());
        return if packed { compact(Some(era), rest, 2) } else { in_parts(Some(era), rest) };
    }
    in_parts(None, text)
}

/// `19500401` or `250401`: the year's digits, two of the month, two of the day.
fn compact(era: Option<Era>, digits: &str, year_digits: usize) -> Option<Written> {
    let (year, rest) = digits.split_at(year_digits);
    Some(Written { era, year: number(year)? as i32, month: number(&rest[..2])?, day: number(&rest[2..])? })
}

/// `1950-4-1` with one kind of separator, or `25年4月1日`.
fn in_parts(era: Option<Era>, text: &str) -> Option<Written> {
    let (year, month, day) = if let Some((year, rest)) = text.split_once('年') {
        let (month, rest) = rest.split_once('月')?;
        (year, month, rest.strip_suffix('日')?)
    } else {
        let separator = ['-', '/', '.'].into_iter().find(|&c| text.contains(c))?;
        let mut parts = text.split(separator);
        let found = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        found
    };
    let year_digits = if era.is_some() { 1..=2 } else { 4..=4 };
    let year = match year.trim() {
        "元" if era.is_some() => 1,
        digits if year_digits.contains(&digits.len()) => number(digits)?,
        _ => return None,
    };
    let short = |part: &str| Some(part.trim()).filter(|part| part.len() <= 2).and_then(number);
    Some(Written { era, year: year as i32, month: short(month)?, day: short(day)? })
}

/// A number of ASCII digits without a sign.
fn number(digits: &str) -> Option<u32> {
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_of_april_1950_is_read_in_every_form() {
        let day = Day::from_ymd(1950, 4, 1).expect("a date");
        let forms = [
            "1950-04-01",
            "1950-4-1",
            "1950/4/1",
            "1950/04/01",
            "19500401",
            "S25.4.1",
            "S25.04.01",
            "s25.4.1",
            "S25/4/1",
            "S25-4-1",
            "S250401",
            "3250401",
            "昭和25年4月1日",
            "昭和２５年４月１日",
            "昭和25年04月01日",
            "1950年4月1日",
            "１９５０／４／１",
            "Ｓ２５．４．１",
            " 1950-04-01 ",
            "　３２５０４０１",
            "㍼25年4月1日",
            "昭和25.4.1",
            "昭和 25年 4月 1日",
        ];
        for form in forms {
            assert_eq!(parse_date(form), Ok(day), "{form}");
        }
    }

    #[test]
    fn eras_begin_and_end_on_their_day() {
        let right = [
            ("明治元年1月25日", (1868, 1, 25)),
            ("M45.7.29", (1912, 7, 29)),
            ("1450729", (1912, 7, 29)),
            ("大正元年7月30日", (1912, 7, 30)),
            ("2011231", (1912, 12, 31)),
            ("T15.12.24", (1926, 12, 24)),
            ("昭和元年12月25日", (1926, 12, 25)),
            ("S64.1.7", (1989, 1, 7)),
            ("平成元年1月8日", (1989, 1, 8)),
            ("4310430", (2019, 4, 30)),
            ("令和元年5月1日", (2019, 5, 1)),
            ("R元.5.1", (2019, 5, 1)),
            ("5080401", (2026, 4, 1)),
        ];
        for (text, date) in right {
            assert_eq!(parse_date(text).ok(), ymd(date), "{text}");
        }
        let wrong = [
            ("明治元年1月24日", Era::Meiji),
            ("M45.7.30", Era::Meiji),
            ("大正元年7月29日", Era::Taisho),
            ("大正15年12月25日", Era::Taisho),
            ("昭和元年12月24日", Era::Showa),
            ("昭和64年1月8日", Era::Showa),
            ("3640108", Era::Showa),
            ("S99.1.1", Era::Showa),
            ("S65.0.0", Era::Showa),
            ("平成元年1月7日", Era::Heisei),
            ("H31.5.1", Era::Heisei),
            ("令和元年4月30日", Era::Reiwa),
        ];
        for (text, era) in wrong {
            assert_eq!(parse_date(text), Err(DateProblem::OutsideEra(era)), "{text}");
        }
        assert_eq!(Era::Showa.span(), "1926-12-25 – 1989-01-07");
        assert_eq!(Era::Reiwa.span(), "2019-05-01 – ");
    }

    #[test]
    fn an_unknown_month_or_day_is_left_to_people() {
        let texts =
            ["1950-00-00", "1950/4/0", "19500400", "19500001", "S25.0.0", "S250400", "3250000", "昭和25年00月00日"];
        for text in texts {
            assert_eq!(parse_date(text), Err(DateProblem::Undecided), "{text}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_right_reason() {
        let cases = [
            ("", DateProblem::Empty),
            ("　", DateProblem::Empty),
            ("1950", DateProblem::Form),
            ("500401", DateProblem::Form),
            ("6010101", DateProblem::Form),
            ("0250401", DateProblem::Form),
            ("50-04-01", DateProblem::Form),
            ("1950-04/01", DateProblem::Form),
            ("1950-04-01-01", DateProblem::Form),
            ("1950-+4-01", DateProblem::Form),
            ("1950-4-001", DateProblem::Form),
            ("1950-4-", DateProblem::Form),
            ("1950/4/1 0:00", DateProblem::Form),
            ("昭和", DateProblem::Form),
            ("昭和25年4月1", DateProblem::Form),
            ("元年5月1日", DateProblem::Form),
            ("慶応3年1月1日", DateProblem::Form),
            ("X25.4.1", DateProblem::Form),
            ("1950-02-30", DateProblem::Impossible),
            ("19501301", DateProblem::Impossible),
            ("1950-13-00", DateProblem::Impossible),
            ("昭和25年2月29日", DateProblem::Impossible),
            ("S00.4.1", DateProblem::Impossible),
            ("1867-12-31", DateProblem::OutOfRange),
            ("2200-01-01", DateProblem::OutOfRange),
            ("0000-00-00", DateProblem::OutOfRange),
        ];
        for (text, problem) in cases {
            assert_eq!(parse_date(text), Err(problem), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_refused(text in "\\PC{0,40}") {
            let _ = parse_date(&text);
        }

        #[test]
        fn text_like_a_date_never_panics(text in "[MTSHR明治大正昭和平成令和元0-9０-９./年月日-]{0,14}") {
            if let Ok(day) = parse_date(&text) {
                prop_assert!(Day::YEARS.contains(&day.ymd().0));
            }
        }

        #[test]
        fn a_date_is_read_back_from_its_era(days in -37_228..84_000_i32) {
            let day = Day(days);
            let (year, month, date) = day.ymd();
            prop_assert_eq!(parse_date(&day.to_string()), Ok(day));
            prop_assert_eq!(parse_date(&format!("{year:04}{month:02}{date:02}")), Ok(day));
            let of: Vec<Era> = Era::ALL.into_iter().filter(|era| era.contains((year, month, date))).collect();
            prop_assert_eq!(of.len(), 1, "every day is in one era");
            let in_era = year - of[0].first().0 + 1;
            prop_assume!(in_era <= 99);
            prop_assert_eq!(parse_date(&format!("{}{in_era}年{month}月{date}日", of[0].name_ja())), Ok(day));
            prop_assert_eq!(parse_date(&format!("{}{in_era:02}{month:02}{date:02}", of[0] as usize + 1)), Ok(day));
        }
    }
}
