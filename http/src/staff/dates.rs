//! Dates and times as the console writes them: 令和8年12月5日（土） 09:30.

use sesshu_engine::core::time::{Day, Instant, Weekday};

/// The year before 令和元年, which began on 1 May 2019.
const YEAR_BEFORE_REIWA: i32 = 2018;

/// A date with its weekday. Before 令和 only birth dates lie, which the console never shows: those have the Western year.
pub(super) fn day_words(day: Day) -> String {
    let (year, month, date) = day.ymd();
    let year = match year - YEAR_BEFORE_REIWA {
        _ if (year, month) < (2019, 5) => format!("{year}年"),
        1 => "令和元年".into(),
        years => format!("令和{years}年"),
    };
    format!("{year}{month}月{date}日（{}）", weekday_words(day.weekday()))
}

/// An instant in the city's zone.
pub(super) fn instant_words(at: Instant) -> String {
    format!("{} {}", day_words(at.city_day()), at.city_clock())
}

const fn weekday_words(weekday: Weekday) -> &'static str {
    match weekday {
        Weekday::Monday => "月",
        Weekday::Tuesday => "火",
        Weekday::Wednesday => "水",
        Weekday::Thursday => "木",
        Weekday::Friday => "金",
        Weekday::Saturday => "土",
        Weekday::Sunday => "日",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_its_era_with_its_weekday() {
        let cases = [
            ("2026-12-05", "令和8年12月5日（土）"),
            ("2019-05-01", "令和元年5月1日（水）"),
            ("2020-02-29", "令和2年2月29日（土）"),
            ("2019-04-30", "2019年4月30日（火）"),
        ];
        for (day, words) in cases {
            assert_eq!(day_words(day.parse().expect("a date")), words);
        }
        assert_eq!(instant_words("2026-12-05 09:30".parse().expect("an instant")), "令和8年12月5日（土） 09:30");
    }
}
