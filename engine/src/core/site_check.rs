//! What the city may say on its pages: bounds, so that no page grows beyond what a phone loads, and what a browser must be able
//! to trust. Everything wrong is found at once, each with the place where it stands.

use std::collections::HashSet;

use super::color::Color;
use super::site::{LangCode, Site, Worded};
use super::site_place::SitePlace;

/// The most announcements.
pub const ANNOUNCEMENTS_MAX: usize = 20;
/// The longest name of an announcement, in bytes.
pub const ANNOUNCEMENT_ID_BYTES_MAX: usize = 40;
/// The longest title, in characters.
pub const TITLE_CHARS_MAX: usize = 100;
/// The longest text of an announcement, in characters.
pub const BODY_CHARS_MAX: usize = 2_000;
/// The most venues with details.
pub const VENUES_MAX: usize = 200;
/// The longest name of a venue, in characters.
pub const VENUE_NAME_CHARS_MAX: usize = 64;
/// The longest address, in characters.
pub const ADDRESS_CHARS_MAX: usize = 200;
/// The longest address of a map, in bytes.
pub const MAP_URL_BYTES_MAX: usize = 500;
/// The longest way description, in characters.
pub const ACCESS_CHARS_MAX: usize = 1_000;
/// The most things to bring.
pub const BRING_LINES_MAX: usize = 20;
/// The longest thing to bring, in characters.
pub const BRING_LINE_CHARS_MAX: usize = 200;
/// The most languages of one wording.
pub const LANGUAGES_MAX: usize = 20;
/// The most wordings of the city's own in one language.
pub const TEXTS_MAX: usize = 1_000;
/// The longest key of a wording, in bytes.
pub const TEXT_KEY_BYTES_MAX: usize = 64;
/// The longest wording, in characters.
pub const TEXT_CHARS_MAX: usize = 2_000;
/// The most that all of it may take, in bytes: it is one entry of the journal.
pub const SITE_BYTES_MAX: usize = 512 * 1024;
/// The least contrast of text (WCAG 2.2 AA, 1.4.3).
pub const CONTRAST_MIN: f64 = 4.5;

const _: () =
    assert!(BODY_CHARS_MAX * 4 * (LANGUAGES_MAX + 1) < SITE_BYTES_MAX, "one announcement fits in all languages");

/// Something that the city cannot say like this.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteProblem {
    /// Where it stands.
    pub place: SitePlace,
    /// What is wrong.
    pub fault: SiteFault,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum SiteFault {
    /// There are no words.
    Empty,
    /// There are more characters than this.
    TooLong {
        /// The most.
        chars_max: usize,
    },
    /// There are more of them than this.
    TooMany {
        /// The most.
        most: usize,
    },
    /// All of it takes more than [`SITE_BYTES_MAX`].
    TooLarge,
    /// A character that nobody can read: a control character, or 外字.
    Unreadable(char),
    /// A line break where one line is wanted.
    SecondLine,
    /// A name that is not of small letters, digits and hyphens.
    NotAName,
    /// A key that is not of small letters, digits, dots, hyphens and underscores.
    NotAKey,
    /// The name of another one.
    Twice,
    /// Not an `https` address.
    NotHttps,
    /// It would end before it begins.
    EndsBeforeItBegins,
    /// Two colours that are too near to each other.
    Contrast {
        /// The contrast of the two, in hundredths.
        hundredths: u32,
        /// The other colour.
        with: Color,
    },
    /// Japanese stands beside the other languages, not among them.
    JapaneseTwice,
}

impl Site {
    /// Everything that is wrong with it; nothing if it may be said.
    #[must_use]
    pub fn problems(&self) -> Vec<SiteProblem> {
        let mut found = Found(Vec::new());
        self.check_theme(&mut found);
        self.check_announcements(&mut found);
        self.check_venues(&mut found);
        if let Some(bring) = &self.bring {
            found.worded(&SitePlace::of(&["bring"]), bring, |found, place, lines| {
                found.count(place, lines.len(), BRING_LINES_MAX);
                if lines.is_empty() {
                    found.add(place.clone(), SiteFault::Empty);
                }
                for line in lines {
                    found.line(place, line, BRING_LINE_CHARS_MAX);
                }
            });
        }
        self.check_texts(&mut found);
        if self.bytes() > SITE_BYTES_MAX {
            found.add(SitePlace::default(), SiteFault::TooLarge);
        }
        found.0
    }

    /// How much it takes in the journal, in bytes.
    #[must_use]
    fn bytes(&self) -> usize {
        postcard::serialize_with_flavor(self, postcard::ser_flavors::Size::default()).unwrap_or(usize::MAX)
    }

    fn check_theme(&self, found: &mut Found) {
        let Some(theme) = self.theme else { return };
        // White on the main colour is the main colour on white, and said once.
        let on_main = theme.on_main != Color::WHITE;
        for (key, one, with) in [("main", theme.main, Color::WHITE), ("on_main", theme.on_main, theme.main)] {
            let ratio = one.contrast_with(with);
            if ratio < CONTRAST_MIN && (on_main || key == "main") {
                // Cut off, not rounded: 4.499 is not 4.50.
                let hundredths = (ratio * 100.0).floor() as u32;
                found.add(SitePlace::of(&["theme", key]), SiteFault::Contrast { hundredths, with });
            }
        }
    }

