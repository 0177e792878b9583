//! The calendar of the city's zone (UTC+9 without summer time) for tests that must name a date near today.

use std::time::{SystemTime, UNIX_EPOCH};

const CITY_OFFSET_SECONDS: i64 = 9 * 3600;
const DAY_SECONDS: i64 = 86_400;

/// Nanoseconds of the wall clock, for seeds and for names that no other run has.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "the only place where the tests read the wall clock")]
pub fn nanoseconds() -> u128 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos()
}

fn city_seconds() -> i64 {
    (nanoseconds() / 1_000_000_000) as i64 + CITY_OFFSET_SECONDS
}

/// The date `days` from today in the city, as `2026-12-05`.
#[must_use]
pub fn date_in(days: i64) -> String {
    date_text(city_seconds().div_euclid(DAY_SECONDS) + days)
}

/// The hour of the day in the city, 0 to 23.
#[must_use]
pub fn hour() -> i64 {
    city_seconds().rem_euclid(DAY_SECONDS) / 3600
}

/// The instant `seconds` from now as RFC 3339 in the city's offset.
#[must_use]
pub fn instant_in(seconds: i64) -> String {
    let at = city_seconds() + seconds;
    let second = at.rem_euclid(DAY_SECONDS);
    format!(
        "{}T{:02}:{:02}:{:02}+09:00",
        date_text(at.div_euclid(DAY_SECONDS)),
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// A count of days since 1970-01-01 as a date of the Gregorian calendar (after Howard Hinnant's `civil_from_days`).
fn date_text(days: i64) -> String {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::date_text;

    #[test]
    fn known_days_have_their_dates() {
        for (days, date) in [(0, "1970-01-01"), (11_016, "2000-02-29"), (20_453, "2025-12-31"), (20_454, "2026-01-01")]
        {
            assert_eq!(date_text(days), date);
        }
    }
}
