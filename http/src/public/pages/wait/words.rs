//! The words of the waiting room that other pages use too.

use sesshu_engine::core::time::Instant;
use sesshu_engine::view::Standing;

use super::super::frame::Frame;
use super::room::{Count, Estimate};
use super::wait_href;
use crate::lang::{Text, fill, grouped};

/// What a page of a person's own says of where they stand.
pub(in crate::public::pages) struct QueueText {
    pub(in crate::public::pages) lines: Vec<Text>,
    pub(in crate::public::pages) href: String,
    pub(in crate::public::pages) link: Text,
}

/// What is said of `standing` to somebody who goes on to the choice at `back`; nothing when nobody waits.
pub(in crate::public::pages) fn standing_text(
    f: &Frame<'_>,
    standing: &Standing,
    now: Instant,
    back: &str,
) -> Option<QueueText> {
    match standing {
        Standing::Open => None,
        Standing::Before { opens_at } => Some(QueueText {
            lines: vec![
                opening(f, *opens_at, now),
                f.say("before.in_draw"),
                f.say("before.no_hurry"),
                f.say("before.renews"),
            ],
            href: "/draw".to_owned(),
            link: f.say("wait.draw"),
        }),
        Standing::Waiting(waiting) => Some(QueueText {
            lines: vec![f.say1("wait.you_wait", "people", &so_many_people(f, waiting.ahead))],
            href: wait_href(back),
            link: f.say("wait.look"),
        }),
    }
}

/// So many people, with furigana.
pub(in crate::public::pages) fn so_many_people(f: &Frame<'_>, number: u32) -> String {
    people(f, Count::of(number), &grouped(number.into()))
}

/// The same for a number that is not known yet: `number` stands for it.
pub(super) fn people(f: &Frame<'_>, count: Count, number: &str) -> String {
    let key = match count {
        Count::None => "wait.people_none",
        Count::One => "wait.people_one",
        Count::Many => "wait.people",
    };
    fill(&f.markup(key).0, &[("n", number)])
}

/// About how long it takes.
pub(super) fn about(f: &Frame<'_>, estimate: Estimate, number: &str) -> Text {
    let span = |key: &str| fill(&f.markup(key).0, &[("n", number)]);
    match estimate {
        Estimate::Soon => f.say("wait.soon"),
        Estimate::Minutes => f.say1("wait.about", "span", &span("span.minutes")),
        Estimate::Hour => f.say1("wait.longer", "span", &span("span.hour")),
        Estimate::Hours => f.say1("wait.longer", "span", &span("span.hours")),
    }
}

/// When it opens, and how long that still takes.
pub(super) fn opening(f: &Frame<'_>, at: Instant, now: Instant) -> Text {
    f.say_with("before.opens", &[("at", &f.lang.starting(at)), ("left", &f.lang.remaining(at.ms_since(now)))])
}
