//! The file of the city's pages, in TOML: what `core::site` holds, as a clerk writes it.
//!
//! Grammar, names of keys and kinds of values are read here; what may be said is judged by `core::site_check`. Everything wrong is
//! found at once, each with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::core::color::Color;
use crate::core::site::{Announcement, AnnouncementKind, LangCode, Site, Theme, VenueDetails, Worded};
use crate::core::site_check::{SITE_BYTES_MAX, SiteFault};
use crate::core::site_place::SitePlace;
use crate::core::time::Instant;

use super::clock_time::parse_instant;
use super::problem::Reason;
use super::site_reason::{Expected, SiteReason};
use super::text::{decode, line_of};

/// The largest file, in bytes.
pub const SITE_FILE_BYTES_MAX: usize = 1024 * 1024;
const _: () = assert!(SITE_BYTES_MAX < SITE_FILE_BYTES_MAX, "whatever may be said fits into a file");

/// Something wrong in the file, or worth a look.
#[derive(Debug, Clone, PartialEq)]
pub struct SiteError {
    /// The line, from 1.
    pub line: u64,
    /// Where: `announcement.opening.title.en`. Empty for the file as a whole.
    pub place: SitePlace,
    /// What.
    pub reason: SiteReason,
}

/// The file as it was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SiteFile {
    /// What it says; only to be used if nothing is wrong.
    pub site: Site,
    /// Everything wrong, by line.
    pub errors: Vec<SiteError>,
    lines: BTreeMap<SitePlace, u64>,
}

impl SiteFile {
    /// The line on which `place` begins, or what is around it.
    #[must_use]
    pub fn line_of(&self, place: &SitePlace) -> u64 {
        let found = std::iter::successors(Some(place.clone()), SitePlace::around).find_map(|it| self.lines.get(&it));
        found.copied().unwrap_or(1)
    }
}

/// Reads the file of the city's pages. Its revision is left 0: the engine gives it.
#[must_use]
pub fn parse_site(bytes: &[u8]) -> SiteFile {
    let whole = |line, reason| SiteFile {
        errors: vec![SiteError { line, place: SitePlace::default(), reason }],
        ..SiteFile::default()
    };
    if bytes.len() > SITE_FILE_BYTES_MAX {
        return whole(1, SiteReason::File(Reason::FileTooLarge { bytes_max: SITE_FILE_BYTES_MAX }));
    }
    let text = match decode(bytes) {
        Ok(decoded) => decoded.text,
        Err(error) => return whole(error.line, SiteReason::of_file(error.reason)),
    };
    let mut reader = Reader { text: &text, errors: Vec::new(), lines: BTreeMap::new() };
    let (document, broken) = DeTable::parse_recoverable(&text);
    let mut site = Site::default();
    if broken.is_empty() {
        site = reader.site(document.get_ref());
    }
    for error in broken {
        let line = reader.line(error.span().unwrap_or_default());
        let message = error.message().lines().next().unwrap_or_default().to_owned();
        reader.errors.push(SiteError { line, place: SitePlace::default(), reason: SiteReason::Syntax(message) });
    }
    let Reader { errors, lines, .. } = reader;
    let mut file = SiteFile { site, errors, lines };
    for problem in file.site.problems() {
        // What could not be read is not judged as well.
        let unread = |error: &SiteError| !error.place.0.is_empty() && problem.place.0.starts_with(&error.place.0);
        if !file.errors.iter().any(unread) {
            let line = file.line_of(&problem.place);
            file.errors.push(SiteError { line, place: problem.place, reason: SiteReason::Fault(problem.fault) });
        }
    }
    file.errors.sort_by_key(|error| error.line);
    file
}

type Value<'t> = Spanned<DeValue<'t>>;

struct Reader<'t> {
    text: &'t str,
    errors: Vec<SiteError>,
    lines: BTreeMap<SitePlace, u64>,
}

