//! The languages that residents read, and how one is chosen. Texts are in `locales/`, one file a language.

use std::borrow::Cow;

use axum::http::HeaderValue;

mod date;

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) enum Lang {
    /// 日本語.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// All of them, the city's own first.
    pub(crate) const ALL: [Self; 2] = [Self::Ja, Self::En];

    /// Its code in HTML, in cookies and of its file.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// Its own name for itself.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ja => "日本語",
            Self::En => "English",
        }
    }

    /// The language of this code.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.code() == code)
    }

    /// The language that an `Accept-Language` header likes best; Japanese if it likes none of ours.
    pub(crate) fn accepted(header: Option<&HeaderValue>) -> Self {
        let Some(text) = header.and_then(|value| value.to_str().ok()) else {
            return Self::default();
        };
        let mut best = (0.0, Self::default());
        for item in text.split(',').take(32) {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            if let Some(lang) = Self::from_code(&primary)
                && quality > best.0
            {
                best = (quality, lang);
            }
        }
        best.1
    }

    /// The text `key`.
    pub(crate) fn say(self, key: &str) -> Cow<'_, str> {
        crate::_rust_i18n_translate(self.code(), key)
    }

    /// The text `key` with each `%{name}` replaced by its value.
    pub(crate) fn say_with(self, key: &str, values: &[(&str, &str)]) -> String {
        let mut text = self.say(key).into_owned();
        for (name, value) in values {
            text = text.replace(&format!("%{{{name}}}"), value);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn keys(lang: Lang) -> BTreeSet<String> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(format!("{}.yml", lang.code()));
        let text = std::fs::read_to_string(file).expect("the language's file");
        let key = |line: &str| line.split_once(": ").map(|(key, _)| key.to_owned());
        text.lines().filter(|line| !line.starts_with(['#', '_', ' '])).filter_map(key).collect()
    }

    #[test]
    fn every_text_exists_in_every_language() {
        let japanese = keys(Lang::Ja);
        assert!(japanese.len() > 50);
        for lang in Lang::ALL {
            assert_eq!(keys(lang), japanese, "{}", lang.code());
            for key in &japanese {
                assert!(crate::_rust_i18n_try_translate(lang.code(), key).is_some(), "{key} in {}", lang.code());
            }
        }
    }

    fn sources(folder: &Path, into: &mut String) {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                sources(&path, into);
            } else if path.extension().is_some_and(|ext| ext == "rs" || ext == "html") {
                into.push_str(&std::fs::read_to_string(path).expect("a text file"));
            }
        }
    }

    #[test]
    fn every_text_that_is_asked_for_exists() {
        let (root, known, mut text) = (Path::new(env!("CARGO_MANIFEST_DIR")), keys(Lang::Ja), String::new());
        sources(&root.join("src"), &mut text);
        sources(&root.join("templates"), &mut text);
        let mut asked = 0;
        for call in ["say(\"", "say_with(\"", "say1(\""] {
            for after in text.split(call).skip(1) {
                let key = after.split('"').next().expect("a key");
                if key.contains('.') {
                    asked += 1;
                    assert!(known.contains(key), "{key}");
                }
            }
        }
        assert!(asked > 40, "{asked}");
    }

    proptest! {
        #[test]
        fn any_header_chooses_one_of_our_languages(text in "([a-zA-Z*-]{0,3}(;q=[0-9.eEnNaAiIfF+-]{0,6})?,? ?){0,8}|[ -~]{0,60}") {
            let header = HeaderValue::try_from(&text).expect("visible ASCII");
            let lang = Lang::accepted(Some(&header));
            prop_assert!(lang == Lang::Ja || text.to_ascii_lowercase().contains("en"));
        }
    }

    #[test]
    fn the_best_liked_language_is_chosen() {
        let cases = [
            ("", Lang::Ja),
            ("en-GB,en;q=0.9", Lang::En),
            ("ja,en;q=0.8", Lang::Ja),
            ("en;q=0.3, ja;q=0.7", Lang::Ja),
            ("fr, en;q=0.2", Lang::En),
            ("fr", Lang::Ja),
            ("*;q=garbage,,;;", Lang::Ja),
        ];
        for (header, lang) in cases {
            assert_eq!(Lang::accepted(Some(&HeaderValue::from_static(header))), lang, "{header}");
        }
        assert_eq!(Lang::accepted(None), Lang::Ja);
    }
}
