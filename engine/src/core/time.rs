//! Instants, days and clock times of the city. Pure arithmetic: nothing here reads a clock.
//!
//! The city's zone is Asia/Tokyo, which has been UTC+9 without summer time since 1952; so a fixed offset is exact for
//! every date that a booking can have, and no time-zone data is needed on the hot path.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const MS_PER_SECOND: i64 = 1_000;
const MS_PER_MINUTE: i64 = 60 * MS_PER_SECOND;
const MS_PER_DAY: i64 = 24 * 60 * MS_PER_MINUTE;
/// Asia/Tokyo is nine hours ahead of UTC.
const CITY_OFFSET_MS: i64 = 9 * 60 * MS_PER_MINUTE;

/// A text that is not a time of the expected form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct TimeError {
    text: String,
    expected: &'static str,
}

impl TimeError {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(64).collect(), expected }
    }
}

/// A point in time, in milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Instant(pub i64);

impl Instant {
    /// This instant, later by `ms` milliseconds (earlier if negative); saturates at the ends of time.
    #[must_use]
    pub const fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// This instant, later by `minutes`.
    #[must_use]
    pub const fn plus_minutes(self, minutes: i64) -> Self {
        self.plus_ms(minutes.saturating_mul(MS_PER_MINUTE))
    }

    /// This instant, later by `days` of 24 hours.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_ms(days.saturating_mul(MS_PER_DAY))
    }

    /// Milliseconds from `earlier` to this instant; negative if `earlier` is the later one.
    #[must_use]
    pub const fn ms_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// The date in the city's zone.
    #[must_use]
    pub const fn city_day(self) -> Day {
        Day((self.0 + CITY_OFFSET_MS).div_euclid(MS_PER_DAY) as i32)
    }

    /// The clock time in the city's zone, rounded down to the minute.
    #[must_use]
    pub const fn city_clock(self) -> ClockTime {
        ClockTime(((self.0 + CITY_OFFSET_MS).rem_euclid(MS_PER_DAY) / MS_PER_MINUTE) as u16)
    }

    /// RFC 3339 with the city's offset, to the second: `2026-12-01T09:00:00+09:00`.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        let second = (self.0 + CITY_OFFSET_MS).rem_euclid(MS_PER_MINUTE) / MS_PER_SECOND;
        format!("{}T{}:{second:02}+09:00", self.city_day(), self.city_clock())
    }
}

impl fmt::Debug for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.city_day(), self.city_clock())
    }
}

/// Accepts RFC 3339 (`2026-12-01T09:00:00+09:00`, `…Z`) and, in the city's zone, `2026-12-01 09:00` or
/// `2026-12-01T09:00`, with or without seconds.
impl FromStr for Instant {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        parse_instant(text.trim()).ok_or_else(|| TimeError::new(text, "a time such as 2026-12-01 09:00"))
    }
}

fn parse_instant(text: &str) -> Option<Instant> {
    let day: Day = text.get(..10)?.parse().ok()?;
    let rest = text.get(10..)?.strip_prefix(['T', 't', ' '])?;
    let clock: ClockTime = rest.get(..5)?.parse().ok()?;
    let mut rest = rest.get(5..)?;
    let mut ms = 0;
    if let Some(after) = rest.strip_prefix(':') {
        let digits = after.get(..2)?;
        let second: i64 = all_digits(digits)?.parse().ok()?;
        if second > 59 {
            return None;
        }
        ms = second * MS_PER_SECOND;
        rest = &after[2..];
        if let Some(fraction) = rest.strip_prefix('.') {
            let end = fraction.find(|c: char| !c.is_ascii_digit()).unwrap_or(fraction.len());
            let digits = &fraction[..end];
            if digits.is_empty() {
                return None;
            }
            ms += format!("{digits:0<3}")[..3].parse::<i64>().ok()?;
            rest = &fraction[end..];
        }
    }
    if clock.0 == 24 * 60 && ms > 0 {
        return None;
    }
    let offset_ms = match rest {
        "" => CITY_OFFSET_MS,
        "Z" | "z" => 0,
        offset => {
            let sign = match offset.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let ahead: ClockTime = offset.get(1..).filter(|hhmm| hhmm.len() == 5)?.parse().ok()?;
            let ahead_ms = i64::from(ahead.0) * MS_PER_MINUTE;
            if ahead_ms < MS_PER_DAY { sign * ahead_ms } else { return None }
        }
    };
    let instant = Instant(i64::from(day.0) * MS_PER_DAY + i64::from(clock.0) * MS_PER_MINUTE + ms - offset_ms);
    // An offset may lead into a year that is not accepted, and then could not be read back.
    Day::YEARS.contains(&instant.city_day().ymd().0).then_some(instant)
}

