//! Dates and times as people read them: 2026年（令和8年）4月12日（日）午前10時30分; Sunday 12 April 2026, 10:30 am.

use sesshu_engine::core::time::{ClockTime, Day, Instant, Weekday};

use super::Lang;

const MINUTE_MS: i64 = 60_000;

/// The year before 令和元年 (which began on 1 May 2019).
const YEAR_BEFORE_REIWA: i32 = 2018;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Lang {
    /// A date with its weekday; in Japanese with both years.
    pub(crate) fn date(self, day: Day) -> String {
        let (year, month, date) = day.ymd();
        match self {
            Self::Ja => {
                let reiwa = (year, month) >= (2019, 5);
                let era = match year - YEAR_BEFORE_REIWA {
                    _ if !reiwa => String::new(),
                    1 => "（令和元年）".to_owned(),
                    years => format!("（令和{years}年）"),
                };
                format!("{year}年{era}{month}月{date}日（{}）", weekday_ja(day.weekday()))
            }
            Self::En => format!("{} {date} {} {year}", weekday_en(day.weekday()), MONTHS[month as usize - 1]),
        }
    }

    /// A time of day.
    pub(crate) fn clock(self, time: ClockTime) -> String {
        let (hour, minute) = (time.0 / 60, time.0 % 60);
        match self {
            Self::Ja => {
                let (half, hour) = if hour < 12 { ("午前", hour) } else { ("午後", hour - 12) };
                if minute == 0 { format!("{half}{hour}時") } else { format!("{half}{hour}時{minute:02}分") }
            }
            Self::En => {
                let half = if hour % 24 < 12 { "am" } else { "pm" };
                let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
                format!("{hour}:{minute:02} {half}")
            }
        }
    }

    /// A window of arrival.
    pub(crate) fn times(self, start: ClockTime, end: ClockTime) -> String {
        let (start, end) = (self.clock(start), self.clock(end));
        match self {
            Self::Ja => format!("{start}〜{end}"),
            Self::En => format!("{start} to {end}"),
        }
    }

    /// A date and a window of arrival.
    pub(crate) fn window(self, day: Day, start: ClockTime, end: ClockTime) -> String {
        let (date, times) = (self.date(day), self.times(start, end));
        match self {
            Self::Ja => format!("{date}{times}"),
            Self::En => format!("{date}, {times}"),
        }
    }

    /// The date and the time from which on something is possible: never a minute too early.
    pub(crate) fn starting(self, at: Instant) -> String {
        let into_minute_ms = at.0.rem_euclid(MINUTE_MS);
        let wait_ms = if into_minute_ms == 0 { 0 } else { MINUTE_MS - into_minute_ms };
        self.instant(at.plus_ms(wait_ms))
    }

    /// A date and a time, as far as the minute.
    pub(crate) fn instant(self, at: Instant) -> String {
        let (date, clock) = (self.date(at.city_day()), self.clock(at.city_clock()));
        match self {
            Self::Ja => format!("{date}{clock}"),
            Self::En => format!("{date}, {clock}"),
        }
    }
}

const fn weekday_ja(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "月",
        Weekday::Tuesday => "火",
        Weekday::Wednesday => "水",
        Weekday::Thursday => "木",
        Weekday::Friday => "金",
        Weekday::Saturday => "土",
        Weekday::Sunday => "日",
    }
}

const fn weekday_en(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Monday",
        Weekday::Tuesday => "Tuesday",
        Weekday::Wednesday => "Wednesday",
        Weekday::Thursday => "Thursday",
        Weekday::Friday => "Friday",
        Weekday::Saturday => "Saturday",
        Weekday::Sunday => "Sunday",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_people_write_them() {
        let at: Instant = "2026-04-12 10:30".parse().expect("a time");
        assert_eq!(Lang::Ja.instant(at), "2026年（令和8年）4月12日（日）午前10時30分");
        assert_eq!(Lang::En.instant(at), "Sunday 12 April 2026, 10:30 am");
        let cases = [
            ("2019-04-30", "2019年4月30日（火）"),
            ("2019-05-01", "2019年（令和元年）5月1日（水）"),
            ("2020-01-01", "2020年（令和2年）1月1日（水）"),
        ];
        for (day, text) in cases {
            assert_eq!(Lang::Ja.date(day.parse().expect("a date")), text);
        }
    }

    #[test]
    fn what_opens_within_a_minute_is_promised_for_the_next() {
        for (at, text) in [
            ("2026-12-01T01:02:33+09:00", "2026年（令和8年）12月1日（火）午前1時03分"),
            ("2026-12-01T01:02:00+09:00", "2026年（令和8年）12月1日（火）午前1時02分"),
            ("2026-12-31T23:59:01+09:00", "2027年（令和9年）1月1日（金）午前0時"),
        ] {
            assert_eq!(Lang::Ja.starting(at.parse().expect("an instant")), text);
        }
    }

    #[test]
    fn noon_and_midnight_are_said_without_doubt() {
        let cases = [
            ("0:00", "午前0時", "12:00 am"),
            ("9:05", "午前9時05分", "9:05 am"),
            ("12:30", "午後0時30分", "12:30 pm"),
            ("17:00", "午後5時", "5:00 pm"),
            ("24:00", "午後12時", "12:00 am"),
        ];
        for (time, japanese, english) in cases {
            let time: ClockTime = time.parse().expect("a time");
            assert_eq!((Lang::Ja.clock(time).as_str(), Lang::En.clock(time).as_str()), (japanese, english));
        }
    }
}
