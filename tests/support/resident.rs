//! The residents of a demo city, as its list of logins names them.

use std::path::Path;

/// A resident who can log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resident {
    /// The city-issued ID.
    pub id: String,
    /// The password.
    pub password: String,
    /// The name in kana.
    pub name_kana: String,
    /// The date of birth.
    pub birth_date: String,
}

/// Reads `demo-residents.csv`.
pub(crate) fn read_residents(file: &Path) -> Vec<Resident> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut lines = text.trim_start_matches('\u{feff}').lines();
    assert_eq!(
        lines.next().map(str::trim),
        Some("id,password,name_kana,birth_date"),
        "the header of {}",
        file.display()
    );
    lines.filter(|line| !line.trim().is_empty()).map(|line| read_line(line.trim())).collect()
}

fn read_line(line: &str) -> Resident {
    let mut fields = line.split(',').map(|field| field.trim_matches('"').to_owned());
    let mut next = || fields.next().unwrap_or_else(|| panic!("four fields are expected: {line}"));
    Resident { id: next(), password: next(), name_kana: next(), birth_date: next() }
}
