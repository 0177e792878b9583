//! What all files of the city have in common: a header in any order, rows, and the lines on which they stand.
//!
//! It must not know what a row means.

use csv::{ReaderBuilder, StringRecord};

use super::column::Column;
use super::problem::{LineError, Reason, Shown};
use super::text::{Encoding, decode, is_private_use, line_ends, line_of, plain};

/// The largest file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 64 << 20;
/// The most rows of a file, without its header.
pub const ROWS_MAX: usize = 2_000_000;
/// The longest field, in characters. A longer one means that a quotation mark was not closed.
pub const FIELD_CHARS_MAX: usize = 1_000;
/// The longest name of a venue, a vaccine or a wave, in characters.
pub const NAME_CHARS_MAX: usize = 64;

const _: () = assert!(NAME_CHARS_MAX < FIELD_CHARS_MAX);

/// What a file said: its rows, and everything that is wrong with it. With errors, nothing of it may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedFile<R> {
    /// The encoding, to be shown; none if the file could not be decoded.
    pub encoding: Option<Encoding>,
    /// The rows that are right, in the order of the file.
    pub rows: Vec<R>,
    /// What is wrong, in the order of the lines.
    pub errors: Vec<LineError>,
    /// What is allowed and yet looks wrong, to be confirmed by a person.
    pub flags: Vec<LineError>,
}

/// A column that a kind of file has.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    column: Column,
    required: bool,
}

/// A column without which the file is refused.
pub(super) const fn required(column: Column) -> Wanted {
    Wanted { column, required: true }
}

/// A column that may be left out.
pub(super) const fn optional(column: Column) -> Wanted {
    Wanted { column, required: false }
}

/// One row while it is read.
pub(super) struct Row<'a> {
    /// The physical line on which it starts.
    pub(super) line: u64,
    record: &'a StringRecord,
    header: &'a [Column],
}

impl Row<'_> {
    /// The field of `column`; empty if the file does not have the column.
    pub(super) fn field(&self, column: Column) -> &str {
        let at = self.header.iter().position(|&c| c == column);
        at.and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    /// What `read` makes of the field of `column`, or nothing and an error with the line and the column.
    pub(super) fn read<T>(
        &self,
        column: Column,
        errors: &mut Vec<LineError>,
        read: impl FnOnce(&str) -> Result<T, Reason>,
    ) -> Option<T> {
        let field = self.field(column);
        let gaiji = if field.is_ascii() { None } else { field.chars().find(|&c| is_private_use(c)) };
        let result = match gaiji {
            Some(character) => Err(Reason::PrivateUse { value: Shown::new(field), character }),
            None => read(field),
        };
        result.map_err(|reason| errors.push(self.error(Some(column), reason))).ok()
    }

    /// An error on this line.
    pub(super) fn error(&self, column: Option<Column>, reason: Reason) -> LineError {
        LineError { line: self.line, column, reason }
    }
}

