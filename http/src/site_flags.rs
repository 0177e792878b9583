//! What is worth a look in the city's file of its pages: the file alone cannot say it, and nothing breaks by it.

use sesshu_engine::EngineHandle;
use sesshu_engine::core::site_place::SitePlace;
use sesshu_engine::roll::{SiteError, SiteFile, SiteReason};

use crate::{is_page_text, page_languages};

/// Venues without sessions, languages and texts that the pages do not have, by line.
#[must_use]
pub fn site_flags(engine: &EngineHandle, file: &SiteFile) -> Vec<SiteError> {
    let flag = |place: SitePlace, reason| SiteError { line: file.line_of(&place), place, reason };
    let venues = engine.venues_without_sessions(&file.site);
    let venue = |name: Box<str>| flag(SitePlace::of(&["venue", &name]), SiteReason::VenueWithoutSessions);
    let mut flags: Vec<SiteError> = venues.into_iter().map(venue).collect();
    let unknown = |code: &str| !page_languages().any(|known| known == code);
    let languages = file.site.languages().into_iter().filter(|(_, lang)| unknown(lang.as_str()));
    flags.extend(languages.map(|(place, _)| flag(place, SiteReason::UnknownLanguage)));
    for (lang, texts) in &file.site.texts {
        let keys = texts.keys().filter(|key| !is_page_text(key));
        let text = |key: &str| flag(SitePlace::of(&["texts", lang.as_str(), key]), SiteReason::UnknownText);
        flags.extend(keys.map(|key| text(key)));
    }
    flags.sort_by_key(|flag| flag.line);
    flags
}
