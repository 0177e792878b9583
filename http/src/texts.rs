//! Which texts and languages the pages have, for whoever checks what the city words anew.

use crate::lang::Lang;

/// The codes of all languages of the pages, the city's own first.
pub fn page_languages() -> impl Iterator<Item = &'static str> {
    Lang::all().map(Lang::code)
}

/// Whether the pages have a text `key`.
#[must_use]
pub fn is_page_text(key: &str) -> bool {
    Lang::JA.markup(key).1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_known_by_its_key_and_a_language_by_its_code() {
        assert!(is_page_text("frame.skip") && !is_page_text("no.such.text"));
        assert!(page_languages().any(|code| code == "ja") && page_languages().any(|code| code == "en"));
    }
}
