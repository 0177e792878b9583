//! Where something stands in what the city says, so that whatever is to be said about it can name it.

use std::fmt;

use super::site::{LangCode, Site, Worded};



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
