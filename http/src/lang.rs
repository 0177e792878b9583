//! The languages that residents read, and how one is chosen. Each is a file in `locales/`, with all that is known about it: its
//! name, its texts, how it writes dates. A language is added by adding its file.
//!
//! Texts may carry furigana, written `{漢字|かんじ}`: [`Text`] shows them as the reader likes, and everything that is not a page
//! gets them stripped.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use axum::http::HeaderValue;

mod date;
mod number;
mod span;
mod text;

pub(crate) use number::{grouped, put_grouped};
pub(crate) use text::{Text, fill, strip};

/// A language of the pages: its place in the list of those whose files there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Lang(u8);

/// What a language's file says about the language.
struct Language {
    /// Its code in addresses, in cookies and of its file.
    code: String,
    /// Its code in HTML.
    html: String,
    name: String,
    /// Whether its pages show furigana to whoever has not said anything.
    furigana: Option<bool>,
    dates: date::Dates,
}

static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
    let mut codes: Vec<(String, String)> = crate::_rust_i18n_available_locales()
        .into_iter()
        .map(|code| (text_in(&code, "lang.order").into_owned(), code.into_owned()))
        .collect();
    // Japanese is first: it is what everything falls back to.
    codes.sort_by_key(|(order, code)| (code != JAPANESE, order.clone(), code.clone()));
    codes
        .into_iter()
        .map(|(_, code)| Language {
            html: text_in(&code, "lang.html").into_owned(),
            name: text_in(&code, "lang.name").into_owned(),
            furigana: match &*text_in(&code, "lang.furigana") {
                "on" => Some(true),
                "off" => Some(false),
                _ => None,
            },
            dates: date::Dates::of(|key| text_in(&code, key)),
            code,
        })
        .collect()
});

const JAPANESE: &str = "ja";

/// The texts of each language that carry furigana or values, without furigana: in a rush the same few are said thousands of times a second.
static PLAIN: LazyLock<Vec<HashMap<String, String>>> = LazyLock::new(|| {
    let plain = |language: &Language| {
        let texts = crate::_RUST_I18N_BACKEND.messages_for_locale(&language.code).unwrap_or_default();
        let marked = texts.into_iter().filter(|(_, text)| text.contains('{'));
        marked.map(|(key, text)| (key.into_owned(), strip(text.into_owned().into()).into_owned())).collect()
    };
    LANGUAGES.iter().map(plain).collect()
});

/// The text `key` in the language of this code; in Japanese if that has none.
fn text_in(code: &str, key: &str) -> Cow<'static, str> {
    let text = crate::_rust_i18n_try_translate(code, key);
    text.or_else(|| crate::_rust_i18n_try_translate(JAPANESE, key)).unwrap_or_default()
}

impl Lang {
    /// Japanese, the city's own language.
    pub(crate) const JA: Self = Self(0);

