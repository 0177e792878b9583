//! Dates and times as people read them: 2026年（令和8年）4月12日（日）午前10時30分; Sunday 12 April 2026, 10:30 am. How a language
//! writes them stands in its file, under `date.`.

use std::borrow::Cow;

use sesshu_engine::core::time::{ClockTime, Day, Instant};

use super::{Lang, fill};

const MINUTE_MS: i64 = 60_000;

/// The year before 令和元年 (which began on 1 May 2019).
const YEAR_BEFORE_REIWA: i32 = 2018;

/// The words and patterns of a language's dates, read once from its file.
pub(super) struct Dates {
    day: String,
    /// Without its year.
    short_day: String,
    era: String,
    era_first: String,
    weekdays: Vec<String>,
    months: Vec<String>,
    halves: [String; 2],
    clock: String,
    clock_sharp: String,
    /// Whether noon is 0 o'clock of the second half of the day, as in Japan, and not 12.
    noon_is_0: bool,
    times: String,
    window: String,
    instant: String,
}

impl Dates {
    pub(super) fn of(text: impl Fn(&str) -> Cow<'static, str>) -> Self {
        let list = |key: &str| text(key).split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>();
        let mut halves = list("date.halves").into_iter();
        let mut half = || halves.next().unwrap_or_default();
        Self {
            day: text("date.day").into_owned(),
            short_day: text("date.short_day").into_owned(),
            era: text("date.era").into_owned(),
            era_first: text("date.era_first").into_owned(),
            weekdays: list("date.weekdays"),
            months: list("date.months"),
            halves: [half(), half()],
            clock: text("date.clock").into_owned(),
            clock_sharp: text("date.clock_sharp").into_owned(),
            noon_is_0: text("date.noon") == "0",
            times: text("date.times").into_owned(),
            window: text("date.window").into_owned(),
            instant: text("date.instant").into_owned(),
        }
    }
}

/// All of it may carry furigana.
impl Lang {
    fn dates(self) -> &'static Dates {
        &self.language().dates
    }

    /// A date with its weekday; in Japanese with both years.
    pub(crate) fn date(self, day: Day) -> String {
        self.day_as(&self.dates().day, day)
    }

    /// A date with its weekday, without its year: among other dates.
    pub(crate) fn short_date(self, day: Day) -> String {
        self.day_as(&self.dates().short_day, day)
    }

    fn day_as(self, pattern: &str, day: Day) -> String {
        let dates = self.dates();
        let (year, month, date) = day.ymd();
        let era = match year - YEAR_BEFORE_REIWA {
            _ if (year, month) < (2019, 5) => String::new(),
            1 => dates.era_first.clone(),
            years => fill(&dates.era, &[("years", &years.to_string())]),
        };
        let values = [
            ("year", &*year.to_string()),
            ("era", &era),
            ("month", &month.to_string()),
            ("month_name", dates.months.get(month as usize - 1).map_or("", String::as_str)),
            ("day", &date.to_string()),
            ("weekday", dates.weekdays.get(day.weekday() as usize).map_or("", String::as_str)),
        ];
        fill(pattern, &values)
    }

    /// A time of day.
    pub(crate) fn clock(self, time: ClockTime) -> String {
        let dates = self.dates();
        let (hour, minute) = (time.0 / 60, time.0 % 60);
        let (second_half, hour) = match hour {
            hour if dates.noon_is_0 => (hour >= 12, if hour < 12 { hour } else { hour - 12 }),
            hour => (hour % 24 >= 12, if hour % 12 == 0 { 12 } else { hour % 12 }),
        };
        let pattern = if minute == 0 { &dates.clock_sharp } else { &dates.clock };
        let half = &dates.halves[usize::from(second_half)];
        fill(pattern, &[("half", half), ("hour", &hour.to_string()), ("minute", &format!("{minute:02}"))])
    }

    /// A window of arrival.
    pub(crate) fn times(self, start: ClockTime, end: ClockTime) -> String {
        fill(&self.dates().times, &[("start", &self.clock(start)), ("end", &self.clock(end))])
    }

    /// A date and a window of arrival.
    pub(crate) fn window(self, day: Day, start: ClockTime, end: ClockTime) -> String {
        fill(&self.dates().window, &[("date", &self.date(day)), ("times", &self.times(start, end))])
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
        fill(&self.dates().instant, &[("date", &date), ("clock", &clock)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::strip;

    fn plain(markup: String) -> String {
        strip(markup.into()).into_owned()
    }

    fn en() -> Lang {
        Lang::from_code("en").expect("English")
    }

    #[test]
    fn dates_read_as_people_write_them() {
        let at: Instant = "2026-04-12 10:30".parse().expect("a time");
        let easy = Lang::from_code("ja-easy").expect("plain Japanese");
        assert_eq!(plain(Lang::JA.instant(at)), "2026年（令和8年）4月12日（日）午前10時30分");
        assert_eq!(plain(easy.instant(at)), "2026年4月12日（日曜日） 午前10時30分");
        assert_eq!(plain(en().instant(at)), "Sunday 12 April 2026, 10:30 am");
        assert_eq!(plain(Lang::JA.short_date(at.city_day())), "4月12日（日）");
        let cases = [
            ("2019-04-30", "2019年4月30日（火）"),
            ("2019-05-01", "2019年（令和元年）5月1日（水）"),
            ("2020-01-01", "2020年（令和2年）1月1日（水）"),
        ];
        for (day, text) in cases {
            assert_eq!(plain(Lang::JA.date(day.parse().expect("a date"))), text);
        }
    }

    #[test]
    fn what_opens_within_a_minute_is_promised_for_the_next() {
        for (at, text) in [
            ("2026-12-01T01:02:33+09:00", "2026年（令和8年）12月1日（火）午前1時03分"),
            ("2026-12-01T01:02:00+09:00", "2026年（令和8年）12月1日（火）午前1時02分"),
            ("2026-12-31T23:59:01+09:00", "2027年（令和9年）1月1日（金）午前0時"),
        ] {
            assert_eq!(plain(Lang::JA.starting(at.parse().expect("an instant"))), text);
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
            assert_eq!((plain(Lang::JA.clock(time)).as_str(), plain(en().clock(time)).as_str()), (japanese, english));
        }
    }

    #[test]
    fn every_language_names_all_days_and_months_it_uses() {
        for lang in Lang::all() {
            let dates = lang.dates();
            assert_eq!(dates.weekdays.len(), 7, "{}", lang.code());
            assert!(dates.months.len() == 12 || !dates.day.contains("month_name"), "{}", lang.code());
            let day: Day = "2026-12-05".parse().expect("a date");
            let window = plain(lang.window(day, ClockTime(570), ClockTime(600)));
            assert!(!window.contains("%{") && window.contains("2026") && window.contains("30"), "{window}");
        }
    }
}
