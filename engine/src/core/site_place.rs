//! Where something stands in what the city says, so that whatever is to be said about it can name it.

use std::fmt;

use super::site::{LangCode, Site, Worded};

/// Where something stands, from the outside in: `announcement`, `opening`, `title`, `en`.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SitePlace(pub Vec<Box<str>>);

impl SitePlace {
    /// The place of these words.
    #[must_use]
    pub fn of(words: &[&str]) -> Self {
        Self(words.iter().map(|&word| word.into()).collect())
    }

    /// `word` within this place.
    #[must_use]
    pub fn within(&self, word: &str) -> Self {
        Self(self.0.iter().cloned().chain([word.into()]).collect())
    }

    /// The place around this one; none around the whole.
    #[must_use]
    pub fn around(&self) -> Option<Self> {
        let (_, around) = self.0.split_last()?;
        Some(Self(around.to_vec()))
    }
}

/// The words with dots between them.
impl fmt::Display for SitePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl Site {
    /// Every language that is used, with each place where it is.
    #[must_use]
    pub fn languages(&self) -> Vec<(SitePlace, &LangCode)> {
        let mut found = Vec::new();
        if let Some(bring) = &self.bring {
            others(&mut found, &SitePlace::of(&["bring"]), bring);
        }
        for one in &self.announcements {
            let place = SitePlace::of(&["announcement", &one.id]);
            others(&mut found, &place.within("title"), &one.title);
            others(&mut found, &place.within("body"), &one.body);
        }
        for (name, details) in &self.venues {
            let place = SitePlace::of(&["venue", name]);
            others(&mut found, &place.within("address"), &details.address);
            if let Some(access) = &details.access {
                others(&mut found, &place.within("access"), access);
            }
        }
        found.extend(self.texts.keys().map(|lang| (SitePlace::of(&["texts", lang.as_str()]), lang)));
        found
    }
}

fn others<'a, T>(found: &mut Vec<(SitePlace, &'a LangCode)>, place: &SitePlace, words: &'a Worded<T>) {
    found.extend(words.others.keys().map(|lang| (place.within(lang.as_str()), lang)));
}
