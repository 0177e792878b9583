//! Dates of birth: any date that has been.

use crate::core::time::Day;

use super::date::{DateProblem, parse_date};

/// Reads a date of birth in any form of [`parse_date`].
///
/// # Errors
/// As [`parse_date`], and if the date is after `today`.
pub fn parse_birth_date(text: &str, today: Day) -> Result<Day, DateProblem> {
    parse_date(text).and_then(|day| if day > today { Err(DateProblem::InFuture) } else { Ok(day) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_born_tomorrow() {
        let today: Day = "2026-04-12".parse().expect("a date");
        assert_eq!(parse_birth_date("令和8年4月12日", today), Ok(today));
        assert_eq!(parse_birth_date("2026-04-13", today), Err(DateProblem::InFuture));
        assert_eq!(parse_birth_date("1867-01-01", today), Err(DateProblem::OutOfRange));
        assert_eq!(parse_birth_date("1950-00-00", today), Err(DateProblem::Undecided));
    }
}
