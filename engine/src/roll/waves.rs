//! Waves: priority groups, each with its own opening.

use std::collections::HashMap;

use crate::core::time::{Day, Instant};

use super::clock_time::parse_instant;
use super::column::Column;
use super::date::parse_date;
use super::problem::{LineError, Reason, Shown};
use super::residents::GROUP_CHARS_MAX;
use super::table::{ParsedFile, Row, Wanted, check_text, parse_name, read_table, read_typed, required};
use super::text::plain;

/// One wave, as the file says. Who fulfils all its criteria belongs to it; without criteria everybody does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaveRow {
    /// The physical line in the file.
    pub line: u64,
    /// The name of the wave.
    pub name: String,
    /// The first date of birth, itself included.
    pub born_from: Option<Day>,
    /// The last date of birth, itself included.
    pub born_to: Option<Day>,
    /// The priority group, written as on the roll.
    pub group: Option<String>,
    /// When booking opens for the wave.
    pub opens_at: Instant,
}

/// The waves of a file.
pub type WavesFile = ParsedFile<WaveRow>;

const COLUMNS: [Wanted; 5] = [
    required(Column::Name),
    required(Column::BornFrom),
    required(Column::BornTo),
    required(Column::Group),
    required(Column::OpensAt),
];

/// Reads waves. All columns must be there, as a wave whose criterion got lost would open for everybody; their values may
/// be empty. A second wave of the same name is refused.
#[must_use]
pub fn parse_waves(bytes: &[u8]) -> WavesFile {
    let mut first_lines: HashMap<String, u64> = HashMap::new();
    read_table(bytes, &COLUMNS, |row, errors| {
        let wave = read_wave(row, errors)?;
        let first_line = *first_lines.entry(wave.name.clone()).or_insert(row.line);
        if first_line == row.line {
            return Some(wave);
        }
        let reason = Reason::NameTwice { value: Shown::new(&wave.name), first_line };
        errors.push(row.error(Some(Column::Name), reason));
        None
    })
}

/// A wave as it is typed into a form: the fields of a line of the file.
#[derive(Debug, Clone, Copy, Default)]
#[allow(missing_docs, reason = "the fields are those of the file")]
pub struct TypedWave<'a> {
    pub name: &'a str,
    pub born_from: &'a str,
    pub born_to: &'a str,
    pub group: &'a str,
    pub opens_at: &'a str,
}

/// Reads a wave that was typed, or says all that is wrong with it, column by column.
pub fn parse_typed_wave(typed: &TypedWave<'_>) -> Result<WaveRow, Vec<LineError>> {
    let fields = [
        (Column::Name, typed.name),
        (Column::BornFrom, typed.born_from),
        (Column::BornTo, typed.born_to),
        (Column::Group, typed.group),
        (Column::OpensAt, typed.opens_at),
    ];
    read_typed(&fields, read_wave)
}

fn read_wave(row: &Row<'_>, errors: &mut Vec<LineError>) -> Option<WaveRow> {
    let name = row.read(Column::Name, errors, parse_name);
    let born_from = row.read(Column::BornFrom, errors, optional_date);
    let born_to = row.read(Column::BornTo, errors, |text| {
        let to = optional_date(text)?;
        match (born_from.flatten(), to) {
            (Some(from), Some(to)) if from > to => Err(Reason::BornFromAfterTo { value: Shown::new(text.trim()) }),
            _ => Ok(to),
        }
    });
    let group = row.read(Column::Group, errors, |text| {
        let group = plain(text);
        check_text(&group, GROUP_CHARS_MAX)?;
        Ok(if group.is_empty() { None } else { Some(group.into_owned()) })
    });
    let opens_at = row.read(Column::OpensAt, errors, |text| {
        if text.trim().is_empty() {
            return Err(Reason::ValueMissing);
        }
        parse_instant(text).ok_or_else(|| Reason::InstantForm { value: Shown::new(text.trim()) })
    });
    let (born_from, born_to) = (born_from?, born_to?);
    Some(WaveRow { line: row.line, name: name?, born_from, born_to, group: group?, opens_at: opens_at? })
}

fn optional_date(text: &str) -> Result<Option<Day>, Reason> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    parse_date(text).map(Some).map_err(|problem| problem.reason(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const HEADER: &str = "name,born_from,born_to,group,opens_at\n";

    fn waves(lines: &str) -> WavesFile {
        parse_waves(format!("{HEADER}{lines}").as_bytes())
    }

    #[test]
    fn waves_are_read_in_either_language() {
        let english = waves(
            "75歳以上,,1952-04-01,,2026-12-01 09:00\n医療,,,医療従事者,2026-11-01T09:00:00+09:00\nすべて,,,,2027/1/5 9:00\n",
        );
        assert_eq!(english.errors, []);
        let japanese = "名称,生年月日から,生年月日まで,区分,開始日時\n75歳以上,,S27.4.1,,2026/12/1 9:00\n医療,,,医療従事者,2026-11-01 09:00\nすべて,,,,令和9年1月5日 9時\n";
        assert_eq!(parse_waves(japanese.as_bytes()), english);
        assert_eq!(english.rows[0].born_to.map(|day| day.to_string()).as_deref(), Some("1952-04-01"));
        assert_eq!(english.rows[1].group.as_deref(), Some("医療従事者"));
        assert_eq!(english.rows[2].opens_at.to_rfc3339(), "2027-01-05T09:00:00+09:00");
    }

    #[test]
    fn wrong_values_are_reported_by_column() {
        let shown = Shown::new;
        let cases = [
            (",,,,2026-12-01 09:00", Column::Name, Reason::ValueMissing),
            ("a,1950,,,2026-12-01 09:00", Column::BornFrom, Reason::DateForm { value: shown("1950") }),
            (
                "a,1950-01-02,1950-01-01,,2026-12-01 09:00",
                Column::BornTo,
                Reason::BornFromAfterTo { value: shown("1950-01-01") },
            ),
            ("a,,,,", Column::OpensAt, Reason::ValueMissing),
            ("a,,,,2026-12-01", Column::OpensAt, Reason::InstantForm { value: shown("2026-12-01") }),
        ];
        for (line, column, reason) in cases {
            assert_eq!(waves(line).errors, [LineError { line: 2, column: Some(column), reason }], "{line}");
        }
        let twice = waves("a,,,,2026-12-01 09:00\nb,,,,2026-12-02 09:00\n a ,,,x,2026-12-02 09:00\n");
        let reason = Reason::NameTwice { value: shown("a"), first_line: 2 };
        assert_eq!(twice.errors, [LineError { line: 4, column: Some(Column::Name), reason }]);
    }

    #[test]
    fn what_is_typed_is_read_as_a_line_of_the_file() {
        let typed =
            TypedWave {
                name: "医療", group: "医療従事者", opens_at: "2026-11-01T09:00", ..TypedWave::default()
            };
        let line = waves("医療,,,医療従事者,2026-11-01 09:00\n").rows.remove(0);
        assert_eq!(parse_typed_wave(&typed), Ok(WaveRow { line: 1, ..line }));
        let wrong = parse_typed_wave(&TypedWave { name: " ", opens_at: "", ..typed }).expect_err("two are missing");
        assert_eq!(wrong.iter().map(|e| e.column).collect::<Vec<_>>(), [Some(Column::Name), Some(Column::OpensAt)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_waves_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), line in "[a0-9:;,/ T+-]{0,60}") {
            let _ = parse_waves(&bytes);
            let _ = parse_waves(&[HEADER.as_bytes(), &bytes].concat());
            waves(&line);
        }
    }
}
