//! A tour of every page in every state, in each language: each is looked at on a phone and on a wide screen, audited by
//! axe-core, and photographed into `target/screenshots/`; in Japanese also in dark and, for the eye, in forced colours.

mod odd;
mod usual;

use sesshu_tests::browser::{Audit, Colours, Scripts, photograph, screenshots, set_colours};
use sesshu_tests::{City, report};

use crate::language::Language;
use crate::stage::{Stage, play};
use crate::visit::Visit;

/// What was seen so far, in all cities.
#[derive(Debug, Default)]
struct Record {
    audit: Audit,
    stops: usize,
}

/// A tour through one city.
struct Tour<'a> {
    visit: Visit<'a>,
    record: &'a mut Record,
}

impl<'a> Tour<'a> {
    async fn begin(stage: &'a Stage, city: &'a City, language: Language, record: &'a mut Record) -> Self {
        let mut visit = stage.visit_to(city, Scripts::On).await;
        visit.speak(language).await;
        Self { visit, record }
    }

    /// The page must say so: the city is in the state that is meant.
    async fn must_say(&self, words: &str) {
        let text = self.visit.text().await;
        assert!(text.contains(words), "{words}: {text}");
    }

    /// Looks at the page as it stands; `state` names it.
    async fn stop(&mut self, state: &str) {
        self.record.stops += 1;
        let language = self.visit.language;
        for width in [Visit::DESKTOP, Visit::PHONE] {
            self.visit.set_width(width).await;
            self.visit.check().await;
            self.record.audit.look(&self.visit.browser, &format!("{state}, {}, {width} px", language.code)).await;
            self.photograph(&format!("{}-{width}-{:02}-{state}", language.code, self.record.stops)).await;
        }
        if language == Language::JAPANESE {
            set_colours(&self.visit.browser, Colours::Dark).await;
            self.record.audit.look(&self.visit.browser, &format!("{state}, dark")).await;
            self.photograph(&format!("dark-{:02}-{state}", self.record.stops)).await;
            // What the system forces is not in the styles that axe-core reads: this is for the eye alone.
            set_colours(&self.visit.browser, Colours::Forced).await;
            self.photograph(&format!("forced-{:02}-{state}", self.record.stops)).await;
            set_colours(&self.visit.browser, Colours::AsUsual).await;
        }
    }

    /// [`Self::stop`] at an address.
    async fn stop_at(&mut self, path: &str, state: &str) {
        self.visit.open(path).await;
        self.stop(state).await;
    }

    async fn photograph(&self, name: &str) {
        photograph(&self.visit.browser, &screenshots(), name).await;
    }
}

async fn tour(stage: &Stage, language: Language) {
    let mut record = Record::default();
    usual::states(Tour::begin(stage, &stage.city, language, &mut record).await, stage).await;
    odd::states(stage, language, &mut record).await;
    let code = language.code;
    let line = record.audit.finish(code);
    report(&format!("{line}\n{} states in target/screenshots/{code}-*.png", record.stops));
}

#[test]
fn every_page_is_accessible_in_every_state_in_japanese() {
    play(async |stage| tour(stage, Language::JAPANESE).await);
}

#[test]
fn every_page_is_accessible_in_every_state_in_easy_japanese() {
    play(async |stage| tour(stage, Language::EASY_JAPANESE).await);
}

#[test]
fn every_page_is_accessible_in_every_state_in_english() {
    play(async |stage| tour(stage, Language::ENGLISH).await);
}
