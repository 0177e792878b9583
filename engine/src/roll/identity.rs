//! What a caller or a person at the counter says of themself: ID, name and birth date together, typed into one field.

use crate::core::ids::CityId;
use crate::core::resident::Person;
use crate::core::time::Day;

use super::city_id::{IdProblem, parse_typed_city_id};
use super::date::{DateProblem, parse_date};
use super::kana::{KanaProblem, kana_search_key, normalise_kana_name};
use super::text::{is_hyphen, plain};

/// The longest text, in characters, that is looked at when somebody types an identity.
pub const TYPED_IDENTITY_CHARS_MAX: usize = 200;
/// `昭和 25年 4月 1日` has the most parts of all dates.
const DATE_PARTS_MAX: usize = 4;

/// What a person says of themself. All three together find one person or nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The ID on the city's letter.
    pub id: CityId,
    /// The name in kana, as it would be stored.
    pub kana: String,
    /// The date of birth.
    pub birth_date: Day,
}

/// Personal data stays out of logs.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl Identity {
    /// Whether this is `person`: the name is compared as it is heard ([`kana_search_key`]), ID and birth date exactly.
    #[must_use]
    pub fn is(&self, person: &Person) -> bool {
        self.id == person.id
            && self.birth_date == person.birth_date
            && kana_search_key(&self.kana) == kana_search_key(&person.name_kana)
    }
}

/// Why a text does not say who somebody is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityProblem {
    /// There is nothing.
    #[error("ID, name and birth date are missing")]
    Empty,
    /// It has more than [`TYPED_IDENTITY_CHARS_MAX`] characters.
    #[error("ID, name and birth date have at most 200 characters")]
    TooLong,
    /// What stands first is not an ID.
    #[error(transparent)]
    Id(IdProblem),
    /// What stands between ID and birth date is not a name in kana.
    #[error(transparent)]
    Kana(KanaProblem),
    /// What stands last is not a date.
    #[error(transparent)]
    BirthDate(DateProblem),
}

/// Reads `ID カナ 生年月日`, separated by half- or full-width spaces. The ID may be typed in groups, the name may have several
/// parts, the date any form of [`parse_date`].
///
/// # Errors
/// With what is missing or wrong, in the order in which it is typed.
pub fn parse_identity(text: &str) -> Result<Identity, IdentityProblem> {
    if text.chars().nth(TYPED_IDENTITY_CHARS_MAX).is_some() {
        return Err(IdentityProblem::TooLong);
    }
    let parts: Vec<&str> = text.split_whitespace().collect();
    if parts.is_empty() {
        return Err(IdentityProblem::Empty);
    }
    // A name has no digits, so whatever digits stand before it are the ID's groups. The first part is taken for one in any case.
    let groups = parts.iter().skip(1).take_while(|part| is_group_of_id(part)).count();
    let (id, rest) = parts.split_at(1 + groups.min(parts.len() - 1));
    if rest.is_empty() && id.len() > 1 {
        // ID and date without a name between them.
        return identity(&id[..1], &[], &id[1..]);
    }
    let date_parts = date_parts(rest);
    let (name, date) = rest.split_at(rest.len() - date_parts);
    identity(id, name, date)
}

fn identity(id: &[&str], name: &[&str], date: &[&str]) -> Result<Identity, IdentityProblem> {
    let id = parse_typed_city_id(&id.join(" ")).map_err(IdentityProblem::Id)?;
    let kana = normalise_kana_name(&name.join(" ")).map_err(IdentityProblem::Kana)?;
    let birth_date = parse_date(&date.join(" ")).map_err(IdentityProblem::BirthDate)?;
    Ok(Identity { id, kana, birth_date })
}

/// How many of the last parts are the date: as few as make one, else those that look as if they were meant as one.
fn date_parts(parts: &[&str]) -> usize {
    let longest = parts.len().min(DATE_PARTS_MAX);
    let makes_one = |count: &usize| parse_date(&parts[parts.len() - count..].join(" ")).is_ok();
    let has_digit = |part: &&&str| plain(part).contains(|c: char| c.is_ascii_digit());
    let meant = || parts.iter().rev().take_while(has_digit).count();
    (1..=longest).find(makes_one).unwrap_or_else(meant)
}

fn is_group_of_id(part: &str) -> bool {
    plain(part).chars().all(|c| c.is_ascii_digit() || is_hyphen(c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn person() -> Person {
        let id = CityId::from_digits("0012345678").expect("an ID");
        let birth_date = Day::from_ymd(1950, 4, 1).expect("a date");
        Person { id, name_kana: "オオノ　タロウ".into(), birth_date, groups: Box::new([]) }
    }

    #[test]
    fn one_field_takes_id_name_and_birth_date_however_they_are_typed() {
        for typed in [
            "0012345678 オオノ　タロウ 1950-04-01",
            "0012345678　ｵｵﾉ ﾀﾛｳ　S25.4.1",
            " 00-1234-5678  おおの たろう 昭和25年4月1日 ",
            "００１２３４５６７８ オーノタロー 3250401",
            "00 1234 5678 オオノ タロウ 昭和 25年 4月 1日",
            "0012345678 オオノ タロウ S 25.4.1",
            "0012345678 オオノ タロウ 19500401",
        ] {
            let identity = parse_identity(typed).unwrap_or_else(|problem| panic!("{typed}: {problem}"));
            assert!(identity.is(&person()), "{typed}");
        }
    }

    #[test]
    fn each_of_the_three_must_be_right() {
        for typed in [
            "0012345679 オオノ タロウ 1950-04-01",
            "0012345678 オノ タロウ 1950-04-01",
            "0012345678 オオノ 1950-04-01",
            "0012345678 オオノ タロウ 1950-04-02",
        ] {
            let identity = parse_identity(typed).unwrap_or_else(|problem| panic!("{typed}: {problem}"));
            assert!(!identity.is(&person()), "{typed}");
        }
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let cases = [
            ("　", IdentityProblem::Empty),
            ("オオノ タロウ 1950-04-01", IdentityProblem::Id(IdProblem::NotDigits('オ'))),
            ("12 オオノ タロウ 1950-04-01", IdentityProblem::Id(IdProblem::Length(2))),
            ("0012345678", IdentityProblem::Kana(KanaProblem::Empty)),
            ("0012345678 1950-04-01", IdentityProblem::Kana(KanaProblem::Empty)),
            ("0012345678 大野 1950-04-01", IdentityProblem::Kana(KanaProblem::Character('大'))),
            ("0012345678 オオノ タロウ", IdentityProblem::BirthDate(DateProblem::Empty)),
            ("0012345678 オオノ タロウ 1950-13-01", IdentityProblem::BirthDate(DateProblem::Impossible)),
            ("0012345678 オオノ タロウ 4月1日", IdentityProblem::BirthDate(DateProblem::Form)),
        ];
        for (typed, problem) in cases {
            assert_eq!(parse_identity(typed), Err(problem), "{typed}");
        }
        assert_eq!(parse_identity(&"1".repeat(201)), Err(IdentityProblem::TooLong));
    }

    proptest! {
        #[test]
        fn any_text_is_an_identity_or_refused(text in "\\PC{0,220}") {
            let _ = parse_identity(&text);
        }
    }
}
