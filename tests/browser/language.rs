//! The languages of the pages.

/// A language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Language {
    /// What `?lang=` says.
    pub(crate) code: &'static str,
    /// What the page's `lang` begins with.
    pub(crate) primary: &'static str,
}

impl Language {
    pub(crate) const JAPANESE: Self = Self { code: "ja", primary: "ja" };
    pub(crate) const EASY_JAPANESE: Self = Self { code: "ja-easy", primary: "ja" };
    pub(crate) const ENGLISH: Self = Self { code: "en", primary: "en" };
    pub(crate) const ALL: [Self; 3] = [Self::JAPANESE, Self::EASY_JAPANESE, Self::ENGLISH];
}