fn all_digits(text: &str) -> Option<&str> {
    (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then_some(text)
}

/// A calendar date, in days since 1970-01-01. Dates from 1868 to 2199 are accepted from outside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Day(pub i32);

/// A day of the week; weeks start on Monday, as in ISO 8601.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Day {
    /// The first and last year that a date from outside may have.
    pub const YEARS: std::ops::RangeInclusive<i32> = 1868..=2199;

    /// The date of `year`-`month`-`day` in the Gregorian calendar, if there is such a date within [`Day::YEARS`].
    #[must_use]
    pub fn from_ymd(year: i32, month: u32, day: u32) -> Option<Self> {
        if !Self::YEARS.contains(&year) || !(1..=12).contains(&month) || day == 0 || day > days_in_month(year, month) {
            return None;
        }
        // Days from civil, after Howard Hinnant's "chrono-compatible low-level date algorithms".
        let (y, m, d) = (i64::from(if month <= 2 { year - 1 } else { year }), i64::from(month), i64::from(day));
        let era = y.div_euclid(400);
        let year_of_era = y.rem_euclid(400);
        let day_of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        Some(Self((era * 146_097 + day_of_era - 719_468) as i32))
    }

    /// Year, month (1–12) and day of the month (1–31).
    #[must_use]
    pub const fn ymd(self) -> (i32, u32, u32) {
        let z = self.0 as i64 + 719_468;
        let era = z.div_euclid(146_097);
        let day_of_era = z.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        (year as i32, month as u32, day as u32)
    }

    /// This date, later by `days` (earlier if negative).
    #[must_use]
    pub const fn plus_days(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// Days from `earlier` to this date: the *difference of dates* in which intervals of doses are counted.
    #[must_use]
    pub const fn days_since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// The day of the week.
    #[must_use]
    pub const fn weekday(self) -> Weekday {
        match (self.0 + 3).rem_euclid(7) {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }

    /// The instant at which the city's clocks show `clock` on this date.
    #[must_use]
    pub const fn at(self, clock: ClockTime) -> Instant {
        Instant(self.0 as i64 * MS_PER_DAY + clock.0 as i64 * MS_PER_MINUTE - CITY_OFFSET_MS)
    }

    /// The age in whole years that somebody born on `birth` has on this date, by 年齢計算ニ関する法律 (Act on Calculation
    /// of Ages, 1902): a year of age is complete at the end of the day *before* the birthday, and counts from that day on.
    /// Somebody born on 29 February completes a year on 28 February in every year (Civil Code, article 143).
    /// Negative before birth.
    #[must_use]
    pub const fn age_of(self, birth: Self) -> i32 {
        let (year, month, day) = self.plus_days(1).ymd();
        let (birth_year, birth_month, birth_day) = birth.ymd();
        let had_birthday = month > birth_month || (month == birth_month && day >= birth_day);
        year - birth_year - if had_birthday { 0 } else { 1 }
    }
}

fn days_in_month(year: i32, month: u32) -> u32 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// `2026-12-05`.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.ymd();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Accepts `2026-12-05` only; the roll's many other forms are read by `roll`.
impl FromStr for Day {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parse = || {
            let mut parts = text.splitn(3, '-');
            let year = all_digits(parts.next()?).filter(|t| t.len() == 4)?;
            let month = all_digits(parts.next()?).filter(|t| t.len() == 2)?;
            let day = all_digits(parts.next()?).filter(|t| t.len() == 2)?;
            Self::from_ymd(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
        };
        parse().ok_or_else(|| TimeError::new(text, "a date such as 2026-12-05"))
    }
}

/// A time of day in minutes after midnight, 0–1440 (24:00, the end of a day, is allowed).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClockTime(pub u16);

impl ClockTime {
    /// The time `hour`:`minute`, if it exists.
    #[must_use]
    pub const fn new(hour: u16, minute: u16) -> Option<Self> {
        if hour < 24 && minute < 60 || hour == 24 && minute == 0 { Some(Self(hour * 60 + minute)) } else { None }
    }
}

/// `09:30`.
impl fmt::Display for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Accepts `9:30` and `09:30`.
impl FromStr for ClockTime {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let parse = || {
            let (hour, minute) = text.split_once(':')?;
            let hour = all_digits(hour).filter(|t| t.len() <= 2)?;
            let minute = all_digits(minute).filter(|t| t.len() == 2)?;
            Self::new(hour.parse().ok()?, minute.parse().ok()?)
        };
        parse().ok_or_else(|| TimeError::new(text, "a time such as 09:30"))
    }
}

#[cfg(test)]
mod tests {
    use super::Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().expect("a date")
    }

    #[test]
    fn dates_convert_both_ways() {
        assert_eq!(day("1970-01-01").0, 0);
        assert_eq!(day("2000-03-01").0, 11_017);
        for days in -37_000..84_000 {
            let (year, month, date) = Day(days).ymd();
            assert_eq!(Day::from_ymd(year, month, date), Some(Day(days)));
        }
        assert!("2026-02-29".parse::<Day>().is_err());
        for (after, weekday) in (0..).zip([Saturday, Sunday, Monday, Tuesday, Wednesday, Thursday, Friday]) {
            assert_eq!(Day(day("2026-12-05").0 + after).weekday(), weekday);
        }
    }

    #[test]
    fn an_age_is_reached_on_the_day_before_the_birthday() {
        let cases = [
            ("1950-04-02", "2026-04-01", 76),
            ("1950-04-02", "2026-03-31", 75),
            ("2008-02-29", "2026-02-27", 17),
            ("2008-02-29", "2026-02-28", 18),
            ("2008-02-29", "2028-02-27", 19),
            ("2008-02-29", "2028-02-28", 20),
            ("2014-01-01", "2025-12-31", 12),
        ];
        for (birth, on, age) in cases {
            assert_eq!(day(on).age_of(day(birth)), age, "born {birth}, on {on}");
        }
    }

    #[test]
    fn instants_are_read_in_the_citys_zone_unless_they_say_otherwise() {
        let nine: Instant = "2026-12-01T09:00:00+09:00".parse().expect("RFC 3339");
        for same in ["2026-12-01 09:00", "2026-12-01T00:00:00Z", "2026-12-01T09:00", "2026-11-30T19:00:00-05:00"] {
            assert_eq!(same.parse::<Instant>(), Ok(nine), "{same}");
        }
        assert_eq!(nine.to_rfc3339(), "2026-12-01T09:00:00+09:00");
        let precise: Instant = "2026-12-01T09:00:07.250+09:00".parse().expect("RFC 3339");
        assert_eq!((precise.ms_since(nine), precise.to_rfc3339().as_str()), (7_250, "2026-12-01T09:00:07+09:00"));
        assert_eq!(nine.city_day(), day("2026-12-01"));
        assert_eq!("2026-12-01 24:00:00".parse::<Instant>(), "2026-12-02 00:00".parse());
        for wrong in [
            "",
            "2026-12-01",
            "2026-13-01 09:00",
            "2026-12-01 25:00",
            "2026-12-01 24:00:30",
            "2026-12-01 24:00:00.001",
            "2026-12-01 09:00+9",
            "2026-12-01 09:00+9:00",
            "2026-12-01 09:00+24:00",
            "2199-12-31T20:00:00-05:00",
            "1868-01-01T00:00:00+23:00",
            "二〇二六",
        ] {
            assert!(wrong.parse::<Instant>().is_err(), "{wrong}");
        }
    }
}
