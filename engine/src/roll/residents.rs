//! The roll (名簿): who lives in the city, as its systems export it.

use std::collections::{BTreeMap, HashMap};

use crate::core::ids::CityId;
use crate::core::time::Day;

use super::birth_date::parse_birth_date;
use super::city_id::parse_city_id;
use super::column::Column;
use super::kana::normalise_kana_name;
use super::problem::{LineError, Reason, Shown};
use super::table::{ParsedFile, Wanted, check_text, read_table, required};
use super::text::plain;

/// The longest name of a priority group, in characters.
pub const GROUP_CHARS_MAX: usize = 32;
/// The most priority groups of one resident.
pub const GROUPS_MAX: usize = 8;

/// One resident, as the file says.
#[derive(Clone, PartialEq, Eq)]
pub struct RollRow {
    /// The physical line in the file.
    pub line: u64,
    /// The resident's ID.
    pub id: CityId,
    /// The name in kana, in its stored form (see [`normalise_kana_name`]).
    pub name_kana: String,
    /// The date of birth.
    pub birth_date: Day,
    /// The priority groups, sorted, each once.
    pub groups: Vec<String>,
}

/// A row is personal data: only its line may reach a log.
impl std::fmt::Debug for RollRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RollRow").field("line", &self.line).finish_non_exhaustive()
    }
}

/// The roll of a file.
pub type RollFile = ParsedFile<RollRow>;

const COLUMNS: [Wanted; 4] =
    [required(Column::Id), required(Column::NameKana), required(Column::BirthDate), required(Column::Groups)];

/// Reads the roll. Dates of birth after `today` are refused. IDs whose length is not the usual one of the file are
/// flagged: a spreadsheet may have lost their leading zeros.
#[must_use]
pub fn parse_roll(bytes: &[u8], today: Day) -> RollFile {
    let mut first_lines: HashMap<CityId, u64> = HashMap::new();
    let mut lengths = IdLengths::default();
    let mut file = read_table(bytes, &COLUMNS, |row, errors| {
        let id = row.read(Column::Id, errors, |text| {
            let id = parse_city_id(text).map_err(|problem| problem.reason(text))?;
            let first_line = *first_lines.entry(id).or_insert(row.line);
            if first_line == row.line {
                lengths.count(id.len_digits(), row.line);
                Ok(id)
            } else {
                Err(Reason::IdTwice { value: Shown::new(&id.to_string()), first_line })
            }
        });
        let name_kana = row
            .read(Column::NameKana, errors, |text| normalise_kana_name(text).map_err(|problem| problem.reason(text)));
        let birth_date = row.read(Column::BirthDate, errors, |text| {
            parse_birth_date(text, today).map_err(|problem| problem.reason(text))
        });
        let groups = row.read(Column::Groups, errors, parse_groups);
        Some(RollRow { line: row.line, id: id?, name_kana: name_kana?, birth_date: birth_date?, groups: groups? })
    });
    file.flags = lengths.flags();
    file
}

fn parse_groups(text: &str) -> Result<Vec<String>, Reason> {
    let text = plain(text);
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let mut groups = Vec::new();
    for group in text.split(';').map(str::trim).filter(|group| !group.is_empty()) {
        check_text(group, GROUP_CHARS_MAX)?;
        groups.push(group.to_owned());
    }
    groups.sort_unstable();
    groups.dedup();
    if groups.len() > GROUPS_MAX { Err(Reason::TooManyGroups { groups_max: GROUPS_MAX }) } else { Ok(groups) }
}

/// How many IDs there are of each length, and the line of the first.
#[derive(Default)]
struct IdLengths(BTreeMap<usize, (usize, u64)>);

impl IdLengths {
    fn count(&mut self, digits: usize, line: u64) {
        self.0.entry(digits).or_insert((0, line)).0 += 1;
    }

