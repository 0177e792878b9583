//! Tables on their way out: CSV that a spreadsheet opens, in an encoding that the city's systems read, and never a formula.
//!
//! It must not know what a row means.

use std::borrow::Cow;

use encoding_rs::{EncoderResult, SHIFT_JIS};

/// How a table is written as bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TableEncoding {
    /// UTF-8 with a byte order mark: every character, and spreadsheets know it.
    Utf8Bom,
    /// CP932, for systems that read nothing else.
    Cp932,
}

impl TableEncoding {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Utf8Bom, Self::Cp932];

    /// The stable name in forms.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Utf8Bom => "utf-8",
            Self::Cp932 => "cp932",
        }
    }

    /// The one with this stable name.
    #[must_use]
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.code() == code)
    }

    /// The character set's name in a `Content-Type`.
    #[must_use]
    pub const fn charset(self) -> &'static str {
        match self {
            Self::Utf8Bom => "utf-8",
            Self::Cp932 => "Shift_JIS",
        }
    }
}

/// A cell that the encoding cannot write. Nothing of the table was written then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unwritable {
    /// The line of the file that it would be on, the header being 1.
    pub line: u64,
    /// The heading of its column.
    pub column: String,
    /// The first character that the encoding lacks.
    pub character: char,
}

/// Writes a table with its header: lines end with CR LF, and a cell that a spreadsheet would take for a formula begins with an
/// apostrophe.
///
/// # Errors
/// With the first cell that `encoding` cannot write.
///
/// # Panics
/// If a row has more or fewer cells than the header.
pub fn write_table(header: &[&str], rows: &[Vec<String>], encoding: TableEncoding) -> Result<Vec<u8>, Unwritable> {
    let mut bytes = Vec::with_capacity(64 * (rows.len() + 1));
    if encoding == TableEncoding::Utf8Bom {
        bytes.extend_from_slice("\u{feff}".as_bytes());
    }
    let heading: Vec<String> = header.iter().map(|&name| name.to_owned()).collect();
    let mut line = String::new();
    for (number, row) in (1..).zip(std::iter::once(&heading).chain(rows)) {
        assert_eq!(row.len(), header.len(), "every row has a cell for each column");
        line.clear();
        for (index, cell) in row.iter().enumerate() {
            if index > 0 {
                line.push(',');
            }
            push_cell(&mut line, cell);
        }
        line.push_str("\r\n");
        match encoding {
            TableEncoding::Utf8Bom => bytes.extend_from_slice(line.as_bytes()),
            TableEncoding::Cp932 => push_cp932(&mut bytes, &line).map_err(|character| {
                let column = row.iter().position(|cell| cell.contains(character));
                let column = column.map_or_else(String::new, |at| header[at].to_owned());
                Unwritable { line: number, column, character }
            })?,
        }
    }
    Ok(bytes)
}

fn push_cell(line: &mut String, cell: &str) {
    let cell = harmless(cell);
    if cell.contains([',', '"', '\r', '\n']) {
        line.push('"');
        line.push_str(&cell.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(&cell);
    }
}

/// Spreadsheets take a cell that begins with one of these for a formula, the full-width ones too.
fn harmless(cell: &str) -> Cow<'_, str> {
    let formula = |c| matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠');
    if cell.starts_with(formula) { Cow::Owned(format!("'{cell}")) } else { Cow::Borrowed(cell) }
}

/// Adds `text` in CP932, or says which character it lacks.
fn push_cp932(bytes: &mut Vec<u8>, text: &str) -> Result<(), char> {
    let mut encoder = SHIFT_JIS.new_encoder();
    let most = encoder.max_buffer_length_from_utf8_without_replacement(text.len()).unwrap_or(text.len() * 2);
    bytes.reserve(most);
    match encoder.encode_from_utf8_to_vec_without_replacement(text, bytes, true).0 {
        EncoderResult::InputEmpty | EncoderResult::OutputFull => Ok(()),
        EncoderResult::Unmappable(character) => Err(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table(cells: &[&str], encoding: TableEncoding) -> Result<Vec<u8>, Unwritable> {
        let row = cells.iter().map(|&cell| cell.to_owned()).collect();
        let header: Vec<&str> = (0..cells.len()).map(|_| "氏名").collect();
        write_table(&header, &[row], encoding)
    }

    #[test]
    fn a_table_is_what_a_spreadsheet_opens() {
        let utf8 = table(&["ｻﾄｳ", "a,b", "say \"a\""], TableEncoding::Utf8Bom).expect("writable");
        assert_eq!(utf8, "\u{feff}氏名,氏名,氏名\r\nｻﾄｳ,\"a,b\",\"say \"\"a\"\"\"\r\n".as_bytes());
        let cp932 = table(&["サトウ　ハナコ"], TableEncoding::Cp932).expect("writable");
        assert_eq!(SHIFT_JIS.decode(&cp932).0, "氏名\r\nサトウ　ハナコ\r\n");
    }

    #[test]
    fn no_cell_is_a_formula_and_a_phone_number_stays_readable() {
        let cases = [
            ("=1+1", "'=1+1"),
            ("+81-90", "'+81-90"),
            ("-1", "'-1"),
            ("@a", "'@a"),
            ("\tx", "'\tx"),
            ("＝1", "'＝1"),
            ("090-1234-5678", "090-1234-5678"),
            ("a=b", "a=b"),
        ];
        for (cell, written) in cases {
            assert_eq!(harmless(cell), written);
        }
    }

    #[test]
    fn a_character_that_the_encoding_lacks_is_named_with_its_line_and_column() {
        let rows = [vec!["1".to_owned(), "髙橋".to_owned()], vec!["2".to_owned(), "𠮷田".to_owned()]];
        let wrong = write_table(&["番号", "氏名"], &rows, TableEncoding::Cp932);
        assert_eq!(wrong, Err(Unwritable { line: 3, column: "氏名".into(), character: '𠮷' }));
        assert!(write_table(&["番号", "氏名"], &rows, TableEncoding::Utf8Bom).is_ok());
    }

    proptest! {
        #[test]
        fn a_written_table_is_read_back(cells in proptest::collection::vec("\\PC{0,12}|[=+@,\"\r\n-]{0,6}", 1..5)) {
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            let bytes = table(&cells, TableEncoding::Utf8Bom).expect("UTF-8 writes everything");
            let text = bytes.strip_prefix("\u{feff}".as_bytes()).expect("a mark");
            let mut reader = csv::ReaderBuilder::new().from_reader(text);
            let read = reader.records().next();
            // A row of one empty cell is an empty line, which no reader tells from none.
            if cells != [""] {
                let read = read.expect("a row").expect("readable");
                let written: Vec<String> = cells.iter().map(|cell| harmless(cell).into_owned()).collect();
                prop_assert_eq!(read.iter().collect::<Vec<_>>(), written);
            }
        }
    }
}
