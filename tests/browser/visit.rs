//! One visit of a resident: a tab at the residents' listener, in one language.

use std::ops::{Deref, DerefMut};

use sesshu_tests::City;
use sesshu_tests::browser::{Scripts, Tab};

use crate::language::Language;
use crate::stage::Stage;

/// The visit.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    tab: Tab<'a>,
    pub(crate) language: Language,
}

impl<'a> Visit<'a> {
    /// Widths of screens, in CSS pixels.
    pub(crate) const PHONE: u32 = 360;
    pub(crate) const DESKTOP: u32 = 1280;

    /// Begins on a phone, in Japanese.
    pub(crate) async fn begin(stage: &'a Stage, city: &'a City, scripts: Scripts) -> Self {
        let tab = stage.tab(city, city.public(), scripts, Self::PHONE).await;
        Self { tab, language: Language::JAPANESE }
    }

    /// Ends the visit; the browser may be used again.
    pub(crate) fn end(self) {
        self.tab.end();
    }

    /// Chooses a language, as the links of every page do.
    pub(crate) async fn speak(&mut self, language: Language) {
        self.language = language;
        self.open(&format!("/?lang={}", language.code)).await;
    }

    /// What every page must be, whatever it shows.
    pub(crate) async fn check(&self) {
        let language = self.attribute("html", "lang").await.unwrap_or_default();
        assert_eq!(language.split('-').next(), Some(self.language.primary), "the language of {}", self.path().await);
        self.tab.check().await;
    }
}

impl<'a> Deref for Visit<'a> {
    type Target = Tab<'a>;

    fn deref(&self) -> &Tab<'a> {
        &self.tab
    }
}

impl DerefMut for Visit<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.tab
    }
}
