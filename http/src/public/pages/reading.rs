//! How somebody reads the pages: in which language, with or without furigana, in larger text or not. Each is said once in an
//! address, and kept in a cookie.

use axum::http::Uri;
use axum::http::header::HeaderValue;

use super::visitor::parameter;
use crate::auth::cookie::{self, CookieName};
use crate::lang::Lang;

/// How long a choice is kept, in seconds.
const KEPT_SECONDS: i64 = 365 * 24 * 60 * 60;
/// The parameters that say it, which links to other pages do not carry on.
const PARAMETERS: [&str; 3] = ["lang", "furigana", "text"];

/// How somebody reads the pages. There are few of them, so that pages can be rendered once for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Reading {
    pub(crate) lang: Lang,
    pub(crate) furigana: bool,
    pub(crate) large: bool,
}

/// What an address has said about it just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Said {
    lang: Option<Lang>,
    furigana: Option<bool>,
    large: Option<bool>,
}

impl Said {
    fn of(uri: &Uri) -> Self {
        if uri.query().is_none() {
            return Self::default();
        }
        Self {
            lang: parameter(uri, "lang").and_then(Lang::from_code),
            furigana: parameter(uri, "furigana").and_then(furigana),
            large: parameter(uri, "text").and_then(large),
        }
    }

    /// The cookies that keep it.
    pub(super) fn cookies(self, https: bool) -> impl Iterator<Item = HeaderValue> {
        let on = |on| if on { "on" } else { "off" };
        let size = |large| if large { "large" } else { "normal" };
        let said = [
            (CookieName::Language, self.lang.map(Lang::code)),
            (CookieName::Furigana, self.furigana.map(on)),
            (CookieName::TextSize, self.large.map(size)),
        ];
        said.into_iter().filter_map(move |(name, value)| cookie::write(name, value?, KEPT_SECONDS, https))
    }
}

fn furigana(text: &str) -> Option<bool> {
    match text {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    }
}

fn large(text: &str) -> Option<bool> {
    match text {
        "large" => Some(true),
        "normal" => Some(false),
        _ => None,
    }
}

impl Reading {
    /// As the address says, else as chosen before, else as the browser and the language like; and what was said.
    pub(crate) fn of(uri: &Uri, cookies: Option<&HeaderValue>, accept: Option<&HeaderValue>) -> (Self, Said) {
        let said = Said::of(uri);
        let kept = |name| cookies.and_then(|cookies| cookie::read_in(cookies, name, false));
        let kept_lang = || kept(CookieName::Language).and_then(Lang::from_code);
        let lang = said.lang.or_else(kept_lang).unwrap_or_else(|| Lang::accepted(accept));
        let wished = || said.furigana.or_else(|| kept(CookieName::Furigana).and_then(furigana));
        let large = said.large.or_else(|| kept(CookieName::TextSize).and_then(large));
        let furigana = lang.furigana().is_some_and(|usual| wished().unwrap_or(usual));
        (Self { lang, furigana, large: large.unwrap_or(false) }, said)
    }
}

/// The address of the same page with `name` said anew.
pub(super) fn same_page(uri: &Uri, name: &str, value: &str) -> String {
    let mut address = format!("{}?{name}={value}", uri.path());
    let carried = |pair: &&str| !pair.is_empty() && !PARAMETERS.contains(&pair.split('=').next().unwrap_or_default());
    for pair in uri.query().unwrap_or_default().split('&').filter(carried) {
        address.push('&');
        address.push_str(pair);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lang(code: &str) -> Lang {
        Lang::from_code(code).expect("a language")
    }

    fn of(uri: &'static str, cookies: Option<&'static str>, accept: Option<&'static str>) -> Reading {
        let header = |text: Option<&'static str>| text.map(HeaderValue::from_static);
        Reading::of(&Uri::from_static(uri), header(cookies).as_ref(), header(accept).as_ref()).0
    }

    #[test]
    fn a_language_is_said_then_kept_then_liked() {
        let cookie = Some("sesshu-lang=en");
        assert_eq!(of("/choose?dose=1", None, None).lang, Lang::JA);
        assert_eq!(of("/choose?dose=1", None, Some("en")).lang, lang("en"));
        assert_eq!(of("/choose?dose=1", cookie, None).lang, lang("en"));
        assert_eq!(of("/choose?dose=1&lang=ja", cookie, Some("en")).lang, Lang::JA);
        assert_eq!(of("/choose?lang=ja-easy", cookie, Some("en")).lang, lang("ja-easy"));
        assert_eq!(of("/?lang=xx", None, None).lang, Lang::JA);
    }

    #[test]
    fn furigana_is_as_wished_where_there_is_any() {
        let cases = [
            ("/", None, false),
            ("/?furigana=on", None, true),
            ("/?furigana=perhaps", None, false),
            ("/", Some("sesshu-furigana=on"), true),
            ("/?furigana=off", Some("sesshu-furigana=on"), false),
            ("/?lang=ja-easy", None, true),
            ("/?lang=ja-easy", Some("sesshu-furigana=off"), false),
            ("/?lang=en", Some("sesshu-furigana=on"), false),
        ];
        for (uri, cookies, furigana) in cases {
            assert_eq!(of(uri, cookies, None).furigana, furigana, "{uri} {cookies:?}");
        }
    }

    #[test]
    fn what_is_said_is_kept_and_nothing_else() {
        let cookies = |uri: &'static str| {
            let (_, said) = Reading::of(&Uri::from_static(uri), None, None);
            said.cookies(true)
                .map(|cookie| cookie.to_str().expect("text").split(';').next().map(str::to_owned))
                .collect::<Vec<_>>()
        };
        assert_eq!(cookies("/?dose=1"), []);
        let all = ["sesshu-lang=en", "sesshu-furigana=on", "sesshu-text=large"].map(|text| Some(text.to_owned()));
        assert_eq!(cookies("/?lang=en&furigana=on&text=large"), all);
    }

    #[test]
    fn larger_text_is_said_and_kept() {
        assert!(of("/?text=large", None, None).large);
        assert!(of("/", Some("a=b; sesshu-text=large"), None).large);
        assert!(!of("/?text=normal", Some("sesshu-text=large"), None).large);
    }

    #[test]
    fn switching_stays_on_the_page_and_says_nothing_twice() {
        let address = |uri: &'static str| same_page(&Uri::from_static(uri), "lang", "en");
        assert_eq!(address("/"), "/?lang=en");
        assert_eq!(
            address("/choose?dose=1&lang=ja&furigana=on&date=2026-12-05"),
            "/choose?lang=en&dose=1&date=2026-12-05"
        );
    }
}
