//! `GET /draw`: how the order at an opening is drawn, and how anybody can check it. What is published stands here before the opening
//! and after it; whoever is logged in sees their own number too.

use std::fmt::Write as _;

use askama::Template;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::Response;
use sesshu_engine::view::Draw;

use super::frame::Frame;
use super::page;
use super::visitor::Visitor;
use crate::lang::Text;
use crate::problem::Problem;
use crate::public::desk::App;

#[derive(Template)]
#[template(path = "draw.html")]
struct DrawPage<'a> {
    f: Frame<'a>,
    /// The draw of the opening that is ahead.
    next: Option<DrawText>,
    /// The draw of the last opening.
    last: Option<DrawnText>,
    logged_in: bool,
}

struct DrawText {
    opens: Text,
    commitment: String,
}

/// What is known once it has opened.
struct DrawnText {
    draw: DrawText,
    seed: String,
    people: u64,
    own: Option<OwnText>,
    /// How many people have a number that begins with this digit.
    by_first_digit: Vec<(String, u64)>,
}

/// A person's own number.
struct OwnText {
    number: String,
    /// How many people have a number whose first two digits are smaller.
    smaller: Text,
}

pub(crate) async fn get_draw(State(desk): State<App>, request: Request) -> Result<Response, Problem> {
    let (visitor, _) = Visitor::of(&desk, request);
    let f = visitor.frame(&desk);
    let number = visitor.login().ok().and_then(|login| desk.engine.draw_number(login.resident));
    let now = desk.engine.now();
    let next = desk.engine.draw().filter(|draw| draw.opens_at > now);
    let draws = DrawPage {
        next: next.map(|draw| draw_text(&f, &draw)),
        last: desk.engine.last_draw().and_then(|draw| drawn_text(&f, &draw, number)),
        logged_in: visitor.is_logged_in(),
        f,
    };
    page(&visitor, StatusCode::OK, &draws)
}

fn draw_text(f: &Frame<'_>, draw: &Draw) -> DrawText {
    DrawText { opens: f.text(f.lang.starting(draw.opens_at)), commitment: hex(&draw.commitment) }
}

fn drawn_text(f: &Frame<'_>, draw: &Draw, number: Option<u64>) -> Option<DrawnText> {
    Some(DrawnText {
        draw: draw_text(f, draw),
        seed: hex(&draw.seed?),
        people: sum(&draw.people_by_first_byte),
        own: number.map(|number| OwnText {
            number: format!("{number:016x}"),
            smaller: f.say1("draw.smaller", "n", &smaller(draw, number).to_string()),
        }),
        by_first_digit: by_first_digit(&draw.people_by_first_byte),
    })
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn sum(people: &[u32]) -> u64 {
    people.iter().map(|people| u64::from(*people)).sum()
}

/// How many people have a number whose first byte is smaller.
fn smaller(draw: &Draw, number: u64) -> u64 {
    let first = usize::from(number.to_be_bytes()[0]);
    sum(draw.people_by_first_byte.get(..first).unwrap_or(&draw.people_by_first_byte))
}

fn by_first_digit(people_by_first_byte: &[u32]) -> Vec<(String, u64)> {
    people_by_first_byte.chunks(16).enumerate().map(|(digit, people)| (format!("{digit:x}"), sum(people))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::PublicConfig;
    use crate::lang::Lang;
    use crate::public::pages::reading::Reading;
    use axum::http::Uri;
    use sesshu_engine::core::time::Instant;

    fn html(next: Option<&Draw>, last: Option<&Draw>, number: Option<u64>, lang: Lang) -> String {
        let config = PublicConfig::default();
        let uri = Uri::from_static("/draw");
        let reading = Reading { lang, furigana: false, large: false };
        let f = Frame::with(&config, &std::sync::Arc::default(), None, Instant(0), reading, &uri, number.is_some());
        let next = next.map(|draw| draw_text(&f, draw));
        let last = last.and_then(|draw| drawn_text(&f, draw, number));
        DrawPage { next, last, logged_in: number.is_some(), f }.render().expect("a page")
    }

    fn draw(seed: Option<[u8; 32]>) -> Draw {
        let people_by_first_byte = if seed.is_some() { (0..256).collect() } else { Vec::new() };
        Draw { opens_at: Instant(1_796_083_200_000), commitment: [0xab; 32], seed, people_by_first_byte }
    }

    #[test]
    fn before_the_opening_the_commitment_is_there_and_the_seed_is_not() {
        for lang in Lang::all() {
            let page = html(Some(&draw(None)), None, None, lang);
            assert!(page.contains(&"ab".repeat(32)) && !page.contains("b3sum"), "{page}");
        }
    }

    #[test]
    fn after_it_the_seed_ones_own_number_the_counts_and_the_commands_are_there() {
        let number = 0x02ff_0000_0000_0001;
        for lang in Lang::all() {
            let page = html(None, Some(&draw(Some([0x5e; 32]))), Some(number), lang);
            let seed = "5e".repeat(32);
            for said in [
                &*seed,
                "02ff000000000001",
                &format!("printf %s {seed} | xxd -r -p &#62; seed"),
                "b3sum --keyed id &#60; seed",
                "<td>32640</td>",
                "<td>120</td>",
            ] {
                assert!(page.contains(said), "{said} in {page}");
            }
        }
    }

    #[test]
    fn while_an_opening_is_ahead_the_seed_of_the_last_one_can_still_be_seen() {
        let next = Draw { commitment: [0xcd; 32], ..draw(None) };
        let page = html(Some(&next), Some(&draw(Some([0x5e; 32]))), None, Lang::JA);
        for said in ["ab".repeat(32), "cd".repeat(32), "5e".repeat(32), "/login?next=/draw".to_owned()] {
            assert!(page.contains(&said), "{said} in {page}");
        }
    }

    #[test]
    fn the_counts_by_first_digit_are_those_by_first_byte_together() {
        let draw = draw(Some([0; 32]));
        let digits = by_first_digit(&draw.people_by_first_byte);
        assert_eq!((digits.len(), &digits[0], &digits[15].0), (16, &("0".to_owned(), 120), &"f".to_owned()));
        assert_eq!(smaller(&draw, 0x02ff_0000_0000_0000), 1);
        assert_eq!(smaller(&draw, 0), 0);
    }

    #[test]
    fn a_city_without_an_opening_says_so() {
        assert!(html(None, None, None, Lang::JA).contains("予定されている抽選はありません"));
    }
}
