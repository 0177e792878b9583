//! What is read aloud on the phone: dates, times, places and numbers as they are spoken.

use sesshu_engine::PlaceView;
use sesshu_engine::core::ids::{BookingNumber, DoseNo};
use sesshu_engine::core::resident::BookingState;
use sesshu_engine::core::time::{ClockTime, Day};
use sesshu_engine::view::BookingView;

use crate::staff::dates::day_words;

/// A place, booked or not, in words.
pub(super) struct PlaceWords {
    pub(super) dose: String,
    pub(super) when: String,
    pub(super) venue: String,
    pub(super) vaccine: String,
    /// As it is read aloud.
    pub(super) spoken: String,
}

impl PlaceWords {
    pub(super) fn of_place(place: &PlaceView) -> Self {
        Self::new(place.dose, (place.date, place.start, place.end), &place.venue.name, &place.vaccine)
    }

    pub(super) fn of_booking(booking: &BookingView) -> Self {
        Self::new(booking.dose, (booking.date, booking.start, booking.end), &booking.venue.name, &booking.vaccine)
    }

    fn new(dose: DoseNo, (date, start, end): (Day, ClockTime, ClockTime), venue: &str, vaccine: &str) -> Self {
        let times = format!("{}から{}まで", spoken_clock(start), spoken_clock(end));
        Self {
            dose: dose_words(dose),
            when: window_words(date, start, end),
            spoken: format!("{}、{}、{times}。会場は{venue}、ワクチンは{vaccine}", dose_words(dose), spoken_day(date)),
            venue: venue.into(),
            vaccine: vaccine.into(),
        }
    }
}

/// `1回目`.
pub(super) fn dose_words(dose: DoseNo) -> String {
    format!("{dose}回目")
}

/// 令和8年12月5日（土） 09:30〜10:00.
pub(super) fn window_words(date: Day, start: ClockTime, end: ClockTime) -> String {
    format!("{} {start}〜{end}", day_words(date))
}

/// 令和8年12月5日、土曜日.
fn spoken_day(date: Day) -> String {
    let words = day_words(date);
    let (day, weekday) = words.split_once('（').unwrap_or((&words, ""));
    format!("{day}、{}曜日", weekday.trim_end_matches('）'))
}

/// 午前9時30分. Noon is 午後0時.
fn spoken_clock(time: ClockTime) -> String {
    let (hour, minute) = (time.0 / 60, time.0 % 60);
    let (half, hour) = if hour < 12 { ("午前", hour) } else { ("午後", hour - 12) };
    if minute == 0 { format!("{half}{hour}時") } else { format!("{half}{hour}時{minute}分") }
}

/// A booking's number as it is read aloud, group by group: 482 よん・はち・に.
pub(super) fn spelled(number: BookingNumber) -> Vec<(String, String)> {
    const READINGS: [&str; 10] = ["ぜろ", "いち", "に", "さん", "よん", "ご", "ろく", "なな", "はち", "きゅう"];
    let reading = |digit: char| digit.to_digit(10).map_or("", |digit| READINGS[digit as usize]);
    let groups = number.grouped();
    let spelled = |group: &str| (group.to_owned(), group.chars().map(reading).collect::<Vec<_>>().join("・"));
    groups.split('-').map(spelled).collect()
}

/// Where a booking stands.
pub(super) const fn state_words(state: BookingState) -> &'static str {
    match state {
        BookingState::Booked => "予約済み",
        BookingState::Cancelled => "取消済み",
        BookingState::CancelledByCity => "市の都合で中止",
        BookingState::CheckedIn => "来場済み",
        BookingState::Vaccinated => "接種済み",
        BookingState::NoShow => "来場なし",
        BookingState::NotGiven => "来場・接種なし",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_aloud_without_signs() {
        let day = "2026-12-05".parse().expect("a date");
        let dose = DoseNo::FIRST;
        let words = PlaceWords::new(dose, (day, ClockTime(570), ClockTime(720)), "市民体育館", "コミナティ");
        let spoken =
            "1回目、令和8年12月5日、土曜日、午前9時30分から午後0時まで。会場は市民体育館、ワクチンはコミナティ";
        assert_eq!((words.when.as_str(), words.spoken.as_str()), ("令和8年12月5日（土） 09:30〜12:00", spoken));
    }

    #[test]
    fn a_number_is_spelled_digit_by_digit() {
        let number = BookingNumber::from_ordinal(3, &[1; 32]);
        let groups = spelled(number);
        assert_eq!(groups.iter().map(|(digits, _)| digits.as_str()).collect::<Vec<_>>().join("-"), number.grouped());
        for (digits, reading) in groups {
            assert_eq!(reading.split('・').count(), digits.len(), "{reading}");
        }
    }
}
