//! Which texts and languages the pages have, for whoever checks what the city words anew.

use std::sync::LazyLock;

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

/// The keys of the texts that the city may word anew, in order. How a language writes dates is not among them, nor what is said by
/// ready bytes when there is too much to do.
pub(crate) fn page_text_keys() -> &'static [String] {
    static KEYS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let texts = crate::_rust_i18n_backend().messages_for_locale(Lang::JA.code()).unwrap_or_default();
        let own = |key: &String| !["_", "lang.", "date.", "span.", "busy."].iter().any(|start| key.starts_with(start));
        let mut keys: Vec<String> = texts.into_iter().map(|(key, _)| key.into_owned()).filter(own).collect();
        keys.sort_unstable();
        keys
    });
    &KEYS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_that_may_be_worded_anew_is_one_of_the_pages() {
        let keys = page_text_keys();
        assert!(keys.len() > 200, "{}", keys.len());
        assert!(keys.iter().all(|key| is_page_text(key) && !key.starts_with("date.")));
    }

    #[test]
    fn whatever_becomes_of_a_booking_has_its_words() {
        for state in sesshu_engine::core::resident::BookingState::ALL {
            assert!(is_page_text(&format!("booking.{}", state.code())), "{}", state.code());
        }
    }

    #[test]
    fn a_text_is_known_by_its_key_and_a_language_by_its_code() {
        assert!(is_page_text("frame.skip") && !is_page_text("no.such.text"));
        assert!(page_languages().any(|code| code == "ja") && page_languages().any(|code| code == "en"));
    }
}
