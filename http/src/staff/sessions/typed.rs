//! What a form sends whose fields are many or have no fixed names, and the numbers that people type.

use std::fmt::Write as _;

/// The fields of a form in their order; a name may come several times.
#[derive(Debug, Default, Clone)]
pub(super) struct Typed(pub(super) Vec<(String, String)>);

impl Typed {
    /// The first field `name`, without the spaces around it; empty if there is none.
    pub(super) fn one(&self, name: &str) -> &str {
        self.0.iter().find(|(own, _)| own == name).map_or("", |(_, value)| value.trim())
    }

    /// All fields `name`.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.trim())
    }

    /// Whether the choice `value` of `name` is ticked.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|own| own == value)
    }
}

/// The number that was typed, with digits of any width and with or without commas.
pub(super) fn number(typed: &str) -> Option<u64> {
    let mut digits = String::new();
    for c in typed.trim().chars().filter(|c| !matches!(c, ',' | '，')) {
        let digit = match c {
            '０'..='９' => u32::from(c) - u32::from('０'),
            _ => c.to_digit(10)?,
        };
        digits.push(char::from_digit(digit, 10)?);
    }
    digits.parse().ok()
}

/// The same for a number that is at most `most`.
pub(super) fn number_up_to(typed: &str, most: u32) -> Option<u32> {
    number(typed).and_then(|number| u32::try_from(number).ok()).filter(|number| *number <= most)
}

/// A digest as a form carries it.
pub(super) fn hex(digest: [u8; 32]) -> String {
    digest.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_type_them() {
        let cases = [
            ("12", Some(12)),
            (" １，２００ ", Some(1_200)),
            ("1,200", Some(1_200)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("99999999999999999999", None),
        ];
        for (typed, read) in cases {
            assert_eq!(number(typed), read, "{typed}");
        }
        assert_eq!((number_up_to("5", 5), number_up_to("6", 5), number_up_to("4294967296", 9)), (Some(5), None, None));
    }

    #[test]
    fn a_name_may_come_several_times() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let typed = Typed(vec![pair("a", " 1 "), pair("b", "2"), pair("a", "3")]);
        assert_eq!((typed.one("a"), typed.one("c")), ("1", ""));
        assert_eq!(typed.all("a").collect::<Vec<_>>(), ["1", "3"]);
        assert!(typed.has("a", "3") && !typed.has("b", "3"));
    }
}
