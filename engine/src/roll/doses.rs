//! Doses that residents were given elsewhere, as movers were.

use std::collections::{HashMap, HashSet};

use crate::core::ids::{CityId, DoseNo};
use crate::core::time::Day;

use super::city_id::parse_city_id;
use super::column::Column;
use super::date::{DateProblem, parse_date};
use super::number::parse_dose;
use super::problem::{LineError, Reason};
use super::table::{ParsedFile, Wanted, parse_name, read_table, required};

/// One dose given elsewhere, as the file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoseRow {
    /// The physical line in the file.
    pub line: u64,
    /// The resident's ID. Whether it is on the roll, the caller checks.
    pub id: CityId,
    /// Which dose.
    pub dose: DoseNo,
    /// When it was given.
    pub date: Day,
    /// The vaccine.
    pub vaccine: String,
}

/// The doses of a file.
pub type DosesFile = ParsedFile<DoseRow>;

const COLUMNS: [Wanted; 4] =
    [required(Column::Id), required(Column::Dose), required(Column::DoseDate), required(Column::Vaccine)];

/// Reads doses given elsewhere. A date after `today` is refused, and so is the same dose of a resident on a second line.
#[must_use]
pub fn parse_doses(bytes: &[u8], today: Day) -> DosesFile {
    let mut first_lines = HashMap::new();
    read_table(bytes, &COLUMNS, |row, errors| {
        let id = row.read(Column::Id, errors, |text| parse_city_id(text).map_err(|problem| problem.reason(text)));
        let dose = row.read(Column::Dose, errors, parse_dose);
        let date = row.read(Column::DoseDate, errors, |text| match parse_date(text) {
            Ok(date) if date > today => Err(DateProblem::InFuture.reason(text)),
            other => other.map_err(|problem| problem.reason(text)),
        });
        let vaccine = row.read(Column::Vaccine, errors, parse_name);
        let (id, dose) = (id?, dose?);
        let first_line = *first_lines.entry((id, dose)).or_insert(row.line);
        if first_line != row.line {
            errors.push(row.error(Some(Column::Dose), Reason::RowTwice { first_line }));
            return None;
        }
        Some(DoseRow { line: row.line, id, dose, date: date?, vaccine: vaccine? })
    })
}

/// The lines that record a dose without the one before it, in the file or on record. `next` is the first dose that a person
/// has not had, if that is known: of people who are not on file it is not, and their lines are wrong for that reason.
#[must_use]
pub fn doses_without_earlier(rows: &[DoseRow], next: impl Fn(CityId) -> Option<DoseNo>) -> Vec<LineError> {
    let in_file: HashSet<_> = rows.iter().map(|row| (row.id, row.dose)).collect();
    let missing = rows.iter().filter_map(|row| {
        let earlier = row.dose.previous()?;
        let missing = !in_file.contains(&(row.id, earlier)) && next(row.id).is_some_and(|next| next <= earlier);
        let reason = Reason::EarlierDoseMissing { dose: earlier.get() };
        missing.then_some(LineError { line: row.line, column: Some(Column::Dose), reason })
    });
    missing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::Shown;
    use proptest::prelude::*;

    const HEADER: &str = "id,dose,date,vaccine\n";

    fn doses(lines: &str) -> DosesFile {
        parse_doses(format!("{HEADER}{lines}").as_bytes(), "2026-04-12".parse().expect("a date"))
    }

    #[test]
    fn doses_are_read_in_either_language() {
        let english = doses("0012345678,1,2026-04-12,コミナティ\n");
        let japanese = "券番号,回,接種日,ワクチン\n００１２３４５６７８,１,令和8年4月12日,コミナティ\n";
        assert_eq!(parse_doses(japanese.as_bytes(), Day(30_000)), english);
        assert_eq!((english.rows.len(), english.rows[0].dose, english.errors.len()), (1, DoseNo::FIRST, 0));
    }

    #[test]
    fn wrong_values_are_reported_by_column() {
        let shown = Shown::new;
        let cases = [
            ("12,1,2026-01-01,v", Column::Id, Reason::IdLength { value: shown("12"), digits: 2 }),
            ("1234,0,2026-01-01,v", Column::Dose, Reason::NumberForm { value: shown("0"), min: 1, max: 9 }),
            ("1234,1,2026-04-13,v", Column::DoseDate, Reason::DateInFuture { value: shown("2026-04-13") }),
            ("1234,1,2026-01-00,v", Column::DoseDate, Reason::DateUndecided { value: shown("2026-01-00") }),
            ("1234,1,2026-01-01,", Column::Vaccine, Reason::ValueMissing),
        ];
        for (line, column, reason) in cases {
            assert_eq!(doses(line).errors, [LineError { line: 2, column: Some(column), reason }], "{line}");
        }
        let twice = doses("1234,1,2026-01-01,v\n1234,2,2026-02-01,v\n1234,1,2026-01-02,v\n");
        let reason = Reason::RowTwice { first_line: 2 };
        assert_eq!(twice.errors, [LineError { line: 4, column: Some(Column::Dose), reason }]);
    }

    #[test]
    fn a_second_dose_needs_a_first_in_the_file_or_on_record() {
        let file = doses(concat!(
            "1111,2,2026-02-01,v\n",
            "2222,2,2026-02-01,v\n",
            "2222,1,2026-01-01,v\n",
            "3333,2,2026-02-01,v\n",
            "4444,1,2026-02-01,v\n",
            "5555,3,2026-02-01,v\n",
            "6666,2,2026-02-01,v\n",
        ));
        assert_eq!(file.errors, []);
        // 3333 had dose 1 already, 6666 is not on file.
        let next = |id: CityId| match id.to_string().as_str() {
            "3333" | "5555" => DoseNo::new(2),
            "6666" => None,
            _ => Some(DoseNo::FIRST),
        };
        let missing =
            |line, dose| LineError { line, column: Some(Column::Dose), reason: Reason::EarlierDoseMissing { dose } };
        assert_eq!(doses_without_earlier(&file.rows, next), [missing(2, 1), missing(7, 2)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_doses_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), line in "[a0-9:;,/-]{0,60}") {
            let _ = parse_doses(&bytes, Day(0));
            let _ = parse_doses(&[HEADER.as_bytes(), &bytes].concat(), Day(0));
            doses(&line);
        }
    }
}