    /// One flag for each length that is not the usual one, on the first line that has it.
    fn flags(&self) -> Vec<LineError> {
        // Of two lengths that are equally frequent the longer one is right: zeros get lost, they do not appear.
        let usual = self.0.iter().max_by_key(|&(&digits, &(ids, _))| (ids, digits));
        let Some((&usual_digits, &(usual_ids, _))) = usual else { return Vec::new() };
        let others = self.0.iter().filter(|&(&digits, _)| digits != usual_digits);
        let mut flags: Vec<LineError> = others
            .map(|(&digits, &(ids, line))| LineError {
                line,
                column: Some(Column::Id),
                reason: Reason::MixedIdLengths { digits, ids, usual_digits, usual_ids },
            })
            .collect();
        flags.sort_by_key(|flag| flag.line);
        flags
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::Encoding;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn today() -> Day {
        "2026-04-12".parse().expect("a date")
    }

    fn roll(text: &str) -> RollFile {
        parse_roll(text.as_bytes(), today())
    }

    #[test]
    fn a_file_of_the_citys_systems_is_read() {
        let text = "券番号,氏名カナ,生年月日,区分\r\n\
                    0012345678,ｻﾄｳ ﾊﾅｺ,3250401,\r\n\
                    ００１２３４５６７９,すずき　じろう,昭和元年12月25日,医療従事者；６５歳以上;医療従事者\r\n";
        let (cp932, _, _) = encoding_rs::SHIFT_JIS.encode(text);
        for (bytes, encoding) in [(text.as_bytes(), Encoding::Utf8), (&cp932, Encoding::Cp932)] {
            let file = parse_roll(bytes, today());
            assert_eq!((file.encoding, file.errors, file.flags), (Some(encoding), vec![], vec![]));
            let [first, second] = &file.rows[..] else { panic!("two rows") };
            assert_eq!((first.line, first.id.to_string().as_str()), (2, "0012345678"));
            assert_eq!(
                (first.name_kana.as_str(), first.birth_date.to_string().as_str()),
                ("サトウ　ハナコ", "1950-04-01")
            );
            assert_eq!((first.groups.len(), second.line), (0, 3));
            assert_eq!(
                (second.name_kana.as_str(), second.birth_date.to_string().as_str()),
                ("スズキ　ジロウ", "1926-12-25")
            );
            assert_eq!(second.groups, ["65歳以上", "医療従事者"]);
        }
    }

    #[test]
    fn an_id_on_two_lines_names_the_first() {
        let file =
            roll("id,name_kana,birth_date,groups\n1234,ア,1950-01-01,\n1235,ア,1950-01-01,\n１２３４,イ,1950-01-01,\n");
        let reason = Reason::IdTwice { value: Shown::new("1234"), first_line: 2 };
        assert_eq!(file.errors, [LineError { line: 4, column: Some(Column::Id), reason }]);
        assert_eq!(file.rows.len(), 2);
    }

    #[test]
    fn ids_of_mixed_lengths_are_flagged_and_not_refused() {
        let file =
            roll("id,name_kana,birth_date,groups\n0012,ア,1950-01-01,\n12345,ア,1950-01-01,\n0013,イ,1950-01-01,\n");
        let reason = Reason::MixedIdLengths { digits: 5, ids: 1, usual_digits: 4, usual_ids: 2 };
        assert_eq!(file.flags, [LineError { line: 3, column: Some(Column::Id), reason }]);
        assert_eq!((file.rows.len(), file.errors.len()), (3, 0));
    }

    #[test]
    fn groups_are_bounded() {
        assert_eq!(parse_groups(" ; b;ａ ;b;"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(parse_groups("1;2;3;4;5;6;7;8;8").map(|groups| groups.len()), Ok(8));
        assert_eq!(parse_groups("1;2;3;4;5;6;7;8;9"), Err(Reason::TooManyGroups { groups_max: 8 }));
        assert!(parse_groups(&"あ".repeat(GROUP_CHARS_MAX)).is_ok());
        assert!(matches!(parse_groups(&"あ".repeat(GROUP_CHARS_MAX + 1)), Err(Reason::TextTooLong { .. })));
        assert!(matches!(parse_groups("a\nb"), Err(Reason::ControlCharacter { .. })));
    }

    #[test]
    fn the_same_file_gives_the_same_rows() {
        let text = "id,name_kana,birth_date,groups\n1234,ア イ,1950-01-01,x;y\n";
        assert_eq!(roll(text), roll(text));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_roll_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "\\PC{0,80}") {
            let _ = parse_roll(&bytes, today());
            let _ = parse_roll(&[&b"id,name_kana,birth_date,groups\n"[..], &bytes].concat(), today());
            roll(&format!("id,name_kana,birth_date,groups\n{text}\n{text},{text},,\n"));
        }

        #[test]
        fn a_written_roll_is_read_back(ids in proptest::collection::btree_set("[0-9]{8}", 1..20), name in "[ア-ン]{1,8}　[ア-ン]{1,8}", days in -37_000..20_000_i32) {
            let mut text = String::from("id,name_kana,birth_date,groups\r\n");
            for id in &ids {
                let _ = write!(text, "{id},{name},{},g\r\n", Day(days));
            }
            let file = roll(&text);
            prop_assert_eq!(file.errors, vec![]);
            prop_assert_eq!(file.rows.iter().map(|row| row.id.to_string()).collect::<std::collections::BTreeSet<_>>(), ids);
            prop_assert!(file.rows.iter().all(|row| row.name_kana == name && row.birth_date == Day(days)));
        }
    }
}