    /// All of them, the city's own first.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..LANGUAGES.len()).map(|place| Self(place as u8))
    }

    fn language(self) -> &'static Language {
        &LANGUAGES[usize::from(self.0)]
    }

    /// Its place among [`Lang::all`].
    pub(crate) fn place(self) -> usize {
        usize::from(self.0)
    }

    /// Its code in addresses, in cookies and of its file.
    pub(crate) fn code(self) -> &'static str {
        &self.language().code
    }

    /// Its code in HTML.
    pub(crate) fn html(self) -> &'static str {
        &self.language().html
    }

    /// Its own name for itself.
    pub(crate) fn name(self) -> &'static str {
        &self.language().name
    }

    /// Whether its pages show furigana to whoever has not said anything; none if it has no furigana.
    pub(crate) fn furigana(self) -> Option<bool> {
        self.language().furigana
    }

    /// The language of this code.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::all().find(|lang| lang.code() == code)
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
            let primary = tag.split('-').next().unwrap_or_default();
            if let Some(lang) = Self::all().find(|lang| lang.code().eq_ignore_ascii_case(primary))
                && quality > best.0
            {
                best = (quality, lang);
            }
        }
        best.1
    }

    /// The text `key` with its furigana, and whether it is in this language; else it is the Japanese one.
    pub(crate) fn markup(self, key: &str) -> (Cow<'static, str>, bool) {
        match crate::_rust_i18n_try_translate(self.code(), key) {
            Some(text) => (text, true),
            None => (text_in(JAPANESE, key), false),
        }
    }

    /// The text `key`, without furigana.
    pub(crate) fn say(self, key: &str) -> Cow<'static, str> {
        let markup = self.markup(key).0;
        if !markup.contains('{') {
            return markup;
        }
        let plain: Option<&'static String> = PLAIN[self.place()].get(key);
        plain.map_or_else(|| strip(markup), |plain| plain.as_str().into())
    }

    /// The text `key` with each `%{name}` replaced by its value, without furigana.
    pub(crate) fn say_with(self, key: &str, values: &[(&str, &str)]) -> String {
        strip(fill(&self.markup(key).0, values).into()).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    fn en() -> Lang {
        Lang::from_code("en").expect("English")
    }

    fn lines(lang: Lang) -> Vec<(String, String)> {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("locales").join(format!("{}.yml", lang.code()));
        let text = std::fs::read_to_string(file).expect("the language's file");
        let line = |line: &str| line.split_once(": ").map(|(key, text)| (key.to_owned(), text.to_owned()));
        text.lines().filter(|line| !line.starts_with(['#', '_', ' '])).filter_map(line).collect()
    }

    fn keys(lang: Lang) -> BTreeSet<String> {
        lines(lang).into_iter().map(|(key, _)| key).collect()
    }

    /// The names between `%{` and `}`.
    fn values(text: &str) -> BTreeSet<&str> {
        text.split("%{").skip(1).filter_map(|after| after.split('}').next()).collect()
    }

    #[test]
    fn every_file_is_a_language_and_japanese_is_the_first() {
        assert_eq!(Lang::JA.code(), "ja");
        let codes: Vec<&str> = Lang::all().map(Lang::code).collect();
        assert_eq!(codes, ["ja", "ja-easy", "en"]);
        let htmls: Vec<&str> = Lang::all().map(Lang::html).collect();
        assert_eq!(htmls, ["ja", "ja", "en"]);
    }

    #[test]
    fn every_text_exists_once_in_every_language_with_the_same_values() {
        let japanese = lines(Lang::JA);
        assert!(japanese.len() > 50);
        for lang in Lang::all() {
            let (own, mut once) = (lines(lang), BTreeSet::new());
            assert!(own.iter().all(|(key, _)| once.insert(key)), "a key twice in {}", lang.code());
            assert_eq!(keys(lang), keys(Lang::JA), "{}", lang.code());
            for (key, text) in &japanese {
                let (_, other) = own.iter().find(|(other, _)| other == key).expect("the key");
                let free = key.starts_with("date.");
                assert!(free || values(text) == values(other), "{key} in {}: {other}", lang.code());
                assert!(lang.markup(key).1, "{key} in {}", lang.code());
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
    fn every_text_that_is_asked_for_exists_and_every_text_is_asked_for() {
        let (root, known, mut text) = (Path::new(env!("CARGO_MANIFEST_DIR")), keys(Lang::JA), String::new());
        sources(&root.join("src"), &mut text);
        sources(&root.join("templates"), &mut text);
        let mut asked = 0;
        for call in ["say(\"", "say_with(\"", "say1(\"", "plain(\"", "plain1(\"", "markup(\""] {
            for after in text.split(call).skip(1) {
                let key = after.split('"').next().expect("a key");
                if key.contains('.') {
                    asked += 1;
                    assert!(known.contains(key), "{key}");
                }
            }
        }
        assert!(asked > 40, "{asked}");
        // Those whose names are put together.
        let made = ["problem.", "booking.", "contact.wrong_"];
        for key in known {
            let named = text.contains(&format!("\"{key}\"")) || made.iter().any(|start| key.starts_with(start));
            assert!(named, "nobody says {key}");
        }
    }

    #[test]
    fn templates_put_no_furigana_into_attributes_or_titles() {
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates"), &mut text);
        for after in text.split("=\"{{ ").skip(1).chain(text.split("<title>").skip(1)) {
            let inside = after.split('}').next().expect("an expression");
            assert!(!inside.contains("f.say"), "{inside}");
        }
    }

    proptest! {
        #[test]
        fn any_header_chooses_one_of_our_languages(text in "([a-zA-Z*-]{0,3}(;q=[0-9.eEnNaAiIfF+-]{0,6})?,? ?){0,8}|[ -~]{0,60}") {
            let header = HeaderValue::try_from(&text).expect("visible ASCII");
            let lang = Lang::accepted(Some(&header));
            prop_assert!(lang == Lang::JA || text.to_ascii_lowercase().contains("en"));
        }
    }

    #[test]
    fn the_best_liked_language_is_chosen() {
        let cases = [
            ("", Lang::JA),
            ("en-GB,en;q=0.9", en()),
            ("ja,en;q=0.8", Lang::JA),
            ("en;q=0.3, ja;q=0.7", Lang::JA),
            ("fr, EN;q=0.2", en()),
            ("fr", Lang::JA),
            ("*;q=garbage,,;;", Lang::JA),
        ];
        for (header, lang) in cases {
            assert_eq!(Lang::accepted(Some(&HeaderValue::from_static(header))), lang, "{header}");
        }
        assert_eq!(Lang::accepted(None), Lang::JA);
    }
}
