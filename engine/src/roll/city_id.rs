//! The resident's ID as it stands in a file, and as a person types it.

use crate::core::ids::CityId;

use super::problem::{Reason, Shown};
use super::text::{is_hyphen, plain};

/// The longest text, in characters, that is looked at when somebody types an ID.
pub const TYPED_ID_CHARS_MAX: usize = 64;

/// Why a text is not an ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdProblem {
    /// There is nothing.
    #[error("an ID is missing")]
    Empty,
    /// It has this character, which is not a digit.
    #[error("an ID has digits only")]
    NotDigits(char),
    /// It has this many digits, which are too few or too many.
    #[error("an ID has 4 to 20 digits, not {0}")]
    Length(usize),
}

impl IdProblem {
    /// The reason for a line whose field is `value`.
    pub(super) fn reason(self, value: &str) -> Reason {
        let value = Shown::new(value.trim());
        match self {
            Self::Empty => Reason::ValueMissing,
            Self::NotDigits(character) => Reason::IdNotDigits { value, character },
            Self::Length(digits) => Reason::IdLength { value, digits },
        }
    }
}

/// Reads an ID of a file: 4–20 digits of any width, spaces around them ignored, leading zeros kept.
///
/// # Errors
/// If it is empty, has another character, or has too few or too many digits.
pub fn parse_city_id(text: &str) -> Result<CityId, IdProblem> {
    from_digits(&plain(text))
}

/// Reads an ID that a person typed: as [`parse_city_id`], and hyphens of any kind and spaces anywhere are ignored.
///
/// # Errors
/// As [`parse_city_id`], and if more than [`TYPED_ID_CHARS_MAX`] characters were typed.
pub fn parse_typed_city_id(text: &str) -> Result<CityId, IdProblem> {
    if text.chars().nth(TYPED_ID_CHARS_MAX).is_some() {
        return Err(IdProblem::Length(text.chars().count()));
    }
    let digits: String = plain(text).chars().filter(|&c| !c.is_whitespace() && !is_hyphen(c)).collect();
    from_digits(&digits)
}

fn from_digits(digits: &str) -> Result<CityId, IdProblem> {
    if digits.is_empty() {
        return Err(IdProblem::Empty);
    }
    if let Some(other) = digits.chars().find(|c| !c.is_ascii_digit()) {
        return Err(IdProblem::NotDigits(other));
    }
    CityId::from_digits(digits).ok_or(IdProblem::Length(digits.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ids_of_a_file_are_digits_of_any_width() {
        for (text, id) in
            [("0012345678", "0012345678"), (" 1234 ", "1234"), ("　００１２３４　", "001234"), ("１2３4", "1234")]
        {
            assert_eq!(parse_city_id(text).map(|id| id.to_string()).as_deref(), Ok(id), "{text}");
        }
        let wrong = [
            ("", IdProblem::Empty),
            ("　", IdProblem::Empty),
            ("123", IdProblem::Length(3)),
            ("123456789012345678901", IdProblem::Length(21)),
            ("1234-5678", IdProblem::NotDigits('-')),
            ("1.23E+09", IdProblem::NotDigits('.')),
            ("一二三四", IdProblem::NotDigits('一')),
            ("12 34", IdProblem::NotDigits(' ')),
            ("٠١٢٣٤", IdProblem::NotDigits('٠')),
        ];
        for (text, problem) in wrong {
            assert_eq!(parse_city_id(text), Err(problem), "{text}");
        }
    }

    #[test]
    fn hyphens_and_spaces_do_not_matter_to_one_who_types() {
        let id = parse_city_id("0012345678").expect("an ID");
        for text in [
            "00-1234-5678",
            "００－１２３４－５６７８",
            "00ー1234ー5678",
            "00‐1234−5678",
            " 00 1234　5678",
            "00–1234—5678",
            "00ｰ12345678",
        ] {
            assert_eq!(parse_typed_city_id(text), Ok(id), "{text}");
        }
        for text in ["", "---", "12a4", "123"] {
            assert!(parse_typed_city_id(text).is_err(), "{text}");
        }
        assert!(parse_typed_city_id(&"1 ".repeat(4_000)).is_err());
        assert!(parse_typed_city_id(&"1 ".repeat(20)).is_ok());
    }

    proptest! {
        #[test]
        fn an_id_survives_any_width(digits in "[0-9]{4,20}") {
            let wide: String = digits.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect();
            let id = CityId::from_digits(&digits);
            prop_assert_eq!(parse_city_id(&digits).ok(), id);
            prop_assert_eq!(parse_city_id(&wide).ok(), id);
            prop_assert_eq!(parse_typed_city_id(&wide).ok(), id);
        }

        #[test]
        fn any_text_is_an_id_or_refused(text in "\\PC{0,80}") {
            let _ = (parse_city_id(&text), parse_typed_city_id(&text));
        }
    }
}
