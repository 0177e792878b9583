//! A table as a file that opens in Excel: UTF-8 with its mark, CRLF, every field in quotes, and nothing that a spreadsheet takes for
//! a formula.

/// Begins a file with its heading.
pub(super) fn begin(heading: &[&str]) -> String {
    let mut file = String::from('\u{feff}');
    line(&mut file, heading);
    file
}

/// Adds a line.
pub(super) fn line(file: &mut String, fields: &[&str]) {
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            file.push(',');
        }
        file.push('"');
        if field.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            file.push('\'');
        }
        file.push_str(&field.replace('"', "\"\""));
        file.push('"');
    }
    file.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_text_whatever_it_begins_with() {
        let mut file = begin(&["番号", "内容"]);
        line(&mut file, &["=1+1", "「a\"b」,\nc"]);
        for formula in ["+1", "-1", "@a", "\ta", "\ra"] {
            line(&mut file, &[formula]);
        }
        let expected = "\u{feff}\"番号\",\"内容\"\r\n\"'=1+1\",\"「a\"\"b」,\nc\"\r\n\"'+1\"\r\n\"'-1\"\r\n\"'@a\"\r\n\"'\ta\"\r\n\
                        \"'\ra\"\r\n";
        assert_eq!(file, expected);
    }
}
