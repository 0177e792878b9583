//! What the waiting room says, apart from the figures: before the opening, and while others come first.

use askama::Template;
use sesshu_engine::core::time::Instant;
use sesshu_engine::view::Waiting;

use super::super::frame::Frame;
use super::kept::{BACK_IN_ADDRESSES, Gap};
use super::words::{about, opening, people};
use crate::lang::Text;

/// What there is to say. Those who would read the same, but for figures, share a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    /// The opening is ahead.
    Before { opens_at: Instant },
    /// Others come first.
    Waiting { count: Count, estimate: Estimate, room: Room, in_draw: bool },
}

/// How many come first, as languages tell numbers apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Count {
    None,
    One,
    Many,
}

/// How long it takes, as it is said: a guess is not told to the second, and a long one not to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Estimate {
    /// A minute at most.
    Soon,
    Minutes,
    /// An hour or longer.
    Hour,
    /// So many hours or longer.
    Hours,
}

/// Whether there will be a place when it is the person's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Room {
    Enough,
    /// Those who come first could take all that is left.
    MayRunOut,
    /// Nothing is left now.
    None,
}

impl Count {
    pub(super) const fn of(count: u32) -> Self {
        match count {
            0 => Self::None,
            1 => Self::One,
            _ => Self::Many,
        }
    }
}

impl Estimate {
    /// What is said of so many seconds, and the number that is said with it: up to ten minutes each, up to an hour every five, from
    /// then on full hours, and never more than six: nobody knows what the pace will be by then.
    pub(super) const fn of(seconds: u32) -> (Self, u32) {
        const HOURS_MAX: u32 = 6;
        let minutes = seconds.div_ceil(60);
        match seconds {
            0..=60 => (Self::Soon, 1),
            61..=600 => (Self::Minutes, minutes),
            601..=3_600 => (Self::Minutes, minutes.next_multiple_of(5)),
            3_601..=7_199 => (Self::Hour, 1),
            _ if seconds / 3_600 > HOURS_MAX => (Self::Hours, HOURS_MAX),
            _ => (Self::Hours, seconds / 3_600),
        }
    }

    pub(super) const fn is_long(self) -> bool {
        matches!(self, Self::Hour | Self::Hours)
    }
}

impl Shape {
    pub(super) const fn of(waiting: &Waiting) -> Self {
        let room = match waiting.places_left {
            0 => Room::None,
            left if left <= waiting.ahead => Room::MayRunOut,
            _ => Room::Enough,
        };
        let (estimate, _) = Estimate::of(waiting.estimate_seconds);
        Self::Waiting { count: Count::of(waiting.ahead), estimate, room, in_draw: waiting.in_draw }
    }
}

#[derive(Template)]
#[template(path = "wait.html")]
struct WaitPage<'a> {
    f: Frame<'a>,
    tab: Text,
    ahead: Text,
    estimate: Text,
    /// Whether it takes so long that one had better come back.
    long: bool,
    places: Text,
    room: Room,
    in_draw: bool,
    again_href: String,
    renews: Text,
}

#[derive(Template)]
#[template(path = "before.html")]
struct BeforePage<'a> {
    f: Frame<'a>,
    opening: Text,
}

