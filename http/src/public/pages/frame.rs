//! What stands around every page: the city, the languages, the call centre.

use std::borrow::Cow;

use axum::http::Uri;

use super::assets::{css_href, icon_href};
use crate::config::PublicConfig;
use crate::lang::Lang;

/// The frame of a page.
#[derive(Debug, Clone)]
pub(crate) struct Frame<'a> {
    pub(crate) lang: Lang,
    pub(crate) city: &'a str,
    pub(crate) phone: &'a str,
    pub(crate) hours: &'a str,
    pub(crate) logged_in: bool,
    pub(crate) css: &'static str,
    pub(crate) icon: &'static str,
    /// The other languages: code, name, address of this page in it.
    pub(crate) languages: Vec<(&'static str, &'static str, String)>,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(config: &'a PublicConfig, lang: Lang, uri: &Uri, logged_in: bool) -> Self {
        let others = Lang::ALL.into_iter().filter(|other| *other != lang);
        Self {
            lang,
            city: &config.city_name,
            phone: &config.call_centre.phone,
            hours: config.call_centre.hours(lang),
            logged_in,
            css: css_href(),
            icon: icon_href(),
            languages: others.map(|other| (other.code(), other.name(), in_language(uri, other))).collect(),
        }
    }

    /// The text `key`.
    pub(crate) fn say<'k>(&self, key: &'k str) -> Cow<'k, str> {
        crate::_rust_i18n_translate(self.lang.code(), key)
    }

    /// The text `key` with one value.
    pub(crate) fn say1(&self, key: &str, name: &str, value: &str) -> String {
        self.lang.say_with(key, &[(name, value)])
    }

    /// The phone number as a link has it.
    pub(crate) fn tel(&self) -> String {
        self.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }
}

/// The address of the same page in another language.
fn in_language(uri: &Uri, lang: Lang) -> String {
    let mut address = format!("{}?lang={}", uri.path(), lang.code());
    for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("lang="))
    {
        address.push('&');
        address.push_str(pair);
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn switching_the_language_stays_on_the_page() {
        let address = |uri: &'static str| in_language(&Uri::from_static(uri), Lang::En);
        assert_eq!(address("/"), "/?lang=en");
        assert_eq!(address("/choose?dose=1&lang=ja&date=2026-12-05"), "/choose?lang=en&dose=1&date=2026-12-05");
    }
}
