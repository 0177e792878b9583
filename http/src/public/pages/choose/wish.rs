//! What a person asks the choice for: a dose or a pair, and how the places are narrowed down. It is an address, so that the choice
//! needs no script and survives a login that has expired.

use serde::Deserialize;
use sesshu_engine::core::ids::{BookingNumber, DoseNo, VenueId};
use sesshu_engine::core::time::{ClockTime, Day};

use super::super::place::read_number;
use crate::problem::{Problem, What, Wrong};
use crate::public::api::days::read_dose;

const NOON: ClockTime = ClockTime(12 * 60);

/// The choice as its address says it.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ChooseQuery {
    pub(super) dose: String,
    date: String,
    changes: String,
    venue: String,
    time: String,
    pair: String,
    date2: String,
    /// Whether the form came without a place.
    pub(super) missing: String,
    /// Whether the person comes from the waiting room.
    pub(super) turn: String,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Wish {
    pub(crate) dose: DoseNo,
    /// The date that is shown; the first with free places if none is asked for.
    pub(crate) date: Option<Day>,
    /// The booking that is to be changed.
    pub(crate) changes: Option<BookingNumber>,
    pub(crate) venue: Option<VenueId>,
    pub(crate) half: Option<Half>,
    /// Whether the next dose is chosen with it.
    pub(crate) pair: bool,
    /// The date that is shown for the next dose.
    pub(crate) date2: Option<Day>,
}

/// A half of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Half {
    Morning,
    Afternoon,
}

impl Half {
    pub(super) const ALL: [Self; 2] = [Self::Morning, Self::Afternoon];

    /// Its name in addresses.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::Morning => "am",
            Self::Afternoon => "pm",
        }
    }

    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|half| half.code() == code)
    }
}

impl Wish {
    /// Any place for `dose`.
    pub(crate) const fn for_dose(dose: DoseNo) -> Self {
        Self { dose, date: None, changes: None, venue: None, half: None, pair: false, date2: None }
    }

    /// What the address says; without a dose it is `usual`, and then a pair if there can be one.
    pub(super) fn read(query: &ChooseQuery, usual: Self) -> Result<Self, Problem> {
        fn given<T>(text: &str, read: impl Fn(&str) -> Result<T, Problem>) -> Result<Option<T>, Problem> {
            (!text.is_empty()).then(|| read(text)).transpose()
        }
        let date = |name: &'static str| {
            move |text: &str| text.parse::<Day>().map_err(|_| Problem::invalid(Wrong::about(What::Date, name)))
        };
        let wrong = |name: &'static str| move || Problem::invalid(Wrong::field(name));
        let start = if query.dose.is_empty() { usual } else { Self::for_dose(read_dose(&query.dose)?) };
        let changes = given(&query.changes, read_number)?;
        Ok(Self {
            date: given(&query.date, date("date"))?,
            changes,
            venue: given(&query.venue, |text| text.parse().map_err(|_| wrong("venue")()))?,
            half: given(&query.time, |text| Half::from_code(text).ok_or_else(wrong("time")))?,
            pair: (start.pair || !query.pair.is_empty()) && changes.is_none(),
            date2: given(&query.date2, date("date2"))?,
            ..start
        })
    }

    /// Its address.
    pub(crate) fn href(&self) -> String {
        let mut href = format!("/choose?dose={}", self.dose);
        let mut say = |name: &str, value: Option<String>| {
            if let Some(value) = value {
                href.push_str(&format!("&{name}={value}"));
            }
        };
        say("pair", self.pair.then(|| "1".to_owned()));
        say("date", self.date.map(|date| date.to_string()));
        say("date2", self.date2.map(|date| date.to_string()));
        say("venue", self.venue.map(|venue| venue.to_string()));
        say("time", self.half.map(|half| half.code().to_owned()));
        say("changes", self.changes.map(|number| number.to_string()));
        href
    }

    /// Whether a slot that starts then is at the time of day that is asked for.
    pub(super) fn takes(&self, start: ClockTime) -> bool {
        match self.half {
            None => true,
            Some(Half::Morning) => start < NOON,
            Some(Half::Afternoon) => start >= NOON,
        }
    }

    /// Whether the places are narrowed down by more than the date.
    pub(super) const fn narrows(&self) -> bool {
        self.venue.is_some() || self.half.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::Code;
    use crate::public::body::read_query;
    use axum::http::Uri;

    fn read(uri: &str) -> Result<Wish, Code> {
        let uri: Uri = uri.parse().expect("an address");
        let query = read_query::<ChooseQuery>(&uri);
        let usual = Wish { pair: true, ..Wish::for_dose(DoseNo::FIRST) };
        query.and_then(|query| Wish::read(&query, usual)).map_err(|problem| problem.code)
    }

    #[test]
    fn a_wish_survives_its_address() {
        let number = BookingNumber::from_ordinal(3, &[1; 32]);
        let date: Day = "2026-12-05".parse().expect("a date");
        let dose = Wish::for_dose(DoseNo::new(2).expect("a dose"));
        let narrow = Wish { date: Some(date), venue: Some(VenueId(3)), half: Some(Half::Afternoon), ..dose };
        let pair = Wish { pair: true, date: Some(date), date2: Some(date.plus_days(21)), ..dose };
        for wish in [dose, narrow, pair, Wish { changes: Some(number), ..narrow }] {
            assert_eq!(read(&wish.href()), Ok(wish), "{}", wish.href());
        }
    }

    #[test]
    fn without_a_dose_it_is_the_usual_one_and_a_change_is_never_a_pair() {
        let usual = Wish { pair: true, ..Wish::for_dose(DoseNo::FIRST) };
        assert_eq!(read("/choose"), Ok(usual));
        assert_eq!(read("/choose?lang=en"), Ok(usual));
        let number = BookingNumber::from_ordinal(3, &[1; 32]);
        let changed = read(&format!("/choose?dose=1&pair=1&changes={number}")).expect("a wish");
        assert!(!changed.pair);
    }

    #[test]
    fn a_wrong_address_is_invalid_not_ignored() {
        for wrong in ["dose=0", "dose=1&date=x", "dose=1&venue=hall", "dose=1&time=noon", "dose=1&date2=2026-02-30"] {
            assert_eq!(read(&format!("/choose?{wrong}")), Err(Code::Invalid), "{wrong}");
        }
    }
}
