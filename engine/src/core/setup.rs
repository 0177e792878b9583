//! What the city sets up: venues, vaccines, waves and the rules of the campaign.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ids::{DoseNo, VaccineId, VenueId};
use super::resident::Person;
use super::time::{ClockTime, Day, Instant};
use crate::planted::{Bug, planted};

/// A place where the city vaccinates (会場).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Venue {
    /// Its id.
    pub id: VenueId,
    /// Its name as residents read it.
    pub name: String,
}

/// A vaccine and the rules of its series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vaccine {
    /// Its id.
    pub id: VaccineId,
    /// Its name as residents read it.
    pub name: Arc<str>,
    /// How many doses a series has.
    pub doses: DoseNo,
    /// The shortest difference of dates between two doses, in days. The ministry's 20日の間隔 is 21 here.
    pub interval_days_min: u16,
    /// The longest difference of dates between two doses, in days; none is without limit.
    pub interval_days_max: Option<u16>,
    /// The age in years that a person must have reached on the session's date.
    pub age_years_min: u8,
    /// How many doses a vial gives.
    pub doses_per_vial: u16,
}

impl Vaccine {
    /// Whether `days` from one dose to the next are within the interval.
    #[must_use]
    pub fn allows_interval(&self, days: i32) -> bool {
        // Two doses are never given on one date, whatever the configuration says.
        days >= i32::from(self.interval_days_min.max(1)) - i32::from(planted(Bug::IntervalShort))
            && self.interval_days_max.is_none_or(|max| days <= i32::from(max))
    }
}

/// A priority group with its own opening time. A person is in it when every given criterion fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wave {
    /// Its name.
    pub name: String,
    /// Born on this day or later.
    pub born_from: Option<Day>,
    /// Born on this day or earlier.
    pub born_to: Option<Day>,
    /// A group on the roll.
    pub group: Option<String>,
    /// When its people may book.
    pub opens_at: Instant,
}

impl Wave {
    /// Whether `person` is in this wave. Both birth dates are inclusive.
    #[must_use]
    pub fn includes(&self, person: &Person) -> bool {
        self.born_from.is_none_or(|from| person.birth_date >= from)
            && self.born_to.is_none_or(|to| person.birth_date <= to)
            && self.group.as_ref().is_none_or(|group| person.groups.iter().any(|own| **own == **group))
    }
}

/// When a person may book, as far as waves say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WaveOpening {
    /// There are no waves: each session's own opening counts.
    NoWaves,
    /// The earliest opening among the person's waves.
    At(Instant),
    /// The person is in no wave.
    Never,
}

/// The opening of `person`'s waves: whoever is in several gets the earliest.
#[must_use]
pub fn wave_opening(waves: &[Wave], person: &Person) -> WaveOpening {
    if waves.is_empty() {
        return WaveOpening::NoWaves;
    }
    let earliest = waves.iter().filter(|wave| wave.includes(person)).map(|wave| wave.opens_at).min();
    earliest.map_or(WaveOpening::Never, WaveOpening::At)
}

/// The campaign's rules that are configuration. They take no part in `apply`, so that a change of the configuration never
/// changes the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Until when a booking may be changed or cancelled: this clock time …
    pub change_deadline_clock: ClockTime,
    /// … this many days before the session.
    pub change_deadline_days_before: u8,
    /// How long a hold lasts, in minutes.
    pub hold_minutes: u8,
    /// How long holds that replace one another last in all, in minutes.
    pub hold_minutes_total_max: u8,
    /// How many hours before a slot's session starts the phone's share lapses.
    pub phone_share_lapse_hours: u16,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            change_deadline_clock: ClockTime(17 * 60),
            change_deadline_days_before: 1,
            hold_minutes: 5,
            hold_minutes_total_max: 10,
            phone_share_lapse_hours: 48,
        }
    }
}

