//! Whole numbers and lists of doses of a file.

use std::ops::RangeInclusive;

use crate::core::ids::DoseNo;

use super::problem::{Reason, Shown};
use super::text::plain;

/// Reads a whole number of `range`, with digits of any width.
pub(super) fn parse_number(text: &str, range: &RangeInclusive<u32>) -> Result<u32, Reason> {
    let digits = plain(text);
    if digits.is_empty() {
        return Err(Reason::ValueMissing);
    }
    let number = if digits.bytes().all(|b| b.is_ascii_digit()) { digits.parse().ok() } else { None };
    number.filter(|number| range.contains(number)).ok_or_else(|| Reason::NumberForm {
        value: Shown::new(text.trim()),
        min: *range.start(),
        max: *range.end(),
    })
}

/// Reads one dose: a number from 1.
pub(super) fn parse_dose(text: &str) -> Result<DoseNo, Reason> {
    let range = 1..=u32::from(DoseNo::MAX);
    let number = parse_number(text, &range)?;
    DoseNo::new(number as u8).ok_or(Reason::ValueMissing)
}

/// Reads doses separated by `;`, each once, and puts them in ascending order.
pub(super) fn parse_doses_list(text: &str) -> Result<Vec<DoseNo>, Reason> {
    let text = plain(text);
    if text.is_empty() {
        return Err(Reason::ValueMissing);
    }
    let doses: Result<Vec<DoseNo>, Reason> = text.split(';').map(parse_dose).collect();
    let mut doses = doses.map_err(|_| Reason::DosesForm { value: Shown::new(&text) })?;
    doses.sort_unstable();
    match doses.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Reason::DoseRepeated { value: Shown::new(&text), dose: pair[0].get() }),
        None => Ok(doses),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits_within_their_bounds() {
        let range = 5..=480;
        for (text, number) in [("5", 5), ("480", 480), (" ３０ ", 30), ("015", 15)] {
            assert_eq!(parse_number(text, &range), Ok(number), "{text}");
        }
        for text in ["4", "481", "-5", "+5", "5.0", "1e2", "99999999999", "十"] {
            assert!(matches!(parse_number(text, &range), Err(Reason::NumberForm { min: 5, max: 480, .. })), "{text}");
        }
        assert_eq!(parse_number(" ", &range), Err(Reason::ValueMissing));
    }

    #[test]
    fn doses_are_a_list_without_repeats() {
        let doses = |text| parse_doses_list(text).map(|doses| doses.into_iter().map(DoseNo::get).collect::<Vec<_>>());
        for (text, list) in [("1", vec![1]), ("2;1", vec![1, 2]), ("１；２", vec![1, 2]), ("3 ; 1", vec![1, 3])] {
            assert_eq!(doses(text), Ok(list), "{text}");
        }
        for text in ["0", "10", "1,2", "1;", "一"] {
            assert!(matches!(doses(text), Err(Reason::DosesForm { .. })), "{text}");
        }
        assert_eq!(doses(""), Err(Reason::ValueMissing));
        let repeated = Reason::DoseRepeated { value: Shown::new("2;1;2"), dose: 2 };
        assert_eq!(doses("2;1;２"), Err(repeated));
    }
}