    fn check_announcements(&self, found: &mut Found) {
        let all = SitePlace::of(&["announcement"]);
        found.count(&all, self.announcements.len(), ANNOUNCEMENTS_MAX);
        let mut seen = HashSet::new();
        for one in &self.announcements {
            let place = all.within(&one.id);
            if !is_name(&one.id) {
                found.add(place.within("id"), SiteFault::NotAName);
            } else if !seen.insert(&one.id) {
                found.add(place.within("id"), SiteFault::Twice);
            }
            if one.shown_until.is_some_and(|until| one.shown_from.is_some_and(|from| until <= from)) {
                found.add(place.within("shown_until"), SiteFault::EndsBeforeItBegins);
            }
            found.worded(&place.within("title"), &one.title, |found, place, text| {
                found.line(place, text, TITLE_CHARS_MAX);
            });
            found.worded(&place.within("body"), &one.body, |found, place, text| {
                found.lines(place, text, BODY_CHARS_MAX);
            });
        }
    }

    fn check_venues(&self, found: &mut Found) {
        let all = SitePlace::of(&["venue"]);
        found.count(&all, self.venues.len(), VENUES_MAX);
        for (name, details) in &self.venues {
            let place = all.within(name);
            found.line(&place.within("name"), name, VENUE_NAME_CHARS_MAX);
            found.worded(&place.within("address"), &details.address, |found, place, text| {
                found.line(place, text, ADDRESS_CHARS_MAX);
            });
            if details.map_url.as_ref().is_some_and(|url| !is_https(url)) {
                found.add(place.within("map_url"), SiteFault::NotHttps);
            }
            if let Some(access) = &details.access {
                found.worded(&place.within("access"), access, |found, place, text| {
                    found.lines(place, text, ACCESS_CHARS_MAX);
                });
            }
        }
    }

    fn check_texts(&self, found: &mut Found) {
        let all = SitePlace::of(&["texts"]);
        found.count(&all, self.texts.len(), LANGUAGES_MAX + 1);
        for (lang, texts) in &self.texts {
            let place = all.within(lang.as_str());
            found.count(&place, texts.len(), TEXTS_MAX);
            if texts.is_empty() {
                found.add(place.clone(), SiteFault::Empty);
            }
            for (key, text) in texts {
                if !is_key(key) {
                    found.add(place.within(key), SiteFault::NotAKey);
                }
                found.lines(&place.within(key), text, TEXT_CHARS_MAX);
            }
        }
    }
}

struct Found(Vec<SiteProblem>);

impl Found {
    fn add(&mut self, place: SitePlace, fault: SiteFault) {
        self.0.push(SiteProblem { place, fault });
    }

    fn count(&mut self, place: &SitePlace, count: usize, most: usize) {
        if count > most {
            self.add(place.clone(), SiteFault::TooMany { most });
        }
    }

    fn worded<T>(&mut self, place: &SitePlace, words: &Worded<T>, each: impl Fn(&mut Self, &SitePlace, &T)) {
        each(self, &place.within("ja"), &words.ja);
        self.count(place, words.others.len(), LANGUAGES_MAX);
        for (lang, said) in &words.others {
            if *lang == LangCode::japanese() {
                self.add(place.within("ja"), SiteFault::JapaneseTwice);
            }
            each(self, &place.within(lang.as_str()), said);
        }
    }

    /// One line of text.
    fn line(&mut self, place: &SitePlace, text: &str, chars_max: usize) {
        if text.contains('\n') {
            self.add(place.clone(), SiteFault::SecondLine);
        } else {
            self.lines(place, text, chars_max);
        }
    }

    /// A text of lines.
    fn lines(&mut self, place: &SitePlace, text: &str, chars_max: usize) {
        let unreadable = |c: &char| (c.is_control() && *c != '\n') || is_private_use(*c);
        let fault = if text.trim().is_empty() {
            SiteFault::Empty
        } else if let Some(c) = text.chars().find(unreadable) {
            SiteFault::Unreadable(c)
        } else if text.chars().nth(chars_max).is_some() {
            SiteFault::TooLong { chars_max }
        } else {
            return;
        };
        self.add(place.clone(), fault);
    }
}

/// 外字: characters that mean something only on the computer that defined them.
const fn is_private_use(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}')
}

fn is_name(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=ANNOUNCEMENT_ID_BYTES_MAX).contains(&text.len()) && text.bytes().all(letters)
}

fn is_key(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_');
    (1..=TEXT_KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(letters)
}

/// An address of the web that a page can link to as it stands: with a host of its own, of visible ASCII, without what could end an
/// attribute or name a user.
fn is_https(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let name = host.split(':').next().unwrap_or_default();
    text.len() <= MAP_URL_BYTES_MAX
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`'))
        && name.contains('.')
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':'))
        && name.split('.').all(|label| !label.is_empty() && !label.starts_with('-') && !label.ends_with('-'))
}
