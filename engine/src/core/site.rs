//! What the city says on the resident pages: colours, announcements, venues' details, what to bring, wordings of its own.
//!
//! Names, dates and places of sessions are not here; they are the campaign's. Which wordings exist is the pages' matter. What is
//! within bounds is said by `site_check`.

use std::borrow::Borrow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::color::Color;
use super::time::Instant;

/// All of it. One entry of the journal holds one whole of it, so that what is served is always one state of the city's file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Grows with every change, from 0 for a city that has said nothing yet. Within one run of the engine, equal numbers are
    /// equal contents.
    pub revision: u64,
    /// The city's colours; none are those of the style sheet.
    pub theme: Option<Theme>,
    /// Announcements, in the order in which they are shown.
    pub announcements: Vec<Announcement>,
    /// Details of venues, by the venue's name.
    pub venues: BTreeMap<Box<str>, VenueDetails>,
    /// What to bring, line by line.
    pub bring: Option<Worded<Vec<Box<str>>>>,
    /// Wordings of the city's own, instead of the pages': by language, then by key.
    pub texts: BTreeMap<LangCode, BTreeMap<Box<str>, Box<str>>>,
}

impl Site {
    /// Whether both say the same, whenever they were written.
    #[must_use]
    pub fn says_the_same(&self, other: &Self) -> bool {
        let Self { revision: _, theme, announcements, venues, bring, texts } = self;
        *theme == other.theme
            && *announcements == other.announcements
            && *venues == other.venues
            && *bring == other.bring
            && *texts == other.texts
    }

    /// The announcements that are shown at `now`, in order.
    pub fn announcements_at(&self, now: Instant) -> impl Iterator<Item = &Announcement> {
        self.announcements.iter().filter(move |one| one.is_shown(now))
    }

    /// When the announcements that are shown change next after `now`, if ever: until then a page that shows them stays true.
    #[must_use]
    pub fn announcements_change_after(&self, now: Instant) -> Option<Instant> {
        let ends = self.announcements.iter().flat_map(|one| [one.shown_from, one.shown_until]);
        ends.flatten().filter(|end| *end > now).min()
    }

    /// The city's own wording of `key` in the language `code`, if it has one. It never falls back to another language.
    #[must_use]
    pub fn text(&self, code: &str, key: &str) -> Option<&str> {
        self.texts.get(code)?.get(key).map(AsRef::as_ref)
    }
}

/// The city's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    /// Of buttons, links and rules, on white.
    pub main: Color,
    /// Of text on the main colour.
    pub on_main: Color,
}

/// The code of a language of the pages, such as `ja`, `ja-easy` (やさしい日本語) or `en`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LangCode(Box<str>);

impl LangCode {
    /// The longest code, in bytes.
    pub const BYTES_MAX: usize = 16;

    /// The code `text`, if it is of small letters and digits with single hyphens between them, beginning with a letter.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let parts = || text.split('-');
        let letters = |part: &str| part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        let valid = text.len() <= Self::BYTES_MAX
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && parts().all(|part| !part.is_empty() && letters(part));
        valid.then(|| Self(text.into()))
    }

    /// Japanese: what every wording falls back to.
    #[must_use]
    pub fn japanese() -> Self {
        Self("ja".into())
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LangCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Maps by language are asked with a plain code.
impl Borrow<str> for LangCode {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// Something that the city has worded in Japanese, and perhaps in other languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Worded<T> {
    /// In Japanese.
    pub ja: T,
    /// In other languages.
    pub others: BTreeMap<LangCode, T>,
}

/// A wording for a reader of some language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wording<'a, T: ?Sized> {
    /// The words.
    pub said: &'a T,
    /// Whether it is the Japanese one, though another language was asked for: a page says so visibly, and marks its language.
    pub fell_back: bool,
}

impl<T> Worded<T> {
    /// Worded in Japanese only.
    pub const fn japanese(ja: T) -> Self {
        Self { ja, others: BTreeMap::new() }
    }

    /// The wording for readers of the language `code`; the Japanese one if there is none.
    #[must_use]
    pub fn for_readers_of(&self, code: &str) -> Wording<'_, T> {
        match self.others.get(code) {
            Some(said) => Wording { said, fell_back: false },
            None => Wording { said: &self.ja, fell_back: code != "ja" },
        }
    }
}