impl Reader<'_> {
    fn line(&self, span: Range<usize>) -> u64 {
        line_of(self.text.as_bytes(), span.start)
    }

    fn stands(&mut self, place: &SitePlace, span: Range<usize>) {
        let line = self.line(span);
        self.lines.entry(place.clone()).or_insert(line);
    }

    fn wrong(&mut self, place: &SitePlace, span: Range<usize>, reason: SiteReason) {
        let line = self.line(span);
        self.errors.push(SiteError { line, place: place.clone(), reason });
    }

    /// The keys of a table, each remembered with its line.
    fn keys<'a, 't>(&mut self, place: &SitePlace, table: &'a DeTable<'t>) -> Vec<(&'a str, SitePlace, &'a Value<'t>)> {
        let keys = table.iter().map(|(key, value)| {
            let within = place.within(key.get_ref());
            self.stands(&within, key.span());
            (key.get_ref().as_ref(), within, value)
        });
        keys.collect()
    }

    fn unknown(&mut self, place: &SitePlace) {
        let line = self.lines.get(place).copied().unwrap_or(1);
        self.errors.push(SiteError { line, place: place.clone(), reason: SiteReason::UnknownKey });
    }

    fn missing(&mut self, place: &SitePlace, key: &str, around: Range<usize>) {
        self.wrong(&place.within(key), around, SiteReason::Missing);
    }

    fn table<'a, 't>(&mut self, place: &SitePlace, value: &'a Value<'t>) -> Option<&'a DeTable<'t>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => self.expected(place, value, Expected::Table),
        }
    }

    fn expected<T>(&mut self, place: &SitePlace, value: &Value<'_>, expected: Expected) -> Option<T> {
        self.wrong(place, value.span(), SiteReason::Expected(expected));
        None
    }

    fn site(&mut self, document: &DeTable<'_>) -> Site {
        let mut site = Site::default();
        for (key, place, value) in self.keys(&SitePlace::default(), document) {
            match key {
                "theme" => site.theme = self.theme(&place, value),
                "bring" => site.bring = self.worded(&place, value, Expected::Lines, Self::lines_of),
                "announcement" => self.announcements(&place, value, &mut site),
                "venue" => self.venues(&place, value, &mut site),
                "texts" => self.texts(&place, value, &mut site),
                _ => self.unknown(&place),
            }
        }
        site
    }

    fn theme(&mut self, place: &SitePlace, value: &Value<'_>) -> Option<Theme> {
        let table = self.table(place, value)?;
        let (mut main, mut on_main) = (None, Some(Color::WHITE));
        let mut named = false;
        for (key, place, value) in self.keys(place, table) {
            match key {
                "main" => (named, main) = (true, self.color(&place, value)),
                "on_main" => on_main = self.color(&place, value),
                _ => self.unknown(&place),
            }
        }
        if !named {
            self.missing(place, "main", value.span());
        }
        Some(Theme { main: main?, on_main: on_main? })
    }

    fn color(&mut self, place: &SitePlace, value: &Value<'_>) -> Option<Color> {
        let color = self.text(place, value)?.parse();
        if color.is_err() {
            self.wrong(place, value.span(), SiteReason::NotAColor);
        }
        color.ok()
    }

    /// Tables in a list, each under the name that its key `named` gives it.
    fn each_named(
        &mut self,
        place: &SitePlace,
        value: &Value<'_>,
        named: &str,
        mut each: impl FnMut(&mut Self, &str, &SitePlace, &DeTable<'_>, Range<usize>),
    ) {
        let DeValue::Array(list) = value.get_ref() else {
            self.expected::<()>(place, value, Expected::Tables);
            return;
        };
        let mut seen = BTreeSet::new();
        for (nth, value) in list.iter().enumerate() {
            let Some(table) = self.table(place, value) else { continue };
            let name = table.iter().find(|(key, _)| key.get_ref() == named).map(|(_, value)| value);
            let read = name.and_then(|name| self.text(&place.within(&format!("#{}", nth + 1)).within(named), name));
            let place = place.within(read.as_deref().unwrap_or(&format!("#{}", nth + 1)));
            self.stands(&place, value.span());
            match name {
                None => self.missing(&place, named, value.span()),
                Some(name) if !seen.insert(place.clone()) => {
                    self.wrong(&place.within(named), name.span(), SiteReason::Fault(SiteFault::Twice));
                }
                Some(_) => {}
            }
            let name = place.0.last().cloned().unwrap_or_default();
            each(self, &name, &place, table, value.span());
        }
    }

    fn announcements(&mut self, place: &SitePlace, value: &Value<'_>, site: &mut Site) {
        self.each_named(place, value, "id", |reader, id, place, table, span| {
            let mut one = Announcement {
                id: id.into(),
                kind: AnnouncementKind::default(),
                shown_from: None,
                shown_until: None,
                title: Worded::default(),
                body: Worded::default(),
            };
            let (mut title, mut body) = (false, false);
            for (key, place, value) in reader.keys(place, table) {
                match key {
                    "id" => {}
                    "kind" => one.kind = reader.kind(&place, value).unwrap_or_default(),
                    "shown_from" => one.shown_from = reader.instant(&place, value),
                    "shown_until" => one.shown_until = reader.instant(&place, value),
                    "title" => (title, one.title) = (true, reader.words(&place, value).unwrap_or_default()),
                    "body" => (body, one.body) = (true, reader.words(&place, value).unwrap_or_default()),
                    _ => reader.unknown(&place),
                }
            }
            for (there, key) in [(title, "title"), (body, "body")] {
                if !there {
                    reader.missing(place, key, span.clone());
                }
            }
            site.announcements.push(one);
        });
    }

    fn venues(&mut self, place: &SitePlace, value: &Value<'_>, site: &mut Site) {
        self.each_named(place, value, "name", |reader, name, place, table, span| {
            let mut details = VenueDetails::default();
            let mut address = false;
            for (key, place, value) in reader.keys(place, table) {
                match key {
                    "name" => {}
                    "address" => (address, details.address) = (true, reader.words(&place, value).unwrap_or_default()),
                    "map_url" => details.map_url = reader.text(&place, value).map(Into::into),
                    "access" => details.access = reader.words(&place, value),
                    _ => reader.unknown(&place),
                }
            }
            if !address {
                reader.missing(place, "address", span.clone());
            }
            site.venues.insert(name.into(), details);
        });
    }

    fn texts(&mut self, place: &SitePlace, value: &Value<'_>, site: &mut Site) {
        let Some(languages) = self.table(place, value) else { return };
        for (code, place, value) in self.keys(place, languages) {
            let Some(lang) = self.lang(&place, code) else { continue };
            let Some(table) = self.table(&place, value) else { continue };
            let mut texts = BTreeMap::new();
            self.flat(&place, "", table, &mut texts);
            if !texts.is_empty() {
                site.texts.insert(lang, texts);
            }
        }
    }

    /// `top.lead = "…"` and `"top.lead" = "…"` are the same.
    fn flat(&mut self, lang: &SitePlace, before: &str, table: &DeTable<'_>, texts: &mut BTreeMap<Box<str>, Box<str>>) {
        for (key, value) in table {
            let whole =
                if before.is_empty() { key.get_ref().to_string() } else { format!("{before}.{}", key.get_ref()) };
            let place = lang.within(&whole);
            self.stands(&place, key.span());
            if let DeValue::Table(inner) = value.get_ref() {
                self.flat(lang, &whole, inner, texts);
            } else if let Some(text) = self.text(&place, value)
                && texts.insert(whole.into(), text.into()).is_some()
            {
                self.wrong(&place, key.span(), SiteReason::Fault(SiteFault::Twice));
            }
        }
    }

    fn kind(&mut self, place: &SitePlace, value: &Value<'_>) -> Option<AnnouncementKind> {
        let code = self.text(place, value)?;
        let kind = AnnouncementKind::ALL.into_iter().find(|kind| kind.code() == code);
        if kind.is_none() {
            self.wrong(place, value.span(), SiteReason::UnknownKind);
        }
        kind
    }

    fn instant(&mut self, place: &SitePlace, value: &Value<'_>) -> Option<Instant> {
        let text = match value.get_ref() {
            DeValue::Datetime(written) => written.to_string(),
            _ => self.text(place, value)?,
        };
        let instant = parse_instant(&text);
        if instant.is_none() {
            self.wrong(place, value.span(), SiteReason::NotAnInstant);
        }
        // Whole seconds, as a file that is written again has them.
        instant.map(|instant| Instant(instant.0 - instant.0.rem_euclid(1_000)))
    }

    fn lang(&mut self, place: &SitePlace, code: &str) -> Option<LangCode> {
        let lang = LangCode::new(code);
        if lang.is_none() {
            let line = self.lines.get(place).copied().unwrap_or(1);
            self.errors.push(SiteError { line, place: place.clone(), reason: SiteReason::NotALanguage });
        }
        lang
    }

    fn words(&mut self, place: &SitePlace, value: &Value<'_>) -> Option<Worded<Box<str>>> {
        self.worded(place, value, Expected::Words, |reader, place, value| reader.text(place, value).map(Into::into))
    }

    /// In Japanese alone, or by language.
    fn worded<T>(
        &mut self,
        place: &SitePlace,
        value: &Value<'_>,
        expected: Expected,
        read: impl Fn(&mut Self, &SitePlace, &Value<'_>) -> Option<T>,
    ) -> Option<Worded<T>> {
        let languages = match value.get_ref() {
            DeValue::Table(languages) => languages,
            DeValue::String(_) | DeValue::Array(_) => {
                let ja = place.within("ja");
                self.stands(&ja, value.span());
                return read(self, &ja, value).map(Worded::japanese);
            }
            _ => return self.expected(place, value, expected),
        };
        let (mut ja, mut named, mut others) = (None, false, BTreeMap::new());
        for (code, place, value) in self.keys(place, languages) {
            let Some(lang) = self.lang(&place, code) else { continue };
            let said = read(self, &place, value);
            if lang == LangCode::japanese() {
                (named, ja) = (true, said);
            } else if let Some(said) = said {
                others.insert(lang, said);
            }
        }
        if !named {
            self.missing(place, "ja", value.span());
        }
        Some(Worded { ja: ja?, others })
    }

    fn lines_of(&mut self, place: &SitePlace, value: &Value<'_>) -> Option<Vec<Box<str>>> {
        let DeValue::Array(list) = value.get_ref() else { return self.expected(place, value, Expected::Lines) };
        list.iter().map(|line| self.text(place, line).map(Into::into)).collect()
    }

    /// A text without spaces around it, its lines ended by LF.
    fn text(&mut self, place: &SitePlace, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.replace("\r\n", "\n").trim().to_owned()),
            _ => self.expected(place, value, Expected::Text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roll::{Lang, write_site};
    use proptest::prelude::*;

    const WHOLE: &str = r##"
[theme]
main = "#0017C1"

[bring]
ja = ["接種券", " 予診票 "]
en = ["Ticket", "Questionnaire"]

[[announcement]]
id = "opening"
kind = "urgent"
shown_from = 2026-12-01T09:00:00+09:00
shown_until = "2026/12/5 17:00"
title = "予約が始まります"
body = """
一行目
二行目
"""

[[announcement]]
id = "second"
title = { ja = "二つ目", en = "Second" }
body.ja = "本文"
body.ja-easy = "やさしい 本文"

[[venue]]
name = "市民体育館"
address = "中央1-1"
map_url = "https://map.example.jp/?q=1"
access = "駅から徒歩8分"

[texts.en]
top.lead = "Welcome"
"top.note" = "Note"
"##;

    fn place(words: &[&str]) -> SitePlace {
        SitePlace::of(words)
    }

    #[test]
    fn a_file_says_what_the_pages_say() {
        let file = parse_site(WHOLE.as_bytes());
        assert_eq!(file.errors, []);
        let site = &file.site;
        assert_eq!(
            site.theme.map(|theme| (theme.main.to_string(), theme.on_main)),
            Some(("#0017c1".into(), Color::WHITE))
        );
        let bring = site.bring.as_ref().expect("what to bring");
        assert_eq!(bring.ja, ["接種券".into(), "予診票".into()]);
        assert!(bring.for_readers_of("ja-easy").fell_back);
        let [opening, second] = &site.announcements[..] else { panic!("two announcements") };
        assert_eq!(
            (&*opening.id, opening.kind, second.kind),
            ("opening", AnnouncementKind::Urgent, AnnouncementKind::Information)
        );
        let shown = |instant: Option<Instant>| instant.map(Instant::to_rfc3339);
        assert_eq!(shown(opening.shown_from).as_deref(), Some("2026-12-01T09:00:00+09:00"));
        assert_eq!(shown(opening.shown_until).as_deref(), Some("2026-12-05T17:00:00+09:00"));
        assert_eq!(&*opening.body.ja, "一行目\n二行目");
        assert_eq!(&**second.title.for_readers_of("en").said, "Second");
        assert_eq!(&**second.body.for_readers_of("ja-easy").said, "やさしい 本文");
        assert_eq!((site.text("en", "top.lead"), site.text("en", "top.note")), (Some("Welcome"), Some("Note")));
        assert_eq!(file.line_of(&place(&["announcement", "second", "title", "en"])), 22);
        assert_eq!(file.line_of(&place(&["venue", "市民体育館", "map_url"])), 29);
        let crlf = parse_site(WHOLE.replace('\n', "\r\n").as_bytes());
        assert_eq!((crlf.errors, &crlf.site), (vec![], site), "and with CRLF the same");
    }

    /// Each error as `line place: words`.
    fn said(text: &str) -> Vec<String> {
        let file = parse_site(text.as_bytes());
        let words = |error: &SiteError| format!("{} {}: {}", error.line, error.place, error.reason.text(Lang::En));
        file.errors.iter().map(words).collect()
    }

    #[test]
    fn whatever_is_wrong_is_named_by_line_and_place() {
        let venue = "[[venue]]\nname = \"a\"\naddress = \"b\"\n";
        let cases: [(&str, &[&str]); 25] = [
            ("x = 1\n", &["1 x: there is no such key"]),
            ("[theme]\nmain = \"blue\"", &["2 theme.main: not a colour; expected for example #0017c1"]),
            ("[theme]\n", &["1 theme.main: this key is missing"]),
            (
                "[theme]\nmain = \"#777777\"",
                &["2 theme.main: its contrast with #ffffff is 4.47:1; at least 4.5:1 is needed"],
            ),
            (
                "[theme]\nmain = \"#0017c1\"\non_main = \"#000000\"",
                &["3 theme.on_main: its contrast with #0017c1 is 1.89:1; at least 4.5:1 is needed"],
            ),
            ("theme = 3", &["1 theme: expected a table"]),
            ("bring = []", &["1 bring.ja: there are no words"]),
            ("bring = \"a\"", &["1 bring.ja: expected a list of texts in [\"…\", \"…\"], or such lists by language"]),
            ("[bring]\nen = [\"a\"]", &["1 bring.ja: this key is missing"]),
            ("[bring]\nja = [\"a\", 3]", &["2 bring.ja: expected a text in \"…\""]),
            (
                "[bring]\nJA = [\"a\"]\nja = [\"a\"]",
                &["2 bring.JA: not the code of a language; expected for example ja, ja-easy or en"],
            ),
            ("announcement = 1", &["1 announcement: expected tables that begin with [[…]]"]),
            (
                "[[announcement]]\nid = \"A b\"\ntitle = \"a\"\nbody = \"b\"",
                &["2 announcement.A b.id: must be at most 40 small letters, digits and hyphens"],
            ),
            ("[[announcement]]\ntitle = \"a\"\nbody = \"b\"", &["1 announcement.#1.id: this key is missing"]),
            (
                "[[announcement]]\nid = \"a\"",
                &["1 announcement.a.title: this key is missing", "1 announcement.a.body: this key is missing"],
            ),
            (
                "[[announcement]]\nid = \"a\"\nkind = \"news\"\ntitle = \"a\\nb\"\nbody = \" \"",
                &[
                    "3 announcement.a.kind: expected information, maintenance or urgent",
                    "4 announcement.a.title.ja: must be one line",
                    "5 announcement.a.body.ja: there are no words",
                ],
            ),
            (
                "[[announcement]]\nid = \"a\"\nshown_from = \"2026-12-02 09:00\"\nshown_until = \"2026-12-01 09:00\"\ntitle = \"a\"\nbody = \"b\"",
                &["4 announcement.a.shown_until: must be after shown_from"],
            ),
            (
                "[[announcement]]\nid = \"a\"\nshown_from = 2026-12-02\ntitle = \"a\"\nbody = \"b\"",
                &["3 announcement.a.shown_from: not a date with a time; expected for example 2026-12-01 09:00"],
            ),
            (
                "[[announcement]]\nid = \"a\"\ntitle = \"\u{e000}\"\nbody = \"b\"",
                &["3 announcement.a.title.ja: contains a control or private use character (U+E000)"],
            ),
            (
                &format!("{venue}map_url = \"http://map.example.jp/\""),
                &["4 venue.a.map_url: must be an address that begins with https://, of at most 500 bytes"],
            ),
            (&format!("{venue}{venue}"), &["5 venue.a.name: there is another one of this name"]),
            ("[[venue]]\nname = \"a\"", &["1 venue.a.address: this key is missing"]),
            (
                "[texts.ja]\n\"Top\" = \"a\"",
                &["2 texts.ja.Top: must be at most 64 small letters, digits, dots, hyphens and underscores"],
            ),
            ("[texts.ja]\na.b = \"x\"\n\"a.b\" = \"y\"", &["3 texts.ja.a.b: there is another one of this name"]),
            ("", &["1 : the file is empty"]),
        ];
        let wrong: Vec<_> =
            cases.iter().map(|(text, wanted)| (said(text), wanted)).filter(|(said, wanted)| said != *wanted).collect();
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    #[test]
    fn a_name_twice_and_broken_grammar_are_named_by_line() {
        let one = "[[announcement]]\nid = \"a\"\ntitle = \"a\"\nbody = \"b\"\n";
        assert_eq!(said(&one.repeat(2)), ["6 announcement.a.id: there is another one of this name"]);
        let broken = said("[theme]\nmain = = 3\n[bring\n");
        assert!(broken.len() >= 2 && broken[0].starts_with("2 : not TOML: "), "{broken:?}");
    }

    #[test]
    fn bounds_are_kept() {
        let long =
            |chars: usize| format!("[[announcement]]\nid = \"a\"\ntitle = \"{}\"\nbody = \"b\"\n", "あ".repeat(chars));
        assert_eq!(said(&long(100)), Vec::<String>::new());
        assert_eq!(said(&long(101)), ["3 announcement.a.title.ja: too long; at most 100 characters are accepted"]);
        let many: Vec<String> =
            (0..21).map(|n| format!("[[announcement]]\nid = \"a{n}\"\ntitle = \"a\"\nbody = \"b\"\n")).collect();
        assert_eq!(said(&many.concat()), ["1 announcement: too many; at most 20 are accepted"]);
        let text = "x".repeat(1_990);
        let large: Vec<String> = (0..300).map(|n| format!("k{n} = \"{text}\"\n")).collect();
        assert_eq!(
            said(&format!("[texts.ja]\n{}", large.concat())),
            ["1 : all of it is too large; at most 524288 bytes are accepted"]
        );
        let huge = parse_site(&vec![b'#'; SITE_FILE_BYTES_MAX + 1]);
        assert!(matches!(
            huge.errors[..],
            [SiteError { line: 1, reason: SiteReason::File(Reason::FileTooLarge { .. }), .. }]
        ));
    }

    #[test]
    fn what_is_exported_says_the_same_when_it_is_imported() {
        let site = parse_site(WHOLE.as_bytes()).site;
        let written = write_site(&site);
        let again = parse_site(written.as_bytes());
        assert_eq!((again.errors, again.site), (vec![], site), "{written}");
        let empty = write_site(&Site::default());
        let read = parse_site(empty.as_bytes());
        assert_eq!((read.errors, read.site), (vec![], Site::default()));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_on_one_of_its_lines_and_what_is_read_can_be_written_and_read_again(
            at in any::<proptest::sample::Index>(),
            cut in 0..40_usize,
            with in "[a-z_\\[\\].= \"\\\\\n#]{0,20}|\\PC{0,20}|(title|body|name|id|kind|main) = (\"[^\"]{0,20}\"|[0-9:T-]{0,12})\n",
        ) {
            let from = (0..=WHOLE.len()).filter(|&at| WHOLE.is_char_boundary(at)).nth(at.index(WHOLE.chars().count())).unwrap_or(0);
            let rest: String = WHOLE[from..].chars().skip(cut).collect();
            let text = format!("{}{with}{rest}", &WHOLE[..from]);
            let file = parse_site(text.as_bytes());
            let lines = text.split(['\n', '\r']).count() as u64;
            for error in &file.errors {
                prop_assert!((1..=lines).contains(&error.line), "{error:?}");
                for lang in [Lang::Ja, Lang::En] {
                    let said = error.reason.text(lang);
                    prop_assert!(!said.is_empty() && !said.contains('\n'), "{said}");
                }
            }
            if file.errors.is_empty() {
                let written = write_site(&file.site);
                let again = parse_site(written.as_bytes());
                prop_assert_eq!((again.errors, again.site), (vec![], file.site), "{}", written);
            }
        }

        #[test]
        fn any_words_are_exported_as_they_are(words in "[\\PC\n]{1,60}", key in "[a-z.]{1,10}") {
            let lang = LangCode::japanese();
            let said: Box<str> = words.trim().into();
            let texts = BTreeMap::from([(lang, BTreeMap::from([(key.as_str().into(), said)]))]);
            let site = Site { texts, ..Site::default() };
            if site.problems().is_empty() {
                let again = parse_site(write_site(&site).as_bytes());
                prop_assert_eq!((again.errors, again.site), (vec![], site));
            }
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let file = parse_site(&bytes);
            prop_assert!(file.errors.iter().all(|error| error.line >= 1));
        }
    }
}
