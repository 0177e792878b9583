//! The names of generations: `sesshu-YYYYMMDD-HHMMSS`, the snapshot's instant in the city's zone.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sesshu_engine::core::time::{Day, Instant};

/// What every name begins with.
const PREFIX: &str = "sesshu-";
const MS_PER_SECOND: i64 = 1_000;
const MS_PER_MINUTE: i64 = 60 * MS_PER_SECOND;

/// The name of a generation (GEN): whoever deletes or restores can only speak of these. They sort by the snapshot's instant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Generation(Box<str>);

/// A text that names no generation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a generation's name, such as sesshu-20261201-030000")]
pub struct NotAGeneration(String);

impl Generation {
    /// The generation of a snapshot at `at`, to the second.
    #[must_use]
    pub fn at(at: Instant) -> Self {
        let (day, clock) = (at.city_day(), at.city_clock());
        let (year, month, date) = day.ymd();
        let second = at.0.rem_euclid(MS_PER_MINUTE) / MS_PER_SECOND;
        let (hour, minute) = (clock.0 / 60, clock.0 % 60);
        Self(format!("{PREFIX}{year:04}{month:02}{date:02}-{hour:02}{minute:02}{second:02}").into())
    }

    /// Its instant, to the second.
    ///
    /// # Panics
    /// Never: a name was checked when it was made.
    #[must_use]
    pub fn instant(&self) -> Instant {
        read(&self.0).expect("a name was checked when it was made")
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn read(text: &str) -> Option<Instant> {
    let rest = text.strip_prefix(PREFIX)?;
    let (date, clock) = rest.split_once('-')?;
    let digits = |text: &str, len| (text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(());
    digits(date, 8)?;
    digits(clock, 6)?;
    let number = |text: &str| text.parse::<u32>().ok();
    Day::from_ymd(date[..4].parse().ok()?, number(&date[4..6])?, number(&date[6..])?)?;
    let second = clock[4..].parse::<i64>().ok().filter(|second| *second < 60)?;
    if number(&clock[..2])? > 23 {
        return None;
    }
    let text = format!("{}-{}-{} {}:{}", &date[..4], &date[4..6], &date[6..], &clock[..2], &clock[2..4]);
    Some(text.parse::<Instant>().ok()?.plus_ms(second * MS_PER_SECOND))
}

impl FromStr for Generation {
    type Err = NotAGeneration;

    fn from_str(text: &str) -> Result<Self, NotAGeneration> {
        match read(text) {
            Some(_) => Ok(Self(text.into())),
            None => Err(NotAGeneration(text.chars().take(64).collect())),
        }
    }
}

impl TryFrom<String> for Generation {
    type Error = NotAGeneration;

    fn try_from(text: String) -> Result<Self, NotAGeneration> {
        text.parse()
    }
}

impl From<Generation> for String {
    fn from(generation: Generation) -> Self {
        generation.0.into()
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_instant_in_the_citys_zone_and_nothing_else_is_a_name() {
        let at: Instant = "2026-12-01T03:00:07+09:00".parse().expect("an instant");
        let generation = Generation::at(at.plus_ms(999));
        assert_eq!(generation.as_str(), "sesshu-20261201-030007");
        assert_eq!(generation.instant(), at);
        assert_eq!("sesshu-20261201-030007".parse(), Ok(generation));
        for wrong in [
            "",
            "sesshu-",
            "sesshu-20261301-030000",
            "sesshu-20261201-240000",
            "sesshu-20261201-030060",
            "sesshu-20261201-03000",
            "sesshu-2026120１-030000",
            "sesshu-20261201-030000.zst",
            "../sesshu-20261201-030000",
            "sesshu-journal-20261201",
        ] {
            assert!(wrong.parse::<Generation>().is_err(), "{wrong}");
        }
    }
}
