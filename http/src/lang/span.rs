//! How long something still takes, in words: あと3日と4時間; 3 days and 4 hours left.

use super::{Lang, fill};

const MINUTE_MS: i64 = 60_000;
const HOUR_MINUTES: i64 = 60;
const DAY_MINUTES: i64 = 24 * HOUR_MINUTES;

impl Lang {
    /// The time that is left, in the two largest units that matter, rounded up to the minute; with furigana.
    pub(crate) fn remaining(self, ms: i64) -> String {
        let minutes = (ms.max(1) + MINUTE_MS - 1) / MINUTE_MS;
        let (days, hours) = (minutes / DAY_MINUTES, minutes % DAY_MINUTES / HOUR_MINUTES);
        let parts = match (days, hours) {
            (0, 0) => [self.count("minutes", minutes), None],
            (0, hours) => [self.count("hours", hours), self.count("minutes", minutes % HOUR_MINUTES)],
            (days, hours) => [self.count("days", days), self.count("hours", hours)],
        };
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        fill(&self.markup("span.left").0, &[("span", &parts.join(&self.markup("span.and").0))])
    }

    /// `count` of a unit; none if there are none.
    fn count(self, unit: &str, count: i64) -> Option<String> {
        let key = match (unit, count) {
            (_, 0) => return None,
            ("days", 1) => "span.day",
            ("days", _) => "span.days",
            ("hours", 1) => "span.hour",
            ("hours", _) => "span.hours",
            (_, 1) => "span.minute",
            _ => "span.minutes",
        };
        Some(fill(&self.markup(key).0, &[("n", &count.to_string())]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lang::strip;

    #[test]
    fn the_time_that_is_left_is_said_in_two_units_and_never_as_nothing() {
        let en = Lang::from_code("en").expect("English");
        let cases = [
            (0, "あと1分", "1 minute left"),
            (60_000, "あと1分", "1 minute left"),
            (60_001, "あと2分", "2 minutes left"),
            (3_600_000, "あと1時間", "1 hour left"),
            (2 * 3_600_000 + 60_000, "あと2時間と1分", "2 hours and 1 minute left"),
            (86_400_000, "あと1日", "1 day left"),
            (3 * 86_400_000 + 4 * 3_600_000 + 59 * 60_000, "あと3日と4時間", "3 days and 4 hours left"),
        ];
        for (ms, japanese, english) in cases {
            let of = |lang: Lang| strip(lang.remaining(ms).into()).into_owned();
            assert_eq!((of(Lang::JA).as_str(), of(en).as_str()), (japanese, english), "{ms}");
        }
    }
}
