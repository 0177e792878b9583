//! The pages of the waiting room as ready texts with gaps: rendered once for each way to read and each thing to say, kept until the
//! city's words or the minute change. A person's figures are put into the gaps, which costs a copy and nothing else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sesshu_engine::view::Waiting;

use super::super::reading::Reading;
use super::super::refused::percent_encoded;
use super::room::{Estimate, Shape};
use crate::lang::put_grouped;
use crate::public::api::lists::Moment;

/// How many pages are kept. Over this, one is rendered for its asker alone.
const KEPT_MAX: usize = 256;
/// What stands for the way back while a page is rendered: no address of ours has it.
pub(super) const BACK_IN_ADDRESSES: &str = "~back~";

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct WaitKey {
    pub(super) reading: Reading,
    pub(super) shape: Shape,
}

/// What a gap is for. While a page is rendered, a letter that no language uses stands for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gap {
    /// The way back, as a parameter of an address.
    Back,
    /// How many come first.
    Ahead,
    /// How many places are left.
    Places,
    /// How many minutes or hours it takes.
    Estimate,
    /// In how many seconds the page asks again.
    Seconds,
}

impl Gap {
    const ALL: [Self; 5] = [Self::Back, Self::Ahead, Self::Places, Self::Estimate, Self::Seconds];

    /// The letter that stands for it, of those that Unicode gives to nobody.
    pub(super) const fn letter(self) -> &'static str {
        match self {
            Self::Back => "\u{E000}",
            Self::Ahead => "\u{E001}",
            Self::Places => "\u{E002}",
            Self::Estimate => "\u{E003}",
            Self::Seconds => "\u{E004}",
        }
    }
}

/// What is put into the gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Figures<'a> {
    ahead: u32,
    places: u32,
    estimate: u32,
    seconds: u32,
    back: &'a str,
}

impl<'a> Figures<'a> {
    /// No figures yet, and the way back.
    pub(super) fn new(back: &'a str) -> Self {
        Self { back, ..Self::default() }
    }

    /// Those of `waiting`, with when the page asks again and the way back.
    pub(super) fn of(waiting: &Waiting, seconds: u32, back: &'a str) -> Self {
        let (_, estimate) = Estimate::of(waiting.estimate_seconds);
        Self { ahead: waiting.ahead, places: waiting.places_left, estimate, seconds, back }
    }

    fn put(&self, gap: Gap, into: &mut String) {
        match gap {
            Gap::Back => into.push_str(&percent_encoded(self.back)),
            Gap::Ahead => put_grouped(self.ahead.into(), into),
            Gap::Places => put_grouped(self.places.into(), into),
            Gap::Estimate => put_grouped(self.estimate.into(), into),
            Gap::Seconds => put_grouped(self.seconds.into(), into),
        }
    }
}

/// A page with gaps.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageWithGaps {
    /// What stands before each gap.
    pieces: Vec<(Box<str>, Gap)>,
    end: Box<str>,
    bytes: usize,
}

impl PageWithGaps {
    pub(super) fn of(html: &str) -> Self {
        let html = html.replace(BACK_IN_ADDRESSES, Gap::Back.letter());
        let (mut pieces, mut rest) = (Vec::new(), &*html);
        let next = |rest: &str| {
            let gaps = Gap::ALL.into_iter().filter_map(|gap| Some((rest.find(gap.letter())?, gap)));
            gaps.min_by_key(|(at, _)| *at)
        };
        while let Some((at, gap)) = next(rest) {
            pieces.push((rest[..at].into(), gap));
            rest = &rest[at + gap.letter().len()..];
        }
        Self { pieces, end: rest.into(), bytes: html.len() }
    }

    /// The page with `figures` in its gaps.
    pub(super) fn with(&self, figures: &Figures<'_>) -> String {
        let mut page = String::with_capacity(self.bytes + self.pieces.len() * (figures.back.len() + 16));
        for (piece, gap) in &self.pieces {
            page.push_str(piece);
            figures.put(*gap, &mut page);
        }
        page.push_str(&self.end);
        page
    }
}

/// The pages of the latest moment.
#[derive(Debug, Default)]
pub(crate) struct KeptWaits(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    moment: Moment,
    pages: HashMap<WaitKey, Arc<PageWithGaps>>,
}

impl KeptWaits {
    /// The page `key` at `moment`, rendered if nobody has asked for it yet.
    pub(super) fn get(&self, key: WaitKey, moment: Moment, render: impl FnOnce() -> String) -> Arc<PageWithGaps> {
        if let Some(page) = self.at(moment).and_then(|kept| kept.pages.get(&key).cloned()) {
            return page;
        }
        // Not under the lock: whoever reads another page need not wait.
        let page = Arc::new(PageWithGaps::of(&render()));
        if let Some(mut kept) = self.at(moment).filter(|kept| kept.pages.len() < KEPT_MAX) {
            kept.pages.insert(key, Arc::clone(&page));
        }
        page
    }

    /// What is kept of `moment`, if it is the latest.
    fn at(&self, moment: Moment) -> Option<MutexGuard<'_, Kept>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if moment.is_after(kept.moment) {
            *kept = Kept { moment, ..Kept::default() };
        }
        (kept.moment == moment).then_some(kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sesshu_engine::core::site::Site;
    use sesshu_engine::core::time::Instant;

    #[test]
    fn each_gap_takes_its_own_figure_wherever_it_stands() {
        let [back, ahead, places, estimate, seconds] = Gap::ALL.map(Gap::letter);
        let html = format!("{ahead}a{ahead}b{places}{estimate}c{seconds}?lang=en&back=~back~\">{back}");
        let figures = Figures { ahead: 1_234_567, places: 0, estimate: 60, seconds: 999, back: "/choose?dose=1" };
        let page = PageWithGaps::of(&html).with(&figures);
        let back = "/choose%3Fdose%3D1";
        assert_eq!(page, format!("1,234,567a1,234,567b060c999?lang=en&back={back}\">{back}"));
        assert_eq!(PageWithGaps::of("no gap").with(&figures), "no gap");
    }

    #[test]
    fn a_page_is_rendered_once_a_minute_and_their_number_is_bounded() {
        let (kept, moment) =
            (KeptWaits::default(), |minute: i64| Moment::of_words(Instant(minute * 60_000), &Site::default()));
        let key =
            |opening| WaitKey { reading: Reading::default(), shape: Shape::Before { opens_at: Instant(opening) } };
        let page = |opening, minute, html: &str| {
            let page = kept.get(key(opening), moment(minute), || html.into());
            page.with(&Figures::default())
        };
        assert_eq!(page(1, 5, "first"), "first");
        assert_eq!(page(1, 5, "again"), "first");
        assert_eq!(page(1, 6, "later"), "later");
        assert_eq!(page(1, 5, "late"), "late");
        for opening in 0..1_000 {
            page(opening, 6, "x");
        }
        assert_eq!(kept.0.lock().expect("a lock").pages.len(), KEPT_MAX);
    }
}