/// The page with its gaps as letters.
pub(super) fn render(f: Frame<'_>, shape: Shape, now: Instant) -> String {
    let page = match shape {
        Shape::Before { opens_at } => BeforePage { opening: opening(&f, opens_at, now), f }.render(),
        Shape::Waiting { count, estimate, room, in_draw } => {
            let ahead = people(&f, count, Gap::Ahead.letter());
            WaitPage {
                tab: f.say1("wait.tab", "people", &ahead),
                ahead: f.text(ahead),
                estimate: about(&f, estimate, Gap::Estimate.letter()),
                long: estimate.is_long(),
                places: f.text(Gap::Places.letter().to_owned()),
                room,
                in_draw,
                again_href: format!("/wait?back={BACK_IN_ADDRESSES}"),
                renews: f.say1("wait.renews", "seconds", Gap::Seconds.letter()),
                f,
            }
            .render()
        }
    };
    // The template only writes texts into memory, which cannot fail.
    page.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::super::reading::Reading;
    use super::super::kept::{Figures, PageWithGaps};
    use super::*;
    use crate::config::PublicConfig;
    use crate::lang::Lang;
    use axum::http::Uri;

    const NOW: Instant = Instant(1_796_083_200_000);
    const BYTES_MAX: usize = 14 * 1024;

    fn waiting(ahead: u32, estimate_seconds: u32, places_left: u32) -> Waiting {
        Waiting { opening: NOW, ahead, estimate_seconds, places_left, look_again_seconds: 20, in_draw: true }
    }

    fn frame_page(shape: Shape, figures: &Figures<'_>, reading: Reading) -> String {
        let config = PublicConfig::default();
        let uri = Uri::from_static("/wait?back=~back~");
        let f = Frame::with(&config, &std::sync::Arc::default(), None, NOW, reading, &uri, true);
        PageWithGaps::of(&render(f, shape, NOW)).with(figures)
    }

    fn page(waiting: &Waiting, lang: Lang) -> String {
        let figures = Figures::of(waiting, waiting.look_again_seconds, "/choose?dose=1");
        let html = frame_page(Shape::of(waiting), &figures, Reading { lang, furigana: false, large: false });
        assert!(html.len() < BYTES_MAX && !html.contains(|c| ('\u{E000}'..'\u{E00F}').contains(&c)), "{html}");
        html
    }

    #[test]
    fn an_estimate_is_as_exact_as_it_can_be_and_never_absurd() {
        let cases = [
            (0, Estimate::Soon, 1),
            (60, Estimate::Soon, 1),
            (61, Estimate::Minutes, 2),
            (600, Estimate::Minutes, 10),
            (601, Estimate::Minutes, 15),
            (3_000, Estimate::Minutes, 50),
            (3_600, Estimate::Minutes, 60),
            (3_601, Estimate::Hour, 1),
            (7_200, Estimate::Hours, 2),
            (99_613 * 60, Estimate::Hours, 6),
            (u32::MAX, Estimate::Hours, 6),
        ];
        for (seconds, estimate, number) in cases {
            assert_eq!(Estimate::of(seconds), (estimate, number), "{seconds}");
        }
    }

    #[test]
    fn it_says_how_many_come_first_for_how_long_and_how_to_see_ones_bookings_meanwhile() {
        let japanese = page(&waiting(1_234, 700, 5_000), Lang::JA);
        for said in [
            "<title>順番待ち（前に1,234人）",
            "role=\"status\"",
            "1,234人",
            "約15分",
            "5,000",
            "20秒後",
            "閉じてもかまいません",
            "href=\"/my\"",
            "href=\"/draw\"",
            "?lang=en&#38;back=/choose%3Fdose%3D1",
            "href=\"/wait?back=/choose%3Fdose%3D1\"",
        ] {
            assert!(japanese.contains(said), "{said}: {japanese}");
        }
        assert!(!japanese.contains("満員") && !japanese.contains("長くなって"), "{japanese}");
        let english = page(&waiting(1, 30, 2), Lang::from_code("en").expect("English"));
        for said in ["1 person", "a minute at most", "Places left"] {
            assert!(english.contains(said), "{said}: {english}");
        }
    }

    #[test]
    fn it_says_when_places_may_run_out_and_where_there_are_some() {
        let cases = [(800, 801, false), (800, 800, true), (800, 3, true), (0, 1, false), (0, 0, true), (5, 0, true)];
        for lang in Lang::all() {
            for (ahead, left, warned) in cases {
                let page = page(&waiting(ahead, 300, left), lang);
                assert_eq!(page.contains("href=\"/#days\""), warned, "{ahead} before {left}: {page}");
                assert_eq!(page.contains("notice strong"), warned, "{ahead} before {left}: {page}");
            }
        }
        assert!(page(&waiting(5, 1, 0), Lang::JA).contains("いま、残りの枠はありません"));
    }

    #[test]
    fn beyond_an_hour_it_says_so_plainly() {
        let japanese = page(&waiting(60_000, 2 * 3_600, 90_000), Lang::JA);
        for said in ["2時間以上", "見つめている必要はありません"] {
            assert!(japanese.contains(said), "{said}: {japanese}");
        }
        let hour = page(&waiting(60_000, 4_000, 90_000), Lang::from_code("en").expect("English"));
        assert!(hour.contains("more than 1 hour") && !hour.contains("hours"), "{hour}");
    }

    #[test]
    fn before_the_opening_it_says_when_and_that_nobody_need_hurry() {
        let shape = Shape::Before { opens_at: NOW.plus_minutes(12) };
        for (code, said) in [
            ("ja", ["午前9時12分", "あと12分", "早く来ても"]),
            ("ja-easy", ["午前9時12分", "あと12分", "早く 来ても"]),
            ("en", ["9:12 am", "12 minutes left", "how early"]),
        ] {
            let lang = Lang::from_code(code).expect("a language");
            let reading = Reading { lang, furigana: false, large: false };
            let html = frame_page(shape, &Figures::new("/choose?dose=1"), reading);
            for said in said {
                assert!(html.contains(said), "{said}: {html}");
            }
            assert!(html.contains("href=\"/draw\"") && html.contains("href=\"/my\""), "{html}");
        }
    }
}
