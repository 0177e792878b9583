//! Times of day, and dates with a time, in the forms that a city's files have.

use crate::core::time::{ClockTime, Instant};

use super::date::parse_date;
use super::text::plain;

/// Reads `9:30`, `09:30`, `9時30分` or `9時`, with digits of any width; `24:00` is the end of a day.
#[must_use]
pub fn parse_clock_time(text: &str) -> Option<ClockTime> {
    let text = plain(text);
    let Some((hour, minute)) = text.split_once('時') else { return text.parse().ok() };
    let number = |digits: &str| -> Option<u16> {
        let digits = digits.trim();
        let valid = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if valid { digits.parse().ok() } else { None }
    };
    let minute = if minute.is_empty() { 0 } else { number(minute.strip_suffix('分')?)? };
    ClockTime::new(number(hour)?, minute)
}

/// Reads RFC 3339 and, in the city's zone, any date of a file followed by a space and any time: `2026/12/1 9:00`.
#[must_use]
pub fn parse_instant(text: &str) -> Option<Instant> {
    let text = plain(text);
    text.parse().ok().or_else(|| {
        let (date, time) = text.split_once(char::is_whitespace)?;
        Some(parse_date(date).ok()?.at(parse_clock_time(time)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn times_are_read_in_every_form() {
        let half_past_nine = ClockTime::new(9, 30);
        for text in ["9:30", "09:30", "９：３０", " 9:30 ", "9時30分", "０９時３０分"] {
            assert_eq!(parse_clock_time(text), half_past_nine, "{text}");
        }
        assert_eq!(parse_clock_time("13時"), ClockTime::new(13, 0));
        assert_eq!(parse_clock_time("24:00"), ClockTime::new(24, 0));
        for wrong in
            ["", "9", "930", "9:3", "9:60", "25:00", "24:01", "9時半", "時", "9時30", "9時+1分", "-1:00", "9:30:00"]
        {
            assert_eq!(parse_clock_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn openings_are_read_in_every_form() {
        let opening = "2026-12-01T09:00:00+09:00".parse().ok();
        let forms = [
            "2026-12-01T09:00:00+09:00",
            "2026-12-01T00:00:00Z",
            "2026-12-01 09:00",
            "2026/12/1 9:00",
            "２０２６／１２／１　９：００",
            "令和8年12月1日 9時",
            "2026-12-01 9:00",
        ];
        for form in forms {
            assert_eq!(parse_instant(form), opening, "{form}");
        }
        for wrong in ["", "2026-12-01", "9:00", "2026/12/1 25:00", "2026/13/1 9:00", "2026/12/1 9:00 9:00"] {
            assert_eq!(parse_instant(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_time_or_refused(text in "\\PC{0,40}", like in "[0-9０-９:：時分 /T+Z.-]{0,30}") {
            let _ = (parse_clock_time(&text), parse_instant(&text), parse_clock_time(&like), parse_instant(&like));
        }
    }
}
