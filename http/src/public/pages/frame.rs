//! What stands around every page: the city, the ways to read it, what the city has to say at once, the call centre.

use std::borrow::Cow;
use std::sync::Arc;

use axum::http::Uri;
use sesshu_engine::core::site::{Announcement, AnnouncementKind, Site, Worded};
use sesshu_engine::core::switch::Switch;
use sesshu_engine::core::time::Instant;
use sesshu_monitor::core::time::WallMs;

use super::assets::{css_href, icon_href, script_href};
use super::reading::{Reading, same_page};
use crate::config::PublicConfig;
use crate::lang::{Lang, Text, fill, strip};
use crate::notices;
use crate::public::desk::Desk;
use crate::switches::{Closed, SLOW_LISTS_MS};

/// The frame of a page.
pub(crate) struct Frame<'a> {
    pub(crate) lang: Lang,
    pub(crate) reading: Reading,
    pub(crate) city: &'a str,
    /// Whether nothing here is real.
    pub(crate) training: bool,
    pub(crate) phone: &'a str,
    pub(crate) hours: Text,
    pub(crate) logged_in: bool,
    pub(crate) css: &'static str,
    /// The style sheet of the city's colours, if it has any.
    pub(crate) theme: Option<Arc<str>>,
    pub(crate) icon: &'static str,
    pub(crate) script: &'static str,
    /// What everybody has to read first: maintenance and urgent announcements.
    pub(crate) banners: Vec<Notice>,
    pub(crate) site: Arc<Site>,
    uri: &'a Uri,
}

/// Something that the city announces.
pub(crate) struct Notice {
    pub(crate) kind: &'static str,
    pub(crate) title: Text,
    pub(crate) body: Text,
    /// When it is and when it was said, for what is said of failures and planned work: it is read out when it appears.
    pub(crate) told: Option<Text>,
}

impl<'a> Frame<'a> {
    pub(crate) fn new(desk: &'a Desk, reading: Reading, uri: &'a Uri, logged_in: bool) -> Self {
        let site = desk.engine.site();
        let theme = desk.theme.href(&site);
        let mut frame = Self::with(&desk.config, &site, theme, desk.engine.now(), reading, uri, logged_in);
        let closed: Vec<Notice> = desk.config.switches.all_closed().filter_map(|closed| frame.closed(closed)).collect();
        frame.banners.splice(..0, closed);
        frame
    }

    /// What residents must know of a part of the service that is closed; nothing of what they do not use.
    fn closed(&self, (switch, closed): (Switch, Closed)) -> Option<Notice> {
        let (kind, title, body) = match switch {
            Switch::NewBookings => {
                ("urgent", "switch.new_bookings", self.say1("switch.new_bookings_what", "phone", self.phone))
            }
            Switch::Lists => {
                let seconds = (SLOW_LISTS_MS / 1_000).to_string();
                ("maintenance", "switch.lists", self.say1("switch.lists_what", "seconds", &seconds))
            }
            Switch::RichPages => ("maintenance", "switch.rich_pages", self.say("switch.rich_pages_what")),
            Switch::Exports => return None,
        };
        let since = self.lang.instant(closed.since);
        let told = match closed.until {
            Some(until) => {
                let values = [("since", &*since), ("until", &*self.lang.instant(until))];
                self.say_with("switch.since_until", &values)
            }
            None => self.say1("switch.since", "since", &since),
        };
        Some(Notice { kind, title: self.say(title), body, told: Some(told) })
    }

    /// The frame without a desk.
    pub(super) fn with(
        config: &'a PublicConfig,
        site: &Arc<Site>,
        theme: Option<Arc<str>>,
        now: Instant,
        reading: Reading,
        uri: &'a Uri,
        logged_in: bool,
    ) -> Self {
        let (hours, in_language) = config.call_centre.hours(reading.lang.code());
        let mut frame = Self {
            lang: reading.lang,
            reading,
            city: &config.city_name,
            training: config.training,
            phone: &config.call_centre.phone,
            hours: Text::new(hours.to_owned().into(), reading.furigana, foreign(reading.lang, in_language)),
            logged_in,
            css: css_href(),
            theme,
            icon: icon_href(),
            script: script_href(),
            banners: Vec::new(),
            site: Arc::clone(site),
            uri,
        };
        let urgent = |one: &&Announcement| one.kind != AnnouncementKind::Information;
        let told = notices::shown(config.monitor.as_ref(), now);
        let told = told.iter().map(|one| frame.told(one, now));
        frame.banners = told.chain(site.announcements_at(now).filter(urgent).map(|one| frame.notice(one))).collect();
        frame
    }