/// Reads one row that was typed into a form, or says all that is wrong with it. Its line is 1.
pub(super) fn read_typed<R>(
    fields: &[(Column, &str)],
    read: impl FnOnce(&Row<'_>, &mut Vec<LineError>) -> Option<R>,
) -> Result<R, Vec<LineError>> {
    let header: Vec<Column> = fields.iter().map(|(column, _)| *column).collect();
    let record: StringRecord = fields.iter().map(|(_, typed)| *typed).collect();
    let row = Row { line: 1, record: &record, header: &header };
    if let Some(reason) = misshapen(&record, header.len()) {
        return Err(vec![row.error(None, reason)]);
    }
    let mut errors = Vec::new();
    match read(&row, &mut errors) {
        Some(read) if errors.is_empty() => Ok(read),
        _ => Err(errors),
    }
}

/// A name that was typed into a form, without the spaces around it; none if it is empty, longer than [`NAME_CHARS_MAX`] or has a
/// character that cannot be shown.
#[must_use]
pub fn name_of_typed(text: &str) -> Option<String> {
    parse_name(text).ok().filter(|name| !name.chars().any(is_private_use))
}

/// Reads a name as it is written, without the spaces around it.
pub(super) fn parse_name(text: &str) -> Result<String, Reason> {
    let name = text.trim();
    if name.is_empty() {
        return Err(Reason::ValueMissing);
    }
    check_text(name, NAME_CHARS_MAX).map(|()| name.to_owned())
}

/// Refuses a text of more than `chars_max` characters or with control characters in it.
pub(super) fn check_text(text: &str, chars_max: usize) -> Result<(), Reason> {
    if text.chars().any(char::is_control) {
        Err(Reason::ControlCharacter { value: Shown::new(text) })
    } else if text.chars().nth(chars_max).is_some() {
        Err(Reason::TextTooLong { value: Shown::new(text), chars_max })
    } else {
        Ok(())
    }
}

/// Reads the rows of a file with the columns `wanted`; `read` makes a row, or reports why not.
pub(super) fn read_table<R>(
    bytes: &[u8],
    wanted: &[Wanted],
    mut read: impl FnMut(&Row<'_>, &mut Vec<LineError>) -> Option<R>,
) -> ParsedFile<R> {
    let mut file = ParsedFile { encoding: None, rows: Vec::new(), errors: Vec::new(), flags: Vec::new() };
    if bytes.len() > FILE_BYTES_MAX {
        let reason = Reason::FileTooLarge { bytes_max: FILE_BYTES_MAX };
        file.errors.push(LineError { line: 1, column: None, reason });
        return file;
    }
    let decoded = match decode(bytes) {
        Ok(decoded) => decoded,
        Err(error) => {
            file.errors.push(error);
            return file;
        }
    };
    file.encoding = Some(decoded.encoding);
    let mut records = Records::new(&decoded.text);
    if !records.advance() {
        return file;
    }
    let header = match header_of(&records.record, records.line, wanted) {
        Ok(header) => header,
        Err(errors) => {
            file.errors = errors;
            return file;
        }
    };
    let mut rows = 0;
    while records.advance() {
        let row = Row { line: records.line, record: &records.record, header: &header };
        rows += 1;
        if rows > ROWS_MAX {
            file.errors.push(row.error(None, Reason::TooManyRows { rows_max: ROWS_MAX }));
            break;
        }
        if let Some(reason) = misshapen(&records.record, header.len()) {
            file.errors.push(row.error(None, reason));
        } else if let Some(read) = read(&row, &mut file.errors) {
            file.rows.push(read);
        }
    }
    file
}

fn misshapen(record: &StringRecord, expected: usize) -> Option<Reason> {
    let too_long = |field: &str| field.len() > FIELD_CHARS_MAX && field.chars().nth(FIELD_CHARS_MAX).is_some();
    if record.iter().any(too_long) {
        Some(Reason::FieldTooLong { chars_max: FIELD_CHARS_MAX })
    } else if record.len() != expected {
        Some(Reason::FieldCount { found: record.len(), expected })
    } else {
        None
    }
}

/// The columns in the order of the file, or all that is wrong with its header.
fn header_of(record: &StringRecord, line: u64, wanted: &[Wanted]) -> Result<Vec<Column>, Vec<LineError>> {
    let mut errors = Vec::new();
    let mut header = Vec::with_capacity(record.len());
    let mut error = |column, reason| errors.push(LineError { line, column, reason });
    for name in record {
        let plain = plain(name);
        let named = |wanted: &&Wanted| {
            plain.eq_ignore_ascii_case(wanted.column.name()) || plain == self::plain(wanted.column.name_ja())
        };
        match wanted.iter().find(named) {
            None => error(None, Reason::ColumnUnknown { name: Shown::new(name.trim()) }),
            Some(found) if header.contains(&found.column) => error(Some(found.column), Reason::ColumnTwice),
            Some(found) => header.push(found.column),
        }
    }
    for missing in wanted.iter().filter(|wanted| wanted.required && !header.contains(&wanted.column)) {
        error(Some(missing.column), Reason::ColumnMissing);
    }
    if errors.is_empty() { Ok(header) } else { Err(errors) }
}

/// The records of a text that are not blank, each with its physical line. The line is counted here, because a CSV reader
/// counts from where it stood before it skipped empty lines.
struct Records<'a> {
    text: &'a [u8],
    reader: csv::Reader<&'a [u8]>,
    record: StringRecord,
    counted_to: usize,
    /// The line on which the current record starts.
    line: u64,
}

impl<'a> Records<'a> {
    fn new(text: &'a str) -> Self {
        let text = text.as_bytes();
        let reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text);
        Self { text, reader, record: StringRecord::new(), counted_to: 0, line: line_of(text, 0) }
    }

    /// Goes on to the next record; false at the end.
    fn advance(&mut self) -> bool {
        loop {
            // Reading text from memory with any number of fields has no way to fail.
            if !self.reader.read_record(&mut self.record).unwrap_or(false) {
                return false;
            }
            if self.record.iter().any(|field| !field.trim().is_empty()) {
                break;
            }
        }
        let position = self.record.position().map_or(0, |position| position.byte() as usize);
        let skipped = self.text[position..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let start = position + skipped;
        self.line += line_ends(self.text, self.counted_to, start);
        self.counted_to = start;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WANTED: [Wanted; 3] = [required(Column::Id), required(Column::NameKana), optional(Column::Groups)];

    fn lines_of(text: &str) -> ParsedFile<(u64, String, String)> {
        read_table(text.as_bytes(), &WANTED, |row, _| {
            Some((row.line, row.field(Column::Id).to_owned(), row.field(Column::NameKana).to_owned()))
        })
    }

    #[test]
    fn columns_may_stand_in_any_order_and_language() {
        for header in ["id,name_kana", "ID , 氏名カナ", "券番号,氏名ｶﾅ", "\"券番号\",name_kana", "\u{feff}id,name_kana"]
        {
            assert_eq!(lines_of(&format!("{header}\n1,ア")).rows, [(2, "1".into(), "ア".into())], "{header}");
        }
        assert_eq!(lines_of("区分,氏名カナ,id\n,ア,1").rows, [(2, "1".into(), "ア".into())]);
    }

    #[test]
    fn lines_are_counted_as_an_editor_shows_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["id,name_kana", "1,a", "", "  ", ",", "2,\"b", "c\"", "3,d", "", "4,e", ""].join(end);
            let lines: Vec<u64> = lines_of(&text).rows.iter().map(|row| row.0).collect();
            assert_eq!(lines, [2, 6, 8, 10], "{end:?}");
        }
        assert_eq!(lines_of("\n\r\nid,name_kana\n1,a").rows[0].0, 4);
    }

    #[test]
    fn a_wrong_header_says_all_that_is_wrong() {
        let error = |column, reason| LineError { line: 1, column, reason };
        let unknown = |name| error(None, Reason::ColumnUnknown { name: Shown::new(name) });
        let missing = |column| error(Some(column), Reason::ColumnMissing);
        let cases = [
            ("id\n1", vec![missing(Column::NameKana)]),
            ("1234,ア\n", vec![unknown("1234"), unknown("ア"), missing(Column::Id), missing(Column::NameKana)]),
            ("id,券番号,name_kana\n1,1,a", vec![error(Some(Column::Id), Reason::ColumnTwice)]),
            ("id,name_kana,\n1,a,", vec![unknown("")]),
        ];
        for (text, errors) in cases {
            let file = lines_of(text);
            assert_eq!((file.rows.len(), file.errors), (0, errors), "{text}");
        }
    }

    #[test]
    fn a_misshapen_line_does_not_hide_the_next() {
        let file = lines_of(&format!("id,name_kana\n1\n2,a,b\n3,c\n4,{}\n5,d\n", "x".repeat(FIELD_CHARS_MAX + 1)));
        assert_eq!(file.rows.iter().map(|row| row.0).collect::<Vec<_>>(), [4, 6]);
        let found: Vec<_> = file.errors.iter().map(|error| (error.line, error.reason.clone())).collect();
        let expected = [
            (2, Reason::FieldCount { found: 1, expected: 2 }),
            (3, Reason::FieldCount { found: 3, expected: 2 }),
            (5, Reason::FieldTooLong { chars_max: FIELD_CHARS_MAX }),
        ];
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), text in "[id,\"\r\n 1;]{0,60}") {
            let with_header = [&b"id,name_kana\r\n"[..], &bytes].concat();
            for bytes in [&bytes[..], &with_header, text.as_bytes(), format!("id,name_kana\n{text}").as_bytes()] {
                let file = read_table(bytes, &WANTED, |row, _| Some(row.line));
                let lines = line_of(bytes, bytes.len());
                prop_assert!(file.rows.is_sorted() && file.rows.iter().all(|&line| line <= lines));
            }
        }
    }
}