/// Something that the city announces (お知らせ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Announcement {
    /// Its name in the city's file and in addresses.
    pub id: Box<str>,
    /// How much it matters.
    pub kind: AnnouncementKind,
    /// From when on it is shown; none is from now on.
    pub shown_from: Option<Instant>,
    /// Until when it is shown, that instant excluded; none is until it is taken out.
    pub shown_until: Option<Instant>,
    /// One line.
    pub title: Worded<Box<str>>,
    /// The text; a line break begins a new paragraph.
    pub body: Worded<Box<str>>,
}

impl Announcement {
    /// Whether it is shown at `now`.
    #[must_use]
    pub fn is_shown(&self, now: Instant) -> bool {
        self.shown_from.is_none_or(|from| now >= from) && self.shown_until.is_none_or(|until| now < until)
    }
}

/// How much an announcement matters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AnnouncementKind {
    /// Good to know (お知らせ).
    #[default]
    Information,
    /// When the system is not to be used (メンテナンス).
    Maintenance,
    /// To be read before anything else (緊急).
    Urgent,
}

impl AnnouncementKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Information, Self::Maintenance, Self::Urgent];

    /// The stable name in files and on pages.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Information => "information",
            Self::Maintenance => "maintenance",
            Self::Urgent => "urgent",
        }
    }
}

/// How to find a venue.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VenueDetails {
    /// Its address.
    pub address: Worded<Box<str>>,
    /// A map of it: an `https` address.
    pub map_url: Option<Box<str>>,
    /// How to get there; a line break begins a new paragraph.
    pub access: Option<Worded<Box<str>>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announcement(id: &str, from: Option<i64>, until: Option<i64>) -> Announcement {
        let words: Worded<Box<str>> = Worded::japanese("お知らせ".into());
        Announcement {
            id: id.into(),
            kind: AnnouncementKind::Information,
            shown_from: from.map(Instant),
            shown_until: until.map(Instant),
            title: words.clone(),
            body: words,
        }
    }

    #[test]
    fn an_announcement_is_shown_from_its_beginning_until_before_its_end() {
        let announcements = vec![
            announcement("always", None, None),
            announcement("later", Some(10), Some(20)),
            announcement("past", None, Some(5)),
        ];
        let site = Site { announcements, ..Site::default() };
        let shown = |at| site.announcements_at(Instant(at)).map(|one| &*one.id).collect::<Vec<_>>();
        assert_eq!(shown(4), ["always", "past"]);
        assert_eq!(
            (shown(5), shown(10), shown(19)),
            (vec!["always"], vec!["always", "later"], vec!["always", "later"])
        );
        assert_eq!(shown(20), ["always"]);
        let next = |at| site.announcements_change_after(Instant(at)).map(|next| next.0);
        assert_eq!((next(0), next(5), next(10), next(20)), (Some(5), Some(10), Some(20), None));
    }

    #[test]
    fn a_wording_falls_back_to_japanese_and_says_so() {
        let english = LangCode::new("en").expect("a code");
        let words = Worded { ja: "会場", others: BTreeMap::from([(english, "venue")]) };
        for (code, said, fell_back) in [("ja", "会場", false), ("en", "venue", false), ("ja-easy", "会場", true)] {
            assert_eq!(words.for_readers_of(code), Wording { said: &said, fell_back }, "{code}");
        }
    }

    #[test]
    fn a_language_code_is_of_small_letters_and_hyphens() {
        for right in ["ja", "ja-easy", "zh-hant", "en", "es-419"] {
            assert_eq!(LangCode::new(right).as_ref().map(LangCode::as_str), Some(right));
        }
        for wrong in ["", "JA", "ja-", "-ja", "ja--easy", "ja_easy", "1ja", "日本語", "ja easy", "abcdefghijklmnopq"]
        {
            assert_eq!(LangCode::new(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sites_say_the_same_whatever_their_revision() {
        let site = Site { announcements: vec![announcement("a", None, None)], ..Site::default() };
        assert!(site.says_the_same(&Site { revision: 9, ..site.clone() }));
        assert!(!site.says_the_same(&Site::default()));
    }
}
