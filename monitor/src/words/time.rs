//! Times and durations as people read them. The city's zone is UTC+9 throughout.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use jiff::tz::Offset;

use crate::core::contact::Language;
use crate::core::time::WallMs;

fn local(at: WallMs) -> DateTime {
    let stamp = Timestamp::from_millisecond(at.0).unwrap_or_default();
    zone().to_datetime(stamp)
}

fn zone() -> Offset {
    jiff::tz::offset(9)
}

/// For programs: `2026-11-26T03:12:00+09:00`.
#[must_use]
pub fn instant(at: WallMs) -> String {
    let local = local(at);
    format!("{}+09:00", local.strftime("%Y-%m-%dT%H:%M:%S"))
}

/// `令和8年（2026年）11月26日（木）午前3時12分`, `Thursday 26 November 2026, 03:12 JST`.
#[must_use]
pub fn when(at: WallMs, language: Language) -> String {
    let local = local(at);
    if language == Language::En {
        return local.strftime("%A %-d %B %Y, %H:%M JST").to_string();
    }
    // Reiwa began in 2019; nothing that is told of is older.
    let era = i32::from(local.year()) - 2018;
    let day = match local.weekday() {
        Weekday::Monday => '月',
        Weekday::Tuesday => '火',
        Weekday::Wednesday => '水',
        Weekday::Thursday => '木',
        Weekday::Friday => '金',
        Weekday::Saturday => '土',
        Weekday::Sunday => '日',
    };
    format!("令和{era}年（{}年）{}月{}日（{day}）{}", local.year(), local.month(), local.day(), clock(at, language))
}

/// `午前3時12分`, `03:12`.
#[must_use]
pub fn clock(at: WallMs, language: Language) -> String {
    let local = local(at);
    if language == Language::En {
        return local.strftime("%H:%M").to_string();
    }
    let half = if local.hour() < 12 { "午前" } else { "午後" };
    format!("{half}{}時{}分", local.hour() % 12, local.minute())
}

/// `3日4時間`, `1時間5分`, `12分`, `40秒`: two units at most.
#[must_use]
pub fn long(duration: Duration, language: Language) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let parts: &[(u64, &str, &str)] = match seconds {
        86_400.. => &[(days, "日", "d"), (hours, "時間", "h")],
        3_600.. => &[(hours, "時間", "h"), (minutes, "分", "min")],
        60.. => &[(minutes, "分", "min")],
        _ => &[(seconds, "秒", "s")],
    };
    let shown = parts.iter().enumerate().filter(|(nth, (count, ..))| *nth == 0 || *count > 0);
    let words: Vec<String> = shown
        .map(|(_, (count, ja, en))| match language {
            Language::Ja => format!("{count}{ja}"),
            Language::En => format!("{count} {en}"),
        })
        .collect();
    words.join(if language == Language::Ja { "" } else { " " })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_the_citys_in_both_reckonings() {
        let night = WallMs(1_795_630_320_000);
        assert_eq!(instant(night), "2026-11-26T03:12:00+09:00");
        assert_eq!(when(night, Language::Ja), "令和8年（2026年）11月26日（木）午前3時12分");
        assert_eq!(when(night, Language::En), "Thursday 26 November 2026, 03:12 JST");
        assert_eq!(clock(WallMs(night.0 + 9 * 3_600_000), Language::Ja), "午後0時12分");
    }

    #[test]
    fn durations_have_two_units_at_most() {
        let cases = [
            (40, "40秒", "40 s"),
            (720, "12分", "12 min"),
            (3_900, "1時間5分", "1 h 5 min"),
            (3_600, "1時間", "1 h"),
            (273_600, "3日4時間", "3 d 4 h"),
        ];
        for (seconds, ja, en) in cases {
            let duration = Duration::from_secs(seconds);
            assert_eq!((long(duration, Language::Ja).as_str(), long(duration, Language::En).as_str()), (ja, en));
        }
    }
}