    /// The text `key`: the city's own wording, else ours.
    pub(crate) fn say(&self, key: &str) -> Text {
        let (markup, in_language) = self.markup(key);
        Text::new(markup, self.reading.furigana, foreign(self.lang, in_language))
    }

    /// The text `key` with one value, which may have furigana.
    pub(crate) fn say1(&self, key: &str, name: &str, value: &str) -> Text {
        self.say_with(key, &[(name, value)])
    }

    /// The text `key` with its values, which may have furigana.
    pub(crate) fn say_with(&self, key: &str, values: &[(&str, &str)]) -> Text {
        let (markup, in_language) = self.markup(key);
        Text::new(fill(&markup, values).into(), self.reading.furigana, foreign(self.lang, in_language))
    }

    /// The text `key` for an attribute or a title.
    pub(crate) fn plain(&self, key: &str) -> Cow<'static, str> {
        strip(self.markup(key).0)
    }

    /// A text that is in the page's language already.
    pub(crate) fn text(&self, markup: String) -> Text {
        Text::new(markup.into(), self.reading.furigana, None)
    }

    /// What the city says in its own words.
    pub(crate) fn worded(&self, words: &Worded<Box<str>>) -> Text {
        let wording = words.for_readers_of(self.lang.code());
        Text::new(wording.said.to_string().into(), self.reading.furigana, foreign(self.lang, !wording.fell_back))
    }

    /// A text of the city's data, which has it in Japanese only.
    pub(crate) fn japanese(&self, text: &str) -> Text {
        Text::new(text.to_owned().into(), self.reading.furigana, foreign(self.lang, self.lang == Lang::JA))
    }

    pub(crate) fn notice(&self, one: &Announcement) -> Notice {
        Notice { kind: one.kind.code(), title: self.worded(&one.title), body: self.worded(&one.body), told: None }
    }

    /// What is said of a failure or of planned work.
    fn told(&self, one: &notices::Notice, now: Instant) -> Notice {
        let phase = one.phase(WallMs(now.0));
        let (body, in_language) = one.latest().map_or(("", true), |said| said.text.for_readers_of(self.lang.code()));
        Notice {
            kind: notices::banner_kind(phase),
            title: self.say(notices::title_key(one, phase)),
            body: Text::new(body.to_owned().into(), self.reading.furigana, foreign(self.lang, in_language)),
            told: Some(self.text(notices::when(one, phase, self.lang))),
        }
    }

    pub(crate) fn markup(&self, key: &str) -> (Cow<'static, str>, bool) {
        match self.site.text(self.lang.code(), key) {
            Some(own) => (own.to_owned().into(), true),
            None => self.lang.markup(key),
        }
    }

    /// The languages with the address of this page in each, and whether it is the one that is read.
    pub(crate) fn languages(&self) -> impl Iterator<Item = (Lang, String, bool)> {
        Lang::all().map(|lang| (lang, same_page(self.uri, "lang", lang.code()), lang == self.lang))
    }

    /// This page with or without furigana; none if the language has none.
    pub(crate) fn furigana_href(&self) -> Option<String> {
        let other = if self.reading.furigana { "off" } else { "on" };
        self.lang.furigana().map(|_| same_page(self.uri, "furigana", other))
    }

    /// This page in the other size of text.
    pub(crate) fn size_href(&self) -> String {
        same_page(self.uri, "text", if self.reading.large { "normal" } else { "large" })
    }

    /// The phone number as a link has it.
    pub(crate) fn tel(&self) -> String {
        self.phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect()
    }
}

/// The language that a text is marked with: Japanese, where that stands in for another.
fn foreign(lang: Lang, in_language: bool) -> Option<&'static str> {
    (!in_language && lang.html() != Lang::JA.html()).then(|| Lang::JA.html())
}