impl Rules {
    /// The instant until which a booking for `date` may be changed or cancelled.
    #[must_use]
    pub fn change_deadline(&self, date: Day) -> Instant {
        date.plus_days(-i32::from(self.change_deadline_days_before)).at(self.change_deadline_clock)
    }

    /// When a hold made `now` ends, given when the first of its chain was made.
    #[must_use]
    pub fn hold_expiry(&self, first_held_at: Instant, now: Instant) -> Instant {
        let in_all = first_held_at.plus_minutes(i64::from(self.hold_minutes_total_max));
        let alone = now.plus_minutes(i64::from(self.hold_minutes));
        if planted(Bug::HoldStretched) { alone } else { alone.min(in_all) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::ids::CityId;

    fn day(text: &str) -> Day {
        text.parse().expect("a date")
    }

    fn person(born: &str, groups: &[&str]) -> Person {
        Person {
            id: CityId::from_digits("0000000001").expect("ten digits"),
            name_kana: "インザイ　ハナコ".into(),
            birth_date: day(born),
            groups: groups.iter().map(|&group| group.into()).collect(),
        }
    }

    fn wave(from: Option<&str>, to: Option<&str>, group: Option<&str>, opens_at: i64) -> Wave {
        Wave {
            name: "高齢者".into(),
            born_from: from.map(day),
            born_to: to.map(day),
            group: group.map(str::to_owned),
            opens_at: Instant(opens_at),
        }
    }

    #[test]
    fn both_ends_of_a_wave_are_in_it_and_every_criterion_must_fit() {
        let wave = wave(Some("1950-04-02"), Some("1960-04-01"), Some("医療"), 0);
        let cases = [
            ("1950-04-01", &["医療"][..], false),
            ("1950-04-02", &["医療"], true),
            ("1960-04-01", &["介護", "医療"], true),
            ("1960-04-02", &["医療"], false),
            ("1955-01-01", &["介護"], false),
        ];
        for (born, groups, inside) in cases {
            assert_eq!(wave.includes(&person(born, groups)), inside, "{born} {groups:?}");
        }
    }

    #[test]
    fn the_earliest_wave_counts_and_without_waves_the_sessions_own_opening() {
        let someone = person("1955-01-01", &[]);
        let late = wave(None, Some("1960-01-01"), None, 20);
        let early = wave(Some("1950-01-01"), None, None, 10);
        let others = wave(None, None, Some("医療"), 1);
        assert_eq!(wave_opening(&[], &someone), WaveOpening::NoWaves);
        assert_eq!(wave_opening(&[late, others.clone(), early], &someone), WaveOpening::At(Instant(10)));
        assert_eq!(wave_opening(&[others], &someone), WaveOpening::Never);
    }

    #[test]
    fn an_interval_is_a_difference_of_dates_with_both_ends_allowed() {
        let mut vaccine = Vaccine {
            id: VaccineId(1),
            name: "コミナティ".into(),
            doses: DoseNo::FIRST,
            interval_days_min: 21,
            interval_days_max: Some(42),
            age_years_min: 12,
            doses_per_vial: 6,
        };
        for (days, allowed) in [(-21, false), (0, false), (20, false), (21, true), (42, true), (43, false)] {
            assert_eq!(vaccine.allows_interval(days), allowed, "{days}");
        }
        vaccine.interval_days_max = None;
        assert!(vaccine.allows_interval(10_000));
    }

    #[test]
    fn holds_that_replace_one_another_end_ten_minutes_after_the_first() {
        let rules = Rules::default();
        let first = Instant(0);
        for (minute, ends) in [(0, 5), (4, 9), (5, 10), (9, 10)] {
            let now = first.plus_minutes(minute);
            assert_eq!(rules.hold_expiry(first, now), first.plus_minutes(ends), "at minute {minute}");
        }
        let deadline = rules.change_deadline(day("2026-12-05"));
        assert_eq!(deadline.to_rfc3339(), "2026-12-04T17:00:00+09:00");
    }
}
